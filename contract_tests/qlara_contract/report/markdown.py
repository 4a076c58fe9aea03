"""The report as short Markdown, for a pull request or a ticket; nothing in it is acted on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract.report.counting import counted
from qlara_contract.report.observed import KEEP, convention_rows
from qlara_contract.report.requests import ShownRequests
from qlara_contract.report.summary import (
    COSTS,
    DIFFERS,
    circumstances,
    found_causes,
    left_behind,
    network_failures,
    remedy,
    shortened,
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
_LONGEST_RESPONSE = 1500
_SHOWN_LISTS = 10
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_BAR = re.compile(r"(?<!\\)\|")
_TICKS = re.compile("`+")
# What GitHub or Jira would make a link or a mention of: as code it is shown as it is.
_LINKED = re.compile(r"\w+://[^\s`]*[^\s`.,;:)]|[^\s`]*@[^\s`]*|#\d+")


def as_markdown(
    outcome: Outcome, requests: ShownRequests | None = None, trend: Trend | None = None
) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    requests = requests or ShownRequests(outcome.settings)
    lines = [
        f"# {plain(requests.masked(verdict(outcome)))}",
        "",
        plain(" · ".join(circumstances(outcome))),
    ]
    if outcome.stopped:
        lines += ["", f"It stopped early: {plain(requests.masked(outcome.stopped))}"]
    lines += [line for each in outcome.notes for line in ("", plain(requests.masked(each)))]
    if trend is not None:
        lines += ["", "## Since the last run", "", *(f"- {plain(each)}" for each in trend.lines)]
    lines += _broken(outcome, requests)
    lines += _conventions(outcome, requests)
    lines += _remarks(outcome, requests)
    lines += _not_exercised(outcome, requests)
    failures = network_failures(outcome)
    if failures:
        lines += ["", "## The network", ""]
        lines += [
            f"- {plain(requests.masked(what))} ({count} {'time' if count == 1 else 'times'})"
            for what, count in failures
        ]
    if outcome.wording.leaves_contacts:
        lines += _left_behind(outcome, requests)
    return requests.masked("\n".join(lines) + "\n")


def plain(text: str) -> str:
    """Return *text* on one line, with nothing that Markdown, GitHub or Jira would act on.

    What stands in backticks stays code, and addresses and mentions become code.
    """
    whole = " ".join(text.split())
    text = shortened(whole, _LONGEST)
    parts = (text + ("…" if text != whole else "")).split("`")
    if len(parts) % 2 == 0:  # one without its other: it is no code
        parts[-2:] = ["`".join(parts[-2:])]
    return "".join(
        code(part) if at % 2 and part.strip() else _unlinked(part) for at, part in enumerate(parts)
    )


def code(text: str) -> str:
    """Return *text* on one line as code, whatever it holds."""
    text = " ".join(text.split())
    ticks = "`" * (max(map(len, _TICKS.findall(text)), default=0) + 1)
    space = " " if len(ticks) > 1 or not text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def cell(text: str) -> str:
    """Return *text* for a cell of a table, in which a bar ends even code."""
    return _BAR.sub(r"\\|", plain(text))


def fenced(text: str, language: str = "") -> str:
    """Return *text* as a code block whose fence does not occur in it."""
    longest = max((len(each) for each in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _unlinked(text: str) -> str:
    parts, end = [], 0
    for found in _LINKED.finditer(text):
        parts += [_SPECIAL.sub(r"\\\1", text[end : found.start()]), code(found[0])]
        end = found.end()
    return "".join([*parts, _SPECIAL.sub(r"\\\1", text[end:])])


def _broken(outcome: Outcome, requests: ShownRequests) -> list[str]:
    found = found_causes(outcome).broken
    if not found:
        return []
    return ["", "## Broken promises", *(line for each in found for line in _cause(each, requests))]


def _cause(cause: Cause, requests: ShownRequests) -> Iterator[str]:
    promise = cause.head.promise
    yield from ("", f"### {plain(promise.sentence)}", "")
    yield f"`{promise.id}` · **{promise.severity}**: {COSTS[promise.severity]} · {plain(promise.source)}"
    if cause.says:
        yield from ("", f"**{plain(cause.says)}**")
    for each in cause.evidence[:1]:
        yield from _evidence(each, requests)
    if cause.rest:
        yield from ("", "Also not kept there:", "")
    for result, evidence in cause.rest:
        what = f": {plain(requests.masked(evidence[0].what))}" if evidence else ""
        kind = "differs" if result.promise.is_assumed else result.promise.severity
        yield f"- `{result.promise.id}` ({kind}){what}"


def _evidence(evidence: Evidence, requests: ShownRequests) -> Iterator[str]:
    yield from ("", plain(requests.masked(evidence.what)), "")
    yield f"- expected: {_value(requests.masked(evidence.expected))}"
    yield f"- seen: {_value(requests.masked(evidence.got))}"
    if evidence.exchange is not None:
        yield from ("", fenced(requests.script(evidence), "sh"), "", "The response:", "")
        yield fenced(_cut(requests.response(evidence.exchange)))


def _value(text: str) -> str:
    whole = " ".join(text.split())
    text = shortened(whole, _LONGEST)
    return code(text) + (" …" if text != whole else "")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_RESPONSE else text[:_LONGEST_RESPONSE] + "\n…"


def _conventions(outcome: Outcome, requests: ShownRequests) -> list[str]:
    rows = [each for each in convention_rows(outcome) if each.differs]
    differing = [result for each in found_causes(outcome).differing for result, _ in each.results]
    if not rows and not differing:
        return []
    lines = ["", "## Decided otherwise, where UC-020 is silent", ""]
    if rows:
        lines += ["| convention | here | expected | seen |", "|---|---|---|---|"]
        lines += [
            f"| `{each.name}` | {cell(each.value)} | {cell(each.expected)} "
            f"| {cell(requests.masked(each.how))} |"
            for each in rows
        ]
        lines += ["", KEEP, ""]
    if differing:
        lines += [f"What is decided otherwise is {DIFFERS}:", ""]
    for result in differing:
        what = f": {plain(requests.masked(result.evidence[0].what))}" if result.evidence else ""
        lines.append(f"- `{result.promise.id}`{what}")
    return lines


def _not_exercised(outcome: Outcome, requests: ShownRequests) -> list[str]:
    groups = not_exercised(outcome)
    if not groups:
        return []
    lines = ["", f"## {outcome.wording.not_exercised.capitalize()}", ""]
    for (reason, said), ids in groups.items():
        remedied = f" To exercise: {plain(said)}." if said else ""
        lines.append(
            f"- {plain(requests.masked(reason))} ({len(ids)}): `{ids[0]}`{' …' if ids[1:] else ''}.{remedied}"
        )
    return lines


def _remarks(outcome: Outcome, requests: ShownRequests) -> list[str]:
    lines = []
    for group in outcome.remarks:
        if not group.remarks:
            continue
        lines += ["", f"## {group.title}", "", plain(group.about), ""]
        lines += [
            f"- {plain(requests.masked(each.what))} ({counted(each.times, 'time')})"
            for each in group.remarks
        ]
    return lines


def _left_behind(outcome: Outcome, requests: ShownRequests) -> list[str]:
    # The sentences are ours, and longer than what is quoted may be.
    lines = ["", "## Left behind", "", left_behind(outcome)]
    entries = () if outcome.sandbox_scenario else outcome.ledger.entries
    if entries:
        lines.append("")
    for each in entries[:_SHOWN_LISTS]:
        named = f"{code(requests.masked(each.list_id))} {plain(requests.masked(each.name))}".strip()
        lines.append(
            f"- {named}: {counted(each.cards, 'contact')} at most, {each.imported} confirmed"
        )
    if len(entries) > _SHOWN_LISTS:
        lines.append(
            f"- … and {counted(len(entries) - _SHOWN_LISTS, 'more list')}: `report.json` has them all"
        )
    return lines


def not_exercised(outcome: Outcome) -> dict[tuple[str, str], list[str]]:
    """Return the ids of promises that were not exercised, by reason and remedy, most first."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in outcome.in_state(PromiseState.NOT_EXERCISED):
        found.setdefault((each.reason, remedy(outcome, each)), []).append(each.promise.id)
    return dict(sorted(found.items(), key=lambda each: -len(each[1])))
