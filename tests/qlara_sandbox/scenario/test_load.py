from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.scenario.load import load
from qlara_sandbox.state.clock import duration

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidScenario) as error:
        load(written(folder, text))
    return [line.removeprefix(f"{folder}/") for line in error.value.lines()]


def test_a_title_and_a_story_make_a_scenario_with_the_usual_account(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, "title: Mine\nstory: Nothing happens.\n"))

    assert (scenario.name, scenario.title, scenario.story) == ("mine", "Mine", "Nothing happens.")
    assert (scenario.account.quota_total, scenario.account.region) == (50_000, "IT")
    assert scenario.clock.start is None


def test_a_scenario_says_account_lists_clock_ids_and_limits(tmp_path: Path) -> None:
    scenario = load(
        written(
            tmp_path,
            """
title: All
story: Of it.
account: {quota: {used: 7, total: 9}, region: GB, timezone: Europe/London, permissions: [], active: false}
lists:
  - {id: a, name: A, contacts: [{name: X, phoneNumber: "+447911123456"}]}
  - {id: b, generate: 3, tags: [t]}
clock: {start: 2026-04-09T11:00:10+02:00, import_takes: 5s}
ids: {import: [imp_1]}
limits: {file_bytes: 100}
""",
        )
    )

    assert (scenario.quota_used, scenario.account.quota_total) == (7, 9)
    assert (scenario.account.permissions, scenario.account.active) == (frozenset(), False)
    assert [(seed.list_id, seed.name, seed.generate) for seed in scenario.lists] == [
        ("a", "A", 0),
        ("b", "b", 3),
    ]
    assert scenario.clock.start == datetime.fromisoformat("2026-04-09T11:00:10+02:00")
    assert scenario.clock.import_takes == timedelta(seconds=5)
    assert (dict(scenario.ids), scenario.file_bytes) == ({"import": ("imp_1",)}, 100)


def test_an_unknown_field_is_refused_with_line_path_and_hint(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "title: T\nstory: S\naccount:\n  quotta: {}\n") == [
        "mine.yaml:4: account.quotta: unknown field; did you mean 'quota'?"
    ]


def test_a_field_like_no_other_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "title: T\nstory: S\nclock: {zzz: 1}\n") == [
        "mine.yaml:3: clock.zzz: unknown field; expected one of import_takes, start"
    ]


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "title: T\nstory: S\ntitle: U\n") == [
        "mine.yaml:3: title: duplicate field"
    ]


def test_text_that_is_not_yaml_is_refused_at_its_line(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, "title: T\nstory: [\n")
    assert line.startswith("mine.yaml:3: ")


def test_what_aliases_multiply_without_end_is_refused(tmp_path: Path) -> None:
    doubled = "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert mistakes(tmp_path, f"a: &a [{'x, ' * 10}]\n{doubled}") == [
        "mine.yaml:5: aliases make the document too large"
    ]


def test_a_file_makes_no_objects_and_calls_nothing(tmp_path: Path) -> None:
    text = f"title: !!python/object/apply:os.mkdir ['{tmp_path}/made']\nstory: S\n"

    assert mistakes(tmp_path, text) == [
        "mine.yaml:1: title: tag:yaml.org,2002:python/object/apply:os.mkdir is not used here"
    ]
    assert not (tmp_path / "made").exists()


def test_an_empty_file_is_no_scenario(tmp_path: Path) -> None:
    (line,) = mistakes(tmp_path, "")
    assert line.startswith("mine.yaml:1: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "account: {timezone: Europe/Atlantis}",
            "account.timezone: unknown time zone 'Europe/Atlantis'",
        ),
        ("account: {region: XX}", "account.region: unknown telephone region 'XX'"),
        (
            "clock: {start: 1969-01-01T00:00:00Z}",
            "clock.start: expected a moment from 1970 to 2999",
        ),
        (
            "clock: {start: 3000-02-01T00:00:00Z}",
            "clock.start: expected a moment from 1970 to 2999",
        ),
        (
            "clock: {start: 2026-06-30T23:59:60Z}",
            "clock.start: expected a moment from 1970 to 2999",
        ),
        ("account: {quota: {used: 3, total: 2}}", "account.quota.used: more than the total"),
        ("lists: [{id: a}, {id: a}]", "lists[1].id: duplicate list id 'a'"),
        (
            'lists: [{id: a, contacts: [{name: A, phoneNumber: "+393471234567", position: 3}], generate: 1}]',
            "lists[0].contacts[0].position: no place 3 in the list: there are 2",
        ),
        (
            'lists: [{id: a, contacts: [&a {name: A, phoneNumber: "+393471234567", position: 1}, *a]}]',
            "lists[0].contacts[1].position: no place 1 in the list: it is taken",
        ),
        (
            'lists: [{id: a, contacts: [&a {name: A, phoneNumber: "+393471234567", contactId: c}, *a]}]',
            "lists[0].contacts[1].contactId: twice in one list",
        ),
        (
            'lists: [{id: a, contacts: [{name: A, phoneNumber: "+393471234567", contactId: c}]},'
            ' {id: b, contacts: [{name: B, phoneNumber: "+393471234567", contactId: c}]}]',
            "lists[1].contacts[0].contactId: another list has 'c' with other values",
        ),
        (
            "lists: [{id: a, file: x.vcf}]",
            "lists[0].file: file 'x.vcf' not found beside the scenario",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert mistakes(tmp_path, f"title: T\nstory: S\n{text}\n") == [f"mine.yaml:3: {expected}"]


NESTED = "lists: " + "[" * 5000 + "]" * 5000
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        NESTED,
        "lists: &a [*a]",
        "faults: [{on: '*', respond: {status: 200, body: " + "[" * 201 + "]" * 201 + "}}]",
        "limits: {file_bytes: " + "9" * 5000 + "}",
        "account: {quota: {total: 18446744073709551616}}",
        "ids: {import: [!!binary aGVsbG8=]}",
        "ids: !!set {a, b}",
        'clock: {start: "2026-06-30T23:59:60Z"}',
        "account: {timezone: Europe}",
        "account: {timezone: " + "x" * 300 + "}",
        "lists: [{id: a, file: " + "x" * 5000 + "}]",
    ],
    ids=lambda text: text[:30],
)
def test_nothing_that_a_file_holds_is_more_than_a_mistake(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, f"title: T\nstory: S\n{text}\n")


