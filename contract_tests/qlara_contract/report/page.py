"""The report as one HTML page: the verdict, what is broken and how to repeat it, all promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qlara_contract.promises import OPERATIONS
from qlara_contract.report.html import render
from qlara_contract.report.markdown import not_exercised
from qlara_contract.report.observed import KEEP, convention_rows
from qlara_contract.report.requests import ShownRequests
from qlara_contract.report.summary import (
    COSTS,
    DIFFERS,
    circumstances,
    found_causes,
    left_behind,
    network_failures,
    verdict,
)
from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from qlara_contract.deviations import Deviation
    from qlara_contract.engine import Outcome
    from qlara_contract.report.trend import Trend
    from qlara_contract.results import PromiseResult

_TEMPLATE = Path(__file__).with_name("templates") / "contract.html"
_CLASSES = {
    PromiseState.BROKEN: "broken",
    PromiseState.DEVIATION: "known",
    PromiseState.DIFFERS: "differs",
    PromiseState.NOT_EXERCISED: "open",
    PromiseState.KEPT: "kept",
}


def as_html(
    outcome: Outcome, requests: ShownRequests | None = None, trend: Trend | None = None
) -> str:
    """Return the page; it loads nothing and runs no script."""
    requests = requests or ShownRequests(outcome.settings)
    found = found_causes(outcome)
    page = render(
        _TEMPLATE,
        title=f"{outcome.wording.title}: {outcome.settings.base_url}",
        subject="Contract of the Qlara contact API (UC-020)",
        started=outcome.started,
        verdict=verdict(outcome),
        is_bad=bool(outcome.exit_code),
        target=outcome.settings.base_url,
        counts=[(outcome.wording.of(each), len(outcome.in_state(each))) for each in PromiseState],
        classes={outcome.wording.of(each): name for each, name in _CLASSES.items()},
        wording=outcome.wording,
        remarks=[each for each in outcome.remarks if each.remarks],
        circumstances=" · ".join(circumstances(outcome)[1:]),
        requests=requests,
        costs=COSTS,
        differs_costs=DIFFERS,
        stopped=outcome.stopped,
        notes=outcome.notes,
        causes=found.broken,
        differing=found.differing,
        conventions=convention_rows(outcome),
        keep=KEEP,
        trend=trend.lines if trend else (),
        known=_known(outcome),
        expired=outcome.expired,
        unused=outcome.unused,
        failures=outcome.failures,
        network=network_failures(outcome),
        not_exercised=not_exercised(outcome),
        left=() if outcome.sandbox_scenario else outcome.ledger.entries,
        left_sentence=left_behind(outcome) if outcome.wording.leaves_contacts else "",
        by_operation=_by_operation(outcome),
    )
    return requests.masked(page)


def _known(outcome: Outcome) -> list[Deviation]:
    found = (
        known
        for each in outcome.in_state(PromiseState.DEVIATION)
        for known in outcome.known_as(each)
    )
    return list(dict.fromkeys(found))


def _by_operation(outcome: Outcome) -> dict[str, list[tuple[str, PromiseResult]]]:
    found = {
        operation: [
            (outcome.wording.of(outcome.state(each)), each)
            for each in outcome.promises
            if each.promise.operation == operation
        ]
        for operation in OPERATIONS
    }
    return {operation: results for operation, results in found.items() if results}
