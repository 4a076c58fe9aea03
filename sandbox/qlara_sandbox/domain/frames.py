"""``BEGIN:VCARD`` and ``END:VCARD`` where they should not be: behind a value, each other, marks or blanks.

Joining two files, of which the first does not end with a line end, makes ``END:VCARDBEGIN:VCARD`` one
line; joining one that was cut off makes ``TEL:+39 34BEGIN:VCARD``. Editors and mail programs indent, and
byte order marks, NULs and Ctrl-Z stay in the middle.

A frame that is indented below a property of an open card may be a part of its value: exporters fold at
75 octets, wherever that is (RFC 6350 3.2). What follows it decides.
"""

from __future__ import annotations

import re
import string
from enum import Enum
from typing import TYPE_CHECKING

from qlara_sandbox.domain.encoding import FOLD, FOLD_OCTET
from qlara_sandbox.domain.invisible import ONE_STRAY, STRAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FOLD = FOLD.decode()
_FRAME = re.compile(r"(?:(BEGIN)|END)[ \t]*:[ \t]*VCARD", re.IGNORECASE)
_STRAY = re.compile(STRAY)
_ANY_FRAME = re.compile(rf"((?:BEGIN|END)[ \t]*:[ \t]*VCARD)({STRAY})", re.IGNORECASE)
_ALONE = re.compile(rf"{STRAY}(?:(BEGIN)|END)[ \t]*:[ \t]*VCARD{STRAY}", re.IGNORECASE)
_VERSION = re.compile(rb"[ \t]*VERSION[ \t]*[:;]", re.IGNORECASE)
_NO_WORD = re.compile(r"[\W_]*")
_ODD_START = re.compile(rf"\n[ \t]*+(?:{ONE_STRAY}|\Z)")  # of a line that may have nothing to see
_LETTERS = string.ascii_letters
_AGENT, _BEGIN_NAME, _VCARD, _BLANKS = b"AGENT", b"BEGIN", b"VCARD", b" \t"
_BLANKS_AND_FOLDS = _BLANKS + FOLD

_ALPHANUMERIC, _BEGIN_OR_END = {*map(ord, string.ascii_letters + string.digits)}, {*b"BbEe"}
_START_OF_FRAME = re.compile(
    rb"(?:B|BE|BEG|BEGI|BEGIN|E|EN|END)[ \t]*(?::|\0|\Z)", re.IGNORECASE
)

# The frames that are alone on a physical line, but the first, of a logical one; what ASCII has of `STRAY`.
_PLAIN_STRAY = rb"[\x01-\x20\x7f]*+"
_PLAIN_FRAME = rb"\0%b(%%b)[ \t]*:[ \t]*VCARD%b(?=\0|\Z)" % (_PLAIN_STRAY, _PLAIN_STRAY)
_PLAIN_FRAMES = re.compile(_PLAIN_FRAME % rb"BEGIN|END", re.IGNORECASE)
_LAST_PLAIN_END = re.compile(rb"(.*)" + _PLAIN_FRAME % rb"END", re.IGNORECASE | re.DOTALL)
_CERTAIN = (
    rb"\0%(stray)b(?:END%(vcard)b(?=\0[\x00-\x20\x7f]*+BEGIN%(vcard)b(?:\0|\Z))"
    rb"|BEGIN%(vcard)b(?=\0(?:%(stray)b\0)*+[ \t]*VERSION[ \t]*[:;]%(or_else)b))"
)
_VCARD_ALONE = rb"[ \t]*:[ \t]*VCARD" + _PLAIN_STRAY


def _certain(or_else: bytes) -> re.Pattern[bytes]:
    found = {b"stray": _PLAIN_STRAY, b"vcard": _VCARD_ALONE, b"or_else": or_else}
    return re.compile(_CERTAIN % found, re.IGNORECASE)


# Indexed by whether a version is the next logical line.
_CERTAIN_FRAME = _certain(b""), _certain(rb"|[\x00-\x20\x7f]*+\Z")
_END_AT_START = re.compile(rb"END[ \t]*:")


class PieceKind(Enum):
    """What a piece of a line is."""

    BEGIN = "BEGIN:VCARD"
    END = "END:VCARD"
    MAYBE_END = "END:VCARD, or a part of the line that follows"
    LINE = "a logical line"
    LINES = "logical lines"


Piece = tuple[PieceKind, bytes, int]
"""A part of a logical line: kind, text, how many physical lines after that line's first one it begins.

The text of ``LINES`` has a line feed between the lines. That of a ``MAYBE_END`` is what stands before
it: if it ends the card, this is the line, and not the one that follows.
"""

