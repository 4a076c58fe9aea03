"""Contacts that a scenario writes out: their ids, times and places, and those that fill the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_sandbox.scenario.build import build, build_template
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.scenario.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.state.world import World


def world(tmp_path: Path, lists: str) -> World:
    path = tmp_path / "mine.yaml"
    path.write_text(f"title: T\nstory: S\nlists:\n{lists}", encoding="utf-8")
    scenario = load(path)
    return build(scenario, build_template(scenario), seed="")


def test_a_contact_has_the_id_and_the_time_that_the_file_gives_it(tmp_path: Path) -> None:
    one = world(
        tmp_path,
        '  - {id: a, contacts: [{name: A, phoneNumber: "+393471234567", contactId: c-9, '
        'createdAt: "2026-01-02T03:04:05+01:00"}]}',
    )

    assert [tuple(each) for each in one.contacts.values()] == [
        ("c-9", "A", "+393471234567", "", "", (), "2026-01-02T03:04:05+01:00")
    ]


def test_contacts_fill_the_places_that_others_leave(tmp_path: Path) -> None:
    one = world(
        tmp_path,
        "  - id: a\n    generate: 3\n    contacts:\n"
        '      - {name: Fifth, phoneNumber: "+393471234567", position: 5}\n'
        '      - {name: Second, phoneNumber: "+393471234568", position: 2}\n'
        '      - {name: Any, phoneNumber: "+393471234569"}\n'
        "      - {name: Same as one that is made up, phoneNumber: '+393200000007', position: 3}\n",
    )

    names = [contact.name for contact in one.page("a", number=1, limit=10).contacts]
    numbers = [contact.phone_number for contact in one.contacts.values()]
    assert names == [
        *("Any", "Second", "Same as one that is made up"),
        *("Marco Rossi 1", "Fifth", "Luca Verdi 3", "Anna Neri 4"),
    ]
    assert len(numbers) == len(set(numbers))


def test_a_contact_can_be_in_several_lists_and_counts_once(tmp_path: Path) -> None:
    contact = '{name: A, phoneNumber: "+393471234567", contactId: c}'
    one = world(
        tmp_path, f"  - {{id: a, contacts: [{contact}]}}\n  - {{id: b, contacts: [{contact}]}}\n"
    )

    assert one.quota.used == 1
    assert [one.page(name, number=1, limit=1).contacts[0].contact_id for name in "ab"] == ["c", "c"]


def test_no_id_is_given_twice(tmp_path: Path) -> None:
    one = world(
        tmp_path,
        '  - {id: a, contacts: [{name: A, phoneNumber: "+393471234567", contactId: cnt_002}, '
        '{name: B, phoneNumber: "+393471234568"}, {name: C, phoneNumber: "+393471234569"}]}',
    )

    assert (list(one.contacts), one.next_number) == (["cnt_002", "cnt_001", "cnt_003"], 4)


def test_later_contacts_have_higher_numbers_than_those_of_the_file(tmp_path: Path) -> None:
    one = world(
        tmp_path,
        '  - {id: a, contacts: [{name: A, phoneNumber: "+393471234567", contactId: cnt_0420}]}',
    )

    assert one.next_number == 421


def test_a_file_cannot_stand_beside_contacts(tmp_path: Path) -> None:
    (tmp_path / "x.vcf").write_text("BEGIN:VCARD\nEND:VCARD\n", encoding="utf-8")

    with pytest.raises(InvalidScenario) as error:
        world(tmp_path, "  - {id: a, file: x.vcf, contacts: []}")

    assert [(one.field, one.message) for one in error.value.mistakes] == [
        ("lists[0].file", "expected file, or contacts and generate; found contacts and file")
    ]
