"""Runs a program and, when it ends or SIGTERM arrives, ends every process that it has left behind.

Run as a program of its own: ``supervisor.py PROGRAM ARGUMENT…``; standard library only. Without
``/proc`` and Linux's subreapers, only the program itself is ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable

_END_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # prctl(2): PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER
_ENDS_WITHIN_SECONDS = 5.0
_SIGNALLED = 128  # what a shell adds to the number of the signal that ended a program
_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process as ``/proc`` shows it. ``memory`` is its resident set, in bytes."""

    pid: int
    parent: int
    threads: int
    memory: int
    user: int


class _Stopped(Exception):
    """SIGTERM has arrived."""


def main(arguments: list[str]) -> int:
    """Run the program; return its exit status, or 128 + N if signal N ended it."""
    signal.signal(signal.SIGTERM, _stop)
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None)
        libc.prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)
        libc.prctl(_END_WITH_PARENT, int(signal.SIGTERM), 0, 0, 0)
    status: int = signal.SIGKILL
    with suppress(_Stopped):
        status = _run(arguments)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end(os.getpid())
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _SIGNALLED - code


def processes() -> list[Process]:
    """Return all processes of this machine; none where there is no ``/proc``."""
    found = (_read(entry) for entry in _PROC.glob("[0-9]*"))
    return [each for each in found if each is not None]


def descendants(pid: int) -> list[Process]:
    """Return the children of a process, their children, and so on."""
    children: dict[int, list[Process]] = {}
    for each in processes():
        children.setdefault(each.parent, []).append(each)
    found: list[Process] = []
    level = children.get(pid, [])
    while level:
        found += level
        level = [child for each in level for child in children.get(each.pid, ())]
    return found


def tasks_of_user() -> int:
    """Return how many processes and threads of this user there are: what RLIMIT_NPROC counts."""
    return sum(each.threads for each in processes() if each.user == os.getuid())


def end(pid: int) -> None:
    """End every descendant of a process, those included that start others meanwhile."""
    until = time.monotonic() + _ENDS_WITHIN_SECONDS
    while (found := descendants(pid)) and time.monotonic() < until:
        stopped: set[int] = set()
        while new := {each.pid for each in found} - stopped:  # what is stopped starts nothing
            _send(signal.SIGSTOP, new)
            stopped |= new
            found = descendants(pid)
        _send(signal.SIGKILL, stopped)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _run(arguments: list[str]) -> int:
    program = os.fork()
    if program == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.execvp(arguments[0], arguments)  # noqa: S606 - no shell is wanted
    while True:
        pid, status = os.waitpid(-1, 0)  # adopted orphans end here too
        if pid == program:
            return status


def _stop(*_: object) -> NoReturn:
    raise _Stopped


def _send(number: signal.Signals, pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _read(entry: Path) -> Process | None:
    """Return the process of a folder of ``/proc`` (proc_pid_stat(5)); ``None``: it has ended."""
    try:
        text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        user = entry.stat().st_uid
    except OSError:
        return None
    values = text.rpartition(")")[2].split()  # the name before it may hold anything
    memory = int(values[21]) * os.sysconf("SC_PAGE_SIZE")
    return Process(int(entry.name), int(values[1]), int(values[17]), memory, user)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
