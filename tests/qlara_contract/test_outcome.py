"""How a run ends: states, exit codes, and each of its reports."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import jsonschema_rs
from rich.console import Console

import qlara_contract.report
from qlara_contract.deviations import Deviation
from qlara_contract.engine import Outcome, Progress
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.ledger import Ledger, ListEntry
from qlara_contract.promises import LIST, promise
from qlara_contract.report import markdown
from qlara_contract.report.files import as_json, as_junit, write_report
from qlara_contract.report.har import as_har
from qlara_contract.report.markdown import as_markdown, fenced
from qlara_contract.report.page import as_html
from qlara_contract.report.summary import DIFFERS, left_behind, remedy, verdict
from qlara_contract.report.terminal import live, print_outcome
from qlara_contract.report.trend import Trend
from qlara_contract.results import Evidence, PromiseState, Results
from qlara_contract.settings import Mode, RunSettings
from qlara_contract.spec_variants import SpecVariant
from tests.qlara_contract.deployments import SECRET, answered, page

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId

SCHEMA = Path(qlara_contract.report.__file__).with_name("report.schema.json")
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
    results.record_kept("list.pages-from-1")
    results.record_not_exercised("upload.quota-exceeded", "no key of a full plan was given")
    if broken:
        exchange = answered(LIST, page(page=0, note=f"<b>{SECRET}</b>"))
        evidence = Evidence("Page <1>.", "1", "0", exchange, SpecVariant.PAGES_FROM_0, "a story")
        results.record_broken("list.total", evidence)
    settings = RunSettings("https://api.example.com", SECRET, only=ONLY)
    left = {"list_a": ListEntry("list_a", "contract-check x", 3, 2)}
    ledger = Ledger(100, charged=4, lists=left, refused_cards=1)
    return Outcome(settings, results, known, started=TODAY, requests=12, ledger=ledger)


def _known(promise: PromiseId, until: date = date(2027, 1, 31)) -> Deviation:
    return Deviation((promise,), "known to the vendor", until)


def test_a_broken_promise_is_drift() -> None:
    outcome = _outcome()
    assert (outcome.exit_code, outcome.broken) == (1, ["list.total"])
    assert verdict(outcome) == (
        "Does not keep 1 documented promise (critical): contacts are lost, wrong or seen by others."
    )


def test_a_known_deviation_is_no_drift_until_its_date() -> None:
    assert _outcome(_known("list.total", date(2026, 11, 23))).exit_code == 0
    expired = _outcome(_known("list.total", date(2026, 11, 22)))
    assert (expired.exit_code, len(expired.expired)) == (1, 1)


def test_a_deviation_of_a_promise_that_is_kept_is_reported_as_unused() -> None:
    outcome = _outcome(_known("list.order"), broken=False)
    assert (outcome.unused, outcome.exit_code) == (["list.order"], 0)


def test_a_promise_that_was_not_exercised_is_not_kept() -> None:
    outcome = _outcome()
    assert {each.promise.id: outcome.state(each) for each in outcome.promises} == {
        "list.total": PromiseState.BROKEN,
        "list.order": PromiseState.KEPT,
        "list.pages-from-1": PromiseState.KEPT,
        "upload.quota-exceeded": PromiseState.NOT_EXERCISED,
    }


def test_a_failure_of_the_suite_is_neither_conformance_nor_drift() -> None:
    outcome = _outcome(broken=False)
    outcome.failures.append("a story failed")
    assert outcome.exit_code == 2


def test_the_terminal_shows_verdict_evidence_reasons_and_what_is_left_behind() -> None:
    out = StringIO()
    print_outcome(Console(file=out, width=400), _outcome(_known("list.order")))
    text = out.getvalue()
    for expected in (
        "Does not keep 1 documented promise (critical): contacts are lost, wrong or seen by others.",
        "The deployment follows the API reference: pages count from 0.",
        "no key of a full plan was given (1): upload.quota-exceeded",
        "to exercise: `--exhausted-key`: a key whose quota is exhausted",
        "Left behind: 4 cards were sent. At most 3 contacts may have come of them, tagged contract-check",
        "the reports of the imports confirm 2. 1 more were refused, and left nothing.",
        "unused deviation list.order",
        "-H 'X-Api-Key: YOUR_API_KEY'",
    ):
        assert expected in text
    assert SECRET not in text


def test_of_many_reasons_the_terminal_shows_the_first_and_counts_the_others() -> None:
    outcome = _outcome()
    outcome.settings = replace(outcome.settings, only=())
    for number, each in enumerate(outcome.in_state(PromiseState.NOT_EXERCISED)):
        each.reasons[:] = [f"reason {'A' if number < 5 else number}"]
    left = len(outcome.in_state(PromiseState.NOT_EXERCISED)) - 5
    out = StringIO()
    print_outcome(Console(file=out, width=400), outcome)

    shown = re.findall(r"^  reason \w+ \(\d+\)", out.getvalue(), re.MULTILINE)
    assert shown == ["  reason A (5)", *(f"  reason {number} (1)" for number in range(5, 10))]
    assert (
        f"… and {left - 5} more promises, for {left - 5} other reasons: `--report DIR`"
        in out.getvalue()
    )


def test_the_page_is_self_contained_escaped_and_without_the_key() -> None:
    html = as_html(_outcome())
    assert re.findall(r"(?:src|href)=|<script|@import|url\(", html) == []
    assert "Page &lt;1&gt;." in html
    assert "&lt;b&gt;YOUR_API_KEY&lt;/b&gt;" in html
    assert "follows the API reference: pages count from 0" in html
    assert SECRET not in html


def test_junit_has_a_case_per_promise() -> None:
    root = ET.fromstring(as_junit(_outcome(_known("list.order"))))  # noqa: S314 - our own
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert cases == {
        "upload.quota-exceeded": ["skipped"],
        "list.pages-from-1": [],
        "list.order": [],
        "list.total": ["failure"],
    }
    assert (root.get("tests"), root.get("failures")) == ("4", "1")
    assert [suite.get("skipped") for suite in root] == ["1", "0"]


def test_json_gives_each_promise_with_its_evidence() -> None:
    value = as_json(_outcome())
    assert value["counts"] == {
        "broken": 1,
        "known deviation": 0,
        "differs": 0,
        "not exercised": 1,
        "kept": 2,
    }
    broken = next(each for each in value["promises"] if each["state"] == "broken")
    assert broken["readings"] == ["follows the API reference: pages count from 0"]
    assert broken["evidence"][0]["expected"] == "1"


def test_har_holds_the_exchanges_that_broke_promises_and_no_key() -> None:
    text = as_har(_outcome())
    [entry] = json.loads(text)["log"]["entries"]
    assert (entry["comment"], entry["response"]["status"]) == ("list.total: Page <1>.", 200)
    assert {"name": "X-Api-Key", "value": "YOUR_API_KEY"} in entry["request"]["headers"]
    assert SECRET not in text
    assert json.loads(as_har(_outcome(broken=False)))["log"]["entries"] == []


def test_the_folder_holds_eight_files_and_no_key(tmp_path: Path) -> None:
    paths = write_report(_outcome(), tmp_path / "a" / "b")
    assert [each.name for each in paths] == [
        "report.html",
        "report.md",
        "junit.xml",
        "report.json",
        "failures.har",
        "ctrf.json",
        "badge.json",
        "badge.svg",
    ]
    assert [each.name for each in paths if SECRET in each.read_text(encoding="utf-8")] == []
    assert json.loads(paths[3].read_text(encoding="utf-8"))["exitCode"] == 1


def test_what_is_decided_otherwise_is_no_drift_unless_strict() -> None:
    outcomes = [_outcome(broken=False), _outcome(broken=False)]
    outcomes[1].settings = replace(outcomes[1].settings, strict=True)
    for each in outcomes:
        each.results.record_kept("list.total")
        each.results.record_broken("list.order", Evidence("Sorted.", "a", "b"))
    assert [each.exit_code for each in outcomes] == [0, 1]
    assert [verdict(each) for each in outcomes] == [
        "Keeps every documented promise that could be exercised (1 of 2); "
        "decides 1 undocumented thing otherwise.",
        "Keeps every documented promise that could be exercised (1 of 2); "
        "decides 1 undocumented thing otherwise, which --strict does not allow.",
    ]
    tags = [
        [child.tag for case in ET.fromstring(as_junit(each)).iter("testcase") for child in case]  # noqa: S314 - our own
        for each in outcomes
    ]
    assert [sorted(each) for each in tags] == [["skipped", "system-out"], ["failure", "skipped"]]


def test_a_run_that_stopped_says_so_first_and_is_an_error_in_junit() -> None:
    outcome = _outcome()
    outcome.stopped = "the run was interrupted"
    assert verdict(outcome) == (
        "Stopped early: the run was interrupted. Until then it found 1 promise broken."
    )
    root = ET.fromstring(as_junit(outcome))  # noqa: S314 - our own
    assert (root.get("errors"), outcome.exit_code) == ("1", 2)


def test_a_narrowed_deviation_knows_only_the_evidence_that_it_names() -> None:
    known = Deviation(("list.total",), "known", date(2027, 1, 31), when="page <1>")
    outcome = _outcome(known)
    assert outcome.exit_code == 0
    other = Evidence("Another list.", "1", "7", story="another story")
    outcome.results.record_broken("list.total", other)
    [result] = outcome.in_state(PromiseState.BROKEN)
    assert (outcome.exit_code, outcome.evidence(result)) == (1, [other])


def test_json_keeps_to_its_schema() -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for outcome in (_outcome(), _outcome(_known("list.order"), broken=False)):
        outcome.network_failures += ["closed", "closed"]
        value = as_json(outcome, trend=Trend("2026-01-01", ("list.total",)))
        assert [str(each) for each in validator.iter_errors(value)] == []
        assert value["networkFailures"] == [{"what": "closed", "count": 2}]


def test_markdown_shows_what_is_broken_and_acts_on_nothing() -> None:
    outcome = _outcome()
    outcome.network_failures.append("@somebody closed #1 <img> | `x`")
    text = as_markdown(outcome)
    assert text.startswith("# Does not keep 1 documented promise (critical): contacts are lost")
    assert "Page \\<1\\>." in text
    assert "`@somebody` closed `#1` \\<img\\> \\| `x` (1 time)" in text
    assert "\u2060" not in text
    assert fenced("a ``` b") == "````\na ``` b\n````"
    assert SECRET not in text


def test_markdown_keeps_code_addresses_and_values_as_they_are() -> None:
    assert [
        markdown.plain("`used` is 1_000, see https://a.example/x_y?z=1."),
        markdown.plain("an odd ` of a@b.example and |"),
        markdown.code("a `b` c"),
        markdown.cell("`a|b` or c|d"),
    ] == [
        "`used` is 1\\_000, see `https://a.example/x_y?z=1`.",
        "an odd \\` of `a@b.example` and \\|",
        "`` a `b` c ``",
        "`a\\|b` or c\\|d",
    ]


def test_markdown_shows_the_request_in_a_block_and_no_key_however_it_is_written() -> None:
    outcome = _outcome()
    secret = "sk_live_*x*_`1`"  # noqa: S105 - made up
    outcome.settings = replace(outcome.settings, api_key=secret)
    [result] = outcome.in_state(PromiseState.BROKEN)
    result.evidence[0] = replace(result.evidence[0], what=f"The key {secret} is shown.")
    outcome.stopped = f"{secret} is not accepted"
    text = as_markdown(outcome)
    assert "```sh\ncurl -X GET http://127.0.0.1:8080/api/" in text
    assert "The key YOUR\\_API\\_KEY is shown." in text
    assert (secret in text, "sk_" in text, "live\\_" in text) == (False, False, False)


def test_the_verdict_is_one_sentence_that_can_be_read() -> None:
    outcome = _outcome(_known("list.order"))
    outcome.settings = replace(outcome.settings, strict=True, only=())
    for each in outcome.results.by_id:
        outcome.results.record_broken(promise(each).id, Evidence("A.", "b", "c"))
    assert len(verdict(outcome)) <= 200
    outcome.stopped = "https://api.example.com/a/long/path closed the connection: " + "x y " * 99
    assert (len(verdict(outcome)) <= 200, "… Until then" in verdict(outcome)) == (True, True)


def test_in_a_narrow_terminal_sentences_keep_their_indent_and_addresses_stay_whole() -> None:
    out = StringIO()
    outcome = _outcome()
    [result] = outcome.in_state(PromiseState.BROKEN)
    result.evidence[0] = replace(result.evidence[0], what="Word " * 30 + "x" * 90)
    print_outcome(Console(file=out, width=60), outcome)
    lines = out.getvalue().splitlines()
    evidence = [each for each in lines if "Word" in each or "xxx" in each]
    assert [each[:3] for each in evidence] == ["  W"] * 3 + ["  x"]
    assert max(len(each) for each in lines if "Word" in each) <= 60
    assert any("curl -X GET http://127.0.0.1:8080/api/partner-gateway" in each for each in lines)


def test_what_is_left_is_said_always_and_truly() -> None:
    outcome = _outcome()
    assert left_behind(outcome) == (
        "4 cards were sent. At most 3 contacts may have come of them, tagged contract-check, in 1 list "
        "named `contract-check …`; the reports of the imports confirm 2. 1 more were refused, and left "
        "nothing. The API has no way to delete them: search for that tag and these lists where the "
        "account is managed, and delete them there."
    )
    outcome.sandbox_scenario = "default"
    assert left_behind(outcome) == (
        "4 cards were sent, into worlds of this run alone: nothing else that uses the sandbox sees what "
        "came of them. `POST /__admin/reset` removes it."
    )
    outcome.ledger = Ledger(100)
    assert left_behind(outcome) == "Nothing: no contact and no list was sent to be written."


def test_what_differs_costs_nothing_in_any_report() -> None:
    outcome = _outcome(broken=False)
    outcome.results.record_broken("list.order", Evidence("Sorted.", "a", "b"))
    out = StringIO()
    print_outcome(Console(file=out, width=200), outcome)
    costs = [each["costs"] for each in as_json(outcome)["promises"] if each["state"] == "differs"]
    assert costs == [DIFFERS]
    assert [
        DIFFERS in each for each in (out.getvalue(), as_markdown(outcome), as_html(outcome))
    ] == [True] * 3
    assert "is misled" not in as_html(outcome)


def test_what_would_exercise_a_promise_is_nothing_that_the_run_had() -> None:
    outcome = _outcome()
    by_id = outcome.results.by_id
    ids: tuple[PromiseId, ...] = ("tags.none", "list.total", "upload.copies-need-quota")
    read_only = [remedy(outcome, by_id[each]) for each in ids]
    outcome.settings = replace(outcome.settings, mode=Mode.FULL, exhausted_key="another-key")
    full = [remedy(outcome, by_id[each]) for each in ids]
    whose_list = "`--exhausted-key`: a key whose quota is exhausted and whose list (`--list-id`) holds contacts"
    assert read_only == [
        "`--mode full`: it imports contacts",
        "`--mode full`, or `--list-id` with a list that holds contacts",
        whose_list,
    ]
    assert full == ["", "", whose_list]


def test_a_large_upload_is_kept_beside_the_report(tmp_path: Path) -> None:
    outcome = _outcome()
    request = ApiRequest("POST", "/x", form=ImportForm(FormFile(b"x" * 9000)))
    exchange = ApiExchange("http://a", request, ApiResponse(500, (), b""))
    outcome.results.record_broken("list.total", Evidence("Large.", "a", "b", exchange))
    write_report(outcome, tmp_path)
    [path] = (tmp_path / "files").iterdir()
    assert path.read_bytes() == b"x" * 9000
    assert f"file=@files/{path.name};type=text/vcard" in (tmp_path / "report.html").read_text(
        "utf-8"
    )


def test_off_a_terminal_progress_is_a_plain_line_every_other_second() -> None:
    out, times = StringIO(), iter([0.0, 1.0, 2.5, 2.5, 3.0])
    with live(Console(file=out, width=20), lambda: next(times)) as show:
        for done in range(3):
            show(Progress(done, 9, f"story [{done}]", 1))
    assert out.getvalue() == "1 of 9 stories, 1 broken: story [1]\n"
