"""Inputs that are kept from run to run: one file each, in ``reliability/corpus/<target>/``."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
# Larger ones would make the repository heavy, and every mutation slow.
LARGEST = 4096


def load(target: str, folder: Path = FOLDER) -> list[bytes]:
    """Return the inputs of *target*, always in the same order."""
    return [path.read_bytes() for path in sorted((folder / target).glob("*")) if path.is_file()]


def keep(target: str, data: bytes, folder: Path = FOLDER) -> Path | None:
    """Write an input down, named after its content; None if it is too large to keep."""
    if len(data) > LARGEST:
        return None
    path = folder / target / sha256(data).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
