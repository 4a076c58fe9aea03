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
from enum import Enum, IntEnum
from itertools import chain
from typing import TYPE_CHECKING

from qlara_sandbox.domain.budget import ImportBudget
from qlara_sandbox.domain.encoding import FOLD, FOLD_OCTET
from qlara_sandbox.domain.invisible import ONE_STRAY, STRAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
_NO_BOUND = ImportBudget()

_ALPHANUMERIC, _BEGIN_OR_END = {*map(ord, string.ascii_letters + string.digits)}, {*b"BbEe"}
_START_OF_FRAME = re.compile(rb"(?:B|BE|BEG|BEGI|BEGIN|E|EN|END)[ \t]*(?::|\0|\Z)", re.IGNORECASE)

# The frames that are alone on a physical line, but the first, of a logical one; what ASCII has of `STRAY`.
_PLAIN_STRAY = rb"[\x01-\x20\x7f]*+"
_PLAIN_FRAME = rb"\0%b(%%b)[ \t]*:[ \t]*VCARD%b(?=\0|\Z)" % (_PLAIN_STRAY, _PLAIN_STRAY)
_PLAIN_FRAMES = re.compile(_PLAIN_FRAME % rb"BEGIN|END", re.IGNORECASE)
_LAST_PLAIN_END = re.compile(rb"(.*)" + _PLAIN_FRAME % rb"END", re.IGNORECASE | re.DOTALL)
_ODD_LINES = re.compile(rb"\0([^\0]*?VCARD[^\0]*+)", re.IGNORECASE)
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


class _Cost(IntEnum):
    """What a search for frames takes of the budget."""

    FRAME = 1  # behind another one
    OWN_LINES = 1
    LINE = 2
    PROPERTY = 3
    SEVERAL_LINES = 4
    ODD_LINE = 6


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
_NAMES = frozenset((b"BEGIN", b"END"))
_FIRST_BEGIN, _FIRST_END = (_BEGIN, b"", 0), (_END, b"", 0)


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
    if not (before or closed) or before.count(_VCARD) or before.count(_AGENT):
        return None
    return line[: len(before)], closed


def pieces(
    line: bytes,
    in_card: bool,
    is_before_version: Callable[[], bool] = lambda: False,
    budget: ImportBudget = _NO_BOUND,
) -> Iterable[Piece]:
    """Return the frames of a logical *line*, and the lines that stand before and behind them.

    A frame is a ``BEGIN`` or ``END`` that begins the line or is alone on a physical one, a ``BEGIN``
    that follows an ``END``, and a ``BEGIN`` that ends a physical line: there a value was cut off.
    Between cards (not *in_card*) it is enough that neither letter nor digit stands before a ``BEGIN``.
    What stands behind an ``END`` belongs to no card. Without a frame, the whole line is the one piece.

    In a card, what is indented below a property continues it. There a ``BEGIN`` that is alone is a frame
    only if ``VERSION`` comes next, be it in the next logical line (*is_before_version*), and an ``END``
    only if a ``BEGIN`` that is alone comes next; any other ``END`` is a ``MAYBE_END``.

    The *budget* is charged; once it is used up, the whole line is the one piece.
    """
    if not budget.has_room:
        return [(_LINE, line, 0)]
    if FOLD_OCTET not in line:
        budget.charge(_Cost.LINE)
        return _of_one_line(line, in_card, budget)
    if (own_lines := _of_own_lines(line, in_card, budget)) is not None:
        budget.charge(_Cost.OWN_LINES)
        return own_lines
    before_version = in_card and is_before_version()
    if in_card and (of_property := _of_property(line, before_version, budget)):
        budget.charge(_Cost.PROPERTY)
        return of_property
    budget.charge(_Cost.SEVERAL_LINES)
    return _of_several_lines(line, in_card, before_version, budget)


def _of_own_lines(line: bytes, in_card: bool, budget: ImportBudget) -> Iterator[Piece] | None:
    """Return the pieces of a logical *line* of which each frame is alone on a physical one, and continues
    no property. None if that is not so.
    """
    parts = _PLAIN_FRAMES.split(FOLD + line)
    if line.upper().count(_VCARD) != len(parts) // 2:
        return None
    before, parts[0] = parts[0], b""
    if not before:
        return _own_pieces(parts, -1, in_card, budget)
    if in_card and before.strip(_BLANKS_AND_FOLDS):
        return None
    at = before.count(FOLD) - 1
    return chain(((_LINE, before[1:], 0),), _own_pieces(parts, at, in_card, budget))


