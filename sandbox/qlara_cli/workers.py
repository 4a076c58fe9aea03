"""Several processes that serve the same port: started, watched, started again, stopped together."""

from __future__ import annotations

import gc
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE_SECONDS = 1.0  # before a worker that has ended is started again
_CANNOT_RUN = 2


class Workers:
    """Runs *serve* in so many processes until a signal ends all of them.

    *serve* gets what is to be called once the worker is ready, and does not return before it stops; *ready* is
    called once, when all of the first workers are.
    """

    def __init__(
        self, count: int, serve: Callable[[Callable[[], None]], None], ready: Callable[[], None]
    ) -> None:
        self._count = count
        self._serve = serve
        self._ready = ready
        self._pids: set[int] = set()
        self._is_stopping = False

    def run(self) -> int:
        """Return the exit status: 0, or 2 if the workers cannot start."""
        try:
            return self._run()
        finally:
            signal.alarm(0)  # nobody is left to be told

    def _run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        gc.freeze()  # so that what all of them have stays in memory once
        reading, writing = os.pipe()
        for _ in range(self._count):
            self._start(writing)
        os.close(writing)
        if not self._wait_until_ready(reading) and not self._is_stopping:
            self._stop()
            self._reap_all()
            return _CANNOT_RUN
        if not self._is_stopping:
            self._ready()
        self._watch()
        return 0

    def _start(self, writing: int | None = None) -> None:
        pid = os.fork()
        if pid:
            self._pids.add(pid)
            return
        status = 1
        self._pids.clear()  # they are not its own to stop

        def ready() -> None:
            if writing is not None:
                os.write(writing, b".")
                os.close(writing)

        try:
            self._serve(ready)
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        finally:
            os._exit(status)

    def _wait_until_ready(self, reading: int) -> bool:
        """Return whether all of the first workers have said that they are ready; a pipe ends with its writers."""
        said = 0
        while said < self._count:
            try:
                found = os.read(reading, 1)
            except InterruptedError:
                continue
            if not found:
                break
            said += 1
        os.close(reading)
        return said == self._count

    def _watch(self) -> None:
        while self._pids:
            pid, status = _ended()
            self._pids.discard(pid)
            if self._is_stopping:
                continue
            how = _in_words(status)
            click.echo(f"A worker has ended ({how}); another one takes its place.", err=True)
            time.sleep(_PAUSE_SECONDS)
            if not self._is_stopping:
                self._start()

    def _reap_all(self) -> None:
        while self._pids:
            self._pids.discard(_ended()[0])

    def _stop(self, *_: object) -> None:
        """Tell all workers to stop, once more every second: one that has only just begun may not have heard it."""
        self._is_stopping = True
        for pid in self._pids:
            with suppress(ProcessLookupError):  # it has ended this moment
                os.kill(pid, signal.SIGTERM)
        signal.signal(signal.SIGALRM, self._stop)
        signal.alarm(1)


def stop_without(parent: int) -> Callable[[], None]:
    """Return what a worker calls again and again: it stops if the process that watches it is gone."""

    def tick() -> None:
        if os.getppid() != parent:
            signal.raise_signal(signal.SIGTERM)

    return tick


def _ended() -> tuple[int, int]:
    while True:
        try:
            return os.wait()
        except InterruptedError:
            continue


def _in_words(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"status {code}"
