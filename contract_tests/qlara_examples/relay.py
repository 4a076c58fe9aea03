"""Relays the requests of a page to the deployment, in the chosen world, and records the exchanges."""

from __future__ import annotations

import http.client
import json
import re
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qlara_contract.errors import CannotRun
from qlara_contract.untrusted import LONGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Headers = Sequence[tuple[str, str]]

# RFC 9110 section 7.6.1
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# A response that is not compressed can be compared.
_NOT_RELAYED = _HOP_BY_HOP | {"host", "content-length", "expect", "accept-encoding"}
_PLACEHOLDER = re.compile(
    r"^(YOUR[_-].*|<.*>|\{.*\}|\$.*|x{3,}|.*your[_-]?api[_-]?key.*)$", re.IGNORECASE
)
_CHOOSES_SCENARIO = re.compile(r"sandbox_.*__")
_TIMEOUT = 60
_LARGEST_REQUEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class RelayedExchange:
    """A request of a page, and its response. ``path`` holds no query, ``query`` no ``?``."""

    method: str
    path: str
    query: str
    status: int
    body: bytes = field(repr=False)
    scenario: str = ""

    @property
    def json(self) -> Any:
        """The body of the response as JSON; ``None`` where it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class ChosenWorld:
    """Scenario and session of requests that choose none."""

    scenario: str = ""
    session: str = ""


@dataclass(frozen=True)
class RelayTarget:
    """Where requests go: ``base_url`` is the part before ``/api`` and holds no credentials.

    ``api_key`` replaces a placeholder for a key; ``authorization`` is sent to a gateway before the
    deployment, if it is not empty.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    authorization: str = field(default="", repr=False)


class Relay:
    """Stands in for the documented hosts: sends what they are sent to the deployment.

    ``world`` may be changed between requests.
    """

    def __init__(self, target: RelayTarget, hosts: Sequence[str] = ()) -> None:
        self.world = ChosenWorld()
        self._target = target
        self._base = urlsplit(target.base_url)
        self._hosts = frozenset(hosts)
        self._exchanges: list[RelayedExchange] = []

    def take(self) -> tuple[RelayedExchange, ...]:
        """Return the exchanges since the last call."""
        exchanges, self._exchanges = tuple(self._exchanges), []
        return exchanges

    @contextmanager
    def listening(self, path: Path) -> Iterator[None]:
        """Serve at a UNIX socket, which only this user can reach if its folder is private.

        Raises:
            CannotRun: the path is too long for a socket.
        """
        relay = self

        class Handler(_RelayHandler):
            owner = relay

        try:
            server = _RelayServer(str(path), Handler)
        except OSError as error:
            raise CannotRun(f"Cannot listen at {path}: {error}. Set TMPDIR.") from error
        with server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()

    def knows(self, host: str) -> bool:
        """Return whether this is the name of a documented host."""
        return urlsplit(f"//{host}").hostname in self._hosts

    def relay(
        self, method: str, target: str, headers: Headers, body: bytes
    ) -> tuple[int, Headers, bytes]:
        """Send one request to the deployment, record the exchange, and return the response.

        Raises:
            OSError, http.client.HTTPException: the deployment does not respond, or with a body of
                more than ``LONGEST_BODY`` bytes.
        """
        secure = self._base.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._base.hostname or "", self._base.port, timeout=_TIMEOUT)
        try:
            path = self._base.path.rstrip("/") + target
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in self._headers(headers, body):
                connection.putheader(name, value)
            connection.endheaders()
            # A deployment may refuse a file before it has received all of it.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.send(body)
            response = connection.getresponse()
            content = response.read(LONGEST_BODY + 1)
            if len(content) > LONGEST_BODY:
                raise http.client.HTTPException("the body of the response is too large")
            if response.length:  # the connection ended too early
                raise http.client.IncompleteRead(content, response.length)
        finally:
            connection.close()
        path, _, query = target.partition("?")
        scenario = response.getheader("x-sandbox-scenario") or ""
        self._exchanges.append(
            RelayedExchange(method, path, query, response.status, content, scenario)
        )
        return response.status, response.getheaders(), content

    def _headers(self, headers: Headers, body: bytes) -> list[tuple[str, str]]:
        given = {name.lower(): value for name, value in headers}
        authorization = self._target.authorization
        dropped = _NOT_RELAYED | ({"authorization"} if authorization else set())
        sent = [
            (name, self._real_key(value) if name.lower() == "x-api-key" else value)
            for name, value in headers
            if name.lower() not in dropped
        ]
        if authorization:
            sent.append(("Authorization", authorization))
        if body or "content-length" in given:
            sent.append(("Content-Length", str(len(body))))
        chosen_by_key = _CHOOSES_SCENARIO.match(given.get("x-api-key", ""))
        world = {
            "X-Sandbox-Scenario": "" if chosen_by_key else self.world.scenario,
            "X-Sandbox-Session": self.world.session,
        }
        sent += [
            (name, value) for name, value in world.items() if value and name.lower() not in given
        ]
        return sent

    def _real_key(self, key: str) -> str:
        own = self._target.api_key
        return own if own and _PLACEHOLDER.match(key) else key


class _TooLarge(Exception):
    """A request has a body of more than ``_LARGEST_REQUEST`` bytes."""


def _bounded(size: int) -> int:
    if not 0 <= size <= _LARGEST_REQUEST:
        raise _TooLarge
    return size


class _RelayServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


class _RelayHandler(BaseHTTPRequestHandler):
    owner: Relay
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):  # every method is relayed
            return self._relay
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
        """Log nothing: the report says what matters."""

    def _relay(self) -> None:
        if not self.owner.knows(self.headers.get("host", "")):
            self._respond(
                HTTPStatus.MISDIRECTED_REQUEST, [], b"examples may only reach the documented host\n"
            )
            return
        try:
            body = self._body()
        except _TooLarge:
            self.close_connection = True
            self._respond(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [], b"the request is too large\n")
            return
        try:
            response = self.owner.relay(self.command, self.path, self.headers.items(), body)
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # without a response from the deployment, there is none
            return
        self._respond(*response)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return self.rfile.read(_bounded(int(self.headers.get("content-length") or 0)))
        body = bytearray()  # as curl sends what it reads from a pipe
        while size := int(self.rfile.readline().split(b";")[0], 16):
            _bounded(len(body) + _bounded(size))
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    def _respond(self, status: int, headers: Headers, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has disconnected
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
