"""Limits of one connection: bytes and fields around a body, and time without progress."""

from __future__ import annotations

from typing import NamedTuple

# Path, query and header fields of one request together.
MAX_HEAD_BYTES = 64 * 1024
# Request line, header fields, chunk framing and trailer fields of one request together, raw.
FRAMING_BYTES = 128 * 1024
# Header fields and trailer fields of one request together.
MAX_FIELDS = 256


class Timeouts(NamedTuple):
    """How long a client may keep a connection waiting, in seconds.

    ``idle``: between two requests, and before the first. ``head``: from the first byte of a request to
    the end of its head. ``stall``: in the middle of a request's body, or of reading a response, without
    a single byte of progress.
    """

    idle: float = 75.0
    head: float = 30.0
    stall: float = 30.0
