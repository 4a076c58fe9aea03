"""Requests to a sandbox in this process, without a socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from reliability.wire import Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message


class InProcess:
    """Calls an ASGI application, one request after another."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def get(self, app: ASGIApp, path: str, key: str) -> Response:
        """Return the response to a GET request; what the application raises is raised."""
        return self._loop.run_until_complete(_call(app, "GET", path, key))

    def post(self, app: ASGIApp, path: str, key: str, body: bytes, content_type: str) -> Response:
        """Return the response to a POST request."""
        return self._loop.run_until_complete(_call(app, "POST", path, key, body, content_type))

    def close(self) -> None:
        """Close the event loop."""
        self._loop.close()


async def _call(
    app: ASGIApp, method: str, path: str, key: str, body: bytes = b"", content_type: str = ""
) -> Response:
    path, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"x-api-key", key.encode()),
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent = False
    status, received = 0, b""

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.sleep(3600)
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, received
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            received += message.get("body", b"")

    await app(scope, receive, send)
    return Response(status, b"", received)
