"""Standard input as agents write it: half a character in it leaves no call without a response.

Whoever cuts a text of UTF-16 cuts characters beyond its first plane in two, and writes ``\\ud83d`` alone. JSON
allows that, and the reader of messages drops the whole message.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from contextlib import suppress
from typing import BinaryIO

_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPES = re.compile(rb"%s%s|(?P<half>%s|%s)|\\." % (_HIGH, _LOW, _HIGH, _LOW))
_REPLACEMENT = rb"\ufffd"


def mended(line: bytes) -> bytes:
    """Return a line of JSON with U+FFFD in place of every half of a character."""
    return _ESCAPES.sub(lambda found: _REPLACEMENT if found["half"] else found[0], line)


def mend_standard_input() -> None:
    """Let whoever reads the standard input of this process read it mended, from a pipe in its place."""
    given = os.dup(sys.stdin.fileno())
    reading, writing = os.pipe()
    os.dup2(reading, sys.stdin.fileno())
    os.close(reading)
    pump = threading.Thread(
        target=_pump, args=(os.fdopen(given, "rb"), os.fdopen(writing, "wb")), daemon=True
    )
    pump.start()


def _pump(source: BinaryIO, target: BinaryIO) -> None:
    with source, target, suppress(OSError):  # nobody reads any more
        for line in source:
            target.write(mended(line))
            target.flush()
