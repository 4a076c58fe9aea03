"""What a process and everything that it started cost: CPU time and memory, from ``/proc``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Return *pid* and the processes below it that run now."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the tree of *pid* has used, in steps of the system's clock tick.

    Raises:
        OSError: the process is gone, or there is no ``/proc``.
    """
    _fields(pid)
    return sum(_cpu_of(process) for process in tree(pid))


def resident_mb(pid: int) -> float:
    """Return the resident memory of the tree in MB (10^6 bytes)."""
    return _memory(pid, "status", "VmRSS")


def proportional_mb(pid: int) -> float:
    """Return the memory of the tree in MB, pages shared with other processes counted in part."""
    return _memory(pid, "smaps_rollup", "Pss")


def _parents() -> Iterator[tuple[int, int]]:
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), int(_fields(int(folder.name))[1])
            except OSError:  # it has ended meanwhile
                continue


def _fields(pid: int) -> list[str]:
    """Return the fields of ``stat`` after the name, which may hold spaces."""
    text = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    return text.rpartition(")")[2].split()


def _cpu_of(pid: int) -> float:
    try:
        fields = _fields(pid)
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS  # its own, and that of children that have ended


def _memory(pid: int, file: str, field: str) -> float:
    total = 0
    for process in tree(pid):
        try:
            text = (_PROC / str(process) / file).read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        found = re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)
        total += int(found[1]) if found else 0
    return total * 1024 / 1e6
