"""Known deviations: read strictly, drafted from a run, and reported when they expire or are unused."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from qlara_contract.deviations import Deviation, InvalidDeviations, draft, load_deviations
from qlara_contract.results import Evidence, Results
from qlara_contract.spec_variants import SpecVariant

if TYPE_CHECKING:
    from pathlib import Path

_RIGHT = "deviations:\n- {promise: list.pages-from-1, reason: from 0, until: 2027-01-31}\n"


def _load(tmp_path: Path, text: str) -> tuple[Deviation, ...]:
    path = tmp_path / "known.yaml"
    path.write_text(text, encoding="utf-8")
    return load_deviations(path)


def test_an_entry_names_promise_reason_and_until_date(tmp_path: Path) -> None:
    assert _load(tmp_path, _RIGHT) == (
        Deviation(("list.pages-from-1",), "from 0", date(2027, 1, 31)),
    )


@pytest.mark.parametrize("reason", ["no", "1:30", "on", "2026-04-09"])
def test_a_reason_is_text_as_it_stands(tmp_path: Path, reason: str) -> None:
    (deviation,) = _load(tmp_path, _RIGHT.replace("from 0", reason))
    assert deviation.reason == reason


def test_an_empty_file_knows_no_deviation(tmp_path: Path) -> None:
    assert _load(tmp_path, "# nothing yet\n") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "expected `deviations:`"),
        ("deviations: [1]\n", "entry 1: expected promise, reason, until"),
        (_RIGHT.replace("reason: from 0, ", ""), "entry 1: reason is missing"),
        (_RIGHT.replace("2027-01-31", "soon"), "entry 1: until: expected a date"),
        (_RIGHT.replace("2027-01-31", "2027-02-30"), "entry 1: until: expected a date"),
        (_RIGHT.replace("2027-01-31", "20270131"), "entry 1: until: expected a date"),
        (_RIGHT.replace("pages-from-1", "pagez"), "entry 1: promise: Unknown promise"),
        (_RIGHT.replace("until", "til"), "entry 1: til: expected one of promise, reason, until"),
        (_RIGHT + _RIGHT.removeprefix("deviations:\n"), "entry 2: promise: .* listed twice"),
        ("deviations: [", "is not YAML"),
        ("deviations:\n- &a [*a]\n", r"known\.yaml:2: is not YAML: an alias leads into itself$"),
    ],
)
def test_a_wrong_entry_is_named_with_its_field(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidDeviations, match=message):
        _load(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDeviations, match=r"none\.yaml: cannot be read"):
        load_deviations(tmp_path / "none.yaml")


def test_a_deviation_holds_until_its_date_inclusive() -> None:
    known = Deviation(("quota.shape",), "other fields", date(2027, 1, 31))
    assert [known.holds(date(2027, month, 31)) for month in (1, 3)] == [True, False]


def test_a_draft_covers_what_is_broken_and_can_be_loaded(tmp_path: Path) -> None:
    results = Results()
    results.record_kept("list.order")
    results.record_broken("list.has-more", Evidence("`hasMore` is wrong.", "true", "false"))
    variant = Evidence("Pages.", "1", "0", variant=SpecVariant.PAGES_FROM_0)
    results.record_broken("list.pages-from-1", variant)
    drafted = _load(tmp_path, draft(results.by_id.values(), date(2027, 1, 31)))
    assert [(each.promises, each.reason) for each in drafted] == [
        (("list.has-more",), "`hasMore` is wrong."),
        (("list.pages-from-1",), "follows the API reference: pages count from 0"),
    ]


@pytest.mark.parametrize("depth", [60, 3000, 100_000])
@pytest.mark.parametrize("start", ["", "deviations: ", "deviations:\n- reason: "])
@pytest.mark.parametrize("unit", ["[", "{a: ", "- "])
def test_values_nested_without_end_are_refused_in_a_sentence(
    tmp_path: Path, start: str, unit: str, depth: int
) -> None:
    with pytest.raises(InvalidDeviations, match=r"known\.yaml:\d+: is not YAML: [^\n]+$"):
        _load(tmp_path, start + ("\n" if unit == "- " else "") + unit * depth + "x")


def test_an_entry_may_name_several_promises_and_the_circumstance(tmp_path: Path) -> None:
    text = _RIGHT.replace("promise: list.pages-from-1", "promises: [list.total, list.order]")
    text = text.replace("until", "when: page 2, story: paging, until")
    [entry] = _load(tmp_path, text)
    assert (entry.promises, entry.when, entry.story) == (
        ("list.total", "list.order"),
        "page 2",
        "paging",
    )
    seen = Evidence("Wrong on Page 2.", "1", "2", story="Paging past the end")
    assert entry.knows("list.order", seen)
    assert not entry.knows("list.order", Evidence("Wrong on page 3.", "1", "2", story="paging"))
    assert not entry.knows("quota.shape", seen)


def test_each_entry_of_a_draft_stands_by_itself() -> None:
    results = Results()
    for each in ("list.pages-from-1", "quota.shape", "tags.tidied"):
        results.record_broken(each, Evidence(f"wrong: {each}", "a", "b", None))
    text = draft(results.by_id.values(), date(2027, 1, 31))
    assert (text.count("until: 2027-01-31\n"), "&" in text, "*" in text) == (3, False, False)


def test_a_draft_has_one_entry_for_a_cause_narrowed_to_it(tmp_path: Path) -> None:
    results = Results()
    variant = Evidence("Pages.", "1", "0", variant=SpecVariant.PAGES_FROM_0)
    results.record_broken("list.total", variant)
    results.record_broken("list.has-more", variant)
    results.record_broken("quota.shape", Evidence("Text.", "1", "a", story="a story"))
    drafted = _load(tmp_path, draft(results.by_id.values(), date(2027, 1, 31)))
    assert [(each.promises, each.when, each.story) for each in drafted] == [
        (("list.total", "list.has-more"), SpecVariant.PAGES_FROM_0.value, ""),
        (("quota.shape",), "", "a story"),
    ]
