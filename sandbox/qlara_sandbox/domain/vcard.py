"""A vCard file, as uploaded, to its cards: RFC 2426 (3.0), RFC 6350 (4.0), and what passes for them.

The reader takes whatever people export: no card makes it fail, only a file that is no vCard file
does. Of a card only what a contact is made of is kept.
"""

from __future__ import annotations

from functools import lru_cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain import email_address, values
from qlara_sandbox.domain.budget import ImportBudget
from qlara_sandbox.domain.contacts import Card, Phone
from qlara_sandbox.domain.phone_types import phone_use
from qlara_sandbox.domain.properties import (
    OTHER,
    UNANSWERED,
    About,
    HeadMemory,
    Property,
    PropertyKind,
    read_line,
)
from qlara_sandbox.domain.reader import How, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qlara_sandbox.domain.phone_types import PhoneUse
    from qlara_sandbox.domain.reader import Found, FoundByKind

    ReadPhones = Callable[
        [list[Found], Sequence[Found], ImportBudget], tuple[tuple[Phone, ...], int]
    ]

NOT_CLOSED = "Card is not closed: expected END:VCARD before the next BEGIN:VCARD"
IS_GROUP = "Card is a group: it names members and has no phone number"
ADVICE = "Export the contacts as vCard 3.0"

_VERSIONS = {b"3.0", b"4.0"}  # UC-020: Prerequisites

# Values of one property that are looked at: nobody has a thousand numbers, but a file may.
_MOST = 1_000
_LONGEST_VERSION = 20
_LONGEST_LABEL = 200


class RawCard(NamedTuple):
    """The logical lines of a card, as they stand between its frames, each with its 1-based line."""

    line: int
    lines: tuple[tuple[int, bytes], ...]
    closed: bool

    @property
    def version(self) -> str:
        """The version that the card says it has; empty if it says none."""
        found = (read_line(line)[:2] for _, line in self.lines)
        raws = ((raw, prop) for prop, raw in found if prop.about is About.VERSION)
        versions = (values.text(raw, prop)[:_LONGEST_VERSION] for raw, prop in raws)
        return next(filter(None, versions), "")


def read_cards(
    data: bytes,
    *,
    version_2_1: bool = False,
    machines: bool = False,
    budget: ImportBudget | None = None,
) -> Iterator[Card]:
    """Yield the cards of a whole file, in order.

    A broken card is a card with a ``fault``, and the next one is read: a card whose version is not
    3.0 or 4.0, a card that is not closed when the next one begins, and a group, which has members
    instead of a number. Of a property that a card has more than a thousand times, the first thousand
    count, and fewer once the *budget* is used up. With *version_2_1*, a card of that version is as good as one of 3.0; with *machines*, a number
    of a fax, pager or modem is as good as any. For frames, agents and refusals see
    `qlara_sandbox.domain.reader.read`.
    """
    spent = budget or ImportBudget()
    phones = _any_phones if machines else _phones
    how = How(partial(_card, spent, phones), _HEADS.read_line, most=_MOST, budget=spent)
    cards = read(data, how)
    return map(_as_good, cards) if version_2_1 else cards


def _as_good(card: Card) -> Card:
    return card._replace(fault="", fault_line=0) if card.fault == IS_2_1 else card


def read_raw_cards(data: bytes) -> Iterator[RawCard]:
    """Yield the same cards with all of their lines, as they are. Raises the same."""
    return read(data, How(_raw_card, _any_line, most=len(data)))


def _raw_card(begun: int, found: FoundByKind, closed: bool) -> RawCard:
    lines = tuple((line, raw) for _, raw, line in found[PropertyKind.FN])
    return RawCard(begun, lines, closed)


def _any_line(line: bytes) -> tuple[Property, bytes, bool]:
    prop, value, _ = read_line(line)
    if PropertyKind.BEGIN <= prop.kind < PropertyKind.OTHER or not line.strip():
        return prop if prop.kind >= PropertyKind.BEGIN else OTHER, value, False
    return _ANY, line, False


_HEADS = HeadMemory()
_ANY = Property(int(PropertyKind.FN), 0)
_PLAIN = Property(int(PropertyKind.ABOUT), 0)
_VERSION = About.VERSION
_NONE: list[Found] = []


def _card(
    budget: ImportBudget, read_phones: ReadPhones, begun: int, found: FoundByKind, closed: bool
) -> Card:
    names, structured, organisations, phones, emails, addresses, about = found
    versions, kinds, labels = about, _NONE, _NONE
    if about and (len(about) > 1 or about[0][0].about is not _VERSION):  # as few cards
        versions, kinds, labels = _told_apart(about)
    name = _best(names, values.text) if names else ""
    if not name and (structured or organisations):
        name = _best(structured, values.name) or _best(organisations, values.organisation)
    usable, first_line = read_phones(phones, labels, budget) if phones else ((), 0)
    email = _email(emails) if emails else ""
    address = _best(addresses, values.address) if addresses else ""
    if not closed:
        fault, fault_line = NOT_CLOSED, begun
    elif versions and ((version := versions[0][1]) == b"3.0" or version == b"4.0"):
        fault, fault_line = "", 0
    else:
        fault, fault_line = _version_fault(versions, begun)
    if kinds and not fault and not usable and _is_group(kinds):
        fault, fault_line = IS_GROUP, begun
    # What Card(...) does, without the detour through its Python-level signature.
    fields = (begun, name, usable, first_line, email, address, fault, fault_line)
    return tuple.__new__(Card, fields)


