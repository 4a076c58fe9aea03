"""The report as one HTML page: the verdict, what is broken and how to repeat it, all promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qlara_contract.promises import OPERATIONS, Severity
from qlara_contract.report.html import render
from qlara_contract.report.summary import circumstances, verdict
from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from qlara_contract.deviations import Deviation
    from qlara_contract.engine import Outcome
    from qlara_contract.results import PromiseResult

_TEMPLATE = Path(__file__).with_name("templates") / "contract.html"
_CLASSES = {
    PromiseState.BROKEN: "broken",
    PromiseState.DEVIATION: "known",
    PromiseState.DIFFERS: "differs",
    PromiseState.NOT_EXERCISED: "open",
    PromiseState.KEPT: "kept",
}


def as_html(outcome: Outcome) -> str:
    """Return the page; it loads nothing and runs no script."""
    severities = list(Severity)
    return render(
        _TEMPLATE,
        title=f"Contract report: {outcome.settings.base_url}",
        subject="Contract of the Qlara contact API (UC-020)",
        started=outcome.started,
        verdict=verdict(outcome).split(":")[0].split(";")[0].rstrip(".") + ".",
        is_bad=bool(outcome.exit_code),
        target=outcome.settings.base_url,
        counts=[(state, len(outcome.in_state(state))) for state in PromiseState],
        classes=_CLASSES,
        circumstances=" · ".join(circumstances(outcome)[1:]),
        broken=sorted(
            outcome.in_state(PromiseState.BROKEN),
            key=lambda each: severities.index(each.promise.severity),
        ),
        known=_known(outcome),
        expired=outcome.expired,
        unused=outcome.unused,
        not_exercised=_not_exercised(outcome),
        left=() if outcome.sandbox_scenario else outcome.ledger.entries,
        written=outcome.ledger.charged,
        by_operation=_by_operation(outcome),
    )


def _known(outcome: Outcome) -> list[Deviation]:
    covered = {each.promise.id for each in outcome.in_state(PromiseState.DEVIATION)}
    return [each for each in outcome.deviations if each.promise in covered]


def _not_exercised(outcome: Outcome) -> dict[tuple[str, str], list[str]]:
    """Return the ids of promises that were not exercised, by reason and remedy."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in outcome.in_state(PromiseState.NOT_EXERCISED):
        found.setdefault((each.reason, each.remedy), []).append(each.promise.id)
    return found


def _by_operation(outcome: Outcome) -> dict[str, list[tuple[PromiseState, PromiseResult]]]:
    found = {
        operation: [
            (outcome.state(each), each)
            for each in outcome.promises
            if each.promise.operation == operation
        ]
        for operation in OPERATIONS
    }
    return {operation: results for operation, results in found.items() if results}
