"""Learning: a run finds out what a deployment decides, before it judges anything by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_contract.engine import begin, try_learning
from qlara_contract.settings import Mode, RunSettings
from tests import foreign
from tests.foreign.serving import KEY

if TYPE_CHECKING:
    from qlara_contract.run import SuiteRun


def _learnt(*freedoms: str, assume: dict[str, int | str] | None = None) -> SuiteRun:
    with foreign.running(freedoms=freedoms) as url:
        run = begin(RunSettings(url, KEY, assume=assume or {}))
        try_learning(run)
        run.finish()
    return run


def test_a_deployment_that_decides_as_the_contract_does_has_nothing_to_learn() -> None:
    run = _learnt()
    assert (run.conventions.differing, run.imports_fail) == ({}, "")
    assert run.results.by_id["list.limit-default"].kept == 0  # nothing is judged meanwhile


@pytest.mark.parametrize(
    ("freedom", "learnt"),
    [
        ("limit-default-50", {"limit.default": 50}),
        ("limit-maximum-100-clamp", {"limit.maximum": 100, "limit.above": "clamped"}),
        ("limit-maximum-50-refuse", {"limit.maximum": 50}),
        ("limit-above-maximum-ignored", {"limit.maximum": 100, "limit.above": "ignored"}),
        ("page-from-0", {"page.first": 0}),
        ("order-newest", {"order": "newest"}),
        ("order-name", {"order": "name"}),
        ("order-number", {"order": "number"}),
    ],
)
def test_the_conventions_of_lists_are_learnt(freedom: str, learnt: dict[str, object]) -> None:
    assert _learnt(freedom).conventions.differing == learnt


def test_an_order_of_its_own_and_pages_that_cannot_be_asked_for_are_noted() -> None:
    assert _learnt("order-scattered").conventions.observations["order"].value is None
    assert _learnt("page-parameter-none").conventions.differing == {"page.parameter": "ignored"}


def test_the_time_that_an_import_takes_to_be_seen_is_measured() -> None:
    settle = _learnt("visible-after-300ms").actual.settle.total_seconds()
    assert settle >= 0.25


def test_lists_that_cannot_be_made_are_no_broken_import() -> None:
    refused = {"list-names.create": "no", "list-names.create-status": 400}
    assert _learnt("list-by-name-400").conventions.differing == refused
    run = _learnt("list-by-name-403")
    assert run.conventions.differing == {"list-names.create": "no"}
    assert "lists cannot be made" in run.imports_fail


def test_what_is_assumed_is_not_learnt() -> None:
    run = _learnt("limit-default-50", assume={"limit.default": 25})
    assert run.actual.limit_default == 25


def test_a_run_that_only_reads_learns_without_writing() -> None:
    with foreign.running() as url:
        run = begin(RunSettings(url, KEY, mode=Mode.READ_ONLY))
        try_learning(run)
        run.finish()
    assert (run.written, run.conventions.observations["key.missing"].value) == (0, 401)
