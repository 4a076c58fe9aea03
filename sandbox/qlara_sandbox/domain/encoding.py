"""The bytes of an uploaded file to the logical lines of a vCard file, and their values to text.

A logical line is one property: the physical lines that folding (RFC 6350 3.2) or a quoted-printable
soft break (vCard 2.1) joined are one again, with ``FOLD`` where each break was. So the number of
physical lines stays countable, and a break costs no more than a character. Lines stay bytes, since a
fold may be in the middle of a character and each property may have its own charset.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLD = b"\0"
"""Stands where a line was folded. A NUL of the file itself is replaced, so it is never mistaken."""

FOLD_OCTET = FOLD[0]

_ESCAPE = 0x1B

CHUNK = 256 * 1024
"""Bytes that are read at a time; a chunk is longer only where a single property is."""

SOFT_BREAKS = 1024 * 1024
"""Bytes of quoted-printable soft breaks that are kept together; a value that long is no text."""

# The end of a logical line: a line end that no white space follows. The first form also leaves
# quoted-printable soft breaks ("=" before the line end) in one piece.
_WHOLE = re.compile(rb"(?:(?<![=\r])\n|(?<!=)\r\n|(?<!=)\r(?!\n))(?![ \t])")
_LOGICAL = re.compile(rb"(?:\n|\r(?!\n))(?![ \t])")
_FOLDS_WITH_SPACES = (b"\r\n ", b"\n ", b"\r ")
_FOLDS = (*_FOLDS_WITH_SPACES, b"\r\n\t", b"\n\t", b"\r\t")

_FRAME = re.compile(rb"\s*(?:BEGIN|END)\s*:\s*VCARD\s*", re.IGNORECASE)

# What a property may declare as its CHARSET. Others (punycode, utf-7, escapes) are no text that a
# telephone writes, and some cost quadratic time.
_CHARSETS = re.compile(
    r"iso8859-\d+|cp\d+|koi8-[rut]|mac-\w+|shift_jis\w*|euc_\w+|gb\w+|big5\w*|iso2022_\w+|tis-620"
)


def logical_lines(data: bytes) -> Iterator[list[bytes]]:
    """Yield the logical lines of *data*, in lists that together cost about ``CHUNK`` bytes.

    UTF-8 with or without byte order mark, UTF-16 with one. Line ends are CRLF, LF or CR.
    """
    data = _as_utf8(data)
    begin = len(data) - len(data.lstrip())
    if begin:  # blank lines, and the indent of the first line, which continues nothing
        blank = data[:begin]
        ends = blank.count(b"\n") + blank.count(b"\r") - blank.count(b"\r\n")
        yield [FOLD * (ends - 1)] if ends else []
    while begin < len(data):
        end = _end_of_chunk(data, begin + CHUNK)
        yield _lines(data[begin:end])
        begin = end


def decode(raw: bytes, charset: str = "") -> str:
    """Return the text of a value.

    Valid UTF-8 is UTF-8. Anything else is read in the *charset* that the property declares or, if
    that is unknown or does not fit, in Windows-1252. Never fails.
    """
    if _ESCAPE in raw:  # ISO-2022 writes every script in seven bits, which are UTF-8 too
        return _declared(raw, charset)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _declared(raw, charset)


def _as_utf8(data: bytes) -> bytes:
    if data.startswith(codecs.BOM_UTF8):
        return data[len(codecs.BOM_UTF8) :]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").encode()
    return data


def _end_of_chunk(data: bytes, wanted: int) -> int:
    """Return where the chunk ends that is to have *wanted* as its last byte, or the end of *data*."""
    found = _WHOLE.search(data, wanted, wanted + SOFT_BREAKS) or _LOGICAL.search(data, wanted)
    return found.end() if found else len(data)


def _lines(chunk: bytes) -> list[bytes]:
    if FOLD in chunk:
        chunk = chunk.replace(FOLD, b"\x01")
    for fold in _FOLDS if b"\t" in chunk else _FOLDS_WITH_SPACES:
        if fold in chunk:
            chunk = chunk.replace(fold, FOLD)
    lines = chunk.splitlines()
    if b"=" in chunk and b"QUOTED-PRINTABLE" in chunk.upper():
        return _joined(lines)
    return lines


def _joined(lines: list[bytes]) -> list[bytes]:
    """Join quoted-printable values that go on after ``=`` at the end of a line.

    ``BEGIN:VCARD`` and ``END:VCARD`` are never part of a value: a text that was cut off after ``=``
    costs that text and not the cards behind it.
    """
    joined: list[bytes] = []
    value: list[bytes] = []  # the lines of the value that is not complete yet
    for line in lines:
        if value and _FRAME.fullmatch(line):
            joined.append(FOLD.join(value))
            value = []
        goes_on = line.endswith(b"=") and (value or _is_quoted_printable(line))
        if goes_on or value:
            value.append(line)
        else:
            joined.append(line)
        if value and not goes_on:
            joined.append(FOLD.join(value))
            value = []
    if value:
        joined.append(FOLD.join(value))
    return joined


def _is_quoted_printable(line: bytes) -> bool:
    head, colon, _ = line.partition(b":")
    return bool(colon) and b"QUOTED-PRINTABLE" in head.upper()


def _declared(raw: bytes, charset: str) -> str:
    try:
        name = codecs.lookup(charset).name if charset else ""
        if _CHARSETS.fullmatch(name):
            return raw.decode(name)
    except (LookupError, ValueError):
        pass  # an unknown charset, or text that is not in it
    return raw.decode("cp1252", "replace")
