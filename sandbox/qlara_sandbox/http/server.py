"""The HTTP server under the application: uvicorn, with bounds and with our shape of errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from qlara_sandbox.http.connection import CONNECTION, Connection

if TYPE_CHECKING:
    import asyncio

    from starlette.types import ASGIApp

HEAD_BYTES = 128 * 1024
_LINGER_SECONDS = 1.0
_H2C = re.compile(rb"(?im)^upgrade:[ \t]*h2c[ \t]*\r\n")


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol; a request whose head is absurdly long, or not HTTP, gets a 400.

    Every request carries its ``Connection`` as an extension of its scope.
    """

    _head_open = False
    _head_bytes = 0
    _in_message = False
    _hung_up = False
    _connection: Connection
    _extensions: dict[str, dict[object, object]]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.access_log = False  # the application writes its own

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connection = Connection(transport)
        self._extensions = cast("Any", {CONNECTION: self._connection})

    def shutdown(self) -> None:
        if self._connection.on_shutdown is not None:
            self._connection.on_shutdown()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self._hung_up:
            return
        self._head_bytes += len(data)
        if not self._in_message or self._head_open:
            data = _without_h2c(data)
        super().data_received(data)
        if not self._head_open:
            self._head_bytes = 0
        elif self._head_bytes > HEAD_BYTES:
            self.send_400_response("Expected at most 64 KB of headers.")

    def on_message_begin(self) -> None:
        self._head_open = self._in_message = True
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def on_headers_complete(self) -> None:
        self._head_open = False
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = (
                False  # RFC 9110 10.1.1: a server must not send it to HTTP/1.0
            )
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_message = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Respond to what is not a request, in the documented shape, and close the connection.

        A client that is still sending would lose the response if the connection were cut at once:
        what it sends is dropped for a moment.
        """
        if self.transport.is_closing() or self._hung_up:
            return
        self._hung_up = True
        responding = not getattr(self.cycle, "response_complete", True)
        if responding and not self.cycle.more_body:
            self.cycle.keep_alive = (
                False  # that request was complete: it gets its response, then we close
            )
            return
        body = orjson.dumps({"status": "fail", "data": {"request": msg}})
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
        )
        if responding:
            self.cycle.disconnected = True  # the rest of its body will never come
            self.cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _without_h2c(data: bytes) -> bytes:
    """Return the head of a request without an offer to go on with HTTP/2, as Java's client makes it.

    The offer may be ignored (RFC 9110 7.8), but the parser would stop for it and lose the body.
    """
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[: end + 2]
    if b"h2c" not in head:
        return data
    return _H2C.sub(b"", head) + data[len(head) :]


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, without its configuration of logging.

    That belongs to the command line. In a test run, it belongs to whoever runs the tests.
    """

    def configure_logging(self) -> None:
        """Change nothing."""


def configure(app: ASGIApp, **options: Any) -> ServerConfig:
    """Return how uvicorn is to run *app*; *options* are uvicorn's own. Nothing else is changed."""
    defaults: dict[str, Any] = {
        "http": Protocol,
        "ws": "none",
        "lifespan": "off",
        "server_header": False,
        "timeout_graceful_shutdown": 10,
    }
    return ServerConfig(app, **{**defaults, **options})
