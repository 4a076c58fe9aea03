"""Writes the report of a run into a folder: HTML for people, JUnit for CI, JSON for programs, HAR."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # writes only

from qlara_contract.exchange import mask
from qlara_contract.report.page import as_html
from qlara_contract.report.terminal import verdict
from qlara_contract.results import State
from qlara_contract.run import evidence_text

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_contract.engine import Outcome
    from qlara_contract.exchange import Exchange
    from qlara_contract.results import Entry, Evidence


def write_report(outcome: Outcome, folder: Path) -> list[Path]:
    """Write all four files into *folder*, which is made if need be; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": as_html(outcome),
        "junit.xml": as_junit(outcome),
        "report.json": json.dumps(as_json(outcome), indent=2, ensure_ascii=False) + "\n",
        "failures.har": json.dumps(as_har(outcome), indent=1, ensure_ascii=False) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(mask(text, outcome.settings.secrets), encoding="utf-8")
    return [folder / name for name in texts]


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as a JSON value; its fields are stable."""
    settings = outcome.settings
    return {
        "verdict": verdict(outcome),
        "exitCode": outcome.exit_code,
        "baseUrl": settings.base_url,
        "started": outcome.started.isoformat(timespec="seconds"),
        "seconds": round(outcome.seconds, 3),
        "mode": settings.effective_mode.value,
        "profile": settings.profile.value,
        "seed": settings.seed,
        "sandboxScenario": outcome.sandbox_scenario or None,
        "requests": outcome.requests,
        "contactsCreated": outcome.written,
        "leftBehind": [
            {"listId": each.list_id, "name": each.name, "contacts": each.contacts}
            for each in outcome.left
        ],
        "counts": {state.value: len(outcome.in_state(state)) for state in State},
        "promises": [_entry(outcome, entry) for entry in outcome.entries],
        "expiredDeviations": [each.promise for each in outcome.expired],
        "unusedDeviations": [each.promise for each in outcome.unused],
        "suiteFailures": outcome.failures,
    }


def _entry(outcome: Outcome, entry: Entry) -> dict[str, Any]:
    state = outcome.state(entry)
    told: dict[str, Any] = {
        "id": entry.promise.id,
        "operation": entry.promise.operation,
        "severity": entry.promise.severity.value,
        "sentence": entry.promise.sentence,
        "source": entry.promise.source,
        "state": state.value,
        "checks": {"kept": entry.kept, "broken": entry.broken},
    }
    if state is State.NOT_EXERCISED:
        told["reason"] = entry.reason
        told["exercisedBy"] = entry.remedy
    if entry.spec_variants:
        told["readings"] = [each.value for each in entry.spec_variants]
    if entry.evidence:
        told["evidence"] = [_evidence(each) for each in entry.evidence]
    return told


def _evidence(evidence: Evidence) -> dict[str, Any]:
    exchange = evidence.exchange
    return {
        "story": evidence.story,
        "what": evidence.what,
        "expected": evidence.expected,
        "got": evidence.got,
        "reading": evidence.reading.value if evidence.reading else None,
        "before": [each.curl() for each in evidence.before],
        "curl": exchange.curl() if exchange else None,
        "answer": exchange.shown_answer() if exchange else None,
    }


def as_junit(outcome: Outcome) -> str:
    """Return the outcome as JUnit XML: a suite per operation, a case per promise."""
    root = ET.Element("testsuites", name="contract", time=f"{outcome.seconds:.3f}")
    suites: dict[str, ET.Element] = {}
    for entry in outcome.entries:
        operation = entry.promise.operation
        if operation not in suites:
            suites[operation] = ET.SubElement(root, "testsuite", name=operation)
        _case(suites[operation], outcome, entry)
    for suite in [*suites.values(), root]:
        cases = list(suite.iter("testcase"))
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(sum(each.find("failure") is not None for each in cases)))
        suite.set("skipped", str(sum(each.find("skipped") is not None for each in cases)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _case(suite: ET.Element, outcome: Outcome, entry: Entry) -> None:
    promise = entry.promise
    case = ET.SubElement(suite, "testcase", name=promise.id, classname=promise.operation)
    state = outcome.state(entry)
    if state is State.BROKEN:
        failure = ET.SubElement(case, "failure", message=promise.sentence, type=promise.severity)
        text = "\n\n".join(evidence_text(each) for each in entry.evidence)
        failure.text = _xml_safe(f"{promise.source}\n\n{text}")
    elif state is State.NOT_EXERCISED:
        ET.SubElement(case, "skipped", message=f"not exercised: {entry.reason}")
    elif state is State.DEVIATION:
        known = next(each for each in outcome.deviations if each.promise == promise.id)
        message = f"known deviation until {known.until}: {known.reason}"
        ET.SubElement(case, "skipped", message=_xml_safe(message))


def _xml_safe(text: str) -> str:
    """Return *text* without the characters that XML 1.0 cannot hold."""
    return "".join(
        char
        if char in "\t\n\r"
        or " " <= char <= "\ud7ff"
        or "\ue000" <= char <= "\ufffd"
        or char >= "\U00010000"
        else "\ufffd"
        for char in text
    )


def as_har(outcome: Outcome) -> dict[str, Any]:
    """Return the exchanges that broke promises as a HAR 1.2 log, keys masked."""
    entries = []
    for entry in [*outcome.in_state(State.BROKEN), *outcome.in_state(State.DEVIATION)]:
        for evidence in entry.evidence:
            if evidence.exchange is not None:
                one = evidence.exchange.har_entry(_moment(evidence.exchange))
                one["comment"] = f"{entry.promise.id}: {evidence.what}"
                entries.append(one)
    entries.sort(key=lambda each: str(each["startedDateTime"]))
    creator = {"name": "qlara-sandbox verify", "version": "1"}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _moment(exchange: Exchange) -> str:
    return datetime.fromtimestamp(exchange.at, UTC).isoformat(timespec="milliseconds")
