"""What happens in the sandbox, told to whoever listens: server-sent events."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

from qlara_sandbox.http.connection import CONNECTION
from qlara_sandbox.web.observers.journal import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

    from qlara_sandbox.web.observers.journal import JournalEntry

_WAITING_AT_MOST = 1000
_PATIENCE_SECONDS = 15.0


class Listener:
    """One reader of events. If it reads too slowly, it loses the oldest and is told how many."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Any]] = deque()
        self._lost = 0
        self._wake = asyncio.Event()
        self.closed = False

    def push(self, kind: str, data: Any) -> None:
        """Hand over an event."""
        if len(self._waiting) >= _WAITING_AT_MOST:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append((kind, data))
        self._wake.set()

    def close(self) -> None:
        """End the stream: the server stops, or the reader went away."""
        self.closed = True
        self._wake.set()

    async def take(self, patience: float) -> bytes:
        """Return what has happened, as text of an event stream; a comment after *patience* seconds
        of silence, so that a dead connection is noticed.
        """
        try:
            async with asyncio.timeout(patience):
                await self._wake.wait()
        except TimeoutError:
            return b": nothing new\n\n"
        self._wake.clear()
        events = list(self._waiting)
        self._waiting.clear()
        if self._lost:
            events.insert(0, ("lost", {"events": self._lost}))
            self._lost = 0
        return b"".join(_as_text(kind, data) for kind, data in events)


class Events:
    """The listeners of one sandbox. Telling nobody costs nothing: ask ``watched`` first."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @property
    def watched(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def tell(self, kind: str, data: Any) -> None:
        """Tell every listener that *kind* has happened; *data* is a JSON value."""
        for listener in self._listeners:
            listener.push(kind, data)

    def observe(self, entry: JournalEntry) -> None:
        """Tell every listener of a request that is over."""
        if self._listeners:
            self.tell("request", show(entry))

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Listen for as long as the context lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


class Stream:
    """Server-sent events, until the reader goes away or the server stops."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        with self._events.listen() as listener:
            watching = asyncio.create_task(_watch(scope, receive, listener))
            try:
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                ended = scope["method"] == "HEAD"
                await send(_part(b": listening\n\n", more=not ended))
                while not ended:
                    text = await listener.take(_PATIENCE_SECONDS)
                    ended = listener.closed
                    await send(_part(text, more=not ended))
            finally:
                watching.cancel()


async def _watch(scope: Scope, receive: Receive, listener: Listener) -> None:
    connection = scope.get("extensions", {}).get(CONNECTION)
    if connection is not None:
        connection.on_shutdown = listener.close
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
        listener.close()
    finally:
        if connection is not None:
            connection.on_shutdown = None


def _part(text: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text, "more_body": more}


def _as_text(kind: str, data: Any) -> bytes:
    # WHATWG HTML section 9.2.6; JSON has no line breaks of its own.
    return b"event: %s\ndata: %s\n\n" % (kind.encode("ascii"), orjson.dumps(data))
