"""Watches how many processes a command has started, and how much memory they hold together."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from qlara_examples.supervisor import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PROCESSES = 128
MOST_MEMORY = 1024 * 1024 * 1024
"""In bytes, of all processes together."""

LOOKS_EVERY_SECONDS = 0.01
_COUNTS_EVERY_SECONDS = 0.1
_MANY_NEW_TASKS = 32


@contextmanager
def scheduled_first() -> Iterator[None]:
    """Let this thread run before all ordinary ones, if we are root and may.

    The kernel limits no processes of root. Without this, processes that multiply would leave the
    thread that watches them no time to end them.
    """
    if not hasattr(os, "sched_setscheduler") or os.getuid() != 0:
        yield
        return
    before, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    with suppress(OSError):
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(os.sched_get_priority_min(os.SCHED_RR)))
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setscheduler(0, before, parameters)


class UsageWatch:
    """Looks at a process and its descendants.

    To count them takes long where there are many processes, so it is done ten times a second, and at
    once when the machine's number of tasks jumps: processes that multiply are thousands in no time.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._tasks = _tasks()
        self._next = monotonic() + _COUNTS_EVERY_SECONDS

    def excess(self) -> str:
        """Return what there is too much of, as a reason to stop; empty: nothing."""
        tasks = _tasks()
        if tasks < self._tasks + _MANY_NEW_TASKS and monotonic() < self._next:
            return ""
        found = descendants(self._pid)
        self._tasks = tasks
        self._next = monotonic() + _COUNTS_EVERY_SECONDS
        if len(found) > MOST_PROCESSES:
            return f"it started more than {MOST_PROCESSES} processes"
        if sum(each.memory for each in found) > MOST_MEMORY:
            return f"it used more than {MOST_MEMORY // 1024**2} MB of memory"
        return ""


def _tasks() -> int:
    """Return how many processes and threads the machine has (proc_loadavg(5)); 0 without ``/proc``."""
    try:
        return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[2])
    except OSError:
        return 0
