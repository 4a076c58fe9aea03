"""Carries out imports: one at a time per world, all or nothing, and never in the way of other requests.

Everything that imports comes through here: the upload operation, ``vcard inspect``, and scenarios
that bring contacts from a file.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext, suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Protocol
from weakref import WeakKeyDictionary

import anyio

from qlara_sandbox.domain.conventions import USUAL
from qlara_sandbox.domain.errors import Overloaded
from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Planner, Strategy
from qlara_sandbox.services.known_files import KnownFiles
from qlara_sandbox.services.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from contextlib import AbstractContextManager

    from qlara_sandbox.domain.contacts import Card, Contact
    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.domain.importing import Plan
    from qlara_sandbox.services.known_files import FileKey, KnownFile
    from qlara_sandbox.state.world import Destination, ImportReport, PreparedImport, World

# Below this, handing the work to a thread costs more than it saves the others: unless it takes longer
# than this, or a card has so many numbers that it might (the first one of a country takes milliseconds).
_INLINE_BYTES = 16 * 1024
_INLINE_SECONDS = 0.01
_INLINE_NUMBERS = 3
# Large files wait for each other, and not in the way of small ones.
_LARGE_BYTES = 1024 * 1024


# From here on, taking contacts over takes so long that others would notice.
_MANY_CONTACTS = 2_000


def _no_rules() -> None:
    """Return no rules beside the importer's own."""


class ImportRequest(NamedTuple):
    """An import as a client asks for it. ``read`` returns the file, which has ``size`` bytes.

    ``rules`` gives what tells why a contact cannot be held (None: it can), where there is more to ask
    than the importer itself knows. If that changes during the import, it is planned anew.
    """

    read: Callable[[], bytes]
    size: int
    destination: Destination
    strategy: Strategy
    tags: tuple[str, ...]
    rules: Callable[[], Callable[[Contact], str | None] | None] = _no_rules


class Keeper(Protocol):
    """Who keeps a world, and commits imports into it."""

    async def begin(self) -> World:
        """Return the world as it is now: an import is planned for it as it is from here on."""
        ...

    def is_current(self) -> bool:
        """Return whether the world is still as it was when ``begin`` returned it, as far as is known."""
        ...

    async def commit(
        self, prepared: PreparedImport, carry_out: Callable[[], ImportReport]
    ) -> ImportReport | None:
        """Carry out an import that was planned since ``begin``; None if the world has changed since, and nothing is done.

        *carry_out* does it on the world that ``begin`` has returned.
        """
        ...


class OwnKeeper(NamedTuple):
    """Keeps a world that nobody else has."""

    world: World

    async def begin(self) -> World:
        return self.world

    def is_current(self) -> bool:
        return True

    async def commit(
        self, _: PreparedImport, carry_out: Callable[[], ImportReport]
    ) -> ImportReport | None:
        return carry_out()


