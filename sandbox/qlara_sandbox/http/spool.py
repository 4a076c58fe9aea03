"""Uploaded files while they arrive: in memory as long as they fit there together, else on disk."""

from __future__ import annotations

import logging
from io import BytesIO
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, NamedTuple

log = logging.getLogger("qlara_sandbox.http")

SMALL_BYTES = 1024 * 1024
_TOGETHER_IN_MEMORY = 32 * 1024 * 1024  # of small ones, and as much of larger ones


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


class SpoolRoom(NamedTuple):
    """What files may take of the memory: small ones, and larger ones, which shall not crowd them out."""

    small: Budget
    large: Budget


SHARED = SpoolRoom(Budget(_TOGETHER_IN_MEMORY), Budget(_TOGETHER_IN_MEMORY))


class Spool:
    """One file as it arrives, of *announced* bytes at most (None: nobody knows).

    It goes to disk when *room* has none for it: a small one as soon as that is so, a larger one when it is no longer small,
    or never. To write a file in the middle of it would hold up the event loop.
    """

    def __init__(self, room: SpoolRoom = SHARED, announced: int | None = None) -> None:
        self._memory = BytesIO()
        self._disk: IO[bytes] | None = None
        self._room = room
        self._budget = room.small
        self._announced = announced or 0
        self._taken = 0
        self._size = 0
        self._is_counted = True

    def write(self, chunk: bytes) -> None:
        """Add *chunk*."""
        self._size += len(chunk)
        if self._is_counted and self._size > self._taken and not self._grow():
            self._move_to_disk()
        (self._disk or self._memory).write(chunk)

    def read(self) -> bytes:
        """Return all of it."""
        if self._disk is None:
            return self._memory.getvalue()  # not a copy
        self._disk.seek(0)
        return self._disk.read()

    def close(self) -> None:
        """Give back memory and disk."""
        self._memory.close()
        if self._disk is not None:
            self._disk.close()
        self._give_back()

    def _grow(self) -> bool:
        """Take the memory that the file needs by now, and return whether there was room."""
        if self._size <= SMALL_BYTES:
            if not self._budget.take(self._size - self._taken):
                return False
            self._taken = self._size
            return True
        whole = self._announced
        if self._size > whole or not self._room.large.take(whole):
            return False
        self._give_back()
        self._budget, self._taken = self._room.large, whole
        return True

    def _move_to_disk(self) -> None:
        self._is_counted = False
        try:
            disk = TemporaryFile()  # noqa: SIM115 - closed by close()
            disk.write(self._memory.getbuffer())
        except OSError as error:  # no file descriptor or no disk space left
            log.warning(
                "An upload is kept in memory, as no temporary file can be created: %s", error
            )
        else:
            self._disk, self._memory = disk, BytesIO()
            self._give_back()

    def _give_back(self) -> None:
        self._budget.give_back(self._taken)
        self._taken = 0
