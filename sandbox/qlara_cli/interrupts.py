"""Ends a command at once, without a traceback, while there is nothing to tell yet. Standard library only."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERRUPTED = 130  # as a shell reports SIGINT

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ends_at_once(first: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the process with 130, even in the middle of an import; *first* is done before.

    An exception would not do: one that is raised inside an import may come out as another one.
    """

    def end(*_: object) -> NoReturn:
        try:
            first()
        finally:
            os._exit(INTERRUPTED)

    with _handled_by(end):
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise ``KeyboardInterrupt``."""
    with _handled_by(_interrupt):
        yield


@contextmanager
def _handled_by(handler: Callable[..., NoReturn]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    before = [signal.signal(each, handler) for each in _SIGNALS]
    try:
        yield
    finally:
        for each, handled in zip(_SIGNALS, before, strict=True):
            signal.signal(each, handled)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
