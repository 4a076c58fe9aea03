"""Recorded exchanges sent through Prism once more: what it says of each request, and of its response."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from qlara_sandbox.http.server import configure
from qlara_sandbox.http.threaded import ThreadedServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from starlette.types import Receive, Scope, Send

    from tests.clients.tools.recording import Exchange

_NUMBER = "x-exchange"
# What a connection decides anew.
_OF_A_CONNECTION = {b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"}


class Judged(NamedTuple):
    """What Prism says of an exchange; ``crash``: what it sent in place of the recorded response.

    Without ``is_response``, it sent nothing, and may have ended.
    """

    exchange: Exchange
    request: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    crash: str = ""
    is_response: bool = True


class Replayed:
    """An ASGI application that gives every request the response that was recorded with it."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        exchange = self._exchanges[int(dict(scope["headers"])[_NUMBER.encode()])]
        headers = [(_NUMBER.encode(), b"replayed"), *_own(exchange.response_headers)]
        length = (b"content-length", str(len(exchange.response)).encode())
        await send(
            {
                "type": "http.response.start",
                "status": exchange.status,
                "headers": [*headers, length],
            }
        )
        await send({"type": "http.response.body", "body": exchange.response})


@contextmanager
def upstream(exchanges: Sequence[Exchange]) -> Iterator[str]:
    """Serve recorded responses; yield the URL for Prism."""
    with ThreadedServer(configure(Replayed(exchanges), timeout_graceful_shutdown=1)) as server:
        yield f"http://127.0.0.1:{server.ports[0]}"


def replay(exchanges: Sequence[Exchange], url: str) -> Iterator[Judged]:
    """Send every request to Prism at *url*; yield what it says of each. A crash is the last of them."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    with closing(connection):
        for number, exchange in enumerate(exchanges):
            judged = _judged(connection, number, exchange)
            yield judged
            if judged.crash:
                return


def replay_one_by_one(exchanges: Sequence[Exchange], url: str) -> Iterator[Judged]:
    """Do the same on a connection for each; a crash is the last of them only for who stops there."""
    for number, exchange in enumerate(exchanges):
        with closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
            yield _judged(connection, number, exchange)


def _judged(connection: HTTPConnection, number: int, exchange: Exchange) -> Judged:
    try:
        connection.putrequest(
            exchange.method, exchange.target, skip_host=True, skip_accept_encoding=True
        )
        connection.putheader("host", "prism.test")
        for name, value in _own(exchange.headers):
            connection.putheader(name, value)
        connection.putheader(_NUMBER, str(number))
        if exchange.body:
            connection.putheader("content-length", str(len(exchange.body)))
        connection.endheaders(exchange.body or None)
        response = connection.getresponse()
        content = response.read()
    except (OSError, HTTPException) as error:
        return Judged(exchange, crash=f"{type(error).__name__}: {error}", is_response=False)
    if response.getheader(_NUMBER) is None:
        return Judged(exchange, crash=f"{response.status} {content.decode('utf-8', 'replace')}")
    said = _said(response.getheader("sl-violations", "[]"))
    return Judged(
        exchange,
        tuple(text for where, text in said if where == "request"),
        tuple(text for where, text in said if where == "response"),
    )


def _said(header: str) -> Iterable[tuple[str, str]]:
    text = header.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        for each in json.loads(text):
            where = each["location"] or ["request"]
            yield where[0], f"{'.'.join(map(str, where[1:]))}: {each['message']}"
    except ValueError:  # too many to be listed whole
        yield "response" if '"response"' in text else "request", text


def _own(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in _OF_A_CONNECTION]
