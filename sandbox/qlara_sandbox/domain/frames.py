"""``BEGIN:VCARD`` and ``END:VCARD`` where they should not be: behind a value, each other, marks or blanks.

Joining two files, of which the first does not end with a line end, makes ``END:VCARDBEGIN:VCARD`` one
line; joining one that was cut off makes ``TEL:+39 34BEGIN:VCARD``. Editors and mail programs indent, and
byte order marks, NULs and Ctrl-Z stay in the middle.
"""

from __future__ import annotations

import re
import string
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.invisible import STRAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FOLD = "\0"
_FRAME = re.compile(r"(?:(BEGIN)|END)[ \t]*:[ \t]*VCARD", re.IGNORECASE)
_STRAY = re.compile(STRAY)
_LETTERS = string.ascii_letters
_LONGEST_KNOWN = 80
_NO_WORD = re.compile(r"[\W_]*")


class PieceKind(Enum):
    """What a piece of a line is."""

    BEGIN = "BEGIN:VCARD"
    END = "END:VCARD"
    LINE = "a logical line"


class Piece(NamedTuple):
    """A part of a logical line, and how many physical lines after that line's first one it begins."""

    kind: PieceKind
    text: bytes
    lines: int


_BEGIN, _END = Piece(PieceKind.BEGIN, b"", 0), Piece(PieceKind.END, b"", 0)


def pieces(line: bytes, *, in_card: bool) -> Sequence[Piece]:
    """Return the frames of a logical *line*, and the lines that stand before and behind them.

    A frame is a ``BEGIN`` or ``END`` that begins the line or is alone on a physical one, a ``BEGIN``
    that follows an ``END``, and a ``BEGIN`` that ends a physical line: there a value was cut off.
    Between cards (not *in_card*) it is enough that neither letter nor digit stands before a ``BEGIN``.
    What stands behind an ``END`` belongs to no card. Without a frame, the whole line is the one piece.
    """
    if len(line) <= _LONGEST_KNOWN:
        return _known_pieces(line, in_card=in_card)
    return _pieces(line, in_card=in_card)


def _pieces(line: bytes, *, in_card: bool) -> list[Piece]:
    text = line.decode("utf-8", "surrogateescape")
    if _FOLD not in text:
        frame = _FRAME.search(text)
        if frame is None:
            return [Piece(PieceKind.LINE, line, 0)]
        if not _FRAME.search(text, frame.end()):
            return _around_one(frame, line, in_card=in_card)
    splitter = _Splitter(in_card=in_card)
    for number, physical in enumerate(text.split(_FOLD)):
        splitter.read(physical, number)
    splitter.end_line()
    return splitter.found


# In files that were joined or indented, the same few lines return between any two cards.
_known_pieces = lru_cache(maxsize=1024)(_pieces)


def _around_one(frame: re.Match[str], line: bytes, *, in_card: bool) -> list[Piece]:
    """Return what the splitter does of a physical line with one frame in it, as most have."""
    text, (start, end) = frame.string, frame.span()
    if not _stands_alone(frame, first=True, in_card=in_card):
        return [Piece(PieceKind.LINE, line, 0)]
    is_begin = frame[1] is not None
    behind = is_begin and _stray_until(text, end) < len(text)
    found = [_BEGIN if is_begin else _END]
    if start and _stray_until(text, 0) < start:
        found.insert(0, Piece(PieceKind.LINE, text[:start].encode("utf-8", "surrogateescape"), 0))
    if behind:
        found.append(Piece(PieceKind.LINE, text[end:].encode("utf-8", "surrogateescape"), 0))
    return found


