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

from qlara_sandbox.domain.encoding import FOLD
from qlara_sandbox.domain.invisible import ONE_STRAY, STRAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FOLD = FOLD.decode()
_FRAME = re.compile(r"(?:(BEGIN)|END)[ \t]*:[ \t]*VCARD", re.IGNORECASE)
_STRAY = re.compile(STRAY)
_LENGTH_OF_BEGIN = len("BEGIN")
_LONGEST_KNOWN = 80
_LETTERS = string.ascii_letters

# The frames as most files have them, found in C: alone on a physical line of several, behind the value
# that the file before it ended with, and one behind the other.
_MARKS = rf"[ \t]*+(?:(?!{_FOLD}){ONE_STRAY})*+"
_ALONE = re.compile(
    rf"(?:\A|{_FOLD}){_MARKS}(BEGIN|END)[ \t]*:[ \t]*VCARD{_MARKS}(?![^{_FOLD}])", re.IGNORECASE
)
_JOINED = b"END:VCARDBEGIN:VCARD"
_GLUED = re.compile(rb"(?:(?:BEGIN|END):VCARD){2,}+")
_END_AT_START = re.compile(rb"END[ \t]*:")
_VCARD, _BEHIND_NAME = b"VCARD", b":VCARD"
_INDENTED_OR_STRAY = re.compile(rf"(?:\A|{_FOLD})[^!-~]")
_NO_WORD = re.compile(r"[\W_]*")


class PieceKind(Enum):
    """What a piece of a line is."""

    BEGIN = "BEGIN:VCARD"
    END = "END:VCARD"
    LINE = "a logical line"
    LINES = "logical lines"


class Piece(NamedTuple):
    """A part of a logical line, and how many physical lines after that line's first one it begins.

    The ``text`` of ``LINES`` has a line feed between the lines.
    """

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
    if FOLD not in line and line[:1].isalpha():
        capitals = line.upper()
        if b"BEGIN" not in capitals and not _END_AT_START.match(capitals):
            return (Piece(PieceKind.LINE, line, 0),)  # an END behind a value is a part of it
    if len(line) <= _LONGEST_KNOWN:
        return _known_pieces(line, in_card=in_card)
    return _pieces(line, in_card=in_card)


def _pieces(line: bytes, *, in_card: bool) -> list[Piece]:
    if FOLD not in line:
        return _of_one_line(line, in_card=in_card)
    text = line.decode("utf-8", "surrogateescape")
    found: list[Piece] = []
    parts = _ALONE.split(text)  # text, the frame behind it, text, …: each text may be empty
    number = 0
    if parts[0]:
        in_card = _before_frames(parts[0], found, in_card=in_card)
        number = parts[0].count(_FOLD) + 1
    elif text[0] == _FOLD:
        number = 1
    for at in range(1, len(parts), 2):
        in_card = len(parts[at]) == _LENGTH_OF_BEGIN
        found.append(Piece(PieceKind.BEGIN if in_card else PieceKind.END, b"", number))
        if behind := parts[at + 1]:
            in_card = _behind_frame(behind, number, found, in_card=in_card)
            number += behind.count(_FOLD)
        number += 1
    return found


# In files that were joined or indented, the same few lines return between any two cards.
_known_pieces = lru_cache(maxsize=1024)(_pieces)


def _of_one_line(line: bytes, *, in_card: bool) -> list[Piece]:
    """Return the pieces of a physical line."""
    capitals = line.upper()
    if capitals.endswith(_JOINED) and capitals.count(_VCARD) == _JOINED.count(_VCARD):
        before = line[: -len(_JOINED)]
        is_stray = _STRAY.fullmatch(before.decode("utf-8", "surrogateescape"))
        return [_END, _BEGIN] if is_stray else [Piece(PieceKind.LINE, before, 0), _END, _BEGIN]
    if _GLUED.fullmatch(capitals):
        return [_BEGIN if it == b"BEGIN" else _END for it in capitals.split(_BEHIND_NAME)[:-1]]
    text = line.decode("utf-8", "surrogateescape")
    frame = _FRAME.search(text)
    if frame is None:
        return [Piece(PieceKind.LINE, line, 0)]
    if not _FRAME.search(text, frame.end()):
        return _around_one(frame, line, in_card=in_card)
    return _split(text, [], in_card=in_card)[0]


def _before_frames(text: str, found: list[Piece], *, in_card: bool) -> bool:
    """Add the pieces of what stands before the first frame that is alone. Return whether a card is open."""
    if _FRAME.search(text):
        _, in_card = _split(text, found, in_card=in_card)
    else:
        found.append(Piece(PieceKind.LINE, text.encode("utf-8", "surrogateescape"), 0))
    return in_card


def _behind_frame(text: str, number: int, found: list[Piece], *, in_card: bool) -> bool:
    """Add the pieces of the physical lines behind line *number*, which is a frame."""
    if _FRAME.search(text):
        return _split(text[1:], found, in_card=in_card, number=number + 1)[1]
    if in_card:
        lines = _own_lines(text[1:]).encode("utf-8", "surrogateescape")
        found.append(Piece(PieceKind.LINES, lines, number + 1))
    return in_card


def _own_lines(text: str) -> str:
    """Return physical lines, of which none continues what was before them, with a line feed for each
    ``FOLD`` but those before lines that are indented more than the first one: they are folded.

    Of lines with nothing to see nothing is left.
    """
    if text.isascii() and not _INDENTED_OR_STRAY.search(text):
        return text.replace(_FOLD, "\n")
    indent = len(text) - len(text.lstrip())
    made: list[str] = []
    goes_on = False
    for physical in text.split(_FOLD):
        bare = physical.lstrip()
        if goes_on and len(physical) - len(bare) > indent:
            made.append(_FOLD + physical[indent + 1 :])
        else:
            goes_on = bare != "" and (bare[0] in _LETTERS or not _STRAY.fullmatch(bare))
            made.append(f"\n{bare}" if goes_on else "\n")
    return "".join(made)[1:]


def _split(
    text: str, found: list[Piece], *, in_card: bool, number: int = 0
) -> tuple[list[Piece], bool]:
    """Add to *found* the pieces of some physical lines, of which the first has that *number*.

    Return it, and whether a card is open behind them.
    """
    splitter = _Splitter(found, in_card=in_card)
    for at, physical in enumerate(text.split(_FOLD), number):
        splitter.read(physical, at)
    splitter.end_line()
    return found, splitter.in_card


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

    def __init__(self, found: list[Piece], *, in_card: bool) -> None:
        self.found = found
        self.in_card = in_card
        self._kept: list[str] = []
        self._kept_since = 0
        self._own_lines = bool(found)  # behind a frame, nothing continues what was before it
        self._indent = -1  # of the lines behind a frame; -1 before the first one

    def read(self, physical: str, number: int) -> None:
        at = 0
        for start, end, is_begin in _frames(physical, first=not number, in_card=self.in_card):
            if at < start or self._kept:
                self._before(physical[at:start], number)
            piece = _BEGIN if is_begin else _END
            self.found.append(piece._replace(lines=number) if number else piece)
            self.in_card, self._own_lines, self._indent = is_begin, True, -1
            at = end
        if at:
            self._keep(physical[at:], number, unless_stray=True)
        elif self._own_lines:
            self._own_line(physical, number)
        else:
            self._kept.append(physical)

    def end_line(self) -> None:
        if self._kept and (self.in_card or not self.found):
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