def test_a_control_character_is_refused_at_its_line(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "title: T\nstory: S\x1d\n") == [
        "mine.yaml:2: U+001D: control characters are not allowed"
    ]


def test_of_many_mistakes_twenty_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    text = "title: T\nstory: S\n" + "title: T\n" * 30

    assert mistakes(tmp_path, text) == [
        *(f"mine.yaml:{line}: title: duplicate field" for line in range(3, 23)),
        "mine.yaml:23: … and 10 more",
    ]


def test_a_long_value_is_shortened_and_shown_as_a_terminal_can(tmp_path: Path) -> None:
    (field, *_) = mistakes(tmp_path, 'title: T\nstory: S\n"\\e[31m\\n' + "x" * 500 + '": 1\n')
    (value,) = mistakes(tmp_path, "title: T\nstory: S\naccount: " + "x" * 5000 + "\n")

    start = "mine.yaml:3: \\x1b[31m\\n" + "x" * 89 + "…: unknown field; expected one of "
    assert field.startswith(start)
    assert value == (
        "mine.yaml:3: account: expected fields: quota, region, timezone, permissions, active; "
        'found "' + "x" * 58 + "…"
    )
    assert len(value) < 340


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InvalidScenario, match="cannot be read"):
        load(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("5s", 5), ("2m", 120), ("1h", 3600)]
)
def test_durations_have_a_unit(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder for scenarios, beside which there is a vCard file; links in it lead there."""
    (tmp_path / "secret.vcf").write_text("BEGIN:VCARD\n", encoding="utf-8")
    folder = tmp_path / "scenarios"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "mine.vcf").write_text("BEGIN:VCARD\n", encoding="utf-8")
    (folder / "link.vcf").symlink_to("../secret.vcf")
    (folder / "up").symlink_to("..")
    (folder / "inside.vcf").symlink_to("files/mine.vcf")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "../secret.vcf",
        "files/../../secret.vcf",
        "files/../files/mine.vcf",
        "/etc/passwd",
        "/nowhere/at/all.vcf",
        "link.vcf",
        "up/secret.vcf",
        "up/scenarios/../secret.vcf",
    ],
)
def test_a_file_outside_the_folder_is_refused_with_line_and_field(outside: Path, name: str) -> None:
    text = f"title: T\nstory: S\nlists:\n  - {{id: a, file: {name}}}\n"
    message = f"{name!r} is outside the folder of the scenario; --allow-outside permits it"

    assert mistakes(outside, text) == [f"mine.yaml:4: lists[0].file: {message}"]


@pytest.mark.parametrize("name", ["../secret.vcf", "link.vcf", "up/secret.vcf"])
def test_a_file_outside_the_folder_is_read_where_that_is_allowed(outside: Path, name: str) -> None:
    path = written(outside, f"title: T\nstory: S\nlists: [{{id: a, file: {name}}}]\n")

    assert load(path, allow_outside=True).lists[0].file == outside / name


@pytest.mark.parametrize("name", ["files/mine.vcf", "./files/mine.vcf", "inside.vcf"])
def test_a_file_in_the_folder_is_read_also_by_a_link_within_it(outside: Path, name: str) -> None:
    path = written(outside, f"title: T\nstory: S\nlists: [{{id: a, file: {name}}}]\n")

    assert load(path).lists[0].file == outside / name
