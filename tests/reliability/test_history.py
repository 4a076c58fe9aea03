"""The serial oracle explains what can have happened, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from qlara_sandbox import resources
from qlara_sandbox.domain.importing import Strategy, parse_tags
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.services.importing import plan_import, summary
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.world import Destination, World
from qlara_sandbox.state.worlds import WorldKey
from reliability.history import Event, Kind, State, Upload, explain


def fresh() -> World:
    return Library(resources.SCENARIOS).build(WorldKey("sandbox_a", "default", "default"))


def state(world: World) -> State:
    return snapshot.take(world)


def upload(*numbers: int, strategy: str = "SKIP", list_name: str | None = None) -> Upload:
    cards = [
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Neri\r\nTEL:+3934711122{number:02d}\r\nEND:VCARD\r\n"
        for number in numbers
    ]
    list_id = None if list_name else "list_crm_migration"
    return Upload("".join(cards).encode(), strategy, list_id, list_name)


def imported(world: World, one: Upload) -> dict[str, Any]:
    """Import into *world*, and return the body of the response."""
    options = world.import_options(Strategy(one.strategy), parse_tags(one.tags))
    plan = plan_import(one.file, options, world.existing_contacts(), "IT")
    report = world.commit(plan, Destination(one.list_id, one.list_name))
    return {
        "importId": report.import_id,
        "listId": report.list_id,
        "status": "COMPLETED",
        "summary": summary(report),
        "errors": [],
        "completedAt": "2026-04-09T11:00:15+02:00",
    }


def event(body: dict[str, Any], one: Upload, began: float = 0, ended: float = 9) -> Event:
    return Event(Kind.IMPORT, began, ended, 200, body, one)


def killed(one: Upload) -> Event:
    return Event(Kind.IMPORT, 0, float("inf"), 0, None, one)


def test_overlapping_imports_are_explained_in_the_order_in_which_they_took_effect() -> None:
    world, first, second = fresh(), upload(1, 2), upload(2, 3, list_name="New")
    before = state(world)
    one, other = event(imported(world, first), first), event(imported(world, second), second)

    assert explain(before, [other, one], state(world)) == [one, other]


def test_an_order_against_the_times_is_none() -> None:
    world, first, second = fresh(), upload(1), upload(1)
    before = state(world)
    one = event(imported(world, first), first, began=5, ended=6)
    other = event(imported(world, second), second, began=1, ended=2)

    assert explain(before, [one, other], state(world)) is None


def test_a_lost_import_is_found() -> None:
    world, one = fresh(), upload(1)
    before = state(world)
    body = imported(world, one)

    assert explain(before, [event(body, one)], before) is None


def test_half_an_import_is_found() -> None:
    world, whole, half = fresh(), upload(1, 2), upload(1)
    before = state(world)
    body = imported(fresh(), whole)
    imported(world, half)

    assert explain(before, [event(body, whole)], state(world)) is None


def test_an_import_that_took_effect_twice_is_found() -> None:
    world, one = fresh(), upload(1, strategy="DUPLICATE")
    before = state(world)
    body = imported(world, one)
    imported(world, one)

    assert explain(before, [event(body, one)], state(world)) is None


def test_two_imports_with_the_same_id_are_found() -> None:
    world, first, second = fresh(), upload(1), upload(2)
    before = state(world)
    one = event(imported(fresh(), first), first)
    other = event(imported(fresh(), second), second)
    imported(world, first)
    imported(world, second)

    assert explain(before, [one, other], state(world)) is None


def test_a_read_of_half_an_import_is_found() -> None:
    world, whole = fresh(), upload(1, 2)
    before = state(world)
    one = event(imported(world, whole), whole)
    read = Event(Kind.READ_QUOTA, 0, 9, 200, {"used": 1, "total": 50_000})

    assert explain(before, [one, read], state(world)) is None
    right = replace(read, body={"used": 2, "total": 50_000})
    assert explain(before, [one, right], state(world)) == [one, right]


def test_a_client_that_vanished_may_have_imported_or_not() -> None:
    world, gone, seen = fresh(), upload(1), upload(2)
    before = state(world)
    imported(world, gone)
    one = event(imported(world, seen), seen)

    assert explain(before, [one, killed(gone)], state(world)) == [killed(gone), one]
    assert explain(before, [killed(gone)], before) == []


def test_an_import_before_a_reset_is_gone_after_it() -> None:
    world, one = fresh(), upload(1)
    before = state(world)
    before_it = event(imported(world, one), one)
    reset = Event(Kind.RESET, 0, 9)

    assert explain(before, [reset, before_it], before) == [before_it, reset]
    assert explain(before, [reset, before_it], state(world)) == [reset, before_it]


@pytest.mark.parametrize("status", [400, 409, 503])
def test_a_refusal_without_a_reason_is_found(status: int) -> None:
    world, one = fresh(), upload(1)
    before = state(world)
    refused = Event(Kind.IMPORT, 0, 9, status, {"status": "fail", "data": {"file": "x"}}, one)

    assert explain(before, [refused], before) is None
