"""Writes the report of a run to a folder: HTML and Markdown for people, JUnit and CTRF for CI, JSON, HAR, badges."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # writes only

from qlara_contract.masking import mask
from qlara_contract.report.badge import as_endpoint, as_svg, badge
from qlara_contract.report.ctrf import as_ctrf
from qlara_contract.report.har import as_har
from qlara_contract.report.junit import document, xml_safe
from qlara_contract.report.markdown import as_markdown
from qlara_contract.report.observed import convention_rows
from qlara_contract.report.page import as_html
from qlara_contract.report.requests import ShownRequests
from qlara_contract.report.summary import (
    costs,
    found_causes,
    left_behind,
    network_failures,
    remedy,
    verdict,
)
from qlara_contract.results import PromiseState
from qlara_contract.run import evidence_text

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_contract.engine import Outcome
    from qlara_contract.report.trend import Trend
    from qlara_contract.results import Evidence, PromiseResult
    from qlara_contract.wording import Remark


def write_report(outcome: Outcome, folder: Path, trend: Trend | None = None) -> list[Path]:
    """Write all eight files to *folder*, created if missing, and large uploads; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    requests = ShownRequests(outcome.settings, keeps_files=True)
    texts = {
        "report.html": as_html(outcome, requests, trend),
        "report.md": as_markdown(outcome, requests, trend),
        "junit.xml": as_junit(outcome),
        "report.json": json_text(as_json(outcome, requests, trend)),
        "failures.har": as_har(outcome),
        "ctrf.json": json_text(as_ctrf(outcome)),
        "badge.json": json_text(as_endpoint(badge(outcome))),
        "badge.svg": as_svg(badge(outcome)),
    }
    for name, text in texts.items():
        (folder / name).write_text(mask(text, outcome.settings.placeholders), encoding="utf-8")
    for path, content in requests.files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)
    return [folder / name for name in texts]


