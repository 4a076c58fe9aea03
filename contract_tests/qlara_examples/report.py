"""The report on pages that were run: a table in the terminal, HTML for people, JUnit for CI."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from string import Template
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # writes only

from rich.markup import escape as plain
from rich.table import Table

from qlara_contract.masking import mask
from qlara_contract.report.style import STYLE
from qlara_examples.outcomes import Result, State

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from rich.console import Console

_STYLES = {
    State.DIFFERS: "bold red",
    State.COULD_NOT_RUN: "bold yellow",
    State.MATCHES: "green",
    State.RAN: "dim",
}
_CLASSES = {
    State.DIFFERS: "broken",
    State.COULD_NOT_RUN: "known",
    State.MATCHES: "kept",
    State.RAN: "open",
}
_RED = frozenset({State.DIFFERS, State.COULD_NOT_RUN})
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
<p class="eyebrow">Documentation of the Qlara contact API, carried out · $day</p>
<h1>$verdict</h1>
<p><code>$target</code></p>
</header>
$bar
$sections
</body>
</html>
""")


@dataclass(frozen=True)
class Run:
    """All results of a run. ``target`` is the URL that answered, ``secrets`` no report may show."""

    results: tuple[Result, ...]
    target: str
    started: datetime
    secrets: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: every page is right; 1: something differs or could not run."""
        return int(any(each.state in _RED for each in self.results))

    def count(self, state: State) -> int:
        return sum(each.state is state for each in self.results)

    @property
    def verdict(self) -> str:
        """The run in one sentence."""
        matching, ran = self.count(State.MATCHES), self.count(State.RAN)
        good = f"{_answers(matching)} {'matches' if matching == 1 else 'match'}"
        good += f", {_commands(ran)} ran without a documented answer" if ran else ""
        bad = []
        if differing := self.count(State.DIFFERS):
            bad.append(f"{differing} {'differs' if differing == 1 else 'differ'}")
        if failed := self.count(State.COULD_NOT_RUN):
            bad.append(f"{failed} could not run")
        if not self.results:
            return "There is nothing to run: no curl command was found."
        return f"{', '.join(bad)}; {good}." if bad else f"{good[:1].upper()}{good[1:]}."


def print_run(console: Console, run: Run) -> None:
    """Print the table by file and line, then what is wrong, then the verdict."""
    for path in dict.fromkeys(each.path for each in run.results):
        console.print(f"[bold]{plain(str(path))}[/]", highlight=False)
        console.print(_table([each for each in run.results if each.path == path]))
        console.print()
    for result in run.results:
        for finding in result.findings:
            console.print(
                f"[{_STYLES[result.state]}]{plain(f'{result.path}:{finding.line}')}[/]  "
                f"{plain(mask(str(finding), run.secrets))}",
                highlight=False,
                soft_wrap=True,
            )
            quoted = plain(mask(result.quoted.get(finding.line, ""), run.secrets))
            console.print(f"[dim]  {finding.line:5} │ {quoted}[/]", highlight=False, soft_wrap=True)
    if run.exit_code:
        console.print()
    style = "bold red" if run.exit_code else "green"
    console.print(plain(run.verdict), style=style, highlight=False)


def write_report(run: Run, folder: Path) -> list[Path]:
    """Write ``examples.html``, ``examples.xml`` (JUnit) and ``examples.json`` into *folder*.

    Return their paths; the folder is made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "examples.html": as_html(run),
        "examples.xml": as_junit(run),
        "examples.json": json.dumps(as_json(run), indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(mask(text, run.secrets), encoding="utf-8")
    return [folder / name for name in texts]


def as_json(run: Run) -> dict[str, Any]:
    """Return the run as a JSON value; its fields are stable."""
    return {
        "verdict": run.verdict,
        "exitCode": run.exit_code,
        "target": run.target,
        "started": run.started.isoformat(timespec="seconds"),
        "results": [
            {
                "file": str(each.path),
                "firstLine": each.first,
                "lastLine": each.last,
                "what": each.what,
                "scenario": each.scenario or None,
                "state": each.state.value,
                "findings": [
                    {
                        "line": one.line,
                        "quoted": each.quoted.get(one.line, ""),
                        "text": one.text,
                        "standsAlone": one.alone.value or None,
                    }
                    for one in each.findings
                ],
                "notes": list(each.notes),
            }
            for each in run.results
        ],
    }


def as_junit(run: Run) -> str:
    """Return the run as JUnit XML: a suite per page, a case per step."""
    root = ET.Element("testsuites", name="examples")
    for path in dict.fromkeys(each.path for each in run.results):
        suite = ET.SubElement(root, "testsuite", name=str(path))
        for result in run.results:
            if result.path == path:
                _case(suite, result)
    for group in [*root, root]:
        cases = list(group.iter("testcase"))
        group.set("tests", str(len(cases)))
        group.set("failures", str(sum(each.find("failure") is not None for each in cases)))
        group.set("errors", str(sum(each.find("error") is not None for each in cases)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _case(suite: ET.Element, result: Result) -> None:
    name = f"line {result.first}: {_xml_safe(result.what)}"
    case = ET.SubElement(suite, "testcase", name=name, classname=str(result.path))
    case.set("file", str(result.path))
    case.set("line", str(result.first))
    if result.state in _RED:
        kind = "failure" if result.state is State.DIFFERS else "error"
        said = [f"{result.path}:{each.line}: {each}" for each in result.findings]
        wrong = ET.SubElement(case, kind, message=_xml_safe(said[0]), type=result.state.value)
        wrong.text = _xml_safe("\n".join([*said, "", result.asked, result.told]))


def _xml_safe(text: str) -> str:
    """Return *text* without the characters that XML 1.0 cannot hold."""
    return "".join(char if char in "\t\n\r" or char.isprintable() else "\ufffd" for char in text)


def as_html(run: Run) -> str:
    """Return the run as one page that loads nothing and runs no script."""
    parts = [_wrong(run)]
    for path in dict.fromkeys(each.path for each in run.results):
        rows = "".join(_row(each) for each in run.results if each.path == path)
        parts.append(
            f"<h2>{escape(str(path))}</h2><table><thead><tr><th></th><th>Lines</th>"
            f"<th>Command</th><th>Scenario</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    return _PAGE.substitute(
        style=STYLE,
        title=escape(f"Examples: {run.verdict}"),
        tone="bad" if run.exit_code else "",
        day=f"{run.started.day} {run.started:%B %Y, %H:%M} UTC",
        verdict=escape(run.verdict),
        target=escape(run.target),
        bar=_bar(run),
        sections="\n".join(filter(None, parts)),
    )


def _bar(run: Run) -> str:
    counts = [(state, run.count(state)) for state in State if run.count(state)]
    parts = "".join(f'<i class="{_CLASSES[state]}" style="flex:{n}"></i>' for state, n in counts)
    items = "".join(
        f'<li class="{_CLASSES[state]}"><b>{n}</b> {state.value}</li>' for state, n in counts
    )
    return f'<div class="bar" aria-hidden="true">{parts}</div><ul class="counts">{items}</ul>'


def _wrong(run: Run) -> str:
    articles = "".join(_article(each) for each in run.results if each.findings)
    return f"<h2>What is wrong</h2>{articles}" if articles else ""


def _article(result: Result) -> str:
    found = "".join(
        f"<p><code>{escape(result.path.name)}:{each.line}</code> {escape(each.text)}."
        + (f' <span class="reading">{escape(each.verdict)}</span>' if each.alone else "")
        + f"</p><pre>{each.line:5} │ {escape(result.quoted.get(each.line, ''))}</pre>"
        for each in result.findings
    )
    scenario = f'<span class="tag">{escape(result.scenario)}</span>' if result.scenario else ""
    asked = f'<p class="label">Command</p><pre>{escape(result.asked)}</pre>' if result.asked else ""
    told = f'<p class="label">Answer</p><pre>{escape(result.told)}</pre>' if result.told else ""
    return (
        f"<article><header><code>{escape(result.path.name)}:{result.first}</code>"
        f'<span class="tag">{result.state.value}</span>{scenario}</header>'
        f"<h3>{escape(result.what)}</h3>{found}{asked}{told}</article>"
    )


def _row(result: Result) -> str:
    notes = f"<br><small>{escape('; '.join(result.notes))}</small>" if result.notes else ""
    return (
        f'<tr><td class="state {_CLASSES[result.state]}">{result.state.value}</td>'
        f"<td>{_lines(result)}</td><td>{escape(result.what)}{notes}</td>"
        f"<td>{escape(result.scenario)}</td></tr>"
    )


def _table(results: list[Result]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("lines", justify="right", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("command", overflow="fold")
    table.add_column("scenario", no_wrap=True)
    for each in results:
        notes = f"\n[dim]{plain('; '.join(each.notes))}[/]" if each.notes else ""
        state = f"[{_STYLES[each.state]}]{each.state.value}[/]"
        table.add_row(_lines(each), state, plain(each.what) + notes, f"[dim]{each.scenario}[/]")
    return table


def _lines(result: Result) -> str:
    return f"{result.first}–{result.last}" if result.last > result.first else str(result.first)


def _answers(count: int) -> str:
    return f"{count} documented {'answer' if count == 1 else 'answers'}"


def _commands(count: int) -> str:
    return f"{count} {'command' if count == 1 else 'commands'}"