class Importer:
    """Plans and commits imports; those into one world take turns.

    ``monotonic`` is a clock in seconds; ``files`` remember what was read of small files. ``apart`` makes what large
    imports run in, as `PausedGarbage.pause` does.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        threads: Threads | None = None,
        files: KnownFiles | None = None,
        apart: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._apart = apart
        self._monotonic = monotonic
        self._files = files if files is not None else KnownFiles()
        self.threads = threads or Threads()
        self._has_tables = False
        self._turns: WeakKeyDictionary[World, asyncio.Lock] = WeakKeyDictionary()
        self._limiters: dict[bool, anyio.CapacityLimiter] = {}

    async def run(
        self,
        world: World,
        request: ImportRequest,
        approve: Callable[[ImportReport], Awaitable[None]],
        keeper: Keeper | None = None,
    ) -> ImportReport:
        """Import a file into *world*, or leave the world as it is. A world that others share has a *keeper*.

        *approve* sees the report before anything changes; whatever it raises stops the import.

        Raises:
            NotAVCard, UnterminatedVCard: UC-020: 400 Bad Request.
            UnknownList, ListNameTaken, NoNewLists: as ``World.require_destination``.
            QuotaExceeded: UC-020: 409 Conflict.
            Overloaded: the import needs a thread, and there is none.
        """
        keeper = keeper or OwnKeeper(world)
        # Before the file is read, as it costs nothing.
        world.require_destination(request.destination)
        async with self._turns.setdefault(world, asyncio.Lock()):
            with self._apart() if request.size > _LARGE_BYTES else nullcontext():
                while True:
                    report = await self._try(keeper, request, approve)
                    if report is not None:
                        return report

    async def _try(
        self,
        keeper: Keeper,
        request: ImportRequest,
        approve: Callable[[ImportReport], Awaitable[None]],
    ) -> ImportReport | None:
        """Import a file; return None, with nothing changed, if the world or the rules have changed meanwhile."""
        world = await keeper.begin()
        rules = request.rules()
        try:
            plan = await self._plan(world, request, rules)
        except Exception:
            if keeper.is_current():
                raise
            return None  # it was planned on a world that changed meanwhile
        if not keeper.is_current():
            return None
        prepared = world.prepare(plan, request.destination)
        await approve(prepared.report)
        holdings = None
        if len(plan.members) > _MANY_CONTACTS:
            with suppress(Overloaded):  # then it is done here
                holdings = await self.threads.run(partial(world.holdings_after, prepared))
        if request.rules() != rules:
            return None
        # Of a world of our own, nothing is awaited from here on, and nothing below can fail.
        return await keeper.commit(prepared, partial(world.carry_out, prepared, holdings))

    async def _plan(
        self,
        world: World,
        request: ImportRequest,
        rules: Callable[[Contact], str | None] | None,
    ) -> Plan:
        work = _Work(world, request, rules, self._files)
        if not self._has_tables:
            await _load_tables(self.threads, world.account.region)
            self._has_tables = True
        if request.size <= _INLINE_BYTES or work.is_known():
            deadline = self._monotonic() + _INLINE_SECONDS
            if work.advance(lambda: self._monotonic() > deadline):
                return work.finish()
        # Other requests keep their latency. What the plan reads does not change meanwhile, since
        # imports into this world wait for their turn.
        limiter = self._limiter(large=request.size > _LARGE_BYTES)
        return await self.threads.run(work.finish, limiter)

    def _limiter(self, *, large: bool) -> anyio.CapacityLimiter:
        if large not in self._limiters:  # not before: a limiter belongs to a running event loop
            self._limiters[large] = anyio.CapacityLimiter(1)  # threads more would share one GIL
        return self._limiters[large]


async def _load_tables(threads: Threads, region: str) -> None:
    """Load what the first import needs, in a thread that ends with it: it takes many milliseconds.

    Raises `ValueError` if there is no such region.
    """

    def load() -> None:
        nothing = ExistingContacts({}, {})
        begin_import(b"", ImportOptions(Strategy.SKIP, (), "", 1), nothing, Reading(region))

    await threads.run_once("qlara-sandbox-tables", load)


class _Work:
    """The planning of one import, which may begin on the event loop and end in a thread."""

    def __init__(
        self,
        world: World,
        request: ImportRequest,
        rules: Callable[[Contact], str | None] | None,
        files: KnownFiles,
    ) -> None:
        self._world = world
        self._request = request
        self._rules = rules
        self._files = files
        self._how = Reading(world.account.region, world.conventions)
        self._data: bytes | None = None
        self._key: FileKey | None = None
        self._known: KnownFile | None = None
        self._read: list[Card] = []  # of a file that is not known
        self._begun: tuple[Planner, Iterator[Card]] | None = None

    def is_known(self) -> bool:
        """Tell whether the file was read before, so that there is little to do."""
        if self._data is None and self._request.size <= self._files.longest_file:
            self._data = self._request.read()
            self._key = self._files.key(self._data, self._how.of_files)
            self._known = self._files.find(self._key) if self._key is not None else None
        return self._known is not None

    def advance(self, is_late: Callable[[], bool]) -> bool:
        """Plan card after card until it is late, and tell whether that was all.

        Raises:
            NotAVCard, UnterminatedVCard: UC-020: 400 Bad Request.
        """
        planner, cards = self._begin()
        for card in cards:
            if len(card.phones) > _INLINE_NUMBERS or is_late():
                self._begun = planner, chain((card,), cards)
                return False
            planner.add((card,))
        return True

    def finish(self) -> Plan:
        """Plan what is left, and return the whole plan. Raises the same."""
        planner, cards = self._begun or self._begin()
        planner.add(cards)
        if self._known is None and self._key is not None and planner.budget.has_all:
            normalise = self._how.normaliser()
            self._files.keep(self._key, self._request.size, self._read, normalise)
        return planner.plan()

    def _begin(self) -> tuple[Planner, Iterator[Card]]:
        world, request = self._world, self._request
        options = world.import_options(request.strategy, request.tags)
        existing = world.existing_contacts(request.destination)
        if self.is_known():
            assert self._known is not None, "as it says"
            judge = self._known.numbers.__getitem__
            self._begun = Planner(options, existing, judge, self._rules), iter(self._known.cards)
        else:
            data = self._data if self._data is not None else request.read()
            planner, cards = begin_import(data, options, existing, self._how, self._rules)
            self._begun = planner, cards if self._key is None else self._noted(cards)
        self._data = None  # of which the cards keep what they need
        return self._begun

    def _noted(self, cards: Iterator[Card]) -> Iterator[Card]:
        for card in cards:
            self._read.append(card)
            yield card


class Reading(NamedTuple):
    """How a file is read: the region where its numbers were typed, and what the contract decides."""

    region: str
    conventions: Conventions = USUAL

    @property
    def of_files(self) -> tuple[object, ...]:
        """All that decides what the cards and numbers of a file are."""
        chosen = self.conventions
        return (
            self.region,
            chosen.charset_utf_16,
            chosen.charset_other,
            chosen.version_2_1,
            chosen.numbers,
            chosen.numbers_fax,
            chosen.name_white_space,
        )

    def normaliser(self) -> Callable[[str], str | None]:
        """Return what turns a number as typed into E.164. Raises `ValueError` if there is no such region."""
        # Imported with the first file: the telephone tables are large, and many runs never need them.
        from qlara_sandbox.domain.phone import mobile_normaliser, normaliser

        of_region = mobile_normaliser if self.conventions.numbers == "mobile" else normaliser
        return of_region(self.region)


def plan_import(
    data: bytes,
    options: ImportOptions,
    existing: ExistingContacts,
    region: str,
    conventions: Conventions = USUAL,
) -> Plan:
    """Return what an import of the file *data* would change.

    Raises:
        NotAVCard, UnterminatedVCard: UC-020: 400 Bad Request.
    """
    planner, cards = begin_import(data, options, existing, Reading(region, conventions))
    planner.add(cards)
    return planner.plan()


def begin_import(
    data: bytes,
    options: ImportOptions,
    existing: ExistingContacts,
    how: Reading,
    fault_of: Callable[[Contact], str | None] | None = None,
) -> tuple[Planner, Iterator[Card]]:
    """Return a planner and the cards of *data* to add to it.

    *fault_of* tells why a contact cannot be held (None: it can).

    Raises `ValueError` if there is no such region. Reading the cards raises what `plan_import` does.
    """
    # Imported with the first file, as many runs never need them.
    from qlara_sandbox.domain.budget import budget_of
    from qlara_sandbox.domain.transcoding import read_as
    from qlara_sandbox.domain.vcard import read_cards

    conventions = how.conventions
    data = read_as(data, utf_16=conventions.charset_utf_16, other=conventions.charset_other)
    budget = budget_of(len(data))
    cards = read_cards(
        data,
        version_2_1=conventions.version_2_1 == "read",
        machines=conventions.numbers_fax == "used",
        budget=budget,
    )
    if conventions.name_white_space == "folded":
        cards = map(_folded, cards)
    return Planner(options, existing, how.normaliser(), fault_of, budget), cards


def _folded(card: Card) -> Card:
    return card._replace(name=" ".join(card.name.split()))


class InspectedCard(NamedTuple):
    """What becomes of one card: ``imported``, ``duplicate`` or ``error``, with its number or the reason."""

    line: int
    name: str
    outcome: str
    detail: str


def inspect_import(data: bytes, region: str) -> tuple[list[InspectedCard], dict[str, int]]:
    """Return what an import of *data* into an empty account would do: card by card, and its summary.

    Raises:
        NotAVCard, UnterminatedVCard: UC-020: 400 Bad Request.
        ValueError: there is no such region.
    """
    options = ImportOptions(Strategy.SKIP, (), created_at="", next_number=1)
    planner, cards = begin_import(data, options, ExistingContacts({}, {}), Reading(region))
    lines: dict[str, int] = {}
    inspected = []
    for card in cards:
        number, error, is_duplicate = planner.decide(card)
        if error is not None:
            inspected.append(InspectedCard(error.line, error.name, "error", error.reason))
        elif is_duplicate:
            detail = f"{number} as in line {lines[number]}"
            inspected.append(InspectedCard(card.line, card.name, "duplicate", detail))
        else:
            lines[number] = card.line
            inspected.append(InspectedCard(card.line, card.name, "imported", number))
    return inspected, summary(planner.plan())


def summary(counts: Plan | ImportReport) -> dict[str, int]:
    """Return the ``summary`` of an import report (UC-020: Response — Import completed)."""
    return {
        "total": counts.total,
        "imported": counts.imported,
        "duplicates": counts.duplicates,
        "errors": len(counts.errors),
        "skipped": counts.skipped,
    }
