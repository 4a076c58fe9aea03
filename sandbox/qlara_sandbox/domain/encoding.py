"""The bytes of an uploaded file to the logical lines of a vCard file.

A logical line is one property: the physical lines that folding (RFC 6350 3.2) or a quoted-printable
soft break (vCard 2.1) joined are one again, with ``FOLD`` where each break was. So the number of
physical lines stays countable, and a break costs no more than a character. Lines stay bytes, since a
fold may be in the middle of a character and each property may have its own charset.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.transcoding import as_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLD = b"\0"
"""Stands where a line was folded. A NUL of the file itself is replaced, so it is never mistaken."""

FOLD_OCTET = FOLD[0]

CHUNK = 128 * 1024
"""Bytes that are read at a time; a chunk is longer only where a single property is."""

SOFT_BREAKS = 256 * 1024
"""Bytes of quoted-printable soft breaks that are kept together; a value that long is no text."""

# The end of a logical line: a line end that no white space follows. The first form also leaves
# quoted-printable soft breaks ("=" before the line end) in one piece, and a line with the VERSION that
# tells whether there is a frame before it.
_WHOLE = re.compile(
    rb"(?:(?<![=\r])\n|(?<![=\r])\r{1,9}\n|(?<!=)\r(?!\r{0,8}\n))(?![ \t]|(?i:VERSION))"
)
_LOGICAL = re.compile(rb"(?:\n|\r(?!\r{0,8}\n))(?![ \t])")
_LF_FOLDS = (b"\n ", b"\n\t")
_CRLF_FOLDS = (b"\r\n ", b"\r\n\t")
_ALL_FOLDS = (b"\r\n ", b"\n ", b"\r ", b"\r\n\t", b"\n\t", b"\r\t")

_FRAME = re.compile(rb"\s*(?:BEGIN|END)\s*:\s*VCARD\s*", re.IGNORECASE)

# Line ends that a conversion has met twice. Bounded, or a file of nothing but CR would take forever.
_CR_CR_LF = re.compile(rb"\r{2,9}\n")


class Lines(NamedTuple):
    """Some logical lines of a file, in order.

    ``loose_frames`` says that ``BEGIN:VCARD`` or ``END:VCARD`` stands in the middle of one of them, or
    of a physical line: behind a value, behind each other, behind marks or blanks; ``folded`` that
    ``FOLD`` may stand in one.
    """

    lines: list[bytes]
    loose_frames: bool
    folded: bool


def logical_lines(data: bytes) -> Iterator[Lines]:
    """Yield the logical lines of *data*, in lists that together cost about ``CHUNK`` bytes.

    UTF-8, UTF-16 or UTF-32, with or without byte order mark. Line ends are CRLF, LF, CR or CR CR LF.
    """
    data = as_utf8(data)
    begin = len(data) - len(data.lstrip())
    if begin:  # blank lines, and the indent of the first line, which continues nothing
        blank = data[:begin]
        ends = blank.count(b"\n") + blank.count(b"\r") - blank.count(b"\r\n")
        yield Lines([FOLD * (ends - 1)] if ends else [], loose_frames=False, folded=True)
    while begin < len(data):
        end = _end_of_chunk(data, begin + CHUNK)
        yield _lines(data[begin:end])
        begin = end


def _end_of_chunk(data: bytes, wanted: int) -> int:
    """Return where the chunk ends that is to have *wanted* as its last byte, or the end of *data*."""
    found = _WHOLE.search(data, wanted, wanted + SOFT_BREAKS) or _LOGICAL.search(data, wanted)
    return found.end() if found else len(data)


def _lines(chunk: bytes) -> Lines:
    capitals = chunk.upper()
    if FOLD in chunk:
        chunk = chunk.replace(FOLD, b"\x01")
    marked, lines = _unfolded(chunk)
    quoted_printable = b"QUOTED-PRINTABLE" in capitals
    # Frames are on lines of their own in nearly every file, and such lines are counted at once.
    alone = lines.count(b"BEGIN:VCARD") + lines.count(b"END:VCARD")
    frames = capitals.count(b":VCARD")
    return Lines(
        _joined(lines) if quoted_printable else lines,
        loose_frames=alone != frames and _has_loose_frames(capitals),
        folded=quoted_printable or FOLD in marked,
    )


def _unfolded(chunk: bytes) -> tuple[bytes, list[bytes]]:
    """Return a chunk with its folds marked, and its logical lines."""
    if b"\r" not in chunk:
        marked = _folds_marked(chunk, _LF_FOLDS)
        return marked, marked.splitlines()
    # The usual line ends, which are all alike, come first.
    marked = _folds_marked(chunk, _CRLF_FOLDS)
    lines = marked.splitlines()
    line_ends = len(lines) - (not marked.endswith((b"\r", b"\n")))
    if marked.count(b"\r\n") == line_ends:
        return marked, lines
    marked = _folds_marked(_CR_CR_LF.sub(b"\r\n", chunk), _ALL_FOLDS)
    return marked, marked.splitlines()


def _folds_marked(chunk: bytes, folds: tuple[bytes, ...]) -> bytes:
    """Replace *folds*, of which the latter half are with tabs."""
    for fold in folds if b"\t" in chunk else folds[: len(folds) // 2]:
        if fold in chunk:
            chunk = chunk.replace(fold, FOLD)
    return chunk


def _has_loose_frames(capitals: bytes) -> bool:
    frames = capitals.count(b":VCARD")
    at_line_start = sum(map(capitals.startswith, (b"BEGIN:VCARD", b"END:VCARD")))
    for line_end in (b"\n", b"\r"):
        at_line_start += capitals.count(line_end + b"BEGIN:VCARD")
        at_line_start += capitals.count(line_end + b"END:VCARD")
        if at_line_start == frames:
            return False
    return True


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
