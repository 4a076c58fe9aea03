"""The report as short Markdown, for a pull request or a ticket; everything in it is escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract.causes import causes
from qlara_contract.report.observed import KEEP, convention_rows
from qlara_contract.report.requests import ShownRequests
from qlara_contract.report.summary import (
    COSTS,
    circumstances,
    left_behind,
    network_failures,
    verdict,
)
from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.causes import Cause
    from qlara_contract.engine import Outcome
    from qlara_contract.report.trend import Trend
    from qlara_contract.results import Evidence

_LONGEST = 400
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_FENCE = re.compile("`+")


def as_markdown(
    outcome: Outcome, requests: ShownRequests | None = None, trend: Trend | None = None
) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    requests = requests or ShownRequests(outcome.settings)
    lines = [f"# {plain(verdict(outcome))}", "", plain(" · ".join(circumstances(outcome)))]
    if trend is not None:
        lines += ["", "## Since the last run", "", *(f"- {plain(each)}" for each in trend.lines)]
    lines += _broken(outcome, requests)
    lines += _conventions(outcome)
    lines += _not_exercised(outcome)
    failures = network_failures(outcome)
    if failures:
        lines += ["", "## The network", ""]
        lines += [f"- {plain(what)} ({count} times)" for what, count in failures]
    if left := left_behind(outcome):
        lines += ["", "## Left behind", "", plain(left)]
    return requests.masked("\n".join(lines) + "\n")


def plain(text: str) -> str:
    """Return *text* on one line, with nothing that Markdown or GitHub would act on."""
    text = " ".join(text.split())
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    escaped = _SPECIAL.sub(r"\\\1", text)
    return escaped.replace("@", "@\u2060").replace("://", ":\u2060//")


def fenced(text: str) -> str:
    """Return *text* as a code block whose fence does not occur in it."""
    longest = max((len(each) for each in _FENCE.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _broken(outcome: Outcome, requests: ShownRequests) -> list[str]:
    found = causes(outcome.in_state(PromiseState.BROKEN), outcome.evidence)
    if not found:
        return []
    return ["", "## Broken promises", *(line for each in found for line in _cause(each, requests))]


def _cause(cause: Cause, requests: ShownRequests) -> Iterator[str]:
    promise = cause.head.promise
    yield from ("", f"### {plain(promise.sentence)}", "")
    yield f"`{promise.id}` · **{promise.severity}**: {COSTS[promise.severity]} · {plain(promise.source)}"
    for each in cause.evidence[:1]:
        yield from _evidence(each, requests)
    if cause.rest:
        yield from ("", "Also not kept there:", "")
    for result, evidence in cause.rest:
        what = f": {plain(evidence[0].what)}" if evidence else ""
        yield f"- `{result.promise.id}` ({result.promise.severity}){what}"


def _evidence(evidence: Evidence, requests: ShownRequests) -> Iterator[str]:
    yield from ("", plain(evidence.what), "")
    yield f"- expected: {plain(evidence.expected)}"
    yield f"- got: {plain(evidence.got)}"
    sent = [*evidence.before, *([evidence.exchange] if evidence.exchange else [])]
    if sent:
        yield from ("", fenced("\n\n".join(requests.curl(each) for each in sent)))


def _conventions(outcome: Outcome) -> list[str]:
    rows = [each for each in convention_rows(outcome) if each.differs]
    differing = outcome.in_state(PromiseState.DIFFERS)
    if not rows and not differing:
        return []
    lines = ["", "## Decided otherwise, where UC-020 is silent", ""]
    if rows:
        lines += ["| convention | here | expected | seen |", "|---|---|---|---|"]
        lines += [
            f"| `{each.name}` | {plain(each.value)} | {plain(each.expected)} | {plain(each.how)} |"
            for each in rows
        ]
        lines += ["", KEEP, ""]
    for result in differing:
        what = f": {plain(result.evidence[0].what)}" if result.evidence else ""
        lines.append(f"- `{result.promise.id}`{what}")
    return lines


def _not_exercised(outcome: Outcome) -> list[str]:
    groups = not_exercised(outcome)
    if not groups:
        return []
    lines = ["", "## Not exercised", ""]
    for (reason, remedy), ids in groups.items():
        remedied = f" To exercise: {plain(remedy)}." if remedy else ""
        lines.append(
            f"- {plain(reason)} ({len(ids)}): `{ids[0]}`{' …' if ids[1:] else ''}.{remedied}"
        )
    return lines


def not_exercised(outcome: Outcome) -> dict[tuple[str, str], list[str]]:
    """Return the ids of promises that were not exercised, by reason and remedy, most first."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in outcome.in_state(PromiseState.NOT_EXERCISED):
        found.setdefault((each.reason, each.remedy), []).append(each.promise.id)
    return dict(sorted(found.items(), key=lambda each: -len(each[1])))
