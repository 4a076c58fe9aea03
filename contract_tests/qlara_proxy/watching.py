"""Gives what has passed to the watchers: in a thread of their own, in order, and never at the cost of forwarding."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from time import sleep
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_proxy.forwarding.exchange import OpenExchange
    from qlara_proxy.traffic import Watcher

log = logging.getLogger("qlara_proxy")

Result = TypeVar("Result")
MOST_WAITING = 5000
_PAUSE_SECONDS = 0.03


class Watching:
    """The watchers of one proxy, and the exchanges that wait for them.

    ``left_out`` counts the exchanges that came while too many waited; ``failures`` the errors of watchers: bugs.
    """

    def __init__(self, watchers: Sequence[Watcher], most: int = MOST_WAITING) -> None:
        self._watchers = tuple(watchers)
        self._most = most
        self._queue: SimpleQueue[OpenExchange | Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="qlara-proxy-watchers", daemon=True)
        self.left_out = self.failures = 0

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def put(self, exchange: OpenExchange) -> None:
        """Let the watchers see an exchange that is over; returns at once."""
        exchange.end()
        if self._queue.qsize() >= self._most:
            self.left_out += 1
            exchange.release()
        else:
            self._queue.put(exchange)

    def ask(self, question: Callable[[], Result]) -> Result:
        """Return what *question* does, called in the thread of the watchers once they have seen what passed so far."""
        future: Future[Result] = Future()

        def respond() -> None:
            try:
                future.set_result(question())
            except BaseException as error:  # noqa: BLE001 - raised where it was asked
                future.set_exception(error)

        self._queue.put(respond)
        return future.result()

    def close(self, seconds: float | None = None) -> bool:
        """Let the watchers see the rest, and end; return whether they have in this time."""
        self._queue.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (next_ := self._next()) is not None:
            if callable(next_):
                next_()
                continue
            try:
                self._show(next_)
            finally:
                next_.release()
        while not self._queue.empty():  # whoever asked too late still waits
            if callable(next_ := self._queue.get()):
                next_()

    def _next(self) -> OpenExchange | Callable[[], None] | None:
        """Return what comes next. Whatever comes alone waits a little for more of it.

        Woken for each exchange, the thread would take the interpreter from the next request of the same client.
        """
        try:
            return self._queue.get_nowait()
        except Empty:
            next_ = self._queue.get()
            if next_ is not None and not callable(next_):
                sleep(_PAUSE_SECONDS)
            return next_

    def _show(self, exchange: OpenExchange) -> None:
        passed = exchange.passed()
        for watcher in self._watchers:
            try:
                watcher.passed(passed)
            except Exception:
                self.failures += 1
                log.exception(
                    "%s failed on exchange %d: a bug", type(watcher).__name__, passed.number
                )
