"""Cards and a strategy to a plan: what an import would change, in full, before anything changes."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.budget import ImportBudget
from qlara_sandbox.domain.contacts import Card, Contact
from qlara_sandbox.domain.conventions import USUAL, Conventions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


INVALID_PHONE = "Invalid phone number format"
MISSING_PHONE = "Missing phone number"
NO_ROOM = "Contact quota exceeded"
REPEATED = "Phone number repeated in this file"

# From here on, the running number of an id has the digits that ids have at least.
_AS_IT_IS = 100

_PLAIN_NUMBER = re.compile(r"[+0-9 ()./-]*")


class Strategy(StrEnum):
    """What happens to a card whose number is known already (UC-020: Import completed)."""

    SKIP = "SKIP"
    UPDATE = "UPDATE"
    DUPLICATE = "DUPLICATE"


class CardError(NamedTuple):
    """A card that cannot be imported: the 1-based line to look at, its name, and why."""

    line: int
    name: str
    reason: str


class ExistingContacts(NamedTuple):
    """What the account holds before the import.

    ``by_number`` leads from an E.164 number to the id of the first contact that has it.
    """

    contacts: Mapping[str, Contact]
    by_number: Mapping[str, str]


class ImportOptions(NamedTuple):
    """How an import is to be done.

    ``next_number`` is the running number of the first contact that it creates. It creates at most
    ``room`` contacts (None: any number); the cards beyond are errors. ``error_line`` says which line an
    error has: of the number at fault (``tel``), of the card's ``begin``, or the number of the ``card``.
    ``conventions`` say what else a deployment decides of duplicates and errors.
    """

    strategy: Strategy
    tags: tuple[str, ...]
    created_at: str
    next_number: int
    room: int | None = None
    error_line: str = "tel"
    conventions: Conventions = USUAL


class Plan(NamedTuple):
    """What an import would change.

    ``created`` and ``updated`` hold the contacts as they will be; ``members`` the ids that belong to
    the list afterwards, in file order, each once. ``errors`` are ordered by line. ``by_id`` and
    ``by_number`` are what the account's holdings grow by, ready to be taken over in one step.
    ``skips_duplicates`` says whether duplicates count as left out.
    """

    total: int
    duplicates: int
    created: list[Contact]
    updated: list[Contact]
    members: list[str]
    errors: list[CardError]
    strategy: Strategy
    by_id: dict[str, Contact]
    by_number: dict[str, str]
    skips_duplicates: bool

    @property
    def skipped(self) -> int:
        """Cards left out: errors and, with SKIP, duplicates."""
        return len(self.errors) + (self.duplicates if self.skips_duplicates else 0)

    @property
    def imported(self) -> int:
        """Cards that create or change a contact."""
        return self.total - self.skipped


def contact_id(number: int) -> str:
    """Return the id of the contact with this running number: ``cnt_001``."""
    return f"cnt_{number:03d}"


def parse_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a comma-separated field: trimmed, none empty, each once, in order."""
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))


def merge(
    contact: Contact, card: Card, tags: tuple[str, ...], conventions: Conventions = USUAL
) -> Contact:
    """Return *contact* with what *card* says; what it does not say is kept, tags are added.

    Unless *conventions* decide otherwise of what the card lacks, and of tags.
    """
    kept = contact if conventions.update_missing_fields == "kept" else card
    before = () if tags and conventions.update_tags == "replaced" else contact.tags
    return contact._replace(
        name=card.name or kept.name,
        email=card.email or kept.email,
        address=card.address or kept.address,
        tags=tuple(dict.fromkeys(before + tags)),
    )


def usable_number(
    card: Card, normalise: Callable[[str], str | None], budget: ImportBudget | None = None
) -> str | CardError:
    """Return the first valid number of *card* in E.164, or why it has none.

    The *budget* is charged for invalid ones; once it is used up, only the preferred number is tried.
    """
    if card.fault:
        return _error(card.fault_line or card.line, card.name, card.fault)
    tried: set[str] = set()
    for text, _ in card.phones:
        if text not in tried:
            number = normalise(text)
            if number is not None:
                return number
            tried.add(text)
            if budget is not None:
                budget.numbers -= 1
                if budget.numbers <= 0:
                    break
    return _no_number(card)