def json_text(value: dict[str, Any]) -> str:
    """Return a report as the text of its file."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def as_json(
    outcome: Outcome, requests: ShownRequests | None = None, trend: Trend | None = None
) -> dict[str, Any]:
    """Return the outcome as a JSON value; its fields are stable (``report.schema.json``)."""
    settings = outcome.settings
    requests = requests or ShownRequests(settings)
    entries = outcome.ledger.entries
    broken = found_causes(outcome).broken
    return {
        "verdict": verdict(outcome),
        "exitCode": outcome.exit_code,
        "baseUrl": settings.base_url,
        "started": outcome.started.isoformat(timespec="seconds"),
        "seconds": round(outcome.seconds, 3),
        **outcome.how,
        "strict": settings.strict,
        "sandboxScenario": outcome.sandbox_scenario or None,
        "requests": outcome.requests,
        "stopped": outcome.stopped or None,
        "notes": outcome.notes,
        "networkFailures": [
            {"what": what, "count": count} for what, count in network_failures(outcome)
        ],
        "conventions": outcome.conventions.known,
        "observations": [
            {
                "name": each.name,
                "value": each.value,
                "expected": each.expected,
                "differs": each.differs,
                "how": each.how,
            }
            for each in convention_rows(outcome)
        ],
        "cardsSent": outcome.ledger.charged,
        "cardsRefused": outcome.ledger.refused_cards,
        "contactsCreated": sum(each.imported for each in entries),
        "leftBehindSummary": left_behind(outcome),
        "leftBehind": [
            {
                "listId": each.list_id,
                "name": each.name,
                "cards": each.cards,
                "imported": each.imported,
            }
            for each in entries
        ],
        "counts": {state.value: len(outcome.in_state(state)) for state in PromiseState},
        "causes": [[result.promise.id for result, _ in each.results] for each in broken],
        "causeSentences": [each.says or None for each in broken],
        "promises": [_promise(outcome, each, requests) for each in outcome.promises],
        "expiredDeviations": [one for each in outcome.expired for one in each.promises],
        "unusedDeviations": outcome.unused,
        "remarks": {
            group.name: [_remark(each, requests) for each in group.remarks]
            for group in outcome.remarks
        },
        "trend": trend.as_json if trend else None,
        "suiteFailures": outcome.failures,
    }


def _promise(outcome: Outcome, result: PromiseResult, requests: ShownRequests) -> dict[str, Any]:
    state = outcome.state(result)
    value: dict[str, Any] = {
        "id": result.promise.id,
        "operation": result.promise.operation,
        "kind": result.promise.kind.value,
        "severity": result.promise.severity.value,
        "costs": costs(state, result.promise.severity),
        "sentence": result.promise.sentence,
        "source": result.promise.source,
        "state": state.value,
        "checks": {"kept": result.kept, "broken": result.broken},
    }
    if state is PromiseState.NOT_EXERCISED:
        value["reason"] = result.reason
        value["exercisedBy"] = remedy(outcome, result)
    if result.spec_variants:
        value["readings"] = [each.value for each in result.spec_variants]
    if result.evidence:
        value["evidence"] = [_evidence(each, requests) for each in outcome.evidence(result)]
    return value


def _remark(remark: Remark, requests: ShownRequests) -> dict[str, Any]:
    exchange = remark.exchange
    return {
        "what": requests.masked(remark.what),
        "expected": requests.masked(remark.expected),
        "times": remark.times,
        "curl": requests.curl(exchange) if exchange else None,
        "answer": requests.response(exchange) if exchange else None,
    }


def _evidence(evidence: Evidence, requests: ShownRequests) -> dict[str, Any]:
    exchange = evidence.exchange
    return {
        "story": evidence.story,
        "what": requests.masked(evidence.what),
        "expected": requests.masked(evidence.expected),
        "got": requests.masked(evidence.got),
        "reading": evidence.variant.value if evidence.variant else None,
        "before": [requests.curl(each) for each in evidence.before],
        "curl": requests.curl(exchange) if exchange else None,
        "script": requests.script(evidence) or None,
        "answer": requests.response(exchange) if exchange else None,
    }


def as_junit(outcome: Outcome) -> str:
    """Return the outcome as JUnit XML: a suite per operation, a case per promise.

    A run that stopped early, or failed itself, has a case of its own with an error.
    """
    root = ET.Element("testsuites", name="contract", time=f"{outcome.seconds:.3f}")
    suites: dict[str, ET.Element] = {}
    errors = [outcome.stopped] if outcome.stopped else []
    if errors or outcome.failures:
        suite = ET.SubElement(root, "testsuite", name="run")
        case = ET.SubElement(suite, "testcase", name="run", classname="run")
        error = ET.SubElement(case, "error", message=xml_safe(verdict(outcome)))
        error.text = xml_safe("\n\n".join([*errors, *outcome.failures]))
    for result in outcome.promises:
        operation = result.promise.operation
        if operation not in suites:
            suites[operation] = ET.SubElement(root, "testsuite", name=operation)
        _case(suites[operation], outcome, result)
    return mask(document(root, outcome.started), outcome.settings.placeholders)


def _case(suite: ET.Element, outcome: Outcome, result: PromiseResult) -> None:
    promise = result.promise
    case = ET.SubElement(suite, "testcase", name=promise.id, classname=promise.operation)
    state = outcome.state(result)
    found = "\n\n".join(evidence_text(each) for each in outcome.evidence(result))
    text = xml_safe(f"{promise.source}\n\n{found}")
    is_difference = state is PromiseState.DIFFERS
    if state is PromiseState.BROKEN or (is_difference and outcome.settings.strict):
        failure = ET.SubElement(case, "failure", message=promise.sentence, type=promise.severity)
        failure.text = text
    elif is_difference:
        ET.SubElement(case, "system-out").text = f"differs: {text}"
    elif state is PromiseState.NOT_EXERCISED:
        message = xml_safe(f"{outcome.wording.not_exercised}: {result.reason}")
        ET.SubElement(case, "skipped", message=message)
    elif state is PromiseState.DEVIATION:
        known = outcome.known_as(result)[0]
        message = f"known deviation until {known.until}: {known.reason}"
        ET.SubElement(case, "skipped", message=xml_safe(message))
