"""Whether one order of events explains all that clients saw of a world: the serial oracle.

Each event began and ended at some time, and took effect at a moment in between. If the events can be put
in an order that fits those times, and carried out one after another with just the responses that the
clients got, then nothing was lost, done twice or half done.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from qlara_sandbox.domain.errors import QuotaExceeded, Refusal, UnknownList
from qlara_sandbox.domain.importing import Strategy, parse_tags
from qlara_sandbox.services.importing import plan_import, summary
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.world import Destination

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_sandbox.domain.importing import Plan
    from qlara_sandbox.state.world import ImportReport, World

State = dict[str, Any]


class Kind(Enum):
    """What an event does."""

    IMPORT = "import"
    RESET = "reset"
    RESTORE = "restore"
    READ_STATE = "read the state"
    READ_QUOTA = "read the quota"


@dataclass(frozen=True, slots=True)
class Upload:
    """What a client uploads."""

    file: bytes
    strategy: str = "SKIP"
    list_id: str | None = None
    list_name: str | None = None
    tags: str = ""

    def fields(self) -> dict[str, str]:
        """Return the fields of the form."""
        named = {"listId": self.list_id, "listName": self.list_name, "tags": self.tags}
        given = {name: value for name, value in named.items() if value}
        return {"duplicateStrategy": self.strategy, **given}


@dataclass(frozen=True, slots=True)
class Event:
    """Something a client did to one world, from ``began`` to ``ended`` in seconds.

    ``status`` and ``body`` are those of the response. Status 0: the client did not wait for it, and
    nobody knows whether the event took effect.
    """

    kind: Kind
    began: float
    ended: float
    status: int = 200
    body: Any = None
    upload: Upload | None = None
    state: State | None = field(default=None, repr=False)

    @property
    def is_certain(self) -> bool:
        """Whether the client learned what came of it."""
        return self.status != 0


def comparable(state: Mapping[str, Any]) -> State:
    """Return of a state what does not depend on the time of day."""
    contacts = [
        {name: value for name, value in contact.items() if name != "createdAt"}
        for contact in state["contacts"]
    ]
    return {
        "contacts": contacts,
        "lists": state["lists"],
        "ids": state["ids"],
        "nextNumber": state["nextNumber"],
    }


def explain(first: State, events: list[Event], last: State) -> list[Event] | None:
    """Return *events* in an order that leads from the state *first* to *last*; None if there is none.

    A reset leads back to *first*.
    """
    return _Search(first, comparable(last)).search(_World(first), events)


class _Mismatch(Exception):
    """The event would have had another response here."""


class _World:
    """A world in which events happen one after another."""

    def __init__(self, state: State) -> None:
        self._world: World = snapshot.restore(state)

    def copy(self) -> _World:
        return _World(self.state())

    def state(self) -> State:
        return snapshot.take(self._world)

    def allows(self, event: Event) -> bool:
        """Carry out *event* if it has the same response here; else change nothing."""
        if event.kind is Kind.READ_QUOTA:
            quota = self._world.quota
            return bool(event.body == {"used": quota.used, "total": quota.total})
        if event.kind is Kind.READ_STATE:
            return comparable(event.body) == comparable(self.state())
        try:
            self._import(event)
        except _Mismatch:
            return False
        return True

    def _import(self, event: Event) -> None:
        upload = event.upload
        assert upload is not None, "an import has a file"
        world = self._world
        try:
            destination = Destination(upload.list_id, upload.list_name)
            if upload.list_id is not None:
                world.list(upload.list_id)
            prepared = world.prepare(self._plan(upload), destination)
            _require(prepared.report, event)
            world.carry_out(prepared)
        except Refusal as refusal:
            body = {"status": "fail", "data": refusal.data}
            if event.is_certain and (event.status != _status(refusal) or event.body != body):
                raise _Mismatch from refusal

    def _plan(self, upload: Upload) -> Plan:
        world = self._world
        options = world.import_options(Strategy(upload.strategy), parse_tags(upload.tags))
        return plan_import(upload.file, options, world.existing_contacts(), world.account.region)


class _Search:
    def __init__(self, first: State, last: State) -> None:
        self._first = first
        self._last = last

    def search(self, world: _World, events: list[Event]) -> list[Event] | None:
        order: list[Event] = []
        while True:
            if self._is_explained(world, events):
                return order
            due = _due(events)
            if not due:
                return None
            unchanging = next((one for one in due if _reads(one) and world.allows(one)), None)
            if unchanging is not None:  # it is never wrong to let it come first
                order.append(unchanging)
                events = _without(events, unchanging)
                continue
            changing = [one for one in due if not _reads(one)]
            if len(changing) == 1:
                [only] = changing
                if only.is_certain:
                    after = self._after(world, only)
                    if after is None:
                        return None
                    world, events = after, _without(events, only)
                    order.append(only)
                    continue
            return self._branch(world, events, changing, order)

    def _branch(
        self, world: _World, events: list[Event], changing: list[Event], order: list[Event]
    ) -> list[Event] | None:
        for one in sorted(changing, key=_boldness):
            after = self._after(world.copy(), one)
            rest = None if after is None else self.search(after, _without(events, one))
            if rest is not None:
                return [*order, one, *rest]
        return None

    def _after(self, world: _World, event: Event) -> _World | None:
        if event.kind is Kind.RESET:
            return _World(self._first)
        if event.kind is Kind.RESTORE:
            assert event.state is not None, "there is a state to restore"
            return _World(event.state)
        return world if world.allows(event) else None

    def _is_explained(self, world: _World, events: list[Event]) -> bool:
        if any(event.is_certain for event in events):
            return False
        return comparable(world.state()) == self._last


def _due(events: list[Event]) -> list[Event]:
    """Return the events that may come next: none of the others was over before they began."""
    first_end = min((one.ended for one in events if one.is_certain), default=math.inf)
    return [one for one in events if one.began <= first_end]


def _reads(event: Event) -> bool:
    if event.kind is Kind.IMPORT:
        return event.is_certain and event.status != 200
    return event.kind in {Kind.READ_QUOTA, Kind.READ_STATE}


def _boldness(event: Event) -> int:
    if not event.is_certain:
        return 2
    return 0 if event.kind is Kind.IMPORT else 1


def _without(events: list[Event], one: Event) -> list[Event]:
    return [event for event in events if event is not one]


def _require(report: ImportReport, event: Event) -> None:
    if not event.is_certain:
        return
    if event.status != 200:
        raise _Mismatch
    errors = [{"line": one.line, "name": one.name, "reason": one.reason} for one in report.errors]
    expected = {
        "importId": report.import_id,
        "listId": report.list_id,
        "status": "COMPLETED",
        "summary": summary(report),
        "errors": errors,
    }
    if {name: event.body.get(name) for name in expected} != expected:
        raise _Mismatch


def _status(refusal: Refusal) -> int:
    if isinstance(refusal, QuotaExceeded):
        return 409
    return 404 if isinstance(refusal, UnknownList) else 400
