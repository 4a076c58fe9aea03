"""Events as an HTTP response, WHATWG HTML section 9.2; imported with the first subscriber."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from qlara_sandbox.http.connection import connection_of

# sse-starlette replaces this method of uvicorn as it is imported, for every server of the process.
# The streams here end by the connection's ``on_shutdown`` instead, so the method is put back.
_handle_exit = uvicorn.Server.handle_exit
from sse_starlette import EventSourceResponse, ServerSentEvent  # noqa: E402

uvicorn.Server.handle_exit = _handle_exit  # type: ignore[method-assign]

if TYPE_CHECKING:
    from asyncio import WriteTransport
    from collections.abc import AsyncIterator, Iterator

    from starlette.types import Receive, Scope, Send

    from qlara_sandbox.web.observers.events import Events, Listener

_KEEP_ALIVE_SECONDS = 15.0
# sse-starlette also looks for the end of the server, and breaks off streams that do not end by
# themselves in this time.
_GRACE_SECONDS = 5.0
_LINE_END = "\n"


class Stream:
    """The response that streams events, until the client leaves or the server stops."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await event_stream(self._events, scope)(scope, receive, send)


def event_stream(
    events: Events, scope: Scope, keep_alive: float = _KEEP_ALIVE_SECONDS
) -> EventSourceResponse:
    """Return the response that streams *events*, with a comment every *keep_alive* seconds."""
    return EventSourceResponse(
        _follow(events, scope),
        headers={"content-type": "text/event-stream"},
        ping=keep_alive,
        ping_message_factory=lambda: _comment("nothing new"),
        shutdown_grace_period=_GRACE_SECONDS,
    )


async def _follow(events: Events, scope: Scope) -> AsyncIterator[bytes]:
    with events.listen(_last_event_id(scope)) as listener, _closed_on_shutdown(listener, scope):
        yield _comment("listening").encode()
        while not listener.closed:
            # One event at a time: the connection keeps a copy of what a slow reader has not taken
            # yet. And each in one piece: comments must not come in the middle of one.
            yield await listener.take()


def _last_event_id(scope: Scope) -> str:
    """Return the id of the last event that a client got before it came back, or nothing."""
    headers = dict(scope.get("headers", ()))
    return str(headers.get(b"last-event-id", b"").decode("latin-1"))


@contextmanager
def _closed_on_shutdown(listener: Listener, scope: Scope) -> Iterator[None]:
    connection = connection_of(scope)
    if connection is None:  # called in process
        yield
        return

    def close() -> None:
        listener.close()
        _give_up_on_a_stalled_reader(connection.transport)

    connection.on_shutdown = close
    try:
        yield
    finally:
        connection.on_shutdown = None


def _give_up_on_a_stalled_reader(transport: WriteTransport) -> None:
    _, high = transport.get_write_buffer_limits()
    if transport.get_write_buffer_size() > high:
        transport.abort()  # it would hold up the end of the server


def _comment(text: str) -> ServerSentEvent:
    return ServerSentEvent(comment=text, sep=_LINE_END)
