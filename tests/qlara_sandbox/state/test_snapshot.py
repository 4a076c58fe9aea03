from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from qlara_sandbox import resources
from qlara_sandbox.domain.importing import Planner, Strategy
from qlara_sandbox.domain.phone import normaliser
from qlara_sandbox.domain.vcard import read_cards
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.consistency import Contradiction
from qlara_sandbox.state.faults import fault_rule
from qlara_sandbox.state.rate_limit import RateLimit
from qlara_sandbox.state.world import Destination, ImportReport, World
from qlara_sandbox.state.worlds import WorldKey

FILE = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:%s\r\nTEL:%s\r\nEND:VCARD\r\n"


def grown(scenario: str) -> World:
    return Library(resources.SCENARIOS).build(WorldKey("sandbox_a", "default", scenario))


def upload(world: World, name: bytes, number: bytes, into: Destination) -> ImportReport:
    planner = Planner(
        world.import_options(Strategy.SKIP, ("tag",)),
        world.existing_contacts(),
        normaliser(world.account.region),
    )
    planner.add(read_cards(FILE % (name, number)))
    return world.commit(planner.plan(), into)


def restored(world: World) -> World:
    """Return the world after a way through JSON."""
    return snapshot.restore(json.loads(json.dumps(snapshot.take(world))))


NEW = Destination(None, "New")
KNOWN = Destination("list_crm_migration", None)


@pytest.mark.parametrize("name", Library(resources.SCENARIOS).names())
def test_a_world_of_every_scenario_comes_back_as_it_was(name: str) -> None:
    world = grown(name)

    assert snapshot.take(restored(world)) == snapshot.take(world)


def test_a_restored_world_answers_and_goes_on_as_the_one_it_was_taken_of() -> None:
    world = grown("crm-migration")
    upload(world, b"Marco", b"347 123 4567", NEW)
    twin = restored(world)

    for one in (world, twin):
        one.clock.advance(timedelta(seconds=7))
    steps = [(b"Anna", b"348 111 2222", NEW), (b"Marco again", b"347 123 4567", KNOWN)]
    assert [upload(twin, *step) for step in steps] == [upload(world, *step) for step in steps]
    assert twin.contacts == world.contacts
    assert twin.page("list_crm_migration", number=1, limit=9) == world.page(
        "list_crm_migration", number=1, limit=9
    )


def test_a_snapshot_does_not_change_with_the_world() -> None:
    world = grown("default")
    before = snapshot.take(world)
    upload(world, b"Marco", b"347 123 4567", KNOWN)

    assert before["contacts"] == []
    assert before["lists"][0]["members"] == []


def test_counters_of_limits_and_faults_come_back() -> None:
    world = grown("crm-migration")
    now = world.clock.now()
    world.rate_limit = RateLimit(2, timedelta(seconds=60))
    world.rate_limit.take(now)
    rule = {
        "on": "*",
        "count": 2,
        "ttl": "60s",
        "delay": {"uniform": {"lower": "1s", "upper": "9s"}},
    }
    world.faults.arm(fault_rule(rule), now)
    world.faults.match("listContacts", now)
    twin = restored(world)

    assert twin.rate_limit is not None
    assert twin.rate_limit.standing(now) == world.rate_limit.standing(now)
    assert twin.faults.match("listContacts", now) == world.faults.match("listContacts", now)
    assert twin.faults.match("listContacts", now) is None
    assert twin.faults.arm(fault_rule(rule), now).fault_id == "fault_2"


def test_a_running_clock_that_was_moved_stays_moved() -> None:
    world = grown("default")
    world.clock.advance(timedelta(days=400))
    twin = restored(world)

    assert not twin.clock.is_frozen
    assert abs(twin.clock.now() - world.clock.now()) < timedelta(minutes=1)


def test_a_clock_that_was_frozen_by_hand_is_reset_to_the_real_time() -> None:
    world = grown("default")
    world.clock.freeze()
    twin = restored(world)

    assert twin.clock.now() == world.clock.now()
    twin.clock.reset()
    assert not twin.clock.is_frozen


def test_a_snapshot_holds_no_key() -> None:
    assert "sandbox_a" not in json.dumps(snapshot.take(grown("default")))


def broken(**changes: Any) -> dict[str, Any]:
    world = grown("default")
    upload(world, b"Marco", b"347 123 4567", KNOWN)
    return {**snapshot.take(world), **changes}


CONTACT = {
    "contactId": "cnt_001",
    "name": "A",
    "phoneNumber": "+393471234567",
    "email": "",
    "address": "",
    "tags": [],
    "createdAt": "2026-04-09T11:00:10+02:00",
}
LIST = {"listId": "list_a", "name": "A", "members": []}


@pytest.mark.parametrize(
    ("state", "field"),
    [
        (broken(contacts=[CONTACT, CONTACT]), "state.contacts"),
        (broken(lists=[LIST, LIST]), "state.lists[1].listId"),
        (broken(lists=[{**LIST, "members": ["cnt_9"]}]), "state.lists[0].members"),
        (
            broken(account={**broken()["account"], "timezone": "Mars/Olympus"}),
            "state.account.timezone",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_by_field(state: dict[str, Any], field: str) -> None:
    with pytest.raises(Contradiction) as refused:
        snapshot.restore(state)
    assert refused.value.field == field
