"""Programs that a client has started in a session of their own, and left behind."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PROCESSES = Path("/proc")
_TELLING = ("QLARA_BASE_URL", "QLARA_API_KEY")


def stop_strays(variables: Mapping[str, str]) -> None:
    """End every process that has inherited the base URL and the key of an act.

    Where the environment of processes cannot be read (other systems than Linux), nothing is done.
    """
    wanted = {f"{name}={variables[name]}".encode() for name in _TELLING}
    for process in _processes_with(wanted):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def _processes_with(wanted: set[bytes]) -> Iterator[int]:
    if not _PROCESSES.is_dir():
        return
    own = os.getpid()
    for folder in _PROCESSES.iterdir():
        if not folder.name.isdecimal() or int(folder.name) == own:
            continue
        with suppress(OSError):
            if wanted <= set((folder / "environ").read_bytes().split(b"\0")):
                yield int(folder.name)
