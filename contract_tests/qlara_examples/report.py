"""The report on pages that were run: a table in the terminal, HTML for people, JUnit for CI, JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # writes only

from rich.markup import escape
from rich.table import Table

from qlara_contract.masking import mask
from qlara_contract.report.counting import counted
from qlara_contract.report.html import render
from qlara_contract.report.junit import document, xml_safe
from qlara_contract.untrusted import visible
from qlara_examples.outcomes import StepResult, StepState

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from qlara_examples.confinement import Confinement

_TEMPLATE = Path(__file__).with_name("templates") / "examples.html"
_STYLES = {
    StepState.DIFFERS: "bold red",
    StepState.COULD_NOT_RUN: "bold yellow",
    StepState.MATCHES: "green",
    StepState.RAN: "dim",
}
_CLASSES = {
    StepState.DIFFERS: "broken",
    StepState.COULD_NOT_RUN: "known",
    StepState.MATCHES: "kept",
    StepState.RAN: "open",
}
_SHOWN_LINES = 12  # of a refusal
_RED = frozenset({StepState.DIFFERS, StepState.COULD_NOT_RUN})


@dataclass(frozen=True)
class ExamplesRun:
    """All results of a run. ``target`` is the URL that was used, ``secrets`` no report may show."""

    results: tuple[StepResult, ...]
    target: str
    started: datetime
    confinement: Confinement
    secrets: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: every page is right; 1: something differs or could not run."""
        return int(any(each.state in _RED for each in self.results))

    @property
    def by_page(self) -> dict[Path, list[StepResult]]:
        """The results of each page."""
        pages = dict.fromkeys(each.path for each in self.results)
        return {path: [each for each in self.results if each.path == path] for path in pages}

    def masked(self, text: str) -> str:
        """Return *text* without secrets, also where they are written as in JSON."""
        in_json = (
            json.dumps(each, ensure_ascii=ascii_only)[1:-1]
            for each in self.secrets
            for ascii_only in (True, False)
        )
        return mask(text, tuple({*self.secrets, *in_json}))

    def without_secrets(self) -> ExamplesRun:
        """Return this run with every text masked, before HTML or XML escapes anything in it."""
        return replace(self, results=tuple(map(self._masked_result, self.results)))

    def _masked_result(self, result: StepResult) -> StepResult:
        masked = self.masked
        return replace(
            result,
            what=masked(result.what),
            findings=tuple(replace(one, text=masked(one.text)) for one in result.findings),
            notes=tuple(map(masked, result.notes)),
            command=masked(result.command),
            response=masked(result.response),
            quoted={line: masked(text) for line, text in result.quoted.items()},
        )

    def shown(self, text: str) -> str:
        """Return *text* without secrets, and without what a terminal obeys or Rich reads as markup."""
        return escape(visible(self.masked(text)))

    def count(self, state: StepState) -> int:
        """Return how many steps end in *state*."""
        return sum(each.state is state for each in self.results)

    @property
    def verdict(self) -> str:
        """The run in one sentence."""
        if not self.results:
            return "Nothing to run: no curl command was found."
        matching, ran = self.count(StepState.MATCHES), self.count(StepState.RAN)
        good = (
            f"{counted(matching, 'documented response')} {'matches' if matching == 1 else 'match'}"
        )
        if ran:
            good += f", {counted(ran, 'command')} ran without a documented response"
        bad = []
        if differing := self.count(StepState.DIFFERS):
            bad.append(f"{differing} {'differs' if differing == 1 else 'differ'}")
        if failed := self.count(StepState.COULD_NOT_RUN):
            bad.append(f"{failed} could not run")
        return f"{', '.join(bad)}; {good}." if bad else f"{good}."


