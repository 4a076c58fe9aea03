"""Gives what has passed to the watchers: in a thread of their own, in order, and never at the cost of forwarding."""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_proxy.forwarding.exchange import Exchange
    from qlara_proxy.traffic import Watcher

log = logging.getLogger("qlara_proxy")

MOST_WAITING = 5000


class Watching:
    """The watchers of one proxy, and the exchanges that wait for them.

    ``left_out`` counts the exchanges that came while too many waited; ``failures`` the errors of watchers: bugs.
    """

    def __init__(self, watchers: Sequence[Watcher], most: int = MOST_WAITING) -> None:
        self._watchers = tuple(watchers)
        self._most = most
        self._queue: SimpleQueue[Exchange | threading.Event | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="qlara-proxy-watchers", daemon=True)
        self.left_out = self.failures = 0

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def put(self, exchange: Exchange) -> None:
        """Let the watchers see an exchange that is over; returns at once."""
        exchange.end()
        if self._queue.qsize() >= self._most:
            self.left_out += 1
            exchange.release()
        else:
            self._queue.put(exchange)

    def settled(self, seconds: float) -> bool:
        """Wait until the watchers have seen what has passed so far; return whether they have."""
        reached = threading.Event()
        self._queue.put(reached)
        return reached.wait(seconds)

    def close(self, seconds: float | None = None) -> bool:
        """Let the watchers see the rest, and end; return whether they have in this time."""
        self._queue.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (next_ := self._queue.get()) is not None:
            if isinstance(next_, threading.Event):
                next_.set()
                continue
            try:
                self._show(next_)
            finally:
                next_.release()

    def _show(self, exchange: Exchange) -> None:
        passed = exchange.passed()
        for watcher in self._watchers:
            try:
                watcher.passed(passed)
            except Exception:
                self.failures += 1
                log.exception("%s failed on exchange %d: a bug", type(watcher).__name__, passed.number)
