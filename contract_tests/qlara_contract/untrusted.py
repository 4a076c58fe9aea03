"""What a deployment sends is read within bounds, and shown without what a terminal or browser obeys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_BODY = 16 * 1024 * 1024
"""Bytes of a decoded response body that are read; the largest documented one is a page of 1000."""

# Control characters but tab and line end, and those that turn the direction of text: a report must not
# be able to move a cursor, colour a terminal or show a line backwards.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def read_within_bounds(chunks: Iterable[bytes]) -> bytes:
    """Return the beginning of a body, of ``LONGEST_BODY`` bytes at most; the rest is not read."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) >= LONGEST_BODY:
            break
    return bytes(body[:LONGEST_BODY])


def visible(text: str) -> str:
    r"""Return *text* with the characters that are obeyed written out: ``\x1b``, ``\u202e``."""
    return _OBEYED.sub(lambda obeyed: obeyed[0].encode("unicode_escape").decode(), text)
