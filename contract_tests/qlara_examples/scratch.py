"""Scratch folders: made with a mark of the process that owns them, and removed if that was killed."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PREFIX = "qlara-examples-"
_MARK = ".owner"


class Scratch:
    """A scratch folder at ``path``, which is this process's own until ``close``.

    Its mark is a file that is locked as long as the process lives: the system unlocks it however that
    ends, and no other process can be taken for it as with a process id.
    """

    def __init__(self, delete: Callable[[Path], None]) -> None:
        """Make a folder; *delete* is what removes it."""
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        self._delete = delete
        # Locked before it has its name: nobody finds it without an owner.
        unnamed = self.path / f"{_MARK}.new"
        mark = os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(mark, fcntl.LOCK_EX)
        self._mark: int | None = mark
        unnamed.rename(self.path / _MARK)

    def close(self) -> None:
        """Delete the folder; more than once does no harm."""
        self._delete(self.path)
        if self._mark is not None:
            os.close(self._mark)
            self._mark = None


def remove_abandoned(delete: Callable[[Path], None]) -> None:
    """Remove the scratch folders of this user whose processes are gone: they were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is another's, or somebody else removes it
            _remove_if_abandoned(folder, delete)


def _remove_if_abandoned(folder: Path, delete: Callable[[Path], None]) -> None:
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        return
    mark = os.open(folder / _MARK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        delete(folder)
    finally:
        os.close(mark)
