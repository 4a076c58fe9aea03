"""Groups promises that are not kept for one reason, so that a report tells the reason once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlara_contract.promises import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qlara_contract.results import Evidence, PromiseResult

_SEVERITIES = list(Severity)


@dataclass(frozen=True)
class Cause:
    """Promises that are not kept for one reason, the worst first, each with the evidence against it.

    That they have one reason is known of a reading (`SpecVariant`), and taken to be so where one
    response shows them all, the same GET fails the same way, the request at fault in one led to the
    other, or the summaries of the imports contradict themselves in the same way. ``says`` names the
    reason in a sentence, where that is known; empty otherwise.
    """

    results: tuple[tuple[PromiseResult, tuple[Evidence, ...]], ...]

    @property
    def says(self) -> str:
        lies = {_lie(evidence[0]) for _, evidence in self.results if evidence} - {""}
        return lies.pop() if len(lies) == 1 and len(self.results) > 1 else ""

    @property
    def head(self) -> PromiseResult:
        """The worst of the promises."""
        return self.results[0][0]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence against the worst of the promises."""
        return self.results[0][1]

    @property
    def rest(self) -> tuple[tuple[PromiseResult, tuple[Evidence, ...]], ...]:
        """The other promises, with their evidence."""
        return self.results[1:]


def causes(
    results: Iterable[PromiseResult],
    evidence_of: Callable[[PromiseResult], Sequence[Evidence]] = lambda each: each.evidence,
) -> list[Cause]:
    """Return *results* by cause, the worst cause first."""
    found: list[list[tuple[PromiseResult, tuple[Evidence, ...]]]] = []
    for result in results:
        entry = (result, tuple(evidence_of(result)))
        linked = [group for group in found if any(_are_linked(entry[1], has) for _, has in group)]
        merged = [each for group in linked for each in group] + [entry]
        found = [group for group in found if group not in linked] + [merged]
    return sorted((Cause(tuple(sorted(group, key=_rank))) for group in found), key=_cause_rank)


def _rank(entry: tuple[PromiseResult, tuple[Evidence, ...]]) -> tuple[bool, int]:
    promise = entry[0].promise
    return promise.is_assumed, _SEVERITIES.index(promise.severity)


def _cause_rank(cause: Cause) -> tuple[bool, int, int]:
    promise = cause.head.promise
    return promise.is_assumed, _SEVERITIES.index(promise.severity), -len(cause.results)


def _are_linked(one: Sequence[Evidence], two: Sequence[Evidence]) -> bool:
    """Return whether the first evidence of both has one cause."""
    if not one or not two:
        return False
    first, second = one[0], two[0]
    if first.variant is not None or second.variant is not None:
        return first.variant is second.variant
    if first.exchange is None or second.exchange is None:
        return first.exchange is second.exchange and first.what == second.what
    return (
        first.exchange is second.exchange
        or _is_same_symptom(first, second)
        or (_lie(first) == _lie(second) != "")
        or _led_to(first, second)
        or _led_to(second, first)
    )


def _led_to(first: Evidence, second: Evidence) -> bool:
    """Return whether the request at fault in *first* led to *second*; a wrong count leads to nothing."""
    return any(each is first.exchange for each in second.before) and not _lie(first)


def _lie(evidence: Evidence) -> str:
    """Return how the summary of the import that is shown contradicts itself; empty if it does not."""
    exchange = evidence.exchange
    body = exchange.response.json if exchange is not None else None
    summary = body.get("summary") if isinstance(body, dict) else None
    if not isinstance(summary, dict):
        return ""
    counts = [summary.get(each) for each in ("total", "imported", "skipped")]
    total, imported, skipped = (each if type(each) is int else -1 for each in counts)
    if min(total, imported, skipped) < 0:
        return ""
    if imported == 0 and skipped < total:
        return (
            "Reports say `imported: 0` although `skipped` leaves cards that were carried out: nobody can "
            "tell from a report what became of a file."
        )
    if imported + skipped == total:
        return ""
    than = "less" if imported + skipped < total else "more"
    return (
        f"Reports do not add up: `imported` and `skipped` are together {than} than `total`, so nobody can "
        "tell from a report what became of a file."
    )


def _is_same_symptom(one: Evidence, two: Evidence) -> bool:
    """Return whether the same GET fails the same way in both; an import differs with each story."""
    operations = {each.exchange.operation for each in (one, two) if each.exchange}
    methods = {each.exchange.request.method for each in (one, two) if each.exchange}
    statuses = {each.exchange.response.status for each in (one, two) if each.exchange}
    return (
        (one.what, one.expected) == (two.what, two.expected)
        and len(operations) == len(statuses) == 1
        and methods == {"GET"}
    )
