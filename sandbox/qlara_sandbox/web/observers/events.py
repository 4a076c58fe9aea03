"""What happens in the sandbox, told to whoever listens: one bounded backlog that all readers share.

Each event has an id. A reader that comes back and names the last one it got goes on after it, as far as the backlog
reaches (``Last-Event-ID``, WHATWG HTML section 9.2.3).
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import orjson

from qlara_sandbox.web.observers.journal import show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_sandbox.web.observers.journal import JournalEntry

BACKLOG_EVENTS = 1000
BACKLOG_BYTES = 8 * 1024 * 1024
# How long events are kept for a reader that may come back, once nobody listens.
RESUME_SECONDS = 30.0
_LONGEST_NUMBER = 18


class Listener:
    """One reader of events: a place in the backlog, and nothing of its own.

    A reader that falls behind the backlog is told how many events it missed, and goes on from now.
    """

    def __init__(self, backlog: Backlog, after: str = "") -> None:
        """Begin with the event after the one with the id *after*; with the next one, if it is none of this backlog."""
        self._backlog = backlog
        last = backlog.number_of(after)
        self._next = backlog.end if last is None else last + 1
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
            return as_text("lagged", {"missed": missed}, backlog.id_of(backlog.end - 1))
        self._next += 1
        return backlog.text(self._next - 1)


class Backlog:
    """The newest events as text, as many as fit into both bounds; the oldest are dropped first.

    Events are numbered from 0: those from ``start`` up to, not including, ``end`` are there. Their ids begin with
    *name*, so that those of another run of the sandbox are not taken for ours.
    """

    def __init__(
        self, most: int = BACKLOG_EVENTS, most_bytes: int = BACKLOG_BYTES, name: str = ""
    ) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self.name = name or secrets.token_hex(4)
        self._texts: deque[bytes] = deque()
        self.bytes = 0
        self.end = 0

    def begin(self, name: str, first: int) -> None:
        """Take *name* and number events from *first* on; none has been told yet."""
        self.name, self.end = name, first

    @property
    def start(self) -> int:
        """The number of the oldest event that is there."""
        return self.end - len(self._texts)

    def id_of(self, number: int) -> str:
        """Return the id of the event with this number."""
        return f"{self.name}-{number}"

    def number_of(self, event_id: str) -> int | None:
        """Return the number of an event that has been told; None for an id of no such event."""
        name, _, number = event_id.rpartition("-")
        if name != self.name or not number.isdecimal() or len(number) > _LONGEST_NUMBER:
            return None
        return int(number) if int(number) < self.end else None

    def text(self, number: int) -> bytes:
        """Return the event with this number."""
        return self._texts[number - self.start]

    def add(self, kind: str, data: Any) -> None:
        """Add the newest event; *data* is a JSON value."""
        text = as_text(kind, data, self.id_of(self.end))
        self._texts.append(text)
        self.end += 1
        self.bytes += len(text)
        while len(self._texts) > self._most or self.bytes > self._most_bytes:
            self.bytes -= len(self._texts.popleft())

    def clear(self) -> None:
        """Drop every event: nobody comes back for them any more."""
        self._texts.clear()
        self.bytes = 0


class Events:
    """The listeners of one sandbox. Telling nobody costs nothing: ask ``watched`` first.

    Somebody who has just left counts as listening for 30 seconds, and may come back. ``elsewhere`` is told what happens
    while somebody listens to another sandbox with the same worlds.
    """

    def __init__(
        self, backlog: Backlog | None = None, seconds: Callable[[], float] = monotonic
    ) -> None:
        self.backlog = backlog or Backlog()
        self._seconds = seconds
        self._listeners: set[Listener] = set()
        self._kept_until = 0.0
        self._watched_elsewhere_until = 0.0
        self.elsewhere: Callable[[str, Any], None] | None = None

    @property
    def watched(self) -> bool:
        """Whether anybody listens, or may come back, here or elsewhere."""
        if not self._listeners and self._kept_until and self._seconds() >= self._kept_until:
            self._kept_until = 0.0
            self.backlog.clear()
        return bool(self._listeners) or self._kept_until > 0 or self._is_watched_elsewhere

    @property
    def is_listened_to(self) -> bool:
        """Whether anybody listens here."""
        return bool(self._listeners)

    @property
    def _is_watched_elsewhere(self) -> bool:
        until = self._watched_elsewhere_until
        return until > 0 and self._seconds() < until

    def watch_elsewhere(self, seconds: float) -> None:
        """Tell ``elsewhere`` what happens, too, for some seconds from now."""
        self._watched_elsewhere_until = self._seconds() + seconds

    def tell(self, kind: str, data: Any) -> None:
        """Tell every listener that *kind* has happened; *data* is a JSON value."""
        if not self.watched:
            return
        if self.elsewhere is not None and self._is_watched_elsewhere:
            self.elsewhere(kind, data)
        self.hear(kind, data)

    def hear(self, kind: str, data: Any) -> None:
        """Tell every listener here that something has happened, wherever it did."""
        if not self._listeners and not self._kept_until:
            return
        self.backlog.add(kind, data)
        for listener in self._listeners:
            listener.wake()

    def observe(self, entry: JournalEntry) -> None:
        """Tell every listener of a request that is over."""
        if self.watched:
            self.tell("request", show(entry))

    @contextmanager
    def listen(self, after: str = "") -> Iterator[Listener]:
        """Listen for as long as the context lasts, from the event after the one with the id *after*."""
        listener = Listener(self.backlog, after)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._kept_until = self._seconds() + RESUME_SECONDS


def as_text(kind: str, data: Any, event_id: str) -> bytes:
    """Return an event as it is sent, WHATWG HTML section 9.2; JSON has no line ends of its own."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        event_id.encode(),
        kind.encode(),
        orjson.dumps(data),
    )
