"""What an overlay says beside conventions: promises that differ, in sentences."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from rich.console import Console

from qlara_contract.conventions import (
    KnownConventions,
    Observation,
    ReadOverlay,
    contract_under,
    overlay_for,
    read_overlay,
    steady,
)
from qlara_contract.engine import Outcome
from qlara_contract.errors import CannotRun
from qlara_contract.report.terminal import print_outcome
from qlara_contract.results import Evidence, PromiseState, Results
from qlara_contract.settings import RunSettings
from qlara_contract.targets import Conventions

if TYPE_CHECKING:
    from pathlib import Path

SORTED = "The tags stand in another order."


def _written(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "overlay.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def _outcome(results: Results, *, strict: bool = True, **otherwise: str) -> Outcome:
    known = KnownConventions(Conventions(), {}, {"tags.order": SORTED} | otherwise)  # type: ignore[arg-type]
    settings = RunSettings("https://api.example.com", "a-key", strict=strict)
    return Outcome(settings, results, conventions=known)


def _differing() -> Results:
    results = Results()
    results.record_kept("quota.shape")
    results.record_broken("tags.order", Evidence(SORTED, "a, b", "b, a"))
    return results


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    document = overlay_for({"order": "name"}, differs={"tags.order": SORTED})
    said = read_overlay(_written(tmp_path, document))
    assert said == ReadOverlay(Conventions(order="name"), {"tags.order": SORTED})


@pytest.mark.parametrize(
    ("differs", "message"),
    [
        ({"tags.oder": "x"}, "x-qlara-differs: Unknown promise 'tags.oder'. Similar: tags."),
        (
            {"upload.imports-a-file": "x"},
            "x-qlara-differs: upload.imports-a-file is documented (UC-020: ",
        ),
        ({"tags.order": ""}, "x-qlara-differs: tags.order: expected a mapping from promise ids to"),
        ({"tags.order": "x" * 301}, "a sentence of at most 300 characters each"),
        (["tags.order"], "x-qlara-differs: expected a mapping from promise ids"),
    ],
)
def test_what_cannot_differ_is_refused(tmp_path: Path, differs: Any, message: str) -> None:
    action = {"target": "$", "update": {"x-qlara-differs": differs}}
    info = {"title": "T", "version": "1"}
    path = _written(tmp_path, {"overlay": "1.0.0", "info": info, "actions": [action]})
    with pytest.raises(CannotRun) as caught:
        read_overlay(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_promise_that_is_said_to_differ_does_not_count_when_it_does() -> None:
    outcome = _outcome(_differing())
    assert (outcome.exit_code, outcome.differing) == (0, [])
    assert outcome.state(outcome.results.by_id["tags.order"]) is PromiseState.KEPT
    assert outcome.otherwise == {"tags.order": SORTED}

    shown = StringIO()
    print_outcome(Console(file=shown, width=120), outcome)
    assert "tags.order does otherwise, and the overlay says so" in shown.getvalue()


def test_another_promise_that_differs_does_count() -> None:
    results = _differing()
    results.record_broken("list.order", Evidence("By name.", "import", "name"))
    outcome = _outcome(results)
    assert (outcome.exit_code, outcome.differing) == (1, ["list.order"])


def test_what_a_convention_says_is_no_sentence() -> None:
    results = Results()
    by = ("order",)
    results.record_broken("list.order", Evidence("By name.", "import", "name", by=by, value="name"))
    outcome = _outcome(results)
    assert outcome.otherwise == {"list.order": "By name."}
    outcome.conventions.observe("order", "name", "by name")
    assert outcome.otherwise == {}
    other = Evidence("By id.", "import", "id", by=by, value="id")
    assert not outcome.conventions.says(other)


@pytest.mark.parametrize(
    ("measured", "written"),
    [(0.02, "250ms"), (0.31, "500ms"), (0.836, "1s"), (1.04, "2s"), (2.05, "3s"), (14.9, "20s")],
)
def test_what_was_measured_is_written_as_the_next_of_a_few_times(
    measured: float, written: str
) -> None:
    known = KnownConventions(Conventions(), {})
    known.observe("settle", f"{round(measured * 1000)}ms", "seen late")
    assert (steady(measured), known.known) == (written, {"settle": written})
    assert known.observations["settle"] == Observation(
        "settle", f"{round(measured * 1000)}ms", "seen late"
    )


def test_the_shapes_of_responses_are_those_of_the_conventions() -> None:
    quota = contract_under(Conventions(quota_fields="limits")).operations["getContactQuota"]
    body = {"planLimit": 5, "extraLimit": 0, "totalLimit": 5, "used": 0, "remaining": 5}
    assert quota.accepted.is_valid(body)
    assert not contract_under(Conventions()).operations["getContactQuota"].accepted.is_valid(body)