class _Splitter:
    """Reads physical lines. What belongs to one logical line is kept until that ends."""

    def __init__(self, *, in_card: bool) -> None:
        self.found: list[Piece] = []
        self._in_card = in_card
        self._kept: list[str] = []
        self._kept_since = 0
        self._own_lines = False  # behind a frame, nothing continues what was before it
        self._indent = -1  # of the lines behind a frame; -1 before the first one

    def read(self, physical: str, number: int) -> None:
        at = 0
        for start, end, is_begin in _frames(physical, first=not number, in_card=self._in_card):
            if at < start or self._kept:
                self._before(physical[at:start], number)
            piece = _BEGIN if is_begin else _END
            self.found.append(piece._replace(lines=number) if number else piece)
            self._in_card, self._own_lines, self._indent = is_begin, True, -1
            at = end
        if at:
            self._keep(physical[at:], number, unless_stray=True)
        elif self._own_lines:
            self._own_line(physical, number)
        else:
            self._kept.append(physical)

    def end_line(self) -> None:
        if self._kept and (self._in_card or not self.found):
            text = _FOLD.join(self._kept).encode("utf-8", "surrogateescape")
            self.found.append(Piece(PieceKind.LINE, text, self._kept_since))
        self._kept = []

    def _before(self, text: str, number: int) -> None:
        if _STRAY.fullmatch(text):
            self.end_line()
        elif self._kept and not self._own_lines:
            self._kept.append(text)
            self.end_line()
        else:
            self._keep(text, number)
            self.end_line()

    def _own_line(self, physical: str, number: int) -> None:
        indent = len(physical) - len(physical.lstrip())
        if self._indent < 0:
            self._indent = indent
        if self._kept and indent > self._indent:
            self._kept.append(physical[self._indent + 1 :])
        else:
            self._keep(physical[indent:], number, unless_stray=True)

    def _keep(self, text: str, number: int, *, unless_stray: bool = False) -> None:
        if self._kept:
            self.end_line()
        if text and not (unless_stray and _STRAY.fullmatch(text)):
            self._kept, self._kept_since = [text], number


def _frames(physical: str, *, first: bool, in_card: bool) -> Iterable[tuple[int, int, bool]]:
    """Return the frames of a physical line: start, end, and whether it is a ``BEGIN``."""
    frame = _FRAME.search(physical)
    if frame is None:
        return ()
    if _FRAME.search(physical, frame.end()):
        return _several_frames(physical, first=first, in_card=in_card)
    if not _stands_alone(frame, first=first, in_card=in_card):
        return ()
    return ((*frame.span(), frame[1] is not None),)


def _stands_alone(frame: re.Match[str], *, first: bool, in_card: bool) -> bool:
    """Tell whether a frame is one that has no other one on its physical line."""
    text, (start, end) = frame.string, frame.span()
    if first and (not start or _stray_until(text, 0) >= start):
        return True
    if _stray_until(text, end) == len(text):
        return frame[1] is not None or not start or _stray_until(text, 0) >= start
    return frame[1] is not None and not in_card and _no_word_until(text, 0) >= start


def _several_frames(
    physical: str, *, first: bool, in_card: bool
) -> Iterator[tuple[int, int, bool]]:
    found = list(_FRAME.finditer(physical))
    at = 0  # behind the last frame
    nothing_until = _stray_until(physical, 0)
    begins = [frame.start() if frame[1] else -1 for frame in found]  # -1: an END
    begins.append(-1)
    for number, frame in enumerate(found):
        start, end = frame.span()
        is_begin = begins[number] >= 0
        next_text = _stray_until(physical, end)
        ends_line = next_text == len(physical)
        is_frame = nothing_until >= start and (first or at > 0 or ends_line)
        if not is_frame and is_begin:
            is_frame = ends_line or (not in_card and _no_word_until(physical, at) >= start)
        elif not is_frame:
            is_frame = 0 <= begins[number + 1] <= next_text
        if is_frame:
            yield start, end, is_begin
            at, nothing_until, in_card = end, next_text, is_begin


def _no_word_until(text: str, start: int) -> int:
    return _NO_WORD.match(text, start).end()  # type: ignore[union-attr]


def _stray_until(text: str, start: int) -> int:
    # The end of the text is nothing but itself: "" is in every string.
    if text[start : start + 1] in _LETTERS:  # as nearly always: the pattern takes longer
        return start
    return _STRAY.match(text, start).end()  # type: ignore[union-attr]