_BEGIN, _END, _MAYBE_END, _LINE, _LINES = PieceKind
_FRAMES = {b"BEGIN:VCARD": _BEGIN, b"END:VCARD": _END}
_NAMES = frozenset((b"BEGIN", b"END"))
_FIRST_BEGIN, _FIRST_END = (_BEGIN, b"", 0), (_END, b"", 0)


class _Several(Enum):
    """A physical line that has something besides a frame, or several frames."""

    FRAMES = "frames"


_SEVERAL = _Several.FRAMES
_KindOfLine = PieceKind | _Several | None  # None: no frame at all


def may_hold_frame(line: bytes, *, in_card: bool) -> bool:
    """Tell whether a logical *line* may have a frame in it, or be one, so that all of it has to be read.

    Between cards (not *in_card*) an ``END`` is nothing.
    """
    capitals = line.upper()
    folded = FOLD_OCTET in capitals
    if capitals.count(_VCARD) and (capitals.count(_BEGIN_NAME) or (folded and in_card)):
        return True
    if folded:  # a frame may be folded as well
        capitals = capitals.replace(FOLD, b"")
    if not capitals.count(_VCARD):
        return False
    if capitals.count(_BEGIN_NAME):
        return True
    # An END behind a value is a part of it.
    at_start = folded or not line[:1].isalnum() or _END_AT_START.match(capitals) is not None
    return in_card and at_start


def is_version(line: bytes) -> bool:
    """Tell whether *line* is the ``VERSION`` which shows that a ``BEGIN`` before it is a frame."""
    return _VERSION.match(line) is not None


def joint(line: bytes) -> tuple[bytes, bool] | None:
    """Return what stands before the joint at the end of a physical *line*, and whether an ``END`` is in it.

    Most files are joined in one way: behind a property, or behind its card's ``END``, stands a ``BEGIN``.
    None if *line* does not end like that, or may have more frames or an ``AGENT``.
    """
    capitals = line.upper()
    if not capitals.endswith(b"BEGIN:VCARD") or line[0] not in _ALPHANUMERIC:
        return None
    before = capitals[: -len(b"BEGIN:VCARD")]
    behind_end = before.rstrip(_BLANKS)
    closed = behind_end.endswith(b"END:VCARD")
    if closed:
        before = behind_end[: -len(b"END:VCARD")]
    if not before or before.count(_VCARD) or before.count(_AGENT):
        return None
    return line[: len(before)], closed


def pieces(line: bytes, *, in_card: bool, before_version: bool = False) -> Iterable[Piece]:
    """Return the frames of a logical *line*, and the lines that stand before and behind them.

    A frame is a ``BEGIN`` or ``END`` that begins the line or is alone on a physical one, a ``BEGIN``
    that follows an ``END``, and a ``BEGIN`` that ends a physical line: there a value was cut off.
    Between cards (not *in_card*) it is enough that neither letter nor digit stands before a ``BEGIN``.
    What stands behind an ``END`` belongs to no card. Without a frame, the whole line is the one piece.

    In a card, what is indented below a property continues it. There a ``BEGIN`` that is alone is a frame
    only if ``VERSION`` comes next, be it in the next logical line (*before_version*), and an ``END``
    only if a ``BEGIN`` that is alone comes next; any other ``END`` is a ``MAYBE_END``.
    """
    if FOLD_OCTET in line:
        found = _of_plain_lines(line, in_card, before_version)
        return found or _of_several_lines(line, in_card, before_version)
    return _of_one_line(line, in_card)


def _of_plain_lines(line: bytes, in_card: bool, before_version: bool) -> list[Piece] | None:
    """Return the pieces of a logical *line* of several physical ones, as nearly all have them: each frame is
    alone on a physical line, and what may continue a property is ASCII. None if that is not so.
    """
    parts = _PLAIN_FRAMES.split(FOLD + line)
    others = line.upper().count(_VCARD) - len(parts) // 2
    if others and others != _parts_of_value(line):
        return None
    before = parts[0][1:]
    if not parts[0]:
        return _frames_and_lines(parts, [], -1)
    if not in_card or not before.strip(_BLANKS_AND_FOLDS):
        return _frames_and_lines(parts, [(_LINE, before, 0)], -1)
    first = before[0]
    begins_frame = first in _BEGIN_OR_END and _START_OF_FRAME.match(line)
    if first not in _ALPHANUMERIC or begins_frame or not line.isascii():
        return None
    certain = _CERTAIN_FRAME[before_version].search(line)
    before = line[: certain.start()] if certain else line
    last_end = _LAST_PLAIN_END.match(before)
    found: list[Piece] = [(_MAYBE_END, last_end[1], 0)] if last_end else []
    found.append((_LINE, before, 0))
    if certain:
        behind = _PLAIN_FRAMES.split(line[certain.start() :])
        return _frames_and_lines(behind, found, before.count(FOLD))
    return found


