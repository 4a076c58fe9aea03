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
_ENDS_WITHIN_SECONDS = 60.0
_SIGNALLED = 128  # what a shell adds to the number of the signal that ended a program
_LOOKS_EVERY_SECONDS = 0.002
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Process:
    """A process as ``/proc`` shows it. ``memory`` is its resident set, in bytes."""

    pid: int
    parent: int
    threads: int
    memory: int


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
    end_descendants()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _SIGNALLED - code


def processes() -> list[Process]:
    """Return all processes of this machine; none where there is no ``/proc``."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - a Path for each would take longer than the rest
    except OSError:
        return []
    found = (_read(name) for name in names if name.isdigit())
    return [each for each in found if each is not None]


def children(pid: int) -> list[int]:
    """Return the children of a process, in little time wherever the kernel lists them."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return [each.pid for each in processes() if each.parent == pid]
    return [int(child) for child in listed.split()]


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
    return sum(each.threads for each in processes() if _owner(each.pid) == os.getuid())


def end_descendants() -> None:
    """End every descendant of this process, those included that start others meanwhile.

    A list of processes is never quite of one moment, so only the kernel can say that none is left:
    orphans are adopted, and without children there are no descendants.
    """
    until = time.monotonic() + _ENDS_WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            _kill(os.getpid())
            time.sleep(_LOOKS_EVERY_SECONDS)


def _kill(pid: int) -> None:
    stopped: set[int] = set()
    while (
        new := {each.pid for each in descendants(pid)} - stopped
    ):  # what is stopped starts nothing
        _send(signal.SIGSTOP, new)
        stopped |= new
    _send(signal.SIGKILL, stopped)


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


def _owner(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None


def _read(name: str) -> Process | None:
    """Return the process of a folder of ``/proc`` (proc_pid_stat(5)); ``None``: it has ended."""
    try:
        with open(f"/proc/{name}/stat", "rb", buffering=0) as file:  # noqa: PTH123 - as above
            text = file.read(4096)
    except OSError:
        return None
    values = text.rpartition(b")")[2].split()  # the name before it may hold anything
    return Process(int(name), int(values[1]), int(values[17]), int(values[21]) * _PAGE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
