"""The report as files: what each says of the same rehearsal, and what none of them shows."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from qlara_rehearsal.exchanges import ActExchange
from qlara_rehearsal.report.files import write_report
from qlara_rehearsal.report.texts import curl
from tests.junit_schema import mistakes
from tests.qlara_rehearsal.playing import CLIENTS, acts, played

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_rehearsal.rehearsal import Rehearsal

CHOSEN = acts("plan-full", "documented-import", "new-list")
SCRIPT = """\
from tests.qlara_rehearsal.clients.good import Client
class One(Client):
    temporary = {409}
    def __init__(self):
        super().__init__()
        self.list_name = ""
    def pause(self, attempt):
        return 0.0
    def print_report(self, report):
        self.say("<script>alert(1)</script> " + self.api_key)
raise SystemExit(One().run())
"""


@pytest.fixture(scope="module")
def rehearsal() -> Rehearsal:
    return played((sys.executable, "-c", SCRIPT), CHOSEN)


@pytest.fixture(scope="module")
def folder(rehearsal: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "deeper"
    written = write_report(rehearsal, folder)
    assert [path.name for path in written] == ["report.html", "junit.xml", "report.json"]
    return folder


def test_json_has_the_verdict_of_every_act_and_what_to_do(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))

    assert report["verdict"] == "Not ready: of 3 acts 1 mishandled and 1 not reached."
    assert (report["ready"], report["client"]) == (False, "good-client/1.0")
    assert {one["name"]: one["verdict"] for one in report["acts"]} == {
        "documented-import": "handled",
        "new-list": "not reached",
        "plan-full": "mishandled",
    }
    [full] = [one for one in report["acts"] if one["name"] == "plan-full"]
    assert full["findings"][0]["what"].startswith("After 409 (contacts: Contact quota exceeded.")
    assert full["findings"][0]["exchanges"].count("curl") == 4
    assert full["advice"].startswith("Take 409 for final.")


def test_junit_is_what_ci_reads_and_counts_what_was_not_reached_as_a_failure(folder: Path) -> None:
    root = ET.fromstring((folder / "junit.xml").read_text(encoding="utf-8"))  # noqa: S314

    assert list(mistakes(root)) == []
    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    assert [one.get("type") for one in root.iter("failure")] == ["not reached", "mishandled"]


def test_the_page_loads_nothing_runs_nothing_and_says_what_was_rehearsed(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")

    assert not re.search(r"<script|<link|<img|src=|@import|https?://", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Not ready: of 3 acts 1 mishandled and 1 not reached." in page
    assert "Qlara contact API 1.0.0 (UC-020)" in page
    assert "good-client/1.0" in page


def test_no_file_shows_a_key(folder: Path, rehearsal: Rehearsal) -> None:
    keys = {one.evidence.part.api_key for one in rehearsal.results}
    texts = [path.read_text(encoding="utf-8") for path in folder.iterdir()]

    assert [key for key in keys if any(key in text for text in texts)] == []
    assert any("YOUR_API_KEY" in text for text in texts)


def test_the_commands_send_what_was_sent(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    [full] = [one for one in report["acts"] if one["name"] == "plan-full"]

    assert full["findings"][0]["exchanges"].partition("\n\n")[0].splitlines()[1:] == [
        'curl "$QLARA_BASE_URL/api/partner-gateway/v1/contacts/upload/vcard" \\',
        "  -H 'X-Api-Key: YOUR_API_KEY' \\",
        "  -F file=@contacts.vcf \\",
        "  -F listId=list_rehearsal \\",
        "  -F duplicateStrategy=SKIP",
    ]


def test_a_request_for_the_head_alone_is_sent_again_without_waiting_for_a_body() -> None:
    request = {"method": "HEAD", "path": "/x", "query": "", "headers": {}, "bodyBytes": 0}
    entry: dict[str, Any] = {
        "at": "2026-04-09T10:00:00Z",
        "milliseconds": 1,
        "operation": None,
        "faults": [],
        "request": request,
        "answer": None,
        "formNames": [],
        "hasKey": False,
        "fileBegins": "",
        "began": 0.0,
    }

    assert curl(ActExchange.of(1, entry)) == 'curl --head "$QLARA_BASE_URL/x"'


def test_a_client_that_is_ready_has_a_page_that_says_so(tmp_path: Path) -> None:
    ready = played((sys.executable, str(CLIENTS / "good.py")), acts("documented-import"))

    write_report(ready, tmp_path)

    assert "Ready: the act is handled." in (tmp_path / "report.html").read_text(encoding="utf-8")
