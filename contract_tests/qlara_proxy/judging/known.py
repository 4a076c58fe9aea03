"""What is remembered of an account's contacts, as hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_proxy.judging.limits import CONTACTS, IMPORTS, LISTS, Kept
from qlara_proxy.judging.reading import hashed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qlara_proxy.judging.reading import CardDigest
    from qlara_proxy.judging.seen import Seen

_MOST_LISTS = 8


class KnownContact(NamedTuple):
    """A contact as it was seen last, as hashes; ``contact_id`` is 0 if it is only known from its import."""

    contact_id: int
    name: int
    email: int
    tags: frozenset[int]
    created_at: str
    lists: frozenset[int]
    read_at: float
    times: int = 0  # how often its number stood on the list that was read last


class KnownContacts:
    """The contacts of one account, by number.

    ``is_account_wide``: contacts of other lists have been seen to make their cards duplicates.
    """

    def __init__(self) -> None:
        self.by_number: Kept[int, KnownContact] = Kept(CONTACTS)
        self.is_account_wide = False
        self.imported: Kept[int, KnownContact] = Kept(CONTACTS)  # as their cards say
        self._carded: Kept[int, None] = Kept(CONTACTS)  # numbers that stand on any card that passed
        # The ids of lists that have been read whole, and when.
        self._read: Kept[int, tuple[tuple[int, ...], float]] = Kept(LISTS)
        self._elsewhere: Kept[int, frozenset[int]] = Kept(IMPORTS)
        self._lists: Kept[int, frozenset[int]] = Kept(CONTACTS)
        self._ids: Kept[int, int] = Kept(CONTACTS)
        self._cards: Kept[int, dict[int, CardDigest]] = Kept(IMPORTS)

    def __contains__(self, number: int) -> bool:
        """Return whether the account has this number for sure."""
        return number in self._lists

    def lists_of(self, number: int) -> frozenset[int]:
        """Return the lists that a number is known to be on."""
        return self._lists.get(number, frozenset())

    def find(self, number: int) -> KnownContact | None:
        """Return a contact as it was seen last, or as it was imported."""
        return self.by_number.find(number) or self.imported.find(number)

    def note_carded(self, numbers: Iterable[int]) -> None:
        """Note the numbers on the cards of an import, whatever became of it."""
        for number in numbers:
            self._carded.keep(number, None)

    def is_stranger(self, number: int) -> bool:
        """Return whether a number was never seen before: in no list that was read whole, and on no card."""
        return not (number in self._carded or number in self.by_number)

    def note_elsewhere(self, seen: Seen, list_id: str) -> None:
        """Note which numbers of an import are on other lists, and not known to be on its own."""
        lists = {each: self.lists_of(each) for each in self.cards_of(seen)}
        here = hash(list_id)
        found = frozenset(each for each, on in lists.items() if on and here not in on)
        self._elsewhere.keep(seen.number, found)

    def is_elsewhere(self, seen: Seen, number: int) -> bool:
        """Return whether a number was on other lists than that of the import, when it was sent."""
        return number in self._elsewhere.get(seen.number, ())

    def order_of(self, list_id: str) -> tuple[int, ...]:
        """Return the ids of a list, in the order in which it was read last."""
        return self._read.get(hash(list_id), ((), 0.0))[0]

    def read_at(self, list_id: str) -> float:
        """Return when a list was read whole last; 0.0 if it never was."""
        return self._read.get(hash(list_id), ((), 0.0))[1]

    def has_read(self, list_id: str) -> bool:
        """Return whether a list has been read whole before."""
        return hash(list_id) in self._read

    def lose_track(self) -> None:
        """Note that an import may have put anybody on any list."""
        self._read.clear()

    def note_card(self, card: CardDigest, tags: Iterable[str], list_id: str, at: float) -> None:
        """Note what an import has created of a card with nothing special about it."""
        hashes = frozenset(map(hash, tags))
        lists = frozenset({hash(list_id)})
        contact = KnownContact(0, card.name, card.email, hashes, "", lists, at)
        self.imported.keep(card.number, contact)

    def note(self, number: int, list_id: str) -> None:
        """Note that a list holds a number."""
        before = self.lists_of(number)
        is_full = len(before) >= _MOST_LISTS
        self._lists.keep(number, before if is_full else before | {hash(list_id)})

    def note_list(self, list_id: str, contacts: Sequence[Mapping[str, Any]], at: float) -> None:
        """Note all contacts of a list, as they were read until *at*."""
        ids = tuple(hash(str(each.get("contactId"))) for each in contacts)
        self._read.keep(hash(list_id), (ids, at))
        for number, same in by_number(contacts).items():
            before = self.by_number.find(number)
            lists = (before.lists if before is not None else frozenset()) | {hash(list_id)}
            contact = digest(same_as(same, before), lists, at)
            self.by_number.keep(number, contact._replace(times=len(same)))
            self.note(number, list_id)

    def is_same(self, number: int, contact: Mapping[str, Any]) -> bool:
        """Note who has a number that two imports brought at once; return whether it is always the same."""
        identity = hash(str(contact.get("contactId")))
        before = self._ids.find(number)
        if before is None:
            self._ids.keep(number, identity)
        return before in (None, identity)

    def cards_of(self, seen: Seen) -> dict[int, CardDigest]:
        """Return the cards of an import by number; nothing of any other exchange."""
        found = self._cards.find(seen.number)
        if found is None:
            file = getattr(seen, "file", None)
            cards = file.cards if file is not None else ()
            found = {each.number: each for each in cards if each.number}
            self._cards.keep(seen.number, found)
        return found


def by_number(contacts: Sequence[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    """Return contacts by the hash of their number."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for each in contacts:
        found.setdefault(hashed(str(each.get("phoneNumber"))), []).append(each)
    return found


def same_as(contacts: Sequence[Mapping[str, Any]], known: KnownContact | None) -> Mapping[str, Any]:
    """Return the contact that is *known*, or the first."""
    if known is None:
        return contacts[0]
    same = (each for each in contacts if hash(str(each.get("contactId"))) == known.contact_id)
    return next(same, contacts[0])


def digest(
    contact: Mapping[str, Any], lists: frozenset[int] = frozenset(), read_at: float = 0.0
) -> KnownContact:
    """Return what is remembered of a contact."""
    tags = contact.get("tags")
    return KnownContact(
        hash(str(contact.get("contactId"))),
        hashed(str(contact.get("name") or "")),
        hashed(str(contact.get("email") or "")),
        frozenset(map(hash, map(str, tags))) if isinstance(tags, list) else frozenset(),
        str(contact.get("createdAt")),
        lists,
        read_at,
    )
