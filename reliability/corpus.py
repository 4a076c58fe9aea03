"""Inputs that are kept from run to run: one file each, in ``reliability/corpus/<target>/``."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
# Larger ones would make the repository heavy, and every mutation slow.
LARGEST = 4096
MOST = 80
"""How many inputs the corpus of a target has at most, unless they were chosen together."""


def load(target: str, folder: Path = FOLDER) -> list[bytes]:
    """Return the inputs of *target*, always in the same order."""
    return [path.read_bytes() for path in sorted((folder / target).glob("*")) if path.is_file()]


def grow(target: str, inputs: list[bytes], folder: Path = FOLDER) -> int:
    """Keep further inputs, short ones first, while there is room; return how many were kept."""
    room = max(MOST - len(load(target, folder)), 0)
    fit = sorted((data for data in inputs if len(data) <= LARGEST), key=len)[:room]
    for data in fit:
        _keep(target, data, folder)
    return len(fit)


def replace(target: str, inputs: list[bytes], folder: Path = FOLDER) -> None:
    """Make *inputs* the whole corpus of *target*."""
    for path in (folder / target).glob("*"):
        path.unlink()
    for data in inputs:
        _keep(target, data, folder)


def _keep(target: str, data: bytes, folder: Path) -> None:
    path = folder / target / sha256(data).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
