"""Passes the requests of a page on to the deployment, into the world that is set, and records them."""

from __future__ import annotations

import gzip
import http.client
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOP = frozenset(
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
_PLACEHOLDER = re.compile(
    r"^(YOUR[_-].*|<.*>|\{.*\}|\$.*|x{3,}|.*your[_-]?api[_-]?key.*)$", re.IGNORECASE
)
_CHOOSES = re.compile(r"sandbox_.*__")  # a key that chooses its scenario itself
_TIMEOUT = 60


@dataclass(frozen=True)
class Passed:
    """A request that a page made, and its answer. ``path`` holds no query, ``query`` no ``?``."""

    method: str
    path: str
    query: str
    status: int
    media_type: str
    body: bytes = field(repr=False)
    scenario: str = ""


@dataclass
class World:
    """Where requests go: the scenario and session that are set for those that choose none."""

    scenario: str = ""
    session: str = ""


class Relay:
    """A server on this machine that stands for the documented hosts.

    ``api_key`` replaces a placeholder for a key. ``world`` may be changed between requests.
    """

    def __init__(self, base_url: str, api_key: str, hosts: Sequence[str]) -> None:
        self.world = World()
        self._base = urlsplit(base_url)
        self._key = api_key
        self._hosts = frozenset(hosts)
        self._passed: list[Passed] = []
        relay = self

        class Handler(_Handler):
            owner = relay

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def take(self) -> tuple[Passed, ...]:
        """Return what has passed since the last call."""
        passed, self._passed = tuple(self._passed), []
        return passed

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def knows(self, host: str) -> bool:
        return urlsplit(f"//{host}").hostname in self._hosts

    def pass_on(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send one request to the deployment, write it down, and return its answer.

        Raises:
            OSError, http.client.HTTPException: the deployment does not answer.
        """
        secure = self._base.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._base.hostname or "", self._base.port, timeout=_TIMEOUT)
        try:
            connection.putrequest(
                method,
                self._base.path.rstrip("/") + target,
                skip_host=False,
                skip_accept_encoding=True,
            )
            for name, value in self._sent(headers, body):
                connection.putheader(name, value)
            connection.endheaders()
            # A deployment may refuse a file before it has all of it.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.send(body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self._passed.append(_passed(method, target, answer, content))
        return answer.status, answer.getheaders(), content

    def _sent(self, headers: list[tuple[str, str]], body: bytes) -> list[tuple[str, str]]:
        names = {name.lower() for name, _ in headers}
        sent = [
            (name, self._key if name.lower() == "x-api-key" and self._stands_for(value) else value)
            for name, value in headers
            if name.lower() not in _HOP | {"host", "content-length", "expect"}
        ]
        if body or "content-length" in names or "transfer-encoding" in names:
            sent.append(("Content-Length", str(len(body))))
        key = next((value for name, value in headers if name.lower() == "x-api-key"), "")
        world = (
            ("X-Sandbox-Scenario", "" if _CHOOSES.match(key) else self.world.scenario),
            ("X-Sandbox-Session", self.world.session),
        )
        return [
            *sent,
            *((name, value) for name, value in world if value and name.lower() not in names),
        ]

    def _stands_for(self, key: str) -> bool:
        return bool(self._key and _PLACEHOLDER.match(key))


def _passed(method: str, target: str, answer: http.client.HTTPResponse, content: bytes) -> Passed:
    path, _, query = target.partition("?")
    media_type = (answer.getheader("content-type") or "").split(";")[0].strip().lower()
    if answer.getheader("content-encoding") == "gzip":
        content = gzip.decompress(content)
    scenario = answer.getheader("x-sandbox-scenario") or ""
    return Passed(method, path, query, answer.status, media_type, content, scenario)


class _Handler(BaseHTTPRequestHandler):
    owner: Relay
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):  # every method is passed on
            return self._pass
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
        """Say nothing: the report tells what matters."""

    def _pass(self) -> None:
        if not self.owner.knows(self.headers.get("host", "")):
            self._answer(421, [], b"examples reach the documented host only\n")
            return
        body = self._body()
        target = self.path
        try:
            answer = self.owner.pass_on(self.command, target, self.headers.items(), body)
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # what the deployment did not answer, nobody answers
            return
        self._answer(*answer)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has left: nobody to tell
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
