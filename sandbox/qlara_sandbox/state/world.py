"""The living state of one account: contacts, lists, quota, and the one operation that changes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.errors import UnknownList
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

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qlara_sandbox.domain.account import Account
    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.state.ids import Ids
    from qlara_sandbox.state.rate_limit import RateLimit

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
        known = self._known
        new = [identity for identity in dict.fromkeys(contact_ids) if identity not in known]
        known.update(new)
        self.members.extend(new)
        return len(new)

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
    """An import that nothing can keep from being carried out, and the report of what it will change."""

    plan: Plan
    target: ContactList
    ids: Ids
    report: ImportReport


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
    whoever orders them. ``changes`` counts the imports that were carried out.
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
        self.contacts: dict[str, Contact] = {}
        self.by_number: dict[str, str] = {}
        self.lists: dict[str, ContactList] = {}
        self.next_number = 1
        self.changes = 0
        self.shared = 0
        self._memberships = 0

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

    def import_options(self, strategy: Strategy, tags: tuple[str, ...]) -> ImportOptions:
        """Return the options of an import that begins now."""
        return ImportOptions(strategy, tags, timestamp(self.clock.now()), self.next_number)

    def existing_contacts(self) -> ExistingContacts:
        """Return what a planner compares cards with: live views, not copies."""
        return ExistingContacts(self.contacts, self.by_number)

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
        """
        members = self.list(list_id).members
        number = max(number, first)
        before = number - first
        start = before * limit
        contacts = [self.contacts[identity] for identity in members[start : start + limit]]
        pages = -(-len(members) // limit)
        return ContactPage(list_id, contacts, len(members), number, pages, before + 1 < pages)

    def prepare(self, plan: Plan, destination: Destination) -> PreparedImport:
        """Return what carrying out *plan* would change; nothing has changed yet.

        Raises:
            QuotaExceeded: it would create more contacts than the quota allows.
            UnknownList: the destination is gone.
        """
        self.quota.require(len(plan.created))
        ids = self.ids.copy()
        target = self._target(destination, ids)
        report = ImportReport(
            import_id=ids.next("import"),
            list_id=target.list_id,
            total=plan.total,
            imported=plan.imported,
            duplicates=plan.duplicates,
            skipped=plan.skipped,
            errors=plan.errors,
            completed_at=timestamp(self.clock.after(self.import_takes)),
        )
        return PreparedImport(plan, target, ids, report)

    def carry_out(self, prepared: PreparedImport) -> ImportReport:
        """Change everything in one step; no other import may have been carried out in between."""
        plan, target, ids, report = prepared
        if self.clock.is_frozen:
            self.clock.advance(self.import_takes)
        self.ids = ids
        self.lists[target.list_id] = target
        self.contacts.update(plan.by_id)
        self.by_number.update(plan.by_number)
        self.next_number += len(plan.created)
        self.changes += 1
        self._memberships += target.join(plan.members)
        return report

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
        self._memberships = sum(len(one.members) for one in other.lists.values())

    def take_apart(self) -> None:
        """Let go of everything bit by bit; nobody may use the world any more.

        To free many contacts at once would hold up every other thread.
        """
        for mapping in (self.by_number, self.contacts):
            while mapping:
                mapping.popitem()
        for one in self.lists.values():
            one.members.clear()

    def add_list(self, one: ContactList) -> None:
        """Hold a further list."""
        self.lists[one.list_id] = one
        self._memberships += len(one.members)

    def _target(self, destination: Destination, ids: Ids) -> ContactList:
        if destination.list_id is not None:
            return self.list(destination.list_id)
        list_id = ids.next("list")
        while list_id in self.lists:  # a scenario may have planned an id that one of its lists has
            list_id = ids.next("list")
        return ContactList(list_id, destination.new_name or "")
