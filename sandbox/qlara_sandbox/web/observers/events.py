"""What happens in the sandbox, told to whoever listens: one bounded backlog that all readers share."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

from qlara_sandbox.web.observers.journal import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_sandbox.web.observers.journal import JournalEntry

BACKLOG_EVENTS = 1000
BACKLOG_BYTES = 8 * 1024 * 1024


class Listener:
    """One reader of events: a place in the backlog, and nothing of its own.

    A reader that falls behind the backlog is told how many events it missed, and goes on from now.
    """

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._next = backlog.end
        self._wake = asyncio.Event()
        self.closed = False

    def wake(self) -> None:
        """Go on reading: something has happened."""
        self._wake.set()

    def close(self) -> None:
        """End the stream: the server stops."""
        self.closed = True
        self._wake.set()

    async def take(self) -> bytes:
        """Wait for the next event and return its text; nothing once the stream is closed."""
        backlog = self._backlog
        while self._next == backlog.end and not self.closed:
            self._wake.clear()
            await self._wake.wait()
        if self.closed:
            return b""
        if self._next < backlog.start:
            missed, self._next = backlog.end - self._next, backlog.end
            return as_text("lagged", {"missed": missed})
        self._next += 1
        return backlog.text(self._next - 1)


class Backlog:
    """The newest events as text, as many as fit into both bounds; the oldest are dropped first.

    Events are numbered from 0: those from ``start`` up to, not including, ``end`` are there.
    """

    def __init__(self, most: int = BACKLOG_EVENTS, most_bytes: int = BACKLOG_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._texts: deque[bytes] = deque()
        self.bytes = 0
        self.end = 0

    @property
    def start(self) -> int:
        """The number of the oldest event that is there."""
        return self.end - len(self._texts)

    def text(self, number: int) -> bytes:
        """Return the event with this number."""
        return self._texts[number - self.start]

    def add(self, text: bytes) -> None:
        """Add the newest event."""
        self._texts.append(text)
        self.end += 1
        self.bytes += len(text)
        while len(self._texts) > self._most or self.bytes > self._most_bytes:
            self.bytes -= len(self._texts.popleft())

    def clear(self) -> None:
        """Drop every event: nobody reads them any more."""
        self._texts.clear()
        self.bytes = 0


class Events:
    """The listeners of one sandbox. Telling nobody costs nothing: ask ``watched`` first."""

    def __init__(self, backlog: Backlog | None = None) -> None:
        self.backlog = backlog or Backlog()
        self._listeners: set[Listener] = set()

    @property
    def watched(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def tell(self, kind: str, data: Any) -> None:
        """Tell every listener that *kind* has happened; *data* is a JSON value."""
        if not self._listeners:
            return
        self.backlog.add(as_text(kind, data))
        for listener in self._listeners:
            listener.wake()

    def observe(self, entry: JournalEntry) -> None:
        """Tell every listener of a request that is over."""
        if self._listeners:
            self.tell("request", show(entry))

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Listen for as long as the context lasts."""
        listener = Listener(self.backlog)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self.backlog.clear()


def as_text(kind: str, data: Any) -> bytes:
    """Return an event as it is sent, WHATWG HTML section 9.2; JSON has no line ends of its own."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(data))