def _told_apart(about: list[Found]) -> tuple[list[Found], list[Found], list[Found]]:
    del about[_MOST:]
    versions = [one for one in about if one[0].about is _VERSION]
    kinds = [one for one in about if one[0].about is About.KIND]
    return versions, kinds, [one for one in about if one[0].about is About.LABEL]


def _best(found: list[Found], read_value: Callable[[bytes, Property], str]) -> str:
    """Return the first value that is not empty, preferred ones before the others."""
    if len(found) == 1:
        prop, raw, _ = found[0]
        return read_value(raw, prop)
    if not found:
        return ""
    values_by_rank = (read_value(raw, prop) for prop, raw, _ in sorted(found[:_MOST], key=_rank))
    return next(filter(None, values_by_rank), "")


def _email(found: list[Found]) -> str:
    """Return the best address: one that mail can be sent to, of these the preferred or first one."""
    if len(found) == 1:
        prop, raw, _ = found[0]
        return email_address.bare(values.text(raw, prop))
    ranked = sorted(found[:_MOST], key=_rank)
    addresses = (email_address.bare(values.text(raw, prop)) for prop, raw, _ in ranked)
    return min(filter(None, addresses), key=email_address.doubt, default="")


def _phones(
    found: list[Found], labels: Sequence[Found], budget: ImportBudget
) -> tuple[tuple[Phone, ...], int]:
    """Return the usable numbers in the order to try them, and the line of the first in the file."""
    if len(found) == 1 and not labels:  # as nearly always
        [(prop, raw, line)] = found
        if prop[1] >= UNANSWERED or prop[6]:  # whatsapp
            return _several_phones(found, labels)
        typed = values.phone(raw, prop)
        return ((tuple.__new__(Phone, (typed, line)),), line) if typed else ((), 0)
    if budget.numbers <= 0 and len(found) > 1:
        found = [min(found[:_MOST], key=_rank)]
    return _several_phones(found, labels)


def _several_phones(found: list[Found], labels: Sequence[Found]) -> tuple[tuple[Phone, ...], int]:
    usable: list[tuple[int, Phone]] = []
    uses = _uses_by_group(labels) if labels else None
    for prop, raw, line in found[:_MOST]:
        rank = prop[1]
        if uses and prop.group in uses:
            rank = _rank_as_labelled(rank, uses[prop.group])
        if rank >= UNANSWERED:
            continue
        if typed := values.phone(raw, prop):
            usable.append((rank, tuple.__new__(Phone, (typed, line))))
        if prop.whatsapp:
            usable.append((rank, Phone(f"+{prop.whatsapp}", line)))
    if len(usable) <= 1:
        return ((usable[0][1],), usable[0][1].line) if usable else ((), 0)
    first_line = usable[0][1].line
    usable.sort(key=itemgetter(0))
    return tuple([phone for _, phone in usable]), first_line


def _any_phones(
    found: list[Found], labels: Sequence[Found], budget: ImportBudget
) -> tuple[tuple[Phone, ...], int]:
    """Return what `_phones` does where numbers of machines are numbers like any other."""
    ranked = [(prop._replace(rank=prop.rank % UNANSWERED), raw, line) for prop, raw, line in found]
    answered = [one for one in labels if _use_of_label(one[1], one[0]).answered]
    return _phones(ranked, answered, budget)


def _uses_by_group(labels: Sequence[Found]) -> dict[str, PhoneUse]:
    return {prop.group: _use_of_label(raw, prop) for prop, raw, _ in labels[:_MOST] if prop.group}


def _rank_as_labelled(rank: int, use: PhoneUse) -> int:
    if not use.answered:
        return UNANSWERED
    return rank & ~1 if use.mobile else rank


def _use_of_label(raw: bytes, prop: Property) -> PhoneUse:
    if prop.encoding:
        return phone_use(values.text(raw[:_LONGEST_LABEL], prop))
    return _use_of_plain_label(raw[:_LONGEST_LABEL])


@lru_cache(maxsize=1024)
def _use_of_plain_label(raw: bytes) -> PhoneUse:
    return phone_use(values.text(raw, _PLAIN))


def _rank(found: Found) -> int:
    return found[0][1]


def _is_group(kinds: Sequence[Found]) -> bool:
    return any(values.text(raw, prop).lower() == "group" for prop, raw, _ in kinds[:_MOST])


def _version_fault(found: list[Found], begun: int) -> tuple[str, int]:
    """Return what is wrong with the version, and where; nothing if it only looked odd."""
    for prop, raw, line in found[:_MOST]:
        version = values.text(raw, prop)
        if version.encode() in _VERSIONS:
            return "", 0
        if version:
            return _unsupported(version), line
    return f"Unsupported vCard version: none given, expected 3.0 or 4.0. {ADVICE}", begun


def _unsupported(version: str) -> str:
    shown = version[:_LONGEST_VERSION]
    return f"Unsupported vCard version {shown!r}: expected 3.0 or 4.0. {ADVICE}"


IS_2_1 = _unsupported("2.1")
