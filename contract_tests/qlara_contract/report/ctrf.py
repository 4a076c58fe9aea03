"""A run in the Common Test Report Format (ctrf.io): a test per promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.report.summary import verdict
from qlara_contract.results import PromiseState
from qlara_contract.run import evidence_text

if TYPE_CHECKING:
    from qlara_contract.engine import Outcome
    from qlara_contract.results import PromiseResult

SPEC_VERSION = "0.0.0"
_STATUS = {
    PromiseState.BROKEN: "failed",
    PromiseState.DEVIATION: "other",
    PromiseState.DIFFERS: "passed",
    PromiseState.NOT_EXERCISED: "skipped",
    PromiseState.KEPT: "passed",
}
_STATUSES = ("passed", "failed", "skipped", "pending", "other")


def as_ctrf(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as a CTRF document. A run that stopped early, or failed itself, is a failed test of its own.

    The format demands how long each test took; a promise has no time of its own, and gets 0.
    """
    tests = [*_of_the_run(outcome), *(_test(outcome, each) for each in outcome.promises)]
    start = round(outcome.started.timestamp() * 1000)
    taken = round(outcome.seconds * 1000)
    counts = {name: sum(each["status"] == name for each in tests) for name in _STATUSES}
    return {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "timestamp": outcome.started.isoformat(timespec="seconds"),
        "generatedBy": outcome.wording.tool,
        "results": {
            "tool": {"name": outcome.wording.tool},
            "summary": {
                "tests": len(tests),
                **counts,
                "suites": len({each["suite"][0] for each in tests}),
                "start": start,
                "stop": start + taken,
                "duration": taken,
            },
            "tests": tests,
            "environment": {
                "reportName": verdict(outcome),
                "appName": "Qlara contact API",
                "testEnvironment": outcome.settings.base_url,
                "healthy": outcome.exit_code == 0,
            },
        },
    }


def _of_the_run(outcome: Outcome) -> list[dict[str, Any]]:
    reasons = [*([outcome.stopped] if outcome.stopped else []), *outcome.failures]
    if not reasons:
        return []
    return [
        {
            "name": "run",
            "status": "failed",
            "duration": round(outcome.seconds * 1000),
            "suite": ["run"],
            "message": verdict(outcome),
            "trace": "\n\n".join(reasons),
            "rawStatus": "stopped",
        }
    ]


def _test(outcome: Outcome, result: PromiseResult) -> dict[str, Any]:
    promise, state = result.promise, outcome.state(result)
    status = "failed" if state in _failing(outcome) else _STATUS[state]
    test: dict[str, Any] = {
        "testId": promise.id,
        "name": promise.id,
        "status": status,
        "rawStatus": outcome.wording.of(state),
        "duration": 0,
        "suite": [promise.operation],
        "type": "contract",
        "tags": [promise.severity.value, "assumed" if promise.is_assumed else "documented"],
        "message": _message(outcome, result, state),
        "labels": {"source": promise.source},
    }
    found = "\n\n".join(evidence_text(each) for each in outcome.evidence(result))
    return test | ({"trace": found} if found and state is not PromiseState.KEPT else {})


def _message(outcome: Outcome, result: PromiseResult, state: PromiseState) -> str:
    if state is PromiseState.NOT_EXERCISED:
        return f"{outcome.wording.not_exercised}: {result.reason}"
    if state is PromiseState.DEVIATION:
        known = outcome.known_as(result)[0]
        return f"known deviation until {known.until}: {known.reason}"
    return result.promise.sentence


def _failing(outcome: Outcome) -> set[PromiseState]:
    strict = {PromiseState.DIFFERS} if outcome.settings.strict else set()
    return {PromiseState.BROKEN} | strict
