"""A vCard file, as uploaded, to its cards: RFC 2426 (3.0), RFC 6350 (4.0), and what passes for them.

The reader takes whatever people export: no card makes it fail, only a file that is no vCard file
does. One pass, linear in the input and in chunks; of a card only what a contact is made of is kept.
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING

from qlara_sandbox.domain import values
from qlara_sandbox.domain.contacts import Card, Phone
from qlara_sandbox.domain.encoding import FOLD, FOLD_OCTET, logical_lines
from qlara_sandbox.domain.errors import NotAVCard, UnterminatedVCard
from qlara_sandbox.domain.properties import Property, PropertyKind, read_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Found = tuple[Property, bytes, int]  # a property, its raw value, its line
    FoundByKind = tuple[list[Found], ...]  # indexed by Kind

NOT_CLOSED = "Card is not closed: expected END:VCARD before the next BEGIN:VCARD"

_VERSIONS = {b"3.0", b"4.0"}  # UC-020: Prerequisites
_VCARD = b"VCARD"
_BLANK = b" \t" + FOLD
_AGENT_CARD = re.compile(rb"BEGIN\s*:\s*VCARD", re.IGNORECASE)

# Files repeat the same few "TEL;TYPE=CELL" tens of thousands of times: each is read once.
_KNOWN_HEADS = 4096
_LONGEST_HEAD = 200

# Values of one property that are looked at: nobody has a thousand numbers, but a file may.
_MOST = 1_000

# Plain integers: comparing members of an enumeration would be a tenth of all the time.
_FN, _N, _ORG, _TEL = (
    int(PropertyKind.FN),
    int(PropertyKind.N),
    int(PropertyKind.ORG),
    int(PropertyKind.TEL),
)
_EMAIL, _ADR, _VERSION = int(PropertyKind.EMAIL), int(PropertyKind.ADR), int(PropertyKind.VERSION)
_BEGIN, _END, _AGENT, _OTHER = (
    int(PropertyKind.BEGIN),
    int(PropertyKind.END),
    int(PropertyKind.AGENT),
    int(PropertyKind.OTHER),
)


def read_cards(data: bytes) -> Iterator[Card]:
    """Yield the cards of a whole file, in order.

    A broken card is a card with a ``fault``, and the next one is read: a card whose version is not
    3.0 or 4.0, and a card that is not closed when the next one begins. A ``BEGIN:VCARD`` inside a
    card begins the next one unless it is the value of an ``AGENT`` (vCard 2.1), on its line or on
    the one below; such a card belongs to its parent and is no card of the file. Lines that are no
    property are passed over, and so is everything between cards. Of a property that a card has more
    than a thousand times, the first thousand count.

    Raises `NotAVCard` if the first line that is not blank is not ``BEGIN:VCARD``, and
    `UnterminatedVCard` if the last card is never closed (UC-020: VCard file parsing).
    """
    reader = _CardReader()
    for lines in logical_lines(data):
        yield from reader.read(lines)
    reader.close()


class _CardReader:
    """Where in the file we are: the next line, the open card, the depth of agents in it."""

    def __init__(self) -> None:
        self._next_line = 1
        self._started = False
        self._known: dict[bytes, Property] = {}
        self._begun = 0  # the line of the open card's BEGIN:VCARD; 0 between cards
        self._card = _nothing()
        self._sink: FoundByKind | None = None  # the open card; None between cards and in agents
        self._depth = 0  # of agents
        self._agent_line = 0  # where a BEGIN:VCARD would begin an agent

    def read(self, lines: list[bytes]) -> list[Card]:
        """Return the cards that end in *lines*. Raises `NotAVCard`."""
        cards: list[Card] = []
        lines = lines if self._started else self._start(lines)
        next_line, known, sink = self._next_line, self._known, self._sink
        for line in lines:
            at = next_line
            next_line += 1
            if FOLD_OCTET in line:
                next_line += line.count(FOLD)
            head, _, value = line.partition(b":")
            prop = known.get(head)
            if prop is None:
                prop, value = self._meet(line, head)
            kind = prop[0]
            if kind < _BEGIN:
                if sink is not None:
                    sink[kind].append((prop, value, at))
            # The next two are what _frame would do, for frames as nearly all are written.
            elif kind == _END and sink is not None and value == _VCARD:
                cards.append(_card(self._begun, sink))
                self._begun, self._sink = 0, None
                sink = None
            elif kind == _BEGIN and not self._begun and value == _VCARD:
                self._begun = at
                sink = self._card = self._sink = _nothing()
            elif kind != _OTHER:
                self._frame(kind, value, at, next_line, cards)
                sink = self._sink
            elif self._agent_line == at and not line.strip(_BLANK):
                self._agent_line = next_line
        self._next_line = next_line
        self._forget_surplus()
        return cards

    def close(self) -> None:
        """End the file. Raises `NotAVCard` or `UnterminatedVCard`."""
        if not self._started:
            raise NotAVCard
        if self._begun:
            raise UnterminatedVCard

    def _start(self, lines: list[bytes]) -> list[bytes]:
        for number, line in enumerate(lines):
            if line.strip(_BLANK):
                prop, value = self._meet(line, line.partition(b":")[0])
                if prop.kind != _BEGIN or not _is_vcard(value):
                    raise NotAVCard
                self._started = True
                return lines[number:]
            self._next_line += 1 + line.count(FOLD)
        return []

    def _meet(self, line: bytes, head: bytes) -> tuple[Property, bytes]:
        """Read a head that is not known yet, and know it from now on if that can be."""
        prop, value, stands_alone = read_line(line)
        if stands_alone and len(head) <= _LONGEST_HEAD:
            if len(self._known) >= _KNOWN_HEADS:
                self._known.clear()
            self._known[head] = prop
        return prop, value

    def _forget_surplus(self) -> None:
        for values_of_a_kind in self._sink or ():
            del values_of_a_kind[_MOST:]

    def _frame(self, kind: int, value: bytes, at: int, next_line: int, cards: list[Card]) -> None:
        if kind == _AGENT:
            self._agent(value.strip(_BLANK), next_line)
        elif not _is_vcard(value):
            return
        elif kind == _END:
            self._end(cards)
        elif at == self._agent_line:
            self._enter_agent()
        else:
            self._begin(at, cards)

    def _begin(self, at: int, cards: list[Card]) -> None:
        if self._begun:
            cards.append(_card(self._begun, self._card, closed=False))
        self._begun, self._depth = at, 0
        self._card = self._sink = _nothing()

    def _end(self, cards: list[Card]) -> None:
        if self._depth:
            self._depth -= 1
            if not self._depth:
                self._sink = self._card
        elif self._begun:
            cards.append(_card(self._begun, self._card))
            self._begun, self._sink = 0, None

    def _agent(self, value: bytes, next_line: int) -> None:
        if self._begun and not value:
            self._agent_line = next_line
        elif self._begun and _AGENT_CARD.fullmatch(value):
            self._enter_agent()

    def _enter_agent(self) -> None:
        self._sink = None
        self._depth += 1


def _nothing() -> FoundByKind:
    return ([], [], [], [], [], [], [])


def _is_vcard(value: bytes) -> bool:
    return value == _VCARD or value.replace(FOLD, b"").strip().upper() == _VCARD


def _card(begun: int, found: FoundByKind, *, closed: bool = True) -> Card:
    names, structured, organisations, phones, emails, addresses, versions = found
    name = _best(names, values.text) if names else ""
    if not name:
        name = _best(structured, values.name) or _best(organisations, values.organisation)
    usable, first_line = _phones(phones) if phones else ((), 0)
    email = _best(emails, values.text) if emails else ""
    address = _best(addresses, values.address) if addresses else ""
    if not closed:
        fault, fault_line = NOT_CLOSED, begun
    elif versions and versions[0][1] in _VERSIONS:
        fault, fault_line = "", 0
    else:
        fault, fault_line = _version_fault(versions, begun)
    # What Card(...) does, without the detour through its Python-level signature.
    fields = (begun, name, usable, first_line, email, address, fault, fault_line)
    return tuple.__new__(Card, fields)


def _best(found: list[Found], read: Callable[[bytes, Property], str]) -> str:
    """Return the first value that is not empty, preferred ones before the others."""
    if len(found) == 1:
        prop, raw, _ = found[0]
        return read(raw, prop)
    values_by_rank = (read(raw, prop) for prop, raw, _ in sorted(found[:_MOST], key=_rank))
    return next(filter(None, values_by_rank), "")


def _phones(found: list[Found]) -> tuple[tuple[Phone, ...], int]:
    """Return the usable numbers in the order to try them, and the line of the first in the file."""
    usable: list[tuple[int, Phone]] = []
    for prop, raw, line in found[:_MOST]:
        typed = values.phone(raw, prop) if prop.usable else ""
        if typed:
            usable.append((prop.rank, tuple.__new__(Phone, (typed, line))))
    if len(usable) <= 1:
        return ((usable[0][1],), usable[0][1].line) if usable else ((), 0)
    first_line = usable[0][1].line
    usable.sort(key=itemgetter(0))
    return tuple([phone for _, phone in usable]), first_line


def _rank(found: Found) -> int:
    return found[0].rank


def _version_fault(found: list[Found], begun: int) -> tuple[str, int]:
    """Return what is wrong with the version, and where; nothing if it only looked odd."""
    for prop, raw, line in found[:_MOST]:
        version = values.text(raw, prop)
        if version.encode() in _VERSIONS:
            return "", 0
        if version:
            return f"Unsupported vCard version {version[:20]!r}: expected 3.0 or 4.0", line
    return "Unsupported vCard version: none given, expected 3.0 or 4.0", begun
