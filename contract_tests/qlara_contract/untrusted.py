"""What a deployment sends is read within bounds, and shown without what a terminal or browser obeys."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_BODY = 16 * 1024 * 1024
"""Bytes of a decoded response body that are read; the largest documented one is a page of 1000."""

KEPT_OF_LONGER = 64 * 1024
"""Bytes that are kept of a longer one: it is wrong anyway, and a run has hundreds of responses."""

_ENCODINGS = {"gzip", "x-gzip", "deflate"}
_PIECE = 64 * 1024

# Control characters but tab and line end, and those that turn the direction of text: a report must not
# be able to move a cursor, colour a terminal or show a line backwards.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def is_readable(encoding: str) -> bool:
    """Return whether bodies in the content *encoding* can be read."""
    return encoding.strip().lower() in {"", "identity", *_ENCODINGS}


def read_within_bounds(chunks: Iterable[bytes], encoding: str = "") -> tuple[bytes, bool]:
    """Return a body, and whether it is longer than ``LONGEST_BODY``: then it is cut to ``KEPT_OF_LONGER``.

    *chunks* are in the content *encoding*. What is not gzip or deflate, once, stays as it is.
    """
    body = bytearray()
    for chunk in _decoded(chunks) if encoding.strip().lower() in _ENCODINGS else chunks:
        body += chunk
        if len(body) > LONGEST_BODY:
            return bytes(body[:KEPT_OF_LONGER]), True
    return bytes(body), False


def _decoded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what compressed *chunks* stand for, up to the first mistake, in small pieces."""
    decoder = _decoder()
    for chunk in chunks:
        left = chunk
        while left:
            try:
                yield decoder.decompress(left, _PIECE)
            except zlib.error:
                return
            left = decoder.unconsumed_tail
            if decoder.eof:  # gzip may go on with another member (RFC 1952 section 2.2)
                left, decoder = decoder.unused_data, _decoder()


def _decoder() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, as it begins


def visible(text: str) -> str:
    r"""Return *text* with the characters that are obeyed written out: ``\x1b``, ``\u202e``."""
    return _OBEYED.sub(lambda obeyed: obeyed[0].encode("unicode_escape").decode(), text)
