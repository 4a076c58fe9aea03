"""What happens in the sandbox, told to whoever listens: server-sent events."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qlara_sandbox.web.observers.journal import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_sandbox.web.observers.journal import JournalEntry

_WAITING_AT_MOST = 1000


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
        """End the stream: the server stops."""
        self.closed = True
        self._wake.set()

    async def take(self) -> list[tuple[str, Any]]:
        """Wait until something has happened, or until the stream is closed; return all of it."""
        await self._wake.wait()
        self._wake.clear()
        events = list(self._waiting)
        self._waiting.clear()
        if self._lost:
            events.insert(0, ("lost", {"events": self._lost}))
            self._lost = 0
        return events


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