def _plain_only(normalise: Callable[[str], str | None], typed: str) -> str | None:
    return normalise(typed) if _PLAIN_NUMBER.fullmatch(typed) else None


def _no_number(card: Card) -> CardError:
    if card.phones:
        return _error(card.first_phone_line, card.name, INVALID_PHONE)
    return _error(card.line, card.name, MISSING_PHONE)


def _error(line: int, name: str, reason: str) -> CardError:
    # What CardError(...) does, without the detour through its Python-level signature.
    return tuple.__new__(CardError, (line, name, reason))


class Decision(NamedTuple):
    """What became of one card: its number if it has one that counts, or why not."""

    number: str
    error: CardError | None
    is_duplicate: bool


class Planner:
    """Adds card after card to a plan, against what the account holds.

    ``normalise`` turns a number as typed into E.164, or None if it is not usable. ``fault_of`` tells why
    a contact cannot be held (None: it can), where there is more to ask than the card's own rules.
    ``budget`` is what the file has left for invalid numbers.
    """

    def __init__(
        self,
        options: ImportOptions,
        existing_contacts: ExistingContacts,
        normalise: Callable[[str], str | None],
        fault_of: Callable[[Contact], str | None] | None = None,
        budget: ImportBudget | None = None,
    ) -> None:
        self._options = options
        self._tags, self._created_at, self._room = options.tags, options.created_at, options.room
        self._first_number = options.next_number
        self._existing = existing_contacts
        self._normalise = normalise
        self._normalise_plain = partial(_plain_only, normalise)
        self._fault_of = fault_of
        self.budget = budget or ImportBudget()
        self._total = 0
        self._duplicates = 0
        self._created: dict[str, Contact] = {}  # by id
        self._created_ids: dict[str, str] = {}  # by number, where the account holds none with it
        self._updated: dict[str, Contact] = {}  # by id
        self._members: list[str] = []
        self._joined: set[str] = set()  # of these, those that exist already and are skipped
        chosen = options.conventions
        self._refuses_repeated = chosen.duplicates_repeated == "error"
        is_copied = options.strategy is Strategy.DUPLICATE
        self._counts_duplicates = not (is_copied and chosen.copy_count == "new")
        self._words = {
            MISSING_PHONE: chosen.reason_missing_phone,
            INVALID_PHONE: chosen.reason_invalid_phone,
        }
        says_the_same = all(reason == words for reason, words in self._words.items())
        self._reports_as_is = options.error_line == "tel" and says_the_same
        self._errors: list[CardError] = []

    def add(self, cards: Iterable[Card]) -> None:
        """Decide what becomes of each of *cards*."""
        by_number, normalise = self._existing.by_number, self._normalise
        created_ids, create, budget = self._created_ids, self._create, self.budget
        for card in cards:
            self._total += 1
            # Nearly every card is sound and has one number; the others take the long way.
            phones = card[2]
            number: str | CardError | None
            if len(phones) == 1 and not card[6]:
                number = normalise(phones[0][0])
                if number is None:
                    number = self._invalid(card)
            else:
                number = usable_number(card, normalise, budget)
            if budget.numbers <= 0:
                normalise = self._normalise = self._normalise_plain
            if not isinstance(number, str):
                self._report(number, card)
            elif number not in created_ids and number not in by_number:
                if identity := create(card, number):
                    created_ids[number] = identity
            elif self._refuses_repeated and number in created_ids:
                self._report(CardError(card.line, card.name, REPEATED), card)
            else:
                before = len(self._errors)
                self._repeat(card, number)
                self._duplicates += self._counts_duplicates and before == len(self._errors)

    def _invalid(self, card: Card) -> CardError:
        """Charge the budget for the only number of *card*, unless it took little time."""
        self.budget.numbers -= _PLAIN_NUMBER.fullmatch(card.phones[0].text) is None
        return _no_number(card)

    def decide(self, card: Card) -> Decision:
        """Add one card, and return what became of it."""
        errors, duplicates = len(self._errors), self._duplicates
        self.add((card,))
        if len(self._errors) > errors:
            return Decision("", self._errors[-1], is_duplicate=False)
        number = usable_number(card, self._normalise)
        assert isinstance(number, str), "a card without a number is an error"
        return Decision(number, None, is_duplicate=self._duplicates > duplicates)

    def plan(self) -> Plan:
        """Return what has been decided so far."""
        return Plan(
            total=self._total,
            duplicates=self._duplicates,
            created=list(self._created.values()),
            updated=list(self._updated.values()),
            members=self._members,
            errors=sorted(self._errors),
            strategy=self._options.strategy,
            by_id=self._updated | self._created,
            by_number=self._created_ids,
            skips_duplicates=self._skips_duplicates,
        )

    @property
    def _skips_duplicates(self) -> bool:
        strategy, chosen = self._options.strategy, self._options.conventions
        is_skipped_update = strategy is Strategy.UPDATE and chosen.update_count == "skipped"
        return strategy is Strategy.SKIP or is_skipped_update

    def _create(self, card: Card, number: str) -> str:
        """Create a contact, and return its id; nothing if it cannot be held."""
        created = self._created
        running = self._first_number + len(created)
        identity = f"cnt_{running}" if running >= _AS_IT_IS else contact_id(running)
        _, name, _, _, email, address, _, _ = card
        # What Contact(...) does, without the detour through its Python-level signature: a file has
        # tens of thousands of them.
        contact = tuple.__new__(
            Contact, (identity, name, number, email, address, self._tags, self._created_at)
        )
        if self._fault_of is not None and self._is_at_fault(contact, card):
            return ""
        if len(created) == self._room:
            self._report(CardError(card.line, card.name, NO_ROOM), card)
            return ""
        created[identity] = contact
        self._members.append(identity)
        return identity

    def _repeat(self, card: Card, number: str) -> None:
        if self._options.strategy is Strategy.DUPLICATE:
            self._create(card, number)
        elif self._options.strategy is Strategy.UPDATE:
            self._update(card, number)
        elif self._options.conventions.skip_list == "joined":
            identity = self._existing.by_number.get(number)
            if identity is not None and identity not in self._joined:
                self._joined.add(identity)
                self._members.append(identity)

    def _update(self, card: Card, number: str) -> None:
        # A contact that the account holds comes first: a copy made by an earlier DUPLICATE import
        # is a later contact with the same number.
        identity = self._existing.by_number.get(number)
        if identity is None:
            identity = self._created_ids[number]
            merged = self._merged(self._created[identity], card)
            if not self._is_at_fault(merged, card):
                self._created[identity] = merged
            return
        contact = self._updated.get(identity) or self._existing.contacts[identity]
        merged = self._merged(contact, card)
        if not self._is_at_fault(merged, card):
            joins = self._options.conventions.update_list == "joined"
            if joins and identity not in self._updated:
                self._members.append(identity)
            self._updated[identity] = merged

    def _merged(self, contact: Contact, card: Card) -> Contact:
        return merge(contact, card, self._options.tags, self._options.conventions)

    def _is_at_fault(self, contact: Contact, card: Card) -> bool:
        reason = self._fault_of(contact) if self._fault_of is not None else None
        if reason is not None:
            self._report(CardError(card.line, card.name, reason), card)
        return reason is not None

    def _report(self, error: CardError, card: Card) -> None:
        if self._reports_as_is:
            self._errors.append(error)
            return
        if self._options.error_line == "begin":
            error = error._replace(line=card.line)
        elif self._options.error_line == "card":
            error = error._replace(line=self._total)
        words = self._words.get(error.reason, error.reason)
        self._errors.append(error._replace(reason=words) if words != error.reason else error)
