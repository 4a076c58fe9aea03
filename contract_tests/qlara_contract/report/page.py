"""The report as one self-contained HTML page: the verdict, what is broken and how to repeat it, all promises."""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING

from qlara_contract.promises import OPERATIONS
from qlara_contract.report.style import STYLE
from qlara_contract.report.terminal import circumstances, verdict
from qlara_contract.results import State

if TYPE_CHECKING:
    from qlara_contract.engine import Outcome
    from qlara_contract.results import Entry, Evidence

_CLASSES = {
    State.BROKEN: "broken",
    State.DEVIATION: "known",
    State.NOT_EXERCISED: "open",
    State.KEPT: "kept",
}

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<header class="verdict $tone">
<p class="eyebrow">Contract of the Qlara contact API (UC-020) · $day</p>
<h1>$verdict</h1>
<p><code>$target</code></p>
</header>
$bar
<p class="soft">$circumstances</p>
$sections
</body>
</html>
""")


def as_html(outcome: Outcome) -> str:
    """Return the page; it loads nothing and runs no script."""
    sections = [
        _broken(outcome),
        _deviations(outcome),
        _not_exercised(outcome),
        _left(outcome),
        _table(outcome),
    ]
    return _PAGE.substitute(
        style=STYLE,
        title=escape(f"Contract report: {outcome.settings.base_url}"),
        tone="bad" if outcome.exit_code else "",
        day=f"{outcome.started.day} {outcome.started:%B %Y, %H:%M} UTC",
        verdict=escape(verdict(outcome).split(":")[0].split(";")[0].rstrip(".") + "."),
        target=escape(outcome.settings.base_url),
        bar=_bar(outcome),
        circumstances=escape(circumstances(outcome).split(" · ", 1)[1]),
        sections="\n".join(each for each in sections if each),
    )


def _bar(outcome: Outcome) -> str:
    counts = {state: len(outcome.in_state(state)) for state in State}
    parts = "".join(
        f'<i class="{_CLASSES[state]}" style="flex:{count}"></i>'
        for state, count in counts.items()
        if count
    )
    items = "".join(
        f'<li class="{_CLASSES[state]}"><b>{count}</b> {state.value}</li>'
        for state, count in counts.items()
        if count
    )
    return f'<div class="bar" aria-hidden="true">{parts}</div><ul class="counts">{items}</ul>'


def _broken(outcome: Outcome) -> str:
    entries = sorted(
        outcome.in_state(State.BROKEN),
        key=lambda each: ["critical", "major", "minor"].index(each.promise.severity),
    )
    if not entries:
        return ""
    articles = "".join(_article(entry) for entry in entries)
    return f"<h2>Broken promises</h2>{articles}"


def _article(entry: Entry) -> str:
    promise = entry.promise
    spec_variants = "".join(
        f'<p class="reading">The deployment {escape(each.value)}.</p>'
        for each in entry.spec_variants
    )
    first, *others = entry.evidence
    more = ""
    if others:
        count = f"{len(others)} more exchange{'s' if len(others) > 1 else ''} that show it"
        shown = "".join(_evidence(each) for each in others)
        more = f"<details><summary>{count}</summary>{shown}</details>"
    return (
        f"<article><header><code>{promise.id}</code>"
        f'<span class="tag">{promise.severity}</span>'
        f'<span class="tag">{escape(promise.operation)}</span></header>'
        f"<h3>{_prose(promise.sentence)}</h3>"
        f'<p class="soft">{_prose(promise.source)}</p>{spec_variants}{_evidence(first)}{more}</article>'
    )


def _evidence(evidence: Evidence) -> str:
    parts = [
        f"<p>{_prose(evidence.what)}</p>",
        f"<dl><dt>Expected</dt><dd>{escape(evidence.expected)}</dd>"
        f"<dt>Got</dt><dd>{escape(evidence.got)}</dd></dl>",
    ]
    if evidence.before:
        curls = "\n\n".join(each.curl() for each in evidence.before)
        parts.append(f'<p class="label">Before it</p><pre>{escape(curls)}</pre>')
    if evidence.exchange:
        parts += [
            '<p class="label">Request</p>',
            f"<pre>{escape(evidence.exchange.curl())}</pre>",
            '<p class="label">Answer</p>',
            f"<pre>{escape(evidence.exchange.shown_answer())}</pre>",
        ]
    return "".join(parts)


def _deviations(outcome: Outcome) -> str:
    items = []
    for entry in outcome.in_state(State.DEVIATION):
        known = next(each for each in outcome.deviations if each.promise == entry.promise.id)
        items.append(
            f"<li><code>{entry.promise.id}</code> until {known.until}: {escape(known.reason)}</li>"
        )
    items += [
        f"<li><code>{each.promise}</code> was known until {each.until} and counts as broken again.</li>"
        for each in outcome.expired
    ]
    items += [
        f"<li><code>{each.promise}</code> is kept now: the entry can be removed.</li>"
        for each in outcome.unused
    ]
    return f'<h2>Known deviations</h2><ul class="plain">{"".join(items)}</ul>' if items else ""


def _not_exercised(outcome: Outcome) -> str:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for entry in outcome.in_state(State.NOT_EXERCISED):
        key = (entry.reason, entry.remedy)
        by_reason.setdefault(key, []).append(entry.promise.id)
    if not by_reason:
        return ""
    items = []
    for (reason, hint), ids in by_reason.items():
        names = ", ".join(f"<code>{each}</code>" for each in ids)
        remedy = (
            f' <span class="soft">What would exercise it: {_prose(hint)}.</span>' if hint else ""
        )
        items.append(f"<li>{names}: {escape(reason)}.{remedy}</li>")
    return f'<h2>Not exercised</h2><ul class="plain">{"".join(items)}</ul>'


def _left(outcome: Outcome) -> str:
    if not outcome.left or outcome.sandbox_scenario:
        return ""
    items = "".join(
        f"<li><code>{escape(each.list_id)}</code> {escape(each.name)}: {each.contacts} contacts</li>"
        for each in outcome.left
    )
    return (
        f"<h2>Left behind</h2><p>The run created {outcome.written} contacts, all tagged "
        f"<code>contract-check</code> or in these lists:</p>"
        f'<details><summary>{len(outcome.left)} lists</summary><ul class="plain">{items}</ul></details>'
    )


def _table(outcome: Outcome) -> str:
    parts = ["<h2>All promises</h2>"]
    for operation in OPERATIONS:
        entries = [each for each in outcome.entries if each.promise.operation == operation]
        if not entries:
            continue
        rows = "".join(
            f'<tr><td class="state {_CLASSES[outcome.state(each)]}">{outcome.state(each).value}</td>'
            f"<td>{_prose(each.promise.sentence)}<code>{each.promise.id}</code></td></tr>"
            for each in entries
        )
        parts.append(
            f"<table><thead><tr><th></th><th>{escape(operation)}</th></tr></thead>"
            f"<tbody>{rows}</tbody></table><p></p>"
        )
    return "".join(parts)


def _prose(text: str) -> str:
    """Return *text* escaped, with `code` in backticks set as code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