def _of_property(line: bytes, before_version: bool, budget: ImportBudget) -> list[Piece] | None:
    """Return the pieces of a logical *line* that begins with a property of an open card, if all of it is
    ASCII and each frame alone on a physical line; else None.
    """
    first = line[0]
    begins_frame = first in _BEGIN_OR_END and _START_OF_FRAME.match(line)
    if first not in _ALPHANUMERIC or begins_frame or not line.isascii():
        return None
    others = line.upper().count(_VCARD) - len(_PLAIN_FRAMES.split(line)) // 2
    if others and others != _parts_of_value(line):
        return None
    certain = _CERTAIN_FRAME[before_version].search(line)
    before = line[: certain.start()] if certain else line
    last_end = _LAST_PLAIN_END.match(before)
    found: list[Piece] = [(_MAYBE_END, last_end[1], 0)] if last_end else []
    found.append((_LINE, before, 0))
    if certain:
        parts = _PLAIN_FRAMES.split(line[certain.start() :])
        found += _own_pieces(parts, before.count(FOLD), True, budget)
    return found


def _parts_of_value(line: bytes) -> int:
    """Return how many ``VCARD`` the first physical line has if they are a part of its value, or else 0."""
    first = line.partition(FOLD)[0].upper()
    ends = first[:1].isalpha() and not first.count(_BEGIN_NAME) and not _START_OF_FRAME.match(first)
    return first.count(_VCARD) if ends else 0


def _of_several_lines(
    line: bytes, in_card: bool, before_version: bool, budget: ImportBudget = _NO_BOUND
) -> list[Piece]:
    """Return the pieces of a logical *line*, whatever it is made of."""
    physical = line.split(FOLD)
    at, maybe_end, frames, rest = _first_frames(physical, in_card, before_version, budget)
    before = physical[:at] + [_octets(text) for text, _ in frames[:1] if text]
    found: list[Piece] = [(_MAYBE_END, FOLD.join(before[:maybe_end]), 0)] if maybe_end else []
    if before:
        found.append((_LINE, FOLD.join(before), 0))
    if not frames:
        return found
    found += _on_line([("", frames[0][1]), *frames[1:]], rest, at, in_card=False)
    behind = b"".join([FOLD + one for one in physical[at + 1 :]])
    in_card = found[-1][0] is not _END
    found += _own_pieces(_PLAIN_FRAMES.split(behind), at, in_card, budget)
    return found


def _first_frames(
    physical: list[bytes], in_card: bool, before_version: bool, budget: ImportBudget
) -> tuple[int, int, list[tuple[str, bool]], str]:
    """Return the first physical line with frames, and these as `_frames` does; before it, the last line
    with what may be an ``END`` (0: none).
    """
    maybe_end, has_property = 0, False
    for at, one in enumerate(physical):
        if not one.upper().count(_VCARD):
            continue
        alone = _ALONE.fullmatch(_text(one))
        if alone is None:
            frames, rest = _frames(one, budget, first=not at, in_card=in_card)
        else:
            frames, rest = [("", alone[1] is not None)], ""
            has_property = has_property or (in_card and _is_property(physical[:at]))
            if has_property and not _is_certain(physical, at, alone, before_version):
                frames, maybe_end = [], maybe_end if alone[1] else at
        if frames:
            return at, maybe_end, frames, rest
    return len(physical), maybe_end, [], ""


def _is_property(physical: list[bytes]) -> bool:
    text = _text(b"".join(physical))  # a frame may be folded as well
    return not (_STRAY.fullmatch(text) or _FRAME.match(text))


def _is_certain(physical: list[bytes], at: int, alone: re.Match[str], before_version: bool) -> bool:
    """Tell whether a frame that is *alone* on its line below a property is no part of it."""
    is_begin = alone[1] is not None
    behind = at + 1
    while behind < len(physical) and _is_stray(physical[behind]):
        behind += 1
    if behind == len(physical):
        return is_begin and before_version
    if is_begin:
        return is_version(physical[behind])
    frame = _ALONE.fullmatch(_text(physical[behind]))
    return frame is not None and frame[1] is not None


