"""The report as one self-contained HTML page: the verdict, what is broken and how to repeat it, all promises."""

from __future__ import annotations

from html import escape
from string import Template
from typing import TYPE_CHECKING

from contract_tests.ledger import State
from contract_tests.promises import OPERATIONS
from contract_tests.report.terminal import circumstances, verdict

if TYPE_CHECKING:
    from contract_tests.engine import Outcome
    from contract_tests.ledger import Entry, Evidence

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
:root {
  --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --paper: #ffffff; --well: #f6f8fa;
  --bad: #b42318; --bad-well: #fef3f2; --warn: #9a6700; --good: #1a7f37; --accent: #6639ba;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6edf3; --soft: #9ba5b0; --line: #30363d; --paper: #0f1318; --well: #171c23;
    --bad: #ff8a7f; --bad-well: #2a1513; --warn: #e3b341; --good: #57c26b; --accent: #c4a5ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0; }
p { margin: .4rem 0; max-width: 46rem; }
.eyebrow { color: var(--soft); font-size: .85rem; margin: 0 0 .5rem; }
.soft, small { color: var(--soft); font-size: .875rem; }
code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; font-size: .8125rem; }
pre {
  margin: .35rem 0 0; padding: .75rem .9rem; background: var(--well); border: 1px solid var(--line);
  border-radius: 6px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere;
}
.verdict { border-left: 5px solid var(--good); padding: .25rem 0 .25rem 1.1rem; }
.verdict.bad { border-color: var(--bad); }
.bar { display: flex; height: .6rem; margin: 1.25rem 0 .5rem; border-radius: 99px; overflow: hidden; background: var(--line); gap: 2px; }
.bar i { display: block; }
.bar .broken { background: var(--bad); } .bar .known { background: var(--warn); }
.bar .open { background: var(--soft); opacity: .45; } .bar .kept { background: var(--good); }
.counts { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; padding: 0; margin: 0; list-style: none; font-size: .925rem; }
.counts b { font-variant-numeric: tabular-nums; }
.broken > b, .state.broken { color: var(--bad); } .known > b, .state.known { color: var(--warn); }
.kept > b, .state.kept { color: var(--good); } .open > b, .state.open { color: var(--soft); }
article { border: 1px solid var(--line); border-radius: 8px; padding: 1.1rem 1.25rem 1.25rem; margin: 0 0 1rem; }
article header { display: flex; flex-wrap: wrap; gap: .2rem .75rem; align-items: baseline; margin-bottom: .35rem; }
article header code { color: var(--bad); font-size: .875rem; font-weight: 600; }
.tag { font-size: .75rem; color: var(--soft); border: 1px solid var(--line); border-radius: 99px; padding: 0 .55rem; }
.reading { color: var(--accent); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0; font-size: .925rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.label { color: var(--soft); font-size: .8125rem; margin: .9rem 0 0; }
details { margin-top: .75rem; } summary { cursor: pointer; color: var(--soft); font-size: .875rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .8125rem; }
th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:first-child { white-space: nowrap; width: 1%; } td.state { font-weight: 600; }
td > code:last-child { display: block; color: var(--soft); font-size: .75rem; }
ul.plain { padding-left: 1.1rem; margin: .5rem 0; }
@media (max-width: 34rem) {
  body { padding-top: 1.5rem; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  article { padding: .9rem; }
}
@media print { body { max-width: none; } article, tr { break-inside: avoid; } }
</style>
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
    readings = "".join(
        f'<p class="reading">The deployment {escape(each.value)}.</p>' for each in entry.readings
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
        f'<p class="soft">{_prose(promise.source)}</p>{readings}{_evidence(first)}{more}</article>'
    )


def _evidence(evidence: Evidence) -> str:
    parts = [
        f"<p>{_prose(evidence.what)}</p>",
        f"<dl><dt>Expected</dt><dd>{escape(evidence.expected)}</dd>"
        f"<dt>Got</dt><dd>{escape(evidence.got)}</dd></dl>",
    ]
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