def print_run(console: Console, run: ExamplesRun) -> None:
    """Print the table by file and line, then what is wrong, then verdict and confinement."""
    for path, results in run.by_page.items():
        console.print(f"[bold]{run.shown(str(path))}[/]", highlight=False)
        console.print(_table(run, results))
        console.print()
    for result in run.results:
        for finding in result.findings:
            console.print(
                f"[{_STYLES[result.state]}]{run.shown(f'{result.path}:{finding.line}')}[/]  "
                f"{run.shown(str(finding))}",
                highlight=False,
                soft_wrap=True,
            )
            quoted = run.shown(result.quoted[finding.line])
            console.print(f"[dim]  {finding.line:5} │ {quoted}[/]", highlight=False, soft_wrap=True)
        for line in run.shown(result.refusal).splitlines()[:_SHOWN_LINES]:
            console.print(f"[dim]        {line}[/]", highlight=False, soft_wrap=True)
    if run.exit_code:
        console.print()
    style = "bold red" if run.exit_code else "green"
    console.print(escape(run.verdict), style=style, highlight=False)
    console.print(escape(run.confinement.summary), highlight=False, soft_wrap=True)


def write_report(run: ExamplesRun, folder: Path) -> list[Path]:
    """Write ``examples.html``, ``examples.xml`` (JUnit) and ``examples.json`` to *folder*.

    Return their paths; the folder is created if missing.
    """
    run = run.without_secrets()
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "examples.html": as_html(run),
        "examples.xml": as_junit(run),
        "examples.json": json.dumps(as_json(run), indent=2) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(run.masked(text), encoding="utf-8")
    return [folder / name for name in texts]


def as_json(run: ExamplesRun) -> dict[str, Any]:
    """Return the run as a JSON value; its fields are stable."""
    return {
        "verdict": run.verdict,
        "exitCode": run.exit_code,
        "target": run.target,
        "started": run.started.isoformat(timespec="seconds"),
        "confinement": {"mode": run.confinement.mode.value, "text": run.confinement.summary},
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
                        "quoted": each.quoted[one.line],
                        "text": one.text,
                        "standsAlone": one.odd_one_out.value or None,
                    }
                    for one in each.findings
                ],
                "notes": list(each.notes),
                "refusal": each.refusal or None,
            }
            for each in run.results
        ],
    }


def as_junit(run: ExamplesRun) -> str:
    """Return the run as JUnit XML: a suite per page, a case per step."""
    root = ET.Element("testsuites", name="examples")
    for path, results in run.by_page.items():
        suite = ET.SubElement(root, "testsuite", name=str(path), file=str(path))
        properties = ET.SubElement(suite, "properties")
        value = run.confinement.mode.value
        ET.SubElement(properties, "property", name="confinement", value=value)
        for result in results:
            _case(suite, result)
    return document(root, run.started)


def _case(suite: ET.Element, result: StepResult) -> None:
    name = f"line {result.first}: {xml_safe(visible(result.what))}"
    case = ET.SubElement(suite, "testcase", name=name, classname=str(result.path))
    if result.state in _RED:
        kind = "failure" if result.state is StepState.DIFFERS else "error"
        found = [f"{result.path}:{each.line}: {each}" for each in result.findings]
        wrong = ET.SubElement(
            case, kind, message=xml_safe(visible(found[0])), type=result.state.value
        )
        wrong.text = xml_safe(visible("\n".join([*found, "", result.command, result.response])))


def as_html(run: ExamplesRun) -> str:
    """Return the run as one page that loads nothing and runs no script."""
    text = render(
        _TEMPLATE,
        title=f"Examples: {run.verdict}",
        subject="Documentation examples of the Qlara contact API",
        started=run.started,
        verdict=run.verdict,
        is_bad=bool(run.exit_code),
        target=run.target,
        confinement=run.confinement.summary,
        counts=[(state, run.count(state)) for state in StepState],
        classes=_CLASSES,
        wrong=[each for each in run.results if each.findings],
        by_page=run.by_page,
    )
    return visible(text)


def _table(run: ExamplesRun, results: list[StepResult]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("lines", justify="right", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("command", overflow="fold")
    table.add_column("scenario", no_wrap=True)
    for each in results:
        notes = f"\n[dim]{run.shown('; '.join(each.notes))}[/]" if each.notes else ""
        state = f"[{_STYLES[each.state]}]{each.state.value}[/]"
        table.add_row(each.lines, state, run.shown(each.what) + notes, f"[dim]{each.scenario}[/]")
    return table
