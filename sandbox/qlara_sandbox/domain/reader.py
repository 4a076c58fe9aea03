"""The frames of a vCard file: which lines belong to which card.

One pass, linear in the input and in chunks. What is made of the lines of a card is up to the caller.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from qlara_sandbox.domain.budget import ImportBudget
from qlara_sandbox.domain.encoding import FOLD, FOLD_OCTET, logical_lines
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.frames import PieceKind, is_version, joint, may_hold_frame, pieces
from qlara_sandbox.domain.invisible import without_stray_start
from qlara_sandbox.domain.properties import (
    LOOSE_FRAME,
    Property,
    PropertyKind,
    read_line,
    read_plainly,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_sandbox.domain.encoding import Lines

    Found = tuple[Property, bytes, int]  # a property, its raw value, its line
    FoundByKind = tuple[list[Found], ...]  # indexed by Kind
    ReadLine = Callable[[bytes], tuple[Property, bytes, bool]]

T = TypeVar("T")

_VCARD = b"VCARD"
_BLANK = b" \t" + FOLD
_HEADER = re.compile(rb"BEGIN[ \t]*:[ \t]*VCARD", re.IGNORECASE)
_AGENT_CARD = re.compile(rb"BEGIN\s*:\s*VCARD", re.IGNORECASE)

# Files repeat the same few "TEL;TYPE=CELL" tens of thousands of times: each is read once, and known
# within this bound. The next file begins anew, so that what it may spend depends on nothing else.
_KNOWN_HEADS = 4096
_LONGEST_HEAD = 200

# Plain integers: comparing members of an enumeration would be a tenth of all the time.
_BEGIN, _END, _AGENT, _LOOSE_FRAME, _OTHER = (
    int(PropertyKind.BEGIN),
    int(PropertyKind.END),
    int(PropertyKind.AGENT),
    int(PropertyKind.LOOSE_FRAME),
    int(PropertyKind.OTHER),
)

_NEITHER = {_LOOSE_FRAME, _OTHER}

_BEGIN_PIECE, _END_PIECE, _, _LINE_PIECE, _LINES_PIECE = PieceKind

_FRAME_HEADS = (b"BEGIN", b"END")
_SEEN_WHOLE = (*_FRAME_HEADS, b"AGENT")
_PLAIN_FRAMES = {b"BEGIN:VCARD", b"END:VCARD"}
_MARK, _MARKED = b"\r", b"\r:"  # no line of a file holds one
_KNOWN_FRAMES = 64  # with marks before them


class How(NamedTuple, Generic[T]):
    """How cards are read.

    ``make`` gets the line of a card's ``BEGIN:VCARD``, its lines by kind, and whether it was closed;
    ``read_line`` is `properties.read_line` or one that returns other kinds. Of one kind, the first
    ``most`` lines are kept. The ``budget`` is charged for each head that is read; once it is used up, new
    ones are read by `properties.read_plainly`; and for each line that is searched for frames.
    """

    make: Callable[[int, FoundByKind, bool], T]
    read_line: ReadLine = read_line
    most: int = 1_000
    budget: ImportBudget = ImportBudget()


def read(data: bytes, how: How[T]) -> Iterator[T]:
    """Yield what ``how.make`` makes of each card of a whole file, in order.

    A ``BEGIN:VCARD`` inside a card begins the next one unless it is the value of an ``AGENT`` (vCard
    2.1), on its line or on the one below; such a card belongs to its parent and is no card of the file,
    unless the parent is never closed: then nobody knows whose it is. Lines that are no property are
    passed over, and so is everything between cards.

    Raises `NotAVCard` if the first line with anything to see is not ``BEGIN:VCARD``, and
    `UnterminatedVCard` if the last card is never closed (UC-020: VCard file parsing).
    """
    reader = _Reader(how)
    for lines in logical_lines(data):
        yield from reader.read(lines)
        reader.end_lines()
    yield from reader.close()


class _MaybeEnd(NamedTuple):
    """An ``END:VCARD`` that may be a part of a property's value, and where the card ends if it is not.

    ``card`` is the line of the card's ``BEGIN:VCARD``; ``counts`` are the lines of each kind before the
    property, ``line`` is the property without what may be the frame, ``at`` its line in the file.
    """

    card: int
    counts: tuple[int, ...]
    line: bytes
    at: int


class _Reader(Generic[T]):
    """Where in the file we are: the next line, the open card, the depth of agents in it."""

    def __init__(self, how: How[T]) -> None:
        self._how = how
        self._make = how.make
        self._budget = how.budget
        self._next_line = 1  # counted without folds
        self._folds = 0
        self._started = False
        self._known = {_MARK: LOOSE_FRAME}
        self._folded_frames: set[bytes] = set()  # their heads
        # Those that can be known even then: there is no property but these with such a head.
        self._frames = {head: how.read_line(head)[0] for head in _FRAME_HEADS}
        self._cards: list[T] = []  # of these lines
        self._closed = 0  # cards of earlier lines that were closed, and
        self._not_closed = 0  # cards that were not
        self._begun = 0  # the line of the open card's BEGIN:VCARD; 0 between cards
        self._card = _nothing()
        self._sink: FoundByKind | None = None  # the open card; None between cards and in agents
        self._depth = 0  # of agents
        self._agent_line = 0  # where a BEGIN:VCARD would begin an agent
        self._agents: tuple[int, list[int]] = (0, [])  # a card's line, and those of its agents
        self._lines: list[bytes] = []  # that are read now, and
        self._number = 0  # the one that is read, counted like the next line
        self._maybe_end: _MaybeEnd | None = None  # the last one

    def read(self, some: Lines) -> list[T]:
        """Return the cards that end in these lines. Raises `NotAVCard`."""
        self._cards = []
        self._lines = some.lines if self._started else self._start(some.lines)
        if some.loose_frames and self._budget.has_room:
            _mark(self._lines)
        self._read_lines(folded=some.folded)
        return self._cards

    def _read_lines(self, *, folded: bool) -> None:
        known, meet, cards, make = self._known, self._meet, self._cards, self._make
        number, folds, sink = self._next_line - 1, self._folds, self._sink
        for number, line in enumerate(self._lines, self._next_line):
            head, _, value = line.partition(b":")
            prop = known.get(head)
            if prop is None:
                prop, value = meet(line, head)
            kind = prop[0]
            if kind < _BEGIN:
                if sink is not None:
                    sink[kind].append((prop, value, number + folds))
            # The next two are what _odd_line would do, for frames as nearly all are written.
            elif kind == _END and sink is not None and value.upper() == _VCARD:
                cards.append(make(self._begun, sink, True))
                self._begun, self._sink = 0, None
                sink = None
            elif kind == _BEGIN and not self._begun and value.upper() == _VCARD:
                self._begun = number + folds
                sink = self._card = self._sink = ([], [], [], [], [], [], [])
            elif kind != _OTHER:
                self._number = number
                self._odd_line(kind, line, value, number + folds)
                sink = self._sink
            elif self._agent_line:
                self._skip_blank(line, number + folds)
            if folded and FOLD_OCTET in line:
                folds += line.count(FOLD)
        self._next_line, self._folds = number + 1, folds

    def _loose_line(self, line: bytes, at: int) -> None:
        """Read a line that there may be frames in."""
        if not self._budget.has_room:
            self._plain_line(line, at)
            return
        if FOLD_OCTET in line:
            self._folded_line(line, at)
            return
        head, _, value = line.partition(b":")
        frame = self._frames.get(head)
        if found := joint(line):
            self._joint(*found, at)
        elif frame is not None:
            self._odd_line(frame[0], line, value, at)
        elif not may_hold_frame(line, in_card=self._begun > 0):
            self._budget.charge(1)
            if self._begun:
                self._line(line, at)
        elif head.rstrip().upper().endswith(_SEEN_WHOLE):
            self._frame_or_agent(line, head, at)
        else:
            self._pieces(line, at)

    def _plain_line(self, line: bytes, at: int) -> None:
        head, _, value = line.partition(b":")
        prop = self._known.get(head)
        if prop is None:
            prop, value = self._meet(line, head)
        kind = prop[0]
        if kind < _BEGIN:
            if self._sink is not None:
                self._sink[kind].append((prop, value, at))
        elif kind not in _NEITHER:
            self._odd_line(kind, line, value, at)

    def _folded_line(self, line: bytes, at: int) -> None:
        capitals = line.upper()
        if not self._begun and not capitals.replace(FOLD, b"").count(b"BEGIN"):
            return
        head = capitals.partition(b":")[0]
        if head.replace(FOLD, b"").count(b"AGENT"):
            self._frame_or_agent(line, line[: len(head)], at)
        else:
            self._pieces(line, at)

    def _frame_or_agent(self, line: bytes, head: bytes, at: int) -> None:
        """Read a line whose *head* may be that of a frame or an agent."""
        prop, value = self._learn(line, head)
        is_frame = _BEGIN <= prop[0] <= _END
        if is_frame and head in self._known and len(self._frames) < _KNOWN_FRAMES:
            self._frames[head] = prop
        if is_frame or prop[0] == _AGENT:
            self._odd_line(prop[0], line, value, at)
        else:
            self._pieces(line, at)

    def _joint(self, before: bytes, closed: bool, at: int) -> None:
        self._budget.charge(1)
        if self._begun and before:
            self._line(before, at)
        if closed:
            self._end()
        self._begin(at)

    def _skip_blank(self, line: bytes, at: int) -> None:
        if self._agent_line == at and not line.strip(_BLANK):
            self._agent_line = at + 1 + line.count(FOLD)

    def end_lines(self) -> None:
        """Count what was read, and forget what a card has too much of."""
        self._closed += len(self._cards)
        for values_of_a_kind in self._sink or ():
            del values_of_a_kind[self._how.most :]

    def close(self) -> list[T]:
        """End the file, and return the card that ended in it. Raises `NotAVCard` or `UnterminatedVCard`."""
        if not self._started:
            raise NotAVCard
        self._cards = []
        if self._begun and not self._ended():
            raise UnterminatedVCard(self._begun, self._closed - self._not_closed)
        return self._cards

    def _start(self, lines: list[bytes]) -> list[bytes]:
        for number, line in enumerate(lines):
            seen = without_stray_start(line.replace(FOLD, b""))
            if seen:
                if not _HEADER.match(seen):
                    raise NotAVCard
                self._started = True
                return lines[number:]
            self._next_line += 1
            self._folds += line.count(FOLD)
        return []

    def _meet(self, line: bytes, head: bytes) -> tuple[Property, bytes]:
        """Read a line whose head is not known yet, and know it from now on if that can be."""
        if head in self._folded_frames:
            return LOOSE_FRAME, b""
        prop, value = self._learn(line, head)
        if not (_BEGIN <= prop[0] <= _END and FOLD_OCTET in head):
            return prop, value
        # One that is folded, or one behind a fold: a head does not tell which.
        if self._known.pop(head, None) and len(self._folded_frames) < _KNOWN_HEADS:
            self._folded_frames.add(head)
        return LOOSE_FRAME, b""

    def _learn(self, line: bytes, head: bytes) -> tuple[Property, bytes]:
        """Read a line whose head is not known, and know it from now on if that can be."""
        budget = self._budget
        if budget.heads <= 0:
            prop, value, stands_alone = read_plainly(line)
        else:
            prop, value, stands_alone = self._how.read_line(line)
            budget.heads -= prop[0] < _BEGIN
        if stands_alone and len(head) <= _LONGEST_HEAD:
            if len(self._known) >= _KNOWN_HEADS:
                self._known.clear()
                self._known[_MARK] = LOOSE_FRAME
            self._known[head] = prop
        return prop, value

    def _odd_line(self, kind: int, line: bytes, value: bytes, at: int) -> None:
        """Read an agent, or a frame that is not alone on its line or not written as usual."""
        if kind == _LOOSE_FRAME:
            self._loose_line(line.removeprefix(_MARKED), at)
        elif kind == _AGENT:
            self._agent(line, value.strip(_BLANK), at)
        elif kind == _BEGIN and _is_vcard(value):
            self._begin(at)
        elif kind == _END and _is_vcard(value):
            self._end()
        elif _VCARD in line.replace(FOLD, b"").upper():
            self._pieces(line, at)

    def _pieces(self, line: bytes, at: int) -> None:
        found = pieces(line, bool(self._begun), self._is_before_version, self._budget)
        for kind, text, below in found:
            if kind is _END_PIECE:
                self._end()
            elif kind is _BEGIN_PIECE:
                self._begin(at + below)
            elif kind is _LINE_PIECE:
                self._line(text, at + below)
            elif kind is _LINES_PIECE:
                self._many_lines(text, at + below)
            elif self._sink is not None:
                counts = tuple(map(len, self._sink))
                fields = (self._begun, counts, text, at)
                self._maybe_end = tuple.__new__(_MaybeEnd, fields)  # in a third of the time

    def _is_before_version(self) -> bool:
        next_one = self._number - self._next_line + 1
        if next_one >= len(self._lines):
            return False
        return is_version(self._lines[next_one].removeprefix(_MARKED))

    def _line(self, line: bytes, at: int) -> None:
        """Read a line that no frame stands in, unless it is one that is folded."""
        if not self._begun and FOLD_OCTET not in line:
            return
        head, _, value = line.partition(b":")
        prop = self._known.get(head)
        if prop is None:
            prop, value = self._learn(line, head)
        kind = prop[0]
        if kind < _BEGIN:
            if self._sink is not None:
                self._sink[kind].append((prop, value, at))
        elif kind == _AGENT or (kind != _OTHER and _is_vcard(value)):
            self._odd_line(kind, line, value, at)

    def _many_lines(self, lines: bytes, at: int) -> None:
        if not lines.count(b"\n"):
            self._line(lines, at)
            return
        known, folded = self._known, FOLD_OCTET in lines
        for number, line in enumerate(lines.split(b"\n")):
            if not line:
                continue
            head, _, value = line.partition(b":")
            prop = known.get(head)
            if prop is None:
                prop, value = self._learn(line, head)
            if prop[0] < _BEGIN:
                if self._sink is not None:
                    self._sink[prop[0]].append((prop, value, at + number))
            elif prop[0] != _OTHER:
                self._line(line, at + number)
            if folded:
                at += line.count(FOLD)

    def _begin(self, at: int) -> None:
        if at == self._agent_line:
            self._enter_agent(at)
            return
        if self._begun and (self._maybe_end is None or not self._ended()):
            self._give_up()
        self._begun, self._depth = at, 0
        self._card = self._sink = _nothing()

    def _ended(self) -> bool:
        """Tell whether the open card ended at what may be an ``END:VCARD``, and end it there if so."""
        end = self._maybe_end
        if end is None or end.card != self._begun:
            return False
        self._maybe_end = None
        for found, count in zip(self._card, end.counts, strict=True):
            del found[count:]
        self._line(end.line, end.at)
        self._end()
        return True

    def _give_up(self) -> None:
        """Report the open card as not closed, and what seemed to be its agents likewise."""
        make = self._make
        self._cards.append(make(self._begun, self._card, False))
        self._not_closed += 1
        card_line, agents = self._agents
        if card_line == self._begun:
            in_doubt = agents[: len(agents) - bool(self._depth)]
            self._cards.extend(make(line, _nothing(), False) for line in in_doubt)
            self._not_closed += len(in_doubt)

    def _end(self) -> None:
        self._agent_line = 0
        if self._sink is not None:
            self._cards.append(self._make(self._begun, self._sink, True))
            self._begun, self._sink = 0, None
        elif self._depth:
            self._depth -= 1
            if not self._depth:
                self._sink = self._card

    def _agent(self, line: bytes, value: bytes, at: int) -> None:
        if self._begun and not value:
            self._agent_line = at + 1 + line.count(FOLD)
        elif self._begun and _AGENT_CARD.fullmatch(value):
            self._enter_agent(at)

    def _enter_agent(self, at: int) -> None:
        self._maybe_end = None
        if self._agents[0] != self._begun:
            self._agents = (self._begun, [])
        if not self._depth:
            self._agents[1].append(at)
        self._sink = None
        self._depth += 1


def _mark(lines: list[bytes]) -> None:
    """Give each of *lines* that has ``VCARD`` in it, and is not just a frame, a head that is known.

    The others, of which there may be a hundred thousand, are not looked at.
    """
    at, last = 0, -1
    for before in b"\n".join(lines).replace(FOLD, b"").upper().split(_VCARD)[:-1]:
        at += before.count(b"\n")
        if at != last and lines[at].upper() not in _PLAIN_FRAMES:
            lines[at] = _MARKED + lines[at]
        last = at


def _nothing() -> FoundByKind:
    return ([], [], [], [], [], [], [])


def _is_vcard(value: bytes) -> bool:
    return value == _VCARD or value.replace(FOLD, b"").strip().upper() == _VCARD
