"""How the pages of our reports look: one style sheet, light and dark, for screens and for paper."""

from __future__ import annotations

STYLE = """\
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
"""
