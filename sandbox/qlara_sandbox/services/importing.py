"""Carries out imports: one at a time per world, large files off the event loop, all or nothing.

Everything that imports comes through here: the upload operation, ``vcard inspect``, and scenarios
that bring contacts from a file.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import anyio

from qlara_sandbox.domain.importing import ExistingContacts, ImportOptions, Planner, Strategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.domain.importing import Plan
    from qlara_sandbox.state.world import Destination, ImportReport, World

# Below this, handing the work to a thread costs more than it saves the others.
_INLINE_BYTES = 16 * 1024
_PLANNED_AT_ONCE = 4
# Large files wait for each other, and not in the way of small ones.
_LARGE_BYTES = 1024 * 1024


class ImportRequest(NamedTuple):
    """An import as a client asks for it. ``read`` returns the file, which has ``size`` bytes.

    ``fault_of`` tells why a contact cannot be held (None: it can), where there is more to ask than
    the importer itself knows.
    """

    read: Callable[[], bytes]
    size: int
    destination: Destination
    strategy: Strategy
    tags: tuple[str, ...]
    fault_of: Callable[[Contact], str | None] | None = None


class Importer:
    """Plans and commits imports; those into one world take turns."""

    def __init__(self) -> None:
        self._turns: WeakKeyDictionary[World, asyncio.Lock] = WeakKeyDictionary()
        self._limiters: dict[bool, anyio.CapacityLimiter] = {}

    async def run(
        self, world: World, request: ImportRequest, approve: Callable[[ImportReport], None]
    ) -> ImportReport:
        """Import a file into *world*, or leave the world as it is.

        *approve* sees the report before anything changes; whatever it raises stops the import.

        Raises:
            NotAVCard, UnterminatedVCard: UC-020: 400 Bad Request.
            UnknownList: the account does not have the list.
            QuotaExceeded: UC-020: 409 Conflict.
        """
        if request.destination.list_id is not None:
            world.list(request.destination.list_id)  # before the file is read, as it costs nothing
        async with self._turns.setdefault(world, asyncio.Lock()):
            plan = await self._plan(world, request)
            return world.commit(plan, request.destination, approve)

    async def _plan(self, world: World, request: ImportRequest) -> Plan:
        def work() -> Plan:
            options = world.import_options(request.strategy, request.tags)
            existing = world.existing_contacts()
            region = world.account.region
            return plan_import(request.read(), options, existing, region, request.fault_of)

        if request.size <= _INLINE_BYTES:
            return work()
        # Other requests keep their latency. What the plan reads does not change meanwhile, since
        # imports into this world wait for their turn.
        limiter = self._limiter(large=request.size > _LARGE_BYTES)
        return await anyio.to_thread.run_sync(work, limiter=limiter)

    def _limiter(self, *, large: bool) -> anyio.CapacityLimiter:
        if large not in self._limiters:  # not before: a limiter belongs to a running event loop
            self._limiters[large] = anyio.CapacityLimiter(_PLANNED_AT_ONCE)
        return self._limiters[large]


def plan_import(
    data: bytes,
    options: ImportOptions,
    existing: ExistingContacts,
    region: str,
    fault_of: Callable[[Contact], str | None] | None = None,
) -> Plan:
    """Return what an import of the file *data* would change; ``fault_of`` as in ``ImportRequest``.

    Raises:
        NotAVCard, UnterminatedVCard: UC-020: 400 Bad Request.
    """
    # Imported with the first file: the telephone tables are large, and many runs never need them.
    from qlara_sandbox.domain.phone import normaliser
    from qlara_sandbox.domain.vcard import read_cards

    planner = Planner(options, existing, normaliser(region), fault_of)
    planner.add(read_cards(data))
    return planner.plan()


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
    from qlara_sandbox.domain.phone import normaliser
    from qlara_sandbox.domain.vcard import read_cards

    options = ImportOptions(Strategy.SKIP, (), created_at="", next_number=1)
    planner = Planner(options, ExistingContacts({}, {}), normaliser(region))
    lines: dict[str, int] = {}
    inspected = []
    for card in read_cards(data):
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
