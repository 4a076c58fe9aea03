"""A whole file to UTF-8, where it or a part of it is UTF-16 or UTF-32.

Files are joined by tools that know nothing of encodings, so each part may have its own, with or without
a byte order mark, and may begin at an odd byte. The marks are not trusted: every card begins with
``BEGIN``, and the bytes of that say which encoding its part is in. Text of eight bits is left as it is,
since each of its values may have its own charset.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.errors import NotAVCard

if TYPE_CHECKING:
    from collections.abc import Iterator

_EIGHT_BITS, _UTF_16_LE, _UTF_16_BE = "", "utf-16-le", "utf-16-be"
_MARKS = {
    _EIGHT_BITS: (codecs.BOM_UTF8,),
    _UTF_16_LE: (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    _UTF_16_BE: (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
_LETTERS = [b"[%c%c]" % (ord(letter), ord(letter.lower())) for letter in "BEGIN:VCARD"]
_BEGIN = re.compile(rb"\0".join(_LETTERS) + b"|" + b"".join(_LETTERS))
_FOLDS = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
_LONGEST_START = 64  # bytes in which a file in UTF-16 shows that it is
_UTF_32 = (
    (re.compile(rb"(?:\xff\xfe\0\0)?[Bb]\0\0\0[Ee]\0\0\0"), "utf-32-le"),
    (re.compile(rb"(?:\0\0\xfe\xff)?\0\0\0[Bb]\0\0\0[Ee]"), "utf-32-be"),
)


class _Part(NamedTuple):
    start: int
    encoding: str


def as_utf8(data: bytes) -> bytes:
    """Return *data* without byte order mark, and with what is UTF-16 or UTF-32 in UTF-8."""
    if b"\0" in data:
        data = b"".join(_in_utf8(data))
    return data.removeprefix(codecs.BOM_UTF8)


def encoded_parts(data: bytes) -> list[tuple[str, bytes]]:
    """Return *data* in parts that have one encoding each, as `as_utf8` reads them; an empty one is eight bits."""
    if b"\0" not in data:
        return [("", data)]
    for beginning, encoding in _UTF_32:
        if beginning.match(data):
            return [(encoding, data)]
    parts = list(_parts(data))
    ends = [part.start for part in parts[1:]] + [len(data)]
    return [(part.encoding, data[part.start : end]) for part, end in zip(parts, ends, strict=True)]


def read_as(data: bytes, *, utf_16: str, other: str) -> bytes:
    """Return *data* as a deployment reads it that decides about charsets by itself.

    *utf_16* is ``read`` or ``refused``; *other* is how a file is read that is not UTF-8:
    ``windows-1252`` (value by value), ``iso-8859-1``, or ``replaced`` (UTF-8, bad bytes replaced).

    Raises:
        NotAVCard: it is in UTF-16, which is refused.
    """
    is_wide = b"\0" in data and data[:_LONGEST_START].count(b"\0") > 1
    if is_wide:
        if utf_16 == "refused":
            raise NotAVCard
        return data
    # A fold may be in the middle of a character.
    if other == "windows-1252" or _is_utf_8(_FOLDS.sub(b"", data)):
        return data
    return data.decode("latin-1" if other == "iso-8859-1" else "utf-8", "replace").encode()


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _in_utf8(data: bytes) -> Iterator[bytes]:
    for encoding, part in encoded_parts(data):
        yield part.decode(encoding, "replace").encode() if encoding else part


def _parts(data: bytes) -> Iterator[_Part]:
    """Yield the parts that have one encoding each; they cover *data*."""
    part = _Part(0, _EIGHT_BITS)
    for number, begin in enumerate(_BEGIN.finditer(data)):
        if _goes_on(data, part, begin):
            continue
        found = _part_at(data, begin, first=not number)
        if found.start > part.start:
            yield part
        part = found
    yield part


def _goes_on(data: bytes, part: _Part, begin: re.Match[bytes]) -> bool:
    """Tell whether this ``BEGIN`` is what it looks like in the encoding of *part*."""
    if b"\0" not in begin[0]:
        return part.encoding == _EIGHT_BITS
    at = begin.start()
    if part.encoding == _UTF_16_BE:
        return (at - part.start) % 2 == 1 and data[at - 1] == 0
    return part.encoding == _UTF_16_LE and (at - part.start) % 2 == 0


def _part_at(data: bytes, begin: re.Match[bytes], *, first: bool) -> _Part:
    """Return the part that begins with this ``BEGIN``, or with the marks and blank lines before it."""
    start, encoding = begin.start(), _EIGHT_BITS
    if b"\0" in begin[0]:
        encoding = _UTF_16_LE
        if data[start - 1 : start] == b"\0" and not (first and start % 2 == 0):
            start, encoding = start - 1, _UTF_16_BE
    while (mark := _mark_before(data, start, encoding)) is not None:
        start -= len(mark)
    if first and encoding and start % 2 == 0:
        start = 0
    return _Part(start, encoding)


def _mark_before(data: bytes, start: int, encoding: str) -> bytes | None:
    return next((mark for mark in _MARKS[encoding] if data.endswith(mark, 0, start)), None)
