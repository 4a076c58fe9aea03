"""The command that runs a program inside bubblewrap, where that is installed and works.

The program gets namespaces of its own for processes, network, IPC, users and host name. Of the file
system it sees the system's programs and the named paths, read-only, and the named folders to write to.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
# How programs find their libraries and each other; nothing here tells of people or keys.
_SETTINGS = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
_PACKAGES = ("qlara_sandbox", "qlara_cli", "qlara_contract", "qlara_examples")
_ISOLATED = (
    *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
    *("--cap-drop", "ALL", "--hostname", "examples"),
)
# To root, files below /proc/sys stay writable in any namespace of users: all of it becomes read-only.
_VIRTUAL = ("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev", "--remount-ro", "/dev")
_PROBE_SECONDS = 10


@dataclass(frozen=True)
class View:
    """What a program sees beside the system: paths to read, folders to write to, where it starts."""

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    start: Path
    temporary: Path
    """The folder that it sees as ``/tmp``."""


@lru_cache(maxsize=1)
def obstacle() -> str:
    """Return why bubblewrap cannot be used, as half a sentence; empty if it can. It is tried once."""
    found = shutil.which("bwrap")
    if found is None:
        return "bubblewrap is not installed"
    command = [
        found,
        *_ISOLATED,
        *_binds(_existing(_SYSTEM)),
        *_VIRTUAL,
        "--",
        "/bin/sh",
        "-c",
        ":",
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PROBE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not work here ({error})"
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return f"bubblewrap does not work here ({said[-1].removeprefix('bwrap: ')})"


def wrapped(program: Sequence[str], view: View) -> list[str]:
    """Return the command that runs *program* with this view of the file system."""
    seen = [*_existing(_SYSTEM), *_existing(_SETTINGS), *_interpreter(), *view.readable]
    return [
        *(shutil.which("bwrap") or "bwrap", *_ISOLATED, *_nested_namespaces()),
        *_VIRTUAL,
        *("--bind", str(view.temporary), "/tmp"),  # noqa: S108 - inside
        *_binds(seen),
        *(word for folder in view.writable for word in ("--bind", str(folder), str(folder))),
        *("--remount-ro", "/", "--chdir", str(view.start), "--", *program),
    ]


def is_in_system(path: Path) -> bool:
    """Return whether a path is seen anyway, as a part of the system."""
    return any(path.is_relative_to(each) for each in _SYSTEM)


@lru_cache(maxsize=1)
def _nested_namespaces() -> tuple[str, ...]:
    """Return the option that forbids further namespaces of users; older versions lack it."""
    shown = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return ("--disable-userns",) if "--disable-userns" in shown.stdout + shown.stderr else ()


def _interpreter() -> Iterator[Path]:
    """Yield where this Python and the packages of this project are."""
    yield from (Path(each) for each in (sys.base_prefix, sys.prefix) if each != "/")
    for name in _PACKAGES:
        found = find_spec(name)
        for place in (found and found.submodule_search_locations) or ():
            yield Path(place)


def _existing(paths: Iterable[str]) -> list[Path]:
    return [Path(path) for path in paths if Path(path).exists()]


def _binds(paths: Iterable[Path]) -> list[str]:
    return [word for path in dict.fromkeys(paths) for word in ("--ro-bind", str(path), str(path))]
