from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from qlara_sandbox import resources
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.scenario.load import SCHEMA
from qlara_sandbox.scenario.plain_yaml import PlainLoader
from qlara_sandbox.state.worlds import WorldKey

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.state.world import World

SHIPPED = Library(resources.SCENARIOS).names()


def grown(name: str, session: str = "s", seed: int = 0) -> World:
    return Library(resources.SCENARIOS, seed).build(WorldKey("key", session, name))


def test_the_shipped_scenarios_are_those_of_the_documentation() -> None:
    assert set(SHIPPED) >= {
        "bad-header",
        "connection-reset",
        "crm-migration",
        "default",
        "flaky",
        "large-account",
        "no-permission",
        "oversized-file",
        "quota-exhausted",
        "quota-nearly-exhausted",
        "rate-limited",
        "revoked-key",
        "slow",
        "truncated-response",
        "update-existing",
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_has_the_documented_list_a_source_and_lines_to_try(
    name: str,
) -> None:
    scenario = Library(resources.SCENARIOS).get(name)

    assert "list_crm_migration" in {seed.list_id for seed in scenario.lists}
    assert scenario.source
    assert "curl " in scenario.try_lines


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_is_valid_for_the_schema_that_editors_use(name: str) -> None:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    text = (resources.SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")

    value = yaml.load(text, Loader=PlainLoader)  # noqa: S506 - a safe loader
    jsonschema.Draft202012Validator(schema).validate(value)
    pointer = text.split("\n")[0].removeprefix("# yaml-language-server: $schema=")
    assert (resources.SCENARIOS / pointer).resolve() == SCHEMA.resolve()


def test_the_quota_counts_contacts_of_the_lists_and_those_elsewhere() -> None:
    assert grown("quota-exhausted").quota == (50_000, 50_000)
    assert len(grown("quota-exhausted").contacts) == 2


def test_a_list_can_be_imported_from_a_file() -> None:
    world = grown("update-existing")

    assert len(world.lists["list_crm_migration"].members) == 230
    assert world.contacts["cnt_001"].name == "Marco Rossi"
    assert world.contacts["cnt_001"].tags == ("crm-import", "q2-2026")


def test_a_list_can_be_made_up_with_distinct_valid_numbers() -> None:
    import phonenumbers

    world = grown("large-account")
    numbers = {contact.phone_number for contact in world.contacts.values()}

    assert len(numbers) == 49_000
    assert all(
        phonenumbers.is_valid_number(phonenumbers.parse(number))
        for number in sorted(numbers)[::997]
    )


def test_worlds_of_one_scenario_do_not_share_what_they_hold() -> None:
    library = Library(resources.SCENARIOS)
    one, other = (library.build(WorldKey("key", label, "quota-exhausted")) for label in "ab")
    one.contacts.clear()
    one.lists["list_crm_migration"].members.clear()

    assert len(other.contacts) == len(other.lists["list_crm_migration"].members) == 2


def test_the_seed_decides_the_ids() -> None:
    def first_id(seed: int) -> str:
        return grown("default", seed=seed).ids.next("list")

    assert first_id(1) == first_id(1)
    assert first_id(1) != first_id(2)


@pytest.mark.parametrize("name", ["nope", "../pyproject", "files/x", ""])
def test_an_unknown_name_is_answered_with_the_known_ones_and_leads_nowhere_else(name: str) -> None:
    with pytest.raises(UnknownScenario) as error:
        Library(resources.SCENARIOS).get(name)

    assert "quota-exhausted" in str(error.value)


def test_a_quota_smaller_than_the_lists_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "title: T\nstory: S\naccount: {quota: {used: 1}}\nlists: [{id: a, generate: 2}]\n"
    )

    with pytest.raises(InvalidScenario, match=r"below the 2 contacts that the lists hold"):
        Library(tmp_path).get("x")


@pytest.mark.parametrize("text", ["name;number\n", "BEGIN:VCARD\nVERSION:3.0\n"])
def test_a_list_whose_file_cannot_be_imported_is_a_mistake(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.vcf").write_text(text)
    (tmp_path / "x.yaml").write_text("title: T\nstory: S\nlists: [{id: a, file: a.vcf}]\n")

    with pytest.raises(InvalidScenario, match=r"a\.vcf cannot be imported"):
        Library(tmp_path).get("x")


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_no_clock_shows_is_a_mistake(tmp_path: Path, start: str) -> None:
    (tmp_path / "x.yaml").write_text(f"title: T\nstory: S\nclock: {{start: '{start}'}}\n")

    with pytest.raises(InvalidScenario):
        Library(tmp_path).get("x")


def test_a_reload_takes_a_change_and_keeps_the_last_good_state_of_a_broken_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("title: One\nstory: S\n")
    library = Library(tmp_path)
    assert library.get("x").title == "One"

    path.write_text("title: Two\nstory: S\n")
    library.reload("x")
    assert library.get("x").title == "Two"

    path.write_text("title: Three\n")
    with pytest.raises(InvalidScenario):
        library.reload("x")
    assert library.get("x").title == "Two"

    path.unlink()
    with pytest.raises(UnknownScenario):
        library.reload("x")
    with pytest.raises(UnknownScenario):
        library.get("x")
