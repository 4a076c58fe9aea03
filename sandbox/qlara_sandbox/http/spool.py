"""Uploaded files while they arrive: in memory as long as all of them together fit, else on disk."""

from __future__ import annotations

import logging
from tempfile import SpooledTemporaryFile
from threading import Lock

log = logging.getLogger("qlara_sandbox.http")

KEPT_IN_MEMORY = 1024 * 1024
TOGETHER_IN_MEMORY = 32 * 1024 * 1024


class Budget:
    """Bytes that may be in memory at a time; shared by every server of the process."""

    def __init__(self, total: int) -> None:
        self._left = total
        self._lock = Lock()

    def take(self, octets: int) -> bool:
        """Take *octets* if they are left, and return whether they were."""
        with self._lock:
            if octets > self._left:
                return False
            self._left -= octets
            return True

    def give_back(self, octets: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._left += octets


SHARED = Budget(TOGETHER_IN_MEMORY)


class Spool:
    """One file as it arrives. It goes to disk when it is long, or when *budget* has no room for it."""

    def __init__(self, budget: Budget = SHARED) -> None:
        # max_size=0: it never moves to disk by itself, as _to_disk() decides that.
        self._file = SpooledTemporaryFile(max_size=0)  # noqa: SIM115 - closed by close()
        self._budget = budget
        self._taken = 0
        self._size = 0
        self._in_memory = True

    def write(self, chunk: bytes) -> None:
        """Add *chunk*."""
        self._size += len(chunk)
        if self._in_memory and not self._fits(len(chunk)):
            self._to_disk()
        self._file.write(chunk)

    def read(self) -> bytes:
        """Return all of it."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Give back memory and disk."""
        self._file.close()
        self._give_back()

    def _fits(self, octets: int) -> bool:
        if self._size > KEPT_IN_MEMORY or not self._budget.take(octets):
            return False
        self._taken += octets
        return True

    def _to_disk(self) -> None:
        self._in_memory = False
        try:
            self._file.rollover()
        except OSError as error:  # no file descriptor or no disk space left
            log.warning(
                "An upload is kept in memory, as no temporary file can be created: %s", error
            )
        else:
            self._give_back()

    def _give_back(self) -> None:
        self._budget.give_back(self._taken)
        self._taken = 0