def _parts_of_value(line: bytes) -> int:
    """Return how many ``VCARD`` the first physical line has if they are a part of its value, or else 0."""
    first = line.partition(FOLD)[0].upper()
    ends = first[:1].isalpha() and not first.count(_BEGIN_NAME) and not _START_OF_FRAME.match(first)
    return first.count(_VCARD) if ends else 0


def _frames_and_lines(parts: list[bytes], found: list[Piece], at: int) -> list[Piece]:
    """Add the pieces behind the first of *parts*, which begins at line *at*, to *found*, and return it.

    Each part is a text, or the name of the frame behind it.
    """
    at += parts[0].count(FOLD)
    behind = iter(parts)
    next(behind)
    for name in behind:
        text = next(behind)
        at += 1
        if len(name) < len(_BEGIN_NAME):
            found.append((_END, b"", at))
        else:
            found.append((_BEGIN, b"", at))
            if text:
                found.append((_LINES, _own_lines(text.replace(FOLD, b"\n")), at + 1))
        at += text.count(FOLD)
    return found


def _of_several_lines(line: bytes, in_card: bool, before_version: bool) -> Iterator[Piece]:
    return _Splitter(line.split(FOLD), _kinds(line), in_card, before_version).split()


def _kinds(line: bytes) -> list[_KindOfLine]:
    """Return what each physical line of a logical *line* is."""
    capitals = line.upper()
    in_capitals = capitals.split(FOLD)
    found: list[_KindOfLine] = [_FRAMES.get(physical.strip(_BLANKS)) for physical in in_capitals]
    if capitals.count(_VCARD) == len(found) - found.count(None):
        return found
    physical = line.split(FOLD)
    return [
        _kind(physical[at]) if kind is None and _VCARD in in_capitals[at] else kind
        for at, kind in enumerate(found)
    ]


def _kind(physical: bytes) -> _KindOfLine:
    frame = _ALONE.fullmatch(_text(physical))
    if frame is None:
        return _SEVERAL
    return _BEGIN if frame[1] else _END


def _of_one_line(line: bytes, in_card: bool) -> list[Piece]:
    """Return the pieces of a physical line."""
    *names, rest_of_glued = line.upper().split(b":VCARD")
    if not rest_of_glued and _NAMES.issuperset(names):
        return [_FIRST_BEGIN if name == _BEGIN_NAME else _FIRST_END for name in names]
    frames, rest = _frames(_text(line), first=True, in_card=in_card)
    if not frames:
        return [(_LINE, line, 0)]
    found: list[Piece] = []
    for before, is_begin in frames:
        if before and (in_card or not found):
            found.append((_LINE, _octets(before), 0))
        found.append(_FIRST_BEGIN if is_begin else _FIRST_END)
        in_card = is_begin
    if rest and in_card:
        found.append((_LINE, _octets(rest), 0))
    return found


