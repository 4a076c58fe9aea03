"""How a run ends: states, exit codes, and each of its reports."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from io import StringIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from rich.console import Console

from qlara_contract.deviations import Deviation
from qlara_contract.engine import Outcome
from qlara_contract.promises import LIST
from qlara_contract.report.files import as_json, as_junit, write_report
from qlara_contract.report.har import as_har
from qlara_contract.report.page import as_html
from qlara_contract.report.summary import verdict
from qlara_contract.report.terminal import print_outcome
from qlara_contract.results import Evidence, PromiseState, Results
from qlara_contract.run import LeftBehind
from qlara_contract.settings import RunSettings
from qlara_contract.spec_variants import SpecVariant
from tests.qlara_contract.deployments import SECRET, answered, page

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_contract.promise_ids import PromiseId

TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONLY: tuple[PromiseId, ...] = (
    "list.pages-from-1",
    "list.order",
    "list.total",
    "upload.quota-exceeded",
)


def _outcome(*known: Deviation, broken: bool = True) -> Outcome:
    results = Results()
    results.record_kept("list.order")
    results.record_kept("list.total")
    results.record_not_exercised("upload.quota-exceeded", "no key of a full plan was given")
    if broken:
        exchange = answered(LIST, page(page=0, note=f"<b>{SECRET}</b>"))
        evidence = Evidence("Page <1>.", "1", "0", exchange, SpecVariant.PAGES_FROM_0, "a story")
        results.record_broken("list.pages-from-1", evidence)
    settings = RunSettings("https://api.example.com", SECRET, only=ONLY)
    left = (LeftBehind("list_a", "contract-check x", 3),)
    return Outcome(settings, results, known, started=TODAY, requests=12, written=3, left=left)


def _known(promise: PromiseId, until: date = date(2027, 1, 31)) -> Deviation:
    return Deviation(promise, "known to the vendor", until)


def test_a_broken_promise_is_drift() -> None:
    outcome = _outcome()
    assert (outcome.exit_code, outcome.broken) == (1, ["list.pages-from-1"])
    assert verdict(outcome) == "1 promise is broken; 2 kept, 1 not exercised."


def test_a_known_deviation_is_no_drift_until_its_date() -> None:
    assert _outcome(_known("list.pages-from-1", date(2026, 11, 23))).exit_code == 0
    expired = _outcome(_known("list.pages-from-1", date(2026, 11, 22)))
    assert (expired.exit_code, len(expired.expired)) == (1, 1)


def test_a_deviation_of_a_promise_that_is_kept_is_reported_as_unused() -> None:
    outcome = _outcome(_known("list.order"), broken=False)
    assert ([each.promise for each in outcome.unused], outcome.exit_code) == (["list.order"], 0)


def test_a_promise_that_was_not_exercised_is_not_kept() -> None:
    outcome = _outcome()
    assert {each.promise.id: outcome.state(each) for each in outcome.promises} == {
        "list.pages-from-1": PromiseState.BROKEN,
        "list.order": PromiseState.KEPT,
        "list.total": PromiseState.KEPT,
        "upload.quota-exceeded": PromiseState.NOT_EXERCISED,
    }


def test_a_failure_of_the_suite_is_neither_conformance_nor_drift() -> None:
    outcome = _outcome(broken=False)
    outcome.failures.append("a story failed")
    assert outcome.exit_code == 2


def test_the_terminal_shows_verdict_evidence_reasons_and_what_is_left_behind() -> None:
    out = StringIO()
    print_outcome(Console(file=out, width=200), _outcome(_known("list.order")))
    text = out.getvalue()
    for expected in (
        "1 promise is broken; 2 kept, 1 not exercised.",
        "The deployment follows the API reference: pages count from 0.",
        "no key of a full plan was given (1): upload.quota-exceeded",
        "to exercise: `--exhausted-key`: a key whose quota is exhausted",
        "Left behind: 3 contacts, tagged contract-check, in 1 lists",
        "unused deviation list.order",
        "-H 'X-Api-Key: YOUR_API_KEY'",
    ):
        assert expected in text
    assert SECRET not in text


def test_the_page_is_self_contained_escaped_and_without_the_key() -> None:
    html = as_html(_outcome())
    assert re.findall(r"(?:src|href)=|<script|@import|url\(", html) == []
    assert "Page &lt;1&gt;." in html
    assert "&lt;b&gt;YOUR_API_KEY&lt;/b&gt;" in html
    assert "follows the API reference: pages count from 0" in html
    assert SECRET not in html


def test_junit_has_a_case_per_promise() -> None:
    root = ET.fromstring(as_junit(_outcome(_known("list.total"))))  # noqa: S314 - our own
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert cases == {
        "upload.quota-exceeded": ["skipped"],
        "list.pages-from-1": ["failure"],
        "list.order": [],
        "list.total": [],
    }
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("4", "1", "1")


def test_json_gives_each_promise_with_its_evidence() -> None:
    value = as_json(_outcome())
    assert value["counts"] == {"broken": 1, "known deviation": 0, "not exercised": 1, "kept": 2}
    broken = next(each for each in value["promises"] if each["state"] == "broken")
    assert broken["readings"] == ["follows the API reference: pages count from 0"]
    assert broken["evidence"][0]["expected"] == "1"


def test_har_holds_the_exchanges_that_broke_promises_and_no_key() -> None:
    text = as_har(_outcome())
    [entry] = json.loads(text)["log"]["entries"]
    assert (entry["comment"], entry["response"]["status"]) == ("list.pages-from-1: Page <1>.", 200)
    assert {"name": "X-Api-Key", "value": "YOUR_API_KEY"} in entry["request"]["headers"]
    assert SECRET not in text
    assert json.loads(as_har(_outcome(broken=False)))["log"]["entries"] == []


def test_the_folder_holds_four_files_and_no_key(tmp_path: Path) -> None:
    paths = write_report(_outcome(), tmp_path / "a" / "b")
    assert [each.name for each in paths] == [
        "report.html",
        "junit.xml",
        "report.json",
        "failures.har",
    ]
    assert [each.name for each in paths if SECRET in each.read_text(encoding="utf-8")] == []
    assert json.loads(paths[2].read_text(encoding="utf-8"))["exitCode"] == 1
