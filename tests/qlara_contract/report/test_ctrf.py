"""A run in the Common Test Report Format: every promise a test, in the state that CI shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.report.ctrf import as_ctrf
from tests.qlara_contract.report.ctrf_schema import CTRF
from tests.qlara_contract.test_outcome import _known, _outcome

if TYPE_CHECKING:
    from qlara_contract.engine import Outcome


def written(outcome: Outcome) -> dict[str, Any]:
    value = as_ctrf(outcome)
    assert [str(each) for each in CTRF.iter_errors(value)] == []
    return value


def states(value: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["name"]: (each["status"], each["rawStatus"]) for each in value["results"]["tests"]}


def test_each_promise_is_a_test() -> None:
    value = written(_outcome())

    assert states(value) == {
        "upload.quota-exceeded": ("skipped", "not exercised"),
        "list.pages-from-1": ("passed", "kept"),
        "list.order": ("passed", "kept"),
        "list.total": ("failed", "broken"),
    }
    summary = value["results"]["summary"]
    assert {name: summary[name] for name in ("tests", "passed", "failed", "skipped", "suites")} == {
        "tests": 4,
        "passed": 2,
        "failed": 1,
        "skipped": 1,
        "suites": 2,
    }


def test_a_test_that_fails_tells_the_promise_and_what_was_seen() -> None:
    [broken] = [
        each for each in written(_outcome())["results"]["tests"] if each["status"] == "failed"
    ]

    assert broken["suite"] == ["listContacts"]
    assert broken["message"].endswith(".")
    assert "Page <1>." in broken["trace"]


def test_a_known_deviation_is_neither_passed_nor_failed() -> None:
    value = written(_outcome(_known("list.total")))

    assert states(value)["list.total"] == ("other", "known deviation")
    assert value["results"]["environment"]["healthy"] is True


def test_a_run_that_stopped_is_a_failed_test() -> None:
    outcome = _outcome(broken=False)
    outcome.stopped = "the run was interrupted"

    value = written(outcome)

    assert states(value)["run"] == ("failed", "stopped")
    assert value["results"]["environment"]["healthy"] is False
