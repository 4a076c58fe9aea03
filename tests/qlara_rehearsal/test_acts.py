"""Act files: the shipped ones, those of partners, and what is said of mistakes in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema
import pytest

from qlara_contract import yaml_12
from qlara_contract.errors import CannotRun
from qlara_rehearsal.acts import SHIPPED, load_act, load_acts, schema
from qlara_rehearsal.stage import InvalidScenario
from tests.qlara_rehearsal.playing import GOOD, found, played

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = """\
title: A title
story: A story.
why: It costs money.
advice: Do it otherwise.
lists: [{id: list_mine}]
expect:
  reached: [{operation: uploadVCard}]
"""


def mistakes(folder: Path, text: str) -> list[str]:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidScenario) as caught:
        load_act(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_the_shipped_acts_are_those_that_a_partner_needs_before_go_live() -> None:
    assert [each.name for each in load_acts([SHIPPED])] == [
        "connection-reset",
        "documented-import",
        "file-with-errors",
        "further-fields",
        "half-a-list",
        "hostile-names",
        "key-revoked",
        "lost-response",
        "many-pages",
        "new-list",
        "no-permission",
        "not-a-vcard",
        "plan-full",
        "plan-nearly-full",
        "rate-limited",
        "slow",
        "too-large",
        "unavailable",
        "update",
    ]


def test_another_validator_reads_the_schema_and_accepts_the_shipped_acts() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    for path in SHIPPED.glob("*.yaml"):
        jsonschema.validate(yaml_12.read(path.read_text(encoding="utf-8")), schema())


def test_every_example_of_the_schema_is_what_it_describes() -> None:
    for each in schema()["properties"].values():
        for example in each.get("examples", []):
            jsonschema.validate(example, each)


def test_an_act_of_ones_own_is_played_as_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINIMAL, encoding="utf-8")

    [act] = load_acts([tmp_path])

    assert (act.name, act.list_id, act.why) == ("mine", "list_mine", "It costs money.")
    assert found(played(GOOD, (act,))) == {}


def test_an_act_of_ones_own_wins_over_a_shipped_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(MINIMAL, encoding="utf-8")

    acts = load_acts([SHIPPED, tmp_path])

    assert [each.title for each in acts if each.name == "slow"] == ["A title"]


def test_files_beside_the_act_are_found_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "mine.vcf").write_bytes(b"BEGIN:VCARD")
    text = MINIMAL + "file: {path: files/mine.vcf}\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")

    [act] = load_acts([tmp_path])

    assert act.file == {"path": (tmp_path / "files" / "mine.vcf").resolve()}


def test_a_mistake_is_told_with_its_line_its_field_and_what_was_expected(tmp_path: Path) -> None:
    text = MINIMAL + "file: {generat: {contacts: 3}}\nstrategies: [update]\n"

    assert mistakes(tmp_path, text) == [
        "8: file.generat: unknown field; did you mean 'generate'?",
        '9: strategies[0]: expected one of SKIP, UPDATE, DUPLICATE; found "update"; write `UPDATE`',
    ]


def test_mistakes_of_the_scenario_are_told_as_in_a_scenario_file(tmp_path: Path) -> None:
    text = MINIMAL + "faults: [{on: uploadVCrd, count: 1, respond: {status: 503}}]\n"

    assert mistakes(tmp_path, text) == [
        "8: faults[0].on: unknown operation 'uploadVCrd'; expected one of uploadVCard, listContacts, "
        "getContactQuota, '*'; did you mean uploadVCard?"
    ]


def test_what_an_act_needs_is_told_with_its_meaning(tmp_path: Path) -> None:
    text = MINIMAL.replace("why: It costs money.\n", "")

    [mistake] = mistakes(tmp_path, text)

    assert mistake.startswith("1: why: missing. What it costs if a client gets this wrong")


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("file: {path: none.vcf}", "8: file.path: file 'none.vcf' not found beside the act"),
        (
            "file: {path: ../mine.vcf}",
            "8: file.path: '../mine.vcf' is outside the folder of the act",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_a_mistake(line: str, mistake: str, tmp_path: Path) -> None:
    assert mistakes(tmp_path, f"{MINIMAL}{line}\n") == [mistake]


def test_a_list_that_the_act_does_not_have_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path, MINIMAL + "list_id: list_mina\n") == [
        "8: list_id: no list of the act has the id 'list_mina'; did you mean list_mine?"
    ]


def test_an_operation_that_no_contract_has_is_a_mistake(tmp_path: Path) -> None:
    text = MINIMAL.replace("uploadVCard", "listContact")

    assert mistakes(tmp_path, text) == [
        "7: expect.reached[0].operation: unknown operation 'listContact'; expected one of uploadVCard, "
        "listContacts, getContactQuota, *; did you mean listContacts?"
    ]


def test_a_folder_with_mistakes_or_without_acts_cannot_be_rehearsed(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="there is no act"):
        load_acts([tmp_path])
    (tmp_path / "one.yaml").write_text("", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("title: [", encoding="utf-8")
    with pytest.raises(CannotRun, match=r"(?s)one\.yaml:1: is empty. An act needs.*two\.yaml:2: "):
        load_acts([tmp_path])


@pytest.mark.parametrize("name", ["with blank", "Übung_1", "a__b", "mine--reference", "x" * 200])
def test_an_act_is_played_whatever_its_file_is_called(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.yaml").write_text(MINIMAL, encoding="utf-8")

    assert found(played(GOOD, (load_act(tmp_path / f"{name}.yaml"),))) == {}


def test_in_an_act_without_a_list_a_new_one_is_named_by_its_title(tmp_path: Path) -> None:
    text = MINIMAL.replace("lists: [{id: list_mine}]\n", "") + "  contacts: as imported\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    act = load_act(tmp_path / "mine.yaml")

    assert (act.list_id, act.list_name) == ("", "A title")
    assert found(played(GOOD, (act,))) == {}
