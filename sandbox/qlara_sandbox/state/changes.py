"""What changes a world, as plain JSON values: carried out again on a copy, it leads to the same world.

A world is what its scenario makes of it and the changes since, in their order. Counters (rate limit, faults) are not
among the changes: they move with requests, and have no order with imports.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from qlara_sandbox.domain.contacts import Contact
from qlara_sandbox.domain.importing import Plan, Strategy
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.ids import Ids
from qlara_sandbox.state.world import ContactList, ImportReport, PreparedImport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_sandbox.state.world import World

Change = dict[str, Any]


class ImportChange(NamedTuple):
    """An import that somebody else has carried out, ready to be carried out here.

    ``ids_drawn`` and ``ids_planned`` are those of the world afterwards.
    """

    created: list[Contact]
    updated: list[Contact]
    members: list[str]
    list_id: str
    list_name: str
    ids_drawn: int
    ids_planned: Mapping[str, Sequence[str]]
    completed: datetime

    def prepared_for(self, world: World) -> PreparedImport:
        """Return the import as *world* carries it out."""
        target = world.lists.get(self.list_id) or ContactList(self.list_id, self.list_name)
        by_number: dict[str, str] = {}
        for one in self.created:
            if one.phone_number not in world.by_number:
                by_number.setdefault(one.phone_number, one.contact_id)
        by_id = {one.contact_id: one for one in (*self.updated, *self.created)}
        plan = Plan(
            total=0,
            duplicates=0,
            created=self.created,
            updated=self.updated,
            members=self.members,
            errors=[],
            strategy=Strategy.SKIP,
            by_id=by_id,
            by_number=by_number,
            skips_duplicates=True,
        )
        report = ImportReport("", self.list_id, 0, 0, 0, 0, [], "")
        ids = Ids(world.ids.seed, self.ids_planned, self.ids_drawn)
        return PreparedImport(plan, target, ids, report, self.completed)


def of_import(prepared: PreparedImport) -> Change:
    """Return what carrying out *prepared* changes."""
    plan, target, ids, _, completed = prepared
    return {
        "created": [[*one] for one in plan.created],
        "updated": [[*one] for one in plan.updated],
        # Those that are members already change nothing.
        "members": target.not_in(plan.members),
        "list": [target.list_id, target.name],
        "ids": [ids.drawn, ids.planned],
        # Not everybody carries it out at this time.
        "completed": snapshot.shown_moment(completed),
    }


def of_clock(world: World, moved: datetime) -> Change:
    """Return how the clock of *world* stands, which was moved when it was at the moment *moved*."""
    return {"clock": snapshot.shown_clock(world.clock), "moved": snapshot.shown_moment(moved)}


def of_state(world: World) -> Change:
    """Return the whole of *world*, in place of what there was; `as_json` makes JSON values of its contacts."""
    return {"state": snapshot.take(world, lambda source, _: source)}


def of_growth(world: World, beginning: World) -> Change:
    """Return the whole of *world*, as `of_state` does, but only as far as it is not as it was at its *beginning*."""
    growth = snapshot.take_growth(world, beginning)
    return of_state(world) if growth is None else {"growth": growth}


def as_json(change: Change) -> bytes:
    """Return a change as JSON; of many contacts, this takes a while."""
    return orjson.dumps(change, default=_shown)


def _shown(value: Any) -> Any:
    """Return what orjson does not write by itself as a JSON value."""
    if isinstance(value, Contact):
        return snapshot.shown_contact(value)
    raise TypeError


def read_import(change: Change) -> ImportChange:
    """Return an import that `of_import` has written."""
    list_id, list_name = change["list"]
    drawn, planned = change["ids"]
    return ImportChange(
        [_contact(row) for row in change["created"]],
        [_contact(row) for row in change["updated"]],
        change["members"],
        list_id,
        list_name,
        drawn,
        planned,
        datetime.fromisoformat(change["completed"]),
    )


def counters(world: World) -> dict[str, Any]:
    """Return what requests count in *world*: its rate limit, and its faults."""
    return {
        "rateLimit": snapshot.shown_limit(world.rate_limit),
        "armed": [snapshot.armed_fault(one) for one in world.faults.active],
        "nextFault": world.faults.next_number,
    }


def set_counters(world: World, values: Mapping[str, Any]) -> None:
    """Let *world* have counted what `counters` has returned."""
    world.rate_limit = snapshot.restored_limit(values["rateLimit"])
    world.faults.restore(map(snapshot.active_fault, values["armed"]))
    world.faults.next_number = values["nextFault"]


def set_clock(world: World, change: Change) -> None:
    """Let the clock of *world* stand as `of_clock` has written."""
    world.let_settle(datetime.fromisoformat(change["moved"]))
    world.clock = snapshot.restored_clock(world.account.timezone, change["clock"])


def _contact(row: Sequence[Any]) -> Contact:
    identity, name, number, email, address, tags, created_at = row
    return Contact(identity, name, number, email, address, tuple(tags), created_at)
