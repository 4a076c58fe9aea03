"""Writes the report of a run to a folder: HTML for people, JUnit for CI, JSON for programs, and HAR."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # writes only

from qlara_contract.masking import mask
from qlara_contract.report.har import as_har
from qlara_contract.report.junit import document, xml_safe
from qlara_contract.report.page import as_html
from qlara_contract.report.summary import verdict
from qlara_contract.results import PromiseState
from qlara_contract.run import evidence_text

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_contract.engine import Outcome
    from qlara_contract.results import Evidence, PromiseResult


def write_report(outcome: Outcome, folder: Path) -> list[Path]:
    """Write all four files to *folder*, created if missing; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": as_html(outcome),
        "junit.xml": as_junit(outcome),
        "report.json": json.dumps(as_json(outcome), indent=2, ensure_ascii=False) + "\n",
        "failures.har": as_har(outcome),
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
        "stopped": outcome.stopped or None,
        "networkFailures": outcome.network_failures,
        "conventions": outcome.conventions.known,
        "cardsSent": outcome.ledger.charged,
        "leftBehind": [
            {
                "listId": each.list_id,
                "name": each.name,
                "cards": each.cards,
                "imported": each.imported,
            }
            for each in outcome.ledger.entries
        ],
        "counts": {state.value: len(outcome.in_state(state)) for state in PromiseState},
        "promises": [_promise(outcome, each) for each in outcome.promises],
        "expiredDeviations": [each.promise for each in outcome.expired],
        "unusedDeviations": [each.promise for each in outcome.unused],
        "suiteFailures": outcome.failures,
    }


def _promise(outcome: Outcome, result: PromiseResult) -> dict[str, Any]:
    state = outcome.state(result)
    value: dict[str, Any] = {
        "id": result.promise.id,
        "operation": result.promise.operation,
        "severity": result.promise.severity.value,
        "sentence": result.promise.sentence,
        "source": result.promise.source,
        "state": state.value,
        "checks": {"kept": result.kept, "broken": result.broken},
    }
    if state is PromiseState.NOT_EXERCISED:
        value["reason"] = result.reason
        value["exercisedBy"] = result.remedy
    if result.spec_variants:
        value["readings"] = [each.value for each in result.spec_variants]
    if result.evidence:
        value["evidence"] = [_evidence(each) for each in result.evidence]
    return value


def _evidence(evidence: Evidence) -> dict[str, Any]:
    exchange = evidence.exchange
    return {
        "story": evidence.story,
        "what": evidence.what,
        "expected": evidence.expected,
        "got": evidence.got,
        "reading": evidence.variant.value if evidence.variant else None,
        "before": [each.curl() for each in evidence.before],
        "curl": exchange.curl() if exchange else None,
        "answer": exchange.shown_response() if exchange else None,
    }


def as_junit(outcome: Outcome) -> str:
    """Return the outcome as JUnit XML: a suite per operation, a case per promise."""
    root = ET.Element("testsuites", name="contract", time=f"{outcome.seconds:.3f}")
    suites: dict[str, ET.Element] = {}
    for result in outcome.promises:
        operation = result.promise.operation
        if operation not in suites:
            suites[operation] = ET.SubElement(root, "testsuite", name=operation)
        _case(suites[operation], outcome, result)
    return document(root)


def _case(suite: ET.Element, outcome: Outcome, result: PromiseResult) -> None:
    promise = result.promise
    case = ET.SubElement(suite, "testcase", name=promise.id, classname=promise.operation)
    state = outcome.state(result)
    if state is PromiseState.BROKEN:
        failure = ET.SubElement(case, "failure", message=promise.sentence, type=promise.severity)
        text = "\n\n".join(evidence_text(each) for each in result.evidence)
        failure.text = xml_safe(f"{promise.source}\n\n{text}")
    elif state is PromiseState.NOT_EXERCISED:
        ET.SubElement(case, "skipped", message=f"not exercised: {result.reason}")
    elif state is PromiseState.DEVIATION:
        known = next(each for each in outcome.deviations if each.promise == promise.id)
        message = f"known deviation until {known.until}: {known.reason}"
        ET.SubElement(case, "skipped", message=xml_safe(message))
