"""Starts a program that can write to some folders only and opens no TCP connection.

Run as a program of its own: ``landlock.py FOLDERS PROGRAM ARGUMENT…``, the folders joined as in PATH;
standard library only. The kernel's Landlock enforces it, as far as its version does.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the numbers of the calls, equal on every architecture
_WRITE_FILE, _REFER, _TRUNCATE = 1 << 1, 1 << 13, 1 << 14
# write a file, remove and make files and folders of every kind (landlock(7))
_WRITES = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
_CONNECT = 1 << 1
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1
_PATH_RULE = 1
_NO_NEW_PRIVILEGES, _DROP_CAPABILITY = 38, 24
_CAPABILITIES = 64
REFER_SINCE, TRUNCATE_SINCE, TCP_SINCE, SCOPES_SINCE = 2, 3, 4, 6


def main(arguments: list[str]) -> None:
    """Confine this process and become the program."""
    folders, *program = arguments
    confine(folders.split(os.pathsep))
    os.execvp(program[0], program)  # noqa: S606 - no shell is wanted


def version() -> int:
    """Return the version of Landlock that the kernel offers; 0: none."""
    if not sys.platform.startswith("linux"):
        return 0
    offered: int = ctypes.CDLL(None, use_errno=True).syscall(_CREATE, None, 0, 1)
    return max(0, offered)


def confine(folders: list[str]) -> None:
    """Let this process and its children write below *folders* only, and connect nowhere by TCP.

    Whatever they start has no capabilities, not even root's. Since version 6, abstract UNIX sockets and signals of processes outside are out of reach too.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    offered = version()
    writes = _WRITES
    writes |= _REFER if offered >= REFER_SINCE else 0
    writes |= _TRUNCATE if offered >= TRUNCATE_SINCE else 0
    attributes = struct.pack("Q", writes)
    attributes += struct.pack("Q", _CONNECT) if offered >= TCP_SINCE else b""
    attributes += struct.pack("Q", _ABSTRACT_SOCKETS | _SIGNALS) if offered >= SCOPES_SINCE else b""
    rules = _checked(libc.syscall(_CREATE, attributes, len(attributes), 0))
    for folder in folders:
        _allow_path(libc, rules, folder, writes)
    _allow_path(libc, rules, "/dev/null", writes & (_WRITE_FILE | _TRUNCATE))
    for capability in range(_CAPABILITIES):  # root's would read the environment of every process
        libc.prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
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
