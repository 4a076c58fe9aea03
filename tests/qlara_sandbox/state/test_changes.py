"""A change that is carried out on a copy leads to the same world."""

from __future__ import annotations

import orjson
import pytest

from qlara_sandbox import resources
from qlara_sandbox.domain.importing import Planner, Strategy
from qlara_sandbox.domain.phone import normaliser
from qlara_sandbox.domain.vcard import read_cards
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.state import changes, snapshot
from qlara_sandbox.state.world import Destination, World
from qlara_sandbox.state.worlds import WorldKey
from tests.qlara_sandbox.web.calls import vcf

LIBRARY = Library(resources.SCENARIOS)
STEPS = [
    (Strategy.SKIP, "New", [("Ada", "347 123 4567"), ("Bob", "347 123 4568")]),
    (Strategy.UPDATE, "New", [("Ada again", "347 123 4567"), ("Carl", "347 123 4569")]),
    (Strategy.DUPLICATE, "Another", [("Ada twice", "347 123 4567")]),
]


def begun(scenario: str) -> World:
    return LIBRARY.build(WorldKey("sandbox_a", "default", scenario))


def grown(scenario: str) -> World:
    world = begun(scenario)
    known = [one.phone_number for one in world.contacts.values()][:3]
    updates = (Strategy.UPDATE, "New", [("Other name", number) for number in known])
    for strategy, name, people in [*STEPS, updates] if known else STEPS:
        planner = Planner(
            world.import_options(strategy, ("tag",)),
            world.existing_contacts(),
            normaliser(world.account.region),
        )
        planner.add(read_cards(vcf(*people)))
        lists = [one.list_id for one in world.lists.values() if one.name == name]
        into = Destination(lists[0], None) if lists else Destination(None, name)
        world.commit(planner.plan(), into)
    return world


@pytest.mark.parametrize("scenario", ["crm-migration", "update-existing", "large-account"])
def test_what_a_world_has_become_since_its_scenario_leads_to_it_again(scenario: str) -> None:
    world = grown(scenario)

    change = orjson.loads(changes.as_json(changes.of_growth(world, begun(scenario))))
    again = snapshot.restore_growth(change["growth"], begun(scenario))

    assert snapshot.take(again) == snapshot.take(world)
    assert again.by_number == world.by_number
    assert len(change["growth"]["contacts"]) <= 4 + 3


def test_a_world_that_did_not_grow_from_its_scenario_is_told_as_a_whole() -> None:
    world = grown("crm-migration")

    change = orjson.loads(changes.as_json(changes.of_growth(world, begun("update-existing"))))

    assert change == {"state": orjson.loads(orjson.dumps(snapshot.take(world)))}


def test_contacts_that_did_not_change_are_those_of_the_scenario() -> None:
    beginning = begun("update-existing")
    change = orjson.loads(
        changes.as_json(changes.of_growth(grown("update-existing"), begun("update-existing")))
    )

    again = snapshot.restore_growth(change["growth"], beginning)

    unchanged = [one for name, one in beginning.contacts.items() if again.contacts[name] is not one]
    assert len(unchanged) == 3