class _Splitter:
    """Splits the physical lines of a logical one at their frames."""

    def __init__(
        self,
        physical: list[bytes],
        kinds: list[_KindOfLine],
        in_card: bool,
        before_version: bool = False,
    ) -> None:
        self._physical = physical
        self._kinds = kinds
        self._in_card = in_card
        self._before_version = before_version
        self._found: list[Piece] = []
        self._since = 0  # the first line that is in no piece yet
        self._behind_frame = False  # there, nothing continues what was before it
        self.has_property = False  # before any frame
        self._maybe_end = 0  # the line of the last one

    def split(self) -> Iterator[Piece]:
        for at, kind in enumerate(self._kinds):
            if kind is None:
                continue
            if kind is _SEVERAL:
                self._read_several(at)
            elif self._behind_frame or not self._in_card or not self._may_continue(at, kind):
                self._add_lines(at)
                self._add_frame(kind, at)
                yield from self._found
                self._found.clear()
        self._add_lines(len(self._physical))
        yield from self._found

    def _add_frame(self, kind: PieceKind, at: int) -> None:
        self._found.append((kind, b"", at))
        self._in_card = kind is _BEGIN
        self._behind_frame = True
        self._since = at + 1

    def _add_lines(self, until: int, start_of_next: bytes = b"") -> None:
        """Add the lines before line *until*, and what stands before the first frame of that line."""
        lines = self._physical[self._since : until]
        if self._behind_frame:
            if lines and self._in_card:
                self._found.append((_LINES, _own_lines(b"\n".join([b"", *lines])), self._since))
            if start_of_next and self._in_card:
                self._found.append((_LINE, start_of_next, until))
        elif lines or start_of_next:
            if self._maybe_end:
                self._found.append((_MAYBE_END, FOLD.join(lines[: self._maybe_end]), 0))
            self._found.append(
                (_LINE, FOLD.join([*lines, start_of_next] if start_of_next else lines), 0)
            )

    def _read_several(self, at: int) -> None:
        frames, rest = _frames(_text(self._physical[at]), first=not at, in_card=self._in_card)
        for before, is_begin in frames:
            self._add_lines(at, _octets(before))
            self._add_frame(_BEGIN if is_begin else _END, at)
        if rest and frames and self._in_card:
            self._found.append((_LINE, _octets(rest), at))

    def _may_continue(self, at: int, kind: PieceKind) -> bool:
        """Tell whether a frame that is alone on its line may be a part of the property before it."""
        if not self.has_property:
            before = _text(b"".join(self._physical[:at]))
            if _STRAY.fullmatch(before) or _FRAME.match(before):  # a frame may be folded as well
                return False
            self.has_property = True
        if self._is_certain(at, kind):
            return False
        if kind is _END:
            self._maybe_end = at
        return True

    def _is_certain(self, at: int, kind: PieceKind) -> bool:
        behind = at + 1
        while behind < len(self._physical) and _is_stray(self._physical[behind]):
            behind += 1
        if behind == len(self._physical):
            return kind is _BEGIN and self._before_version
        if kind is _BEGIN:
            return is_version(self._physical[behind])
        return self._kinds[behind] is _BEGIN


def _own_lines(text: bytes) -> bytes:
    """Return the physical lines of *text*, of which none continues what was before them, with a line feed between them
    or, before those that are indented more than the first one, ``FOLD``: they are folded.

    In *text*, a line feed is before each of them. Of lines with nothing to see nothing is left.
    """
    lines = _text(text)
    if not _ODD_START.search(lines):
        start = lines[: len(lines) - len(lines[1:].lstrip(" \t"))]
        if len(start) == 1:
            return text[1:].replace(b"\n ", FOLD).replace(b"\n\t", FOLD)
        if lines.count(start) == lines.count("\n"):
            dedented = lines.replace(start, "\n")[1:]
            return _octets(dedented.replace("\n ", _FOLD).replace("\n\t", _FOLD))
    physical_lines = lines[1:].split("\n")
    indent = len(physical_lines[0]) - len(physical_lines[0].lstrip())
    made: list[str] = []
    goes_on = False
    for physical in physical_lines:
        bare = physical.lstrip()
        if goes_on and len(physical) - len(bare) > indent:
            made.append(_FOLD + physical[indent + 1 :])
        elif bare == "":
            goes_on = False
            made.append("\n")
        else:
            goes_on = bare[0] in _LETTERS or not _STRAY.fullmatch(bare)
            made.append("\n" + bare if goes_on else "\n")
    return _octets("".join(made)[1:])


def _frames(
    physical: str, *, first: bool, in_card: bool
) -> tuple[list[tuple[str, bool]], str]:
    """Return the frames of a physical line, and the text behind them.

    Of each, the text between it and the one before, and whether it is a ``BEGIN``. A text with nothing to
    see is empty.
    """
    text, *parts = _ANY_FRAME.split(physical)
    found: list[tuple[str, bool]] = []
    since = [text]  # the last frame: what is none behind the first of these
    for at in range(0, len(parts), 3):
        frame, stray, behind = parts[at : at + 3]
        next_frame = parts[at + 3] if at + 3 < len(parts) else ""
        is_begin, ends_line = frame[0] in "Bb", not behind and not next_frame
        is_bare = len(since) == 1 and _STRAY.fullmatch(since[0]) is not None
        if is_bare and (first or found or ends_line):
            is_frame = True
        elif is_begin:
            no_word = not in_card and len(since) == 1 and _NO_WORD.fullmatch(since[0])
            is_frame = ends_line or bool(no_word)
        else:
            is_frame = not behind and next_frame[:1] in {"B", "b"}
        if is_frame:
            found.append(("" if is_bare else "".join(since), is_begin))
            in_card, since = is_begin, [stray + behind]
        else:
            since += frame, stray, behind
    rest = "".join(since)
    return found, "" if _STRAY.fullmatch(rest) else rest


def _is_stray(octets: bytes) -> bool:
    return not octets or (not octets[:1].isalnum() and bool(_STRAY.fullmatch(_text(octets))))


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