def _own_pieces(
    parts: list[bytes], at: int, in_card: bool, budget: ImportBudget
) -> Iterator[Piece]:
    """Yield the pieces of physical lines that continue no property, and stand behind line *at*.

    Of the *parts*, every second one is the name of a frame that is alone on its line; the others are the
    lines between them, each behind a ``FOLD``. The *budget* is charged for each ``BEGIN`` but the first.
    """
    behind = iter(parts)
    begins = 0
    for text in behind:
        if text:
            if text.upper().count(_VCARD):
                yield from _odd_lines(text, at, in_card, budget)
            elif in_card:
                yield _LINES, _own_lines(text.replace(FOLD, b"\n")), at + 1
            at += text.count(FOLD)
        name = next(behind, None)
        if name is None:
            continue
        at += 1
        in_card = len(name) == len(_BEGIN_NAME)
        if in_card:
            begins += 1
            if begins > 1:
                if not budget.has_room:
                    return
                budget.charge(_Cost.FRAME)
        yield _BEGIN if in_card else _END, b"", at


def _odd_lines(text: bytes, at: int, in_card: bool, budget: ImportBudget) -> list[Piece]:
    """Return the pieces of lines that continue no property, of which some have more than a frame."""
    found: list[Piece] = []
    first, *parts = _ODD_LINES.split(text)
    lines, number = (
        [first],
        at + first.count(FOLD),
    )  # behind the last frame, and the last one of them
    for odd, others in zip(parts[::2], parts[1::2], strict=True):
        number += 1
        frames, rest = list[tuple[str, bool]](), ""
        if budget.has_room:
            budget.charge(_Cost.ODD_LINE)
            frames, rest = _frames(odd, budget, first=False, in_card=in_card)
        if frames:
            found += _lines_behind(b"".join(lines), at, in_card)
            found += _on_line(frames, rest, number, in_card=in_card)
            in_card, lines, at = frames[-1][1], [others], number
        else:
            lines += FOLD, odd, others
        number += others.count(FOLD)
    return found + _lines_behind(b"".join(lines), at, in_card)


def _lines_behind(lines: bytes, at: int, in_card: bool) -> list[Piece]:
    if not lines or not in_card:
        return []
    return [(_LINES, _own_lines(lines.replace(FOLD, b"\n")), at + 1)]


def _on_line(frames: list[tuple[str, bool]], rest: str, at: int, *, in_card: bool) -> list[Piece]:
    """Return the pieces of a physical line, of which `_frames` found these."""
    found: list[Piece] = []
    for before, is_begin in frames:
        if before and in_card:
            found.append((_LINE, _octets(before), at))
        found.append((_BEGIN if is_begin else _END, b"", at))
        in_card = is_begin
    if rest and in_card:
        found.append((_LINE, _octets(rest), at))
    return found


def _of_one_line(line: bytes, in_card: bool, budget: ImportBudget = _NO_BOUND) -> list[Piece]:
    """Return the pieces of a physical line."""
    *names, rest_of_glued = line.upper().split(b":VCARD")
    if not rest_of_glued and _NAMES.issuperset(names):
        return [_FIRST_BEGIN if name == _BEGIN_NAME else _FIRST_END for name in names]
    frames, rest = _frames(line, budget, first=True, in_card=in_card)
    if not frames:
        return [(_LINE, line, 0)]
    before, is_begin = frames[0]
    found: list[Piece] = [(_LINE, _octets(before), 0)] if before else []
    return found + _on_line([("", is_begin), *frames[1:]], rest, 0, in_card=in_card)


def _own_lines(text: bytes) -> bytes:
    """Return the physical lines of *text*, of which none continues what was before them, with a line feed between them
    or, before those that are indented more than the first one, ``FOLD``: they are folded.

    In *text*, a line feed is before each of them. Of lines with nothing to see nothing is left.
    """
    if text.count(b"\n") == 1 and text[1:2].isalnum():
        return text[1:]
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
    physical: bytes, budget: ImportBudget, *, first: bool, in_card: bool
) -> tuple[list[tuple[str, bool]], str]:
    """Return the frames of a physical line, and the text behind them.

    Of each, the text between it and the one before, and whether it is a ``BEGIN``. A text with nothing to
    see is empty. The *budget* is charged for each frame but the first.
    """
    text, *parts = _ANY_FRAME.split(_text(physical))
    found: list[tuple[str, bool]] = []
    since = [text]  # the last frame: what is none behind the first of these
    for at in range(0, len(parts), 3):
        if at:
            if not budget.has_room:
                since += parts[at:]
                break
            budget.charge(_Cost.FRAME)
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
