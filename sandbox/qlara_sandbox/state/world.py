"""The living state of one account: contacts, lists, quota, and the one operation that changes them."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from qlara_sandbox.domain.conventions import CREATED, USUAL, Conventions
from qlara_sandbox.domain.errors import ListNameTaken, NoNewLists, PastTheEnd, UnknownList
from qlara_sandbox.domain.importing import (
    CardError,
    ExistingContacts,
    ImportOptions,
    Plan,
    Strategy,
)
from qlara_sandbox.domain.quota import Quota
from qlara_sandbox.state.clock import Clock, timestamp
from qlara_sandbox.state.faults import Faults
from qlara_sandbox.state.settling import Settling, SettlingImport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from qlara_sandbox.domain.account import Account
    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.state.ids import Ids
    from qlara_sandbox.state.rate_limit import RateLimit

    _Ids = list[str]  # within World, list is a method

T = TypeVar("T")

# How much is taken over at a time, where others are not to wait for all of it.
_SLICE = 1_000

# What a world, a contact and a list in it cost in memory, measured; see ``World.estimated_bytes``.
_WORLD_BYTES = 2500
_LIST_BYTES = 700
_MEMBER_BYTES = 60
_PLACE_BYTES = 150
_CONTACT_BYTES = 700


@dataclass(slots=True)
class ContactList:
    """A named set of contacts, in the order in which they joined."""

    list_id: str
    name: str
    members: list[str] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def join(self, contact_ids: Iterable[str]) -> int:
        """Add the contacts that are not members yet; return how many those were."""
        new = self.not_in(contact_ids)
        self._known.update(new)
        self.members.extend(new)
        return len(new)

    def not_in(self, contact_ids: Iterable[str]) -> list[str]:
        """Return those of the contacts that are not members, each once."""
        known = self._known
        return [identity for identity in dict.fromkeys(contact_ids) if identity not in known]

    def joined_by(self, new: Sequence[str]) -> ContactList:
        """Return a list that *new* contacts have joined, too, which are no members of this one."""
        joined = self.copy()
        for some in _slices(new):
            joined._known.update(some)
        joined.members.extend(new)
        return joined

    def copy(self) -> ContactList:
        """Return a list with the same members, which goes its own way from here on."""
        return ContactList(self.list_id, self.name, self.members.copy(), self._known.copy())


class Destination(NamedTuple):
    """Where an import goes: a list that exists, or the name of a new one."""

    list_id: str | None
    new_name: str | None


class ImportReport(NamedTuple):
    """What an import did change (UC-020: Import completed)."""

    import_id: str
    list_id: str
    total: int
    imported: int
    duplicates: int
    skipped: int
    errors: list[CardError]
    completed_at: str


class PreparedImport(NamedTuple):
    """An import that nothing can keep from being carried out, the report of what it will change, and when it is completed."""

    plan: Plan
    target: ContactList
    ids: Ids
    report: ImportReport
    completed: datetime


class Holdings(NamedTuple):
    """What an account holds once an import is carried out: copies, which nobody else sees before."""

    contacts: dict[str, Contact]
    by_number: dict[str, str]
    target: ContactList


class ContactPage(NamedTuple):
    """One page of a list; ``total`` counts the contacts of all pages."""

    list_id: str
    contacts: list[Contact]
    total: int
    number: int
    pages: int
    has_more: bool


class World:
    """What one account holds, grown from one scenario.

    Clock and ids are handed in. Reading a page costs the page, however long the list.
    ``import_takes`` is how far an import moves a clock that stands still; ``file_bytes`` how large
    an uploaded file may be where the scenario differs from the contract. ``rate_limit`` and ``faults`` are set by
    whoever orders them. ``conventions`` are those of the contract that a request comes under.
    ``changes`` counts the imports that were carried out.
    """

    def __init__(
        self,
        account: Account,
        clock: Clock,
        ids: Ids,
        *,
        import_takes: timedelta = timedelta(),
        file_bytes: int | None = None,
    ) -> None:
        self.account = account
        self.clock = clock
        self.ids = ids
        self.import_takes = import_takes
        self.file_bytes = file_bytes
        self.rate_limit: RateLimit | None = None
        self.faults = Faults()
        self.conventions: Conventions = USUAL
        self.settling = Settling()
        self.contacts: dict[str, Contact] = {}
        self.by_number: dict[str, str] = {}
        self.lists: dict[str, ContactList] = {}
        self.next_number = 1
        self.changes = 0
        self.shared = 0
        self._memberships = 0
        self._ordered: dict[str, tuple[tuple[str, int], list[str]]] = {}

    def estimated_bytes(self) -> int:
        """Return about how much memory the world takes.

        ``shared`` of its contacts are those of every world of the scenario, and not counted twice.
        """
        count = len(self.contacts)
        further = max(self._memberships - count, 0)  # the first of each contact is in its place
        return (
            _WORLD_BYTES
            + _PLACE_BYTES * count
            + _CONTACT_BYTES * max(count - self.shared, 0)
            + _LIST_BYTES * len(self.lists)
            + _MEMBER_BYTES * further
        )

    @property
    def quota(self) -> Quota:
        """The account's quota as it stands."""
        return Quota(
            self.account.used_elsewhere + len(self.contacts),
            self.account.quota_total,
        )

    def let_settle(self, now: datetime) -> None:
        """Let what shows by *now* do so for good, before the clock is moved, perhaps into the past."""
        self.settling.forget_settled(now)

    def shown_quota(self) -> Quota:
        """Return the quota as it reads: without imports that do not show in it yet."""
        quota = self.quota
        if not self.settling:
            return quota
        return quota._replace(used=quota.used - self.settling.created(self.clock.now()))

    def import_options(self, strategy: Strategy, tags: tuple[str, ...]) -> ImportOptions:
        """Return the options of an import that begins now."""
        fills = self.conventions.quota_partial == "fill"
        return ImportOptions(
            strategy,
            tags,
            timestamp(self.clock.now()),
            self.next_number,
            # A full quota refuses the import instead.
            room=(self.quota.available or None) if fills else None,
            error_line=self.conventions.error_line,
            conventions=self.conventions,
        )

    def existing_contacts(self, destination: Destination | None = None) -> ExistingContacts:
        """Return what a planner compares cards with: live views, not copies.

        Where duplicates are those of one list, they are the contacts of the *destination*.
        """
        if self.conventions.duplicates_scope == "account" or destination is None:
            return ExistingContacts(self.contacts, self.by_number)
        target = self._existing_target(destination)
        by_number: dict[str, str] = {}
        for identity in target.members if target is not None else ():
            by_number.setdefault(self.contacts[identity].phone_number, identity)
        return ExistingContacts(self.contacts, by_number)

    def require_destination(self, destination: Destination) -> None:
        """Let an import pass that has somewhere to go.

        Raises:
            UnknownList: the account has no such list.
            ListNameTaken: it has one of the name, and names are unique.
            NoNewLists: imports cannot create lists.
        """
        self._existing_target(destination)

    def list(self, list_id: str) -> ContactList:
        """Return the list.

        Raises:
            UnknownList: the account has no such list.
        """
        found = self.lists.get(list_id)
        if found is None:
            raise UnknownList(list_id)
        return found

    def page(self, list_id: str, *, number: int, limit: int, first: int = 1) -> ContactPage:
        """Return page *number*, counted from *first*, of *limit* contacts; past the end it is empty.

        A smaller number means the first page.

        Raises:
            UnknownList: the account has no such list.
            PastTheEnd: there is no such page, and the contract has no empty ones.
        """
        found = self.list(list_id)
        members, held = (
            self._shown(found) if self._shows_otherwise else (found.members, self.contacts)
        )
        number = max(number, first)
        pages = -(-len(members) // limit) or self.conventions.page_of_nothing
        last = max(pages, 1) - 1 + first
        if number > last and self.conventions.page_past_the_end == "last":
            number = last
        elif number > last and self.conventions.page_past_the_end != "empty":
            raise PastTheEnd(last)
        before = number - first
        start = before * limit
        contacts = [held[identity] for identity in members[start : start + limit]]
        return ContactPage(list_id, contacts, len(members), number, pages, before + 1 < pages)

    @property
    def _shows_otherwise(self) -> bool:
        return bool(self.settling.imports) or self.conventions.order != "import"

    def _shown(self, one: ContactList) -> tuple[Sequence[str], Mapping[str, Contact]]:
        """Return the members of a list that show now, in their order, and the contacts as they show."""
        now = self.clock.now()
        self.settling.forget_settled(now)
        count = self.settling.members(one.list_id, now)
        replaced = self.settling.replaced(now)
        held = ChainMap(replaced, self.contacts) if replaced else self.contacts
        if count is not None or replaced:
            members = one.members if count is None else one.members[:count]
            return self._in_order(members, held), held
        # As long as nothing changes, the order does not either.
        state = (self.conventions.order, self.changes)
        known = self._ordered.get(one.list_id)
        if known is None or known[0] != state:
            known = self._ordered[one.list_id] = state, self._in_order(one.members, held)
        return known[1], held

    def _in_order(self, members: _Ids, held: Mapping[str, Contact]) -> _Ids:
        order = self.conventions.order
        if order == "newest":
            return members[::-1]
        if order == "name":
            return sorted(members, key=lambda identity: held[identity].name.casefold())
        if order == "number":
            return sorted(members, key=lambda identity: held[identity].phone_number)
        return sorted(members) if order == "id" else members

    def prepare(self, plan: Plan, destination: Destination) -> PreparedImport:
        """Return what carrying out *plan* would change; nothing has changed yet.

        Raises:
            QuotaExceeded: it would create more contacts than the quota allows, or an exhausted one
                takes nothing.
            UnknownList, ListNameTaken, NoNewLists: the destination is gone, or taken.
        """
        least = 1 if self.conventions.quota_full == "nothing" else 0
        self.quota.require(max(least, len(plan.created)))
        ids = self.ids.copy()
        target = self._target(destination, ids)
        completed = self.clock.after(self.import_takes)
        report = ImportReport(
            import_id=ids.next("import"),
            list_id=target.list_id,
            total=plan.total,
            imported=plan.imported,
            duplicates=plan.duplicates,
            skipped=plan.skipped,
            errors=plan.errors,
            completed_at=timestamp(completed),
        )
        return PreparedImport(plan, target, ids, report, completed)

    def holdings_after(self, prepared: PreparedImport) -> Holdings:
        """Return what the account holds once *prepared* is carried out; nothing has changed yet.

        This is for large imports, and for a thread: no step of it keeps other threads waiting for long. No other
        import may be carried out meanwhile.
        """
        plan, target = prepared.plan, prepared.target
        contacts, by_number = self.contacts.copy(), self.by_number.copy()
        _take_over(contacts, plan.by_id)
        numbers = plan.by_number
        if self.conventions.duplicates_scope != "account":
            numbers = {number: one for number, one in numbers.items() if number not in by_number}
        _take_over(by_number, numbers)
        return Holdings(contacts, by_number, target.joined_by(target.not_in(plan.members)))

    def carry_out(self, prepared: PreparedImport, holdings: Holdings | None = None) -> ImportReport:
        """Change everything in one step; no other import may have been carried out in between.

        With the *holdings* of afterwards, that step takes no longer for many contacts than for few.
        """
        plan, target, ids, report, completed = prepared
        settles = self.conventions.settle or self.conventions.quota_settle
        before = self._before(plan, target, completed) if settles else None
        if self.clock.is_frozen:
            self.clock.advance(self.import_takes)
        self.ids = ids
        if holdings is not None:
            self.contacts, self.by_number, joined = holdings
            self.lists[target.list_id] = joined
            self._memberships += len(joined.members) - len(target.members)
        else:
            self._grow(plan, target)
        self.next_number += len(plan.created)
        self.changes += 1
        if before is not None:
            since = completed.astimezone(UTC)  # in which time is added to across summer time
            in_lists = since + self.conventions.settle
            in_quota = since + self.conventions.quota_settle
            self.settling.add(before._replace(in_lists=in_lists, in_quota=in_quota))
        return report

    def _grow(self, plan: Plan, target: ContactList) -> None:
        self.lists[target.list_id] = target
        self.contacts.update(plan.by_id)
        if self.conventions.duplicates_scope == "account":
            self.by_number.update(plan.by_number)
        else:  # the account may have held these numbers before
            for number, identity in plan.by_number.items():
                self.by_number.setdefault(number, identity)
        self._memberships += target.join(plan.members)

    def _before(self, plan: Plan, target: ContactList, completed: datetime) -> SettlingImport:
        """Return what there is before *plan* is carried out."""
        self.settling.forget_settled(completed)
        replaced = {one.contact_id: self.contacts[one.contact_id] for one in plan.updated}
        count = len(target.members)
        return SettlingImport(
            completed, completed, target.list_id, count, len(plan.created), replaced
        )

    def commit(self, plan: Plan, destination: Destination) -> ImportReport:
        """Prepare and carry out *plan*.

        Raises:
            QuotaExceeded, UnknownList: as ``prepare``.
        """
        return self.carry_out(self.prepare(plan, destination))

    def add(self, contacts: Iterable[Contact]) -> None:
        """Hold further contacts; the first with a number is the one that a duplicate meets."""
        held, by_number = self.contacts, self.by_number
        before = len(held)
        for contact in contacts:
            held[contact.contact_id] = contact
            by_number.setdefault(contact.phone_number, contact.contact_id)
        self.next_number += len(held) - before

    def hold_what(self, other: World) -> None:
        """Hold what *other* holds, in place of what there is; the contacts themselves are shared."""
        self.contacts = other.contacts.copy()
        self.by_number = other.by_number.copy()
        self.lists = {list_id: one.copy() for list_id, one in other.lists.items()}
        self.next_number = other.next_number
        self.shared = len(other.contacts)
        self._ordered.clear()
        self._memberships = sum(len(one.members) for one in other.lists.values())

    def take_apart(self) -> None:
        """Let go of everything bit by bit; nobody may use the world any more.

        To free many contacts at once would hold up every other thread.
        """
        for mapping in (self.by_number, self.contacts):
            while mapping:
                mapping.popitem()
        self._ordered.clear()
        for one in self.lists.values():
            one.members.clear()

    def add_list(self, one: ContactList) -> None:
        """Hold a further list."""
        self.lists[one.list_id] = one
        self._memberships += len(one.members)

    def _target(self, destination: Destination, ids: Ids) -> ContactList:
        existing = self._existing_target(destination)
        if existing is not None:
            return existing
        if destination.list_id is not None:
            return ContactList(destination.list_id, destination.list_id)
        list_id = ids.next("list")
        while list_id in self.lists:  # a scenario may have planned an id that one of its lists has
            list_id = ids.next("list")
        return ContactList(list_id, destination.new_name or "")

    def _existing_target(self, destination: Destination) -> ContactList | None:
        """Return the list that an import goes into, None if it is to be created.

        Raises:
            UnknownList, ListNameTaken, NoNewLists: as ``require_destination``.
        """
        conventions = self.conventions
        if destination.list_id is not None:
            found = self.lists.get(destination.list_id)
            if found is None and conventions.unknown_list != CREATED:
                raise UnknownList(destination.list_id)
            return found
        if conventions.list_names_create == "no":
            raise NoNewLists
        name = destination.new_name or ""
        if conventions.list_names == "free":
            return None
        found = next((one for one in self.lists.values() if one.name == name), None)
        if found is not None and conventions.list_names == "unique":
            raise ListNameTaken(name)
        return found


def _slices(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while some := [*islice(rest, _SLICE)]:
        yield some


def _take_over(held: dict[str, T], new: Mapping[str, T]) -> None:
    for some in _slices(new.items()):
        held.update(some)
