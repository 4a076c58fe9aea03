"""Makes an input that breaks something as short as it can be, and still break it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def shrink(data: bytes, is_bad: Callable[[bytes], bool], seconds: float = 10) -> bytes:
    """Return the shortest input found in about *seconds* for which *is_bad* holds, as for *data*.

    Pieces are left out, first large ones and at last single bytes.
    """
    end = time.monotonic() + seconds
    size = max(len(data) // 2, 1)
    while True:
        shorter = _without_pieces(data, size, is_bad, end)
        if time.monotonic() > end:
            return shorter
        if len(shorter) == len(data) and size == 1:
            return shorter
        size = max(min(size, len(shorter)) // 2, 1) if len(shorter) == len(data) else size
        data = shorter


def _without_pieces(data: bytes, size: int, is_bad: Callable[[bytes], bool], end: float) -> bytes:
    at = 0
    while at < len(data) and time.monotonic() <= end:
        candidate = data[:at] + data[at + size :]
        if is_bad(candidate):
            data = candidate
        else:
            at += size
    return data
