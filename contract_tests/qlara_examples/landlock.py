"""Starts a program that can write to one folder only and connect to one port only.

Run as a program of its own: ``landlock.py FOLDER PORT PROGRAM ARGUMENT…``; standard library only.
The kernel's Landlock enforces it where available; elsewhere only the resource limits are set.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the numbers of the calls, equal on every architecture
_WRITE_FILE, _REFER, _TRUNCATE = 1 << 1, 1 << 13, 1 << 14
# write a file, remove and make files and folders of every kind (landlock(7))
_WRITES = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
_CONNECT = 1 << 1
_PATH_RULE, _PORT_RULE = 1, 2
_NO_NEW_PRIVILEGES = 38
_TCP_SINCE, _TRUNCATE_SINCE, _REFER_SINCE = 4, 3, 2
_MOST_BYTES = 64 * 1024 * 1024
_MOST_SECONDS = 120


def main(arguments: list[str]) -> None:
    """Set the limits, confine this process, and become the program."""
    folder, port, *program = arguments
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if version() > 0:
        confine(folder, int(port))
    os.execvp(program[0], program)  # noqa: S606 - no shell is wanted


def version() -> int:
    """Return the version of Landlock that the kernel offers; 0: none."""
    if not sys.platform.startswith("linux"):
        return 0
    offered: int = ctypes.CDLL(None, use_errno=True).syscall(_CREATE, None, 0, 1)
    return max(0, offered)


def confine(folder: str, port: int) -> None:
    """Let this process and its children write below *folder* and connect to *port* only.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    offered = version()
    writes = _WRITES
    writes |= _REFER if offered >= _REFER_SINCE else 0
    writes |= _TRUNCATE if offered >= _TRUNCATE_SINCE else 0
    connects = _CONNECT if offered >= _TCP_SINCE else 0
    attributes = struct.pack("QQ", writes, connects)
    size = 16 if offered >= _TCP_SINCE else 8
    rules = _checked(libc.syscall(_CREATE, attributes, size, 0))
    _allow_path(libc, rules, folder, writes)
    _allow_path(libc, rules, "/dev/null", writes & (_WRITE_FILE | _TRUNCATE))
    if connects:
        _checked(libc.syscall(_ADD, rules, _PORT_RULE, struct.pack("QQ", connects, port), 0))
    _checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(libc.syscall(_RESTRICT, rules, 0))
    os.close(rules)


def _allow_path(libc: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    _checked(libc.syscall(_ADD, rules, _PATH_RULE, struct.pack("=Qi", access, opened), 0))
    os.close(opened)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


if __name__ == "__main__":
    main(sys.argv[1:])
