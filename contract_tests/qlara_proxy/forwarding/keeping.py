"""Keeps bodies for those who watch: small ones in memory, large ones in files, and not more than a bound in all."""

from __future__ import annotations

import threading
from tempfile import TemporaryFile
from typing import IO

IN_MEMORY = 256 * 1024
MOST_BYTES = 512 * 1024 * 1024


class Room:
    """How many bytes may still be kept; asked by the event loop, given back by the thread of the watchers."""

    def __init__(self, size: int = MOST_BYTES) -> None:
        self._free = size
        self._lock = threading.Lock()

    def take(self, wanted: int) -> int:
        """Return how many of the *wanted* bytes there is room for; they are taken."""
        with self._lock:
            taken = min(wanted, self._free)
            self._free -= taken
        return taken

    def give_back(self, size: int) -> None:
        """Let others have *size* bytes again."""
        with self._lock:
            self._free += size


class PassingBody:
    """One body as it passes: written while it does, read once it has."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._parts: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._held = 0
        self.size = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of it is kept, not only its beginning."""
        return self._held == self.size

    def write(self, piece: bytes) -> None:
        """Keep a piece, as far as there is room; after a gap, nothing more."""
        held = self._room.take(len(piece)) if self.is_whole else 0
        self.size += len(piece)
        if not held:
            return
        kept = piece if held == len(piece) else piece[:held]
        is_small = self._file is None and self._held + held <= IN_MEMORY
        if not is_small and not self._has_file():
            self._room.give_back(held)
            return
        if self._file is None:
            self._parts.append(kept)
            self._held += held
            return
        written = _written(self._file, kept)
        self._room.give_back(held - written)
        self._held += written

    def _has_file(self) -> bool:
        """Return whether what is kept is in a file, and put it there; not if the disk has no room for it."""
        if self._file is not None:
            return True
        try:
            file = TemporaryFile(prefix="qlara-proxy-", buffering=0)  # noqa: SIM115 - closed by release
        except OSError:
            return False
        if _written(file, self.read()) < self._held:
            file.close()
            return False
        self._file = file
        self._parts.clear()
        return True

    def read(self) -> bytes:
        """Return what is kept."""
        if self._file is None:
            if len(self._parts) > 1:
                self._parts[:] = [b"".join(self._parts)]
            return self._parts[0] if self._parts else b""
        self._file.seek(0)
        return self._file.read()

    def release(self) -> None:
        """Keep nothing any more."""
        self._room.give_back(self._held)
        self._held = 0
        self._parts.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


def _written(file: IO[bytes], data: bytes) -> int:
    """Return how many bytes of *data* the disk had room for: what passes, passes in any case."""
    done = 0
    try:
        while done < len(data):
            done += file.write(data[done:])
    except OSError:
        pass
    return done
