"""The report as files: a page to hand to the vendor, JUnit for CI, JSON for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # writes only

from qlara_contract.report.html import render
from qlara_contract.report.junit import document, xml_safe
from qlara_contract.untrusted import visible
from qlara_rehearsal.judge import ActVerdict
from qlara_rehearsal.report import texts
from qlara_rehearsal.stage import VERSION

if TYPE_CHECKING:
    from qlara_rehearsal.evidence import ActFinding
    from qlara_rehearsal.judge import ActResult
    from qlara_rehearsal.rehearsal import Rehearsal

_TEMPLATE = Path(__file__).with_name("templates") / "rehearsal.html"
_CLASSES = {
    ActVerdict.MISHANDLED: "broken",
    ActVerdict.NOT_REACHED: "known",
    ActVerdict.HANDLED: "kept",
}


@dataclass(frozen=True)
class Shown:
    """What a template asks of a rehearsal; every text is masked."""

    rehearsal: Rehearsal

    def commands(self, result: ActResult, finding: ActFinding) -> str:
        """Return the exchanges of a finding as commands."""
        exchanges = texts.shown(finding.exchanges)
        return "\n\n".join(texts.exchange_lines(self.rehearsal, result, one) for one in exchanges)

    def hidden(self, finding: ActFinding) -> int:
        """Return how many exchanges ``commands`` leaves out."""
        return len(finding.exchanges) - len(texts.shown(finding.exchanges))

    def text(self, text: str) -> str:
        """Return a text of a finding."""
        return texts.masked(self.rehearsal, visible(text))

    def output(self, result: ActResult) -> str:
        """Return the end of what the client printed."""
        return "\n".join(texts.output_lines(self.rehearsal, result))

    def ending(self, result: ActResult) -> str:
        """Return how the client ended."""
        return texts.ending(result)

    def again(self, result: ActResult) -> str:
        """Return the command that plays the act again."""
        return texts.again(self.rehearsal, result)


def write_report(rehearsal: Rehearsal, folder: Path) -> list[Path]:
    """Write ``report.html``, ``junit.xml`` and ``report.json`` to *folder*; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "report.html": as_html(rehearsal),
        "junit.xml": as_junit(rehearsal),
        "report.json": json.dumps(as_json(rehearsal), indent=2, ensure_ascii=False) + "\n",
    }
    written = []
    for name, text in contents.items():
        path = folder / name
        path.write_text(texts.masked(rehearsal, text), encoding="utf-8")
        written.append(path)
    return written


def as_html(rehearsal: Rehearsal) -> str:
    """Return the page; it loads nothing and runs no script."""
    return render(
        _TEMPLATE,
        title="Rehearsal of a client",
        subject="Rehearsal of a client of the Qlara contact API (UC-020)",
        started=rehearsal.started,
        verdict=texts.verdict(rehearsal),
        is_bad=not rehearsal.is_ready,
        target=texts.masked(rehearsal, visible(texts.command(rehearsal))),
        counts=[(each, rehearsal.count(each)) for each in ActVerdict],
        classes=_CLASSES,
        circumstances=[line.partition(": ")[::2] for line in texts.circumstances(rehearsal)],
        results=rehearsal.results,
        wrong=[one for one in rehearsal.results if one.verdict is not ActVerdict.HANDLED],
        shown=Shown(rehearsal),
    )


def as_junit(rehearsal: Rehearsal) -> str:
    """Return JUnit XML: a test case per act, a failure where it was not handled."""
    root = ET.Element("testsuites", name="qlara-sandbox rehearse", time=_time(rehearsal.seconds))
    suite = ET.SubElement(root, "testsuite", name="rehearsal", time=_time(rehearsal.seconds))
    for result in rehearsal.results:
        seconds = result.evidence.ending.seconds
        case = ET.SubElement(
            suite, "testcase", classname="rehearsal", name=result.act.name, time=_time(seconds)
        )
        if result.verdict is not ActVerdict.HANDLED:
            summary = result.findings[0].what if result.findings else result.note
            failure = ET.SubElement(
                case,
                "failure",
                type=result.verdict.value,
                message=xml_safe(texts.masked(rehearsal, visible(summary))),
            )
            failure.text = xml_safe(_in_full(Shown(rehearsal), result))
    return document(root, rehearsal.started)


def as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return the rehearsal as JSON values."""
    settings = rehearsal.settings
    return {
        "verdict": texts.verdict(rehearsal),
        "ready": rehearsal.is_ready,
        "started": rehearsal.started.isoformat(timespec="seconds"),
        "seconds": round(rehearsal.seconds, 1),
        "command": [texts.masked(rehearsal, each) for each in settings.command],
        "client": rehearsal.client or None,
        "contractVersion": rehearsal.contract_version,
        "sandboxVersion": VERSION,
        "strategy": settings.strategy or None,
        "seed": settings.seed,
        "counts": {each.value: rehearsal.count(each) for each in ActVerdict},
        "leftOut": list(rehearsal.left_out),
        "acts": [_act(Shown(rehearsal), each) for each in rehearsal.results],
    }


def _act(shown: Shown, result: ActResult) -> dict[str, Any]:
    act, end = result.act, result.evidence.ending
    return {
        "name": act.name,
        "title": act.title,
        "verdict": result.verdict.value,
        "note": shown.text(result.note) or None,
        "requests": len(result.evidence.exchanges),
        "seconds": round(end.seconds, 2),
        "exitCode": end.exit_code,
        "output": shown.output(result),
        "findings": [
            {
                "what": shown.text(one.what),
                "expected": shown.text(one.expected),
                "aboutRequests": one.about_requests,
                "exchanges": shown.commands(result, one),
            }
            for one in result.findings
        ],
        "why": act.why,
        "advice": act.advice,
    }


def _in_full(shown: Shown, result: ActResult) -> str:
    lines = [shown.text(result.note)] if result.note else []
    for each in result.findings:
        lines += [shown.text(each.what), f"Expected: {shown.text(each.expected)}"]
        lines += [shown.commands(result, each), ""]
    lines += [f"Why it matters: {result.act.why}", f"What to do: {result.act.advice}"]
    return "\n".join([*lines, f"Again: {shown.again(result)}"])


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"
