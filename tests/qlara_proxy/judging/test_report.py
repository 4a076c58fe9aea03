"""The report on traffic: the files of a run of the suite, in words that fit."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

import qlara_contract.report
from qlara_proxy.judging.report import as_json, print_summary, write_report
from tests.qlara_proxy.judging.traffic import KEY, Traffic, contact, person, report

if TYPE_CHECKING:
    from qlara_proxy.judging import TrafficOutcome

MARCO = "+393331112223"
SCHEMA = Path(qlara_contract.report.__file__).with_name("report.schema.json")
FILES = [
    *("report.html", "report.md", "junit.xml", "report.json"),
    *("failures.har", "ctrf.json", "badge.json", "badge.svg"),
]


@pytest.fixture
def outcome() -> TrafficOutcome:
    """Traffic of which something is broken, something in doubt, and a client at fault."""
    traffic = Traffic()
    traffic.quota(10)
    traffic.upload(person(MARCO, email="marco@example.com"), report(imported=2), tags="soci-vip")
    traffic.quota(14)
    traffic.page(
        [contact(MARCO, "Marco Bianchi", email="marco@example.com")], query="limit=10", size=10
    )
    traffic.send(
        "GET", f"/api/v1/partner-gateway/subscription/contacts?key={KEY}", 200, {"used": 1}
    )
    traffic.finish()
    return traffic.judge.outcome()


def test_the_files_are_those_of_a_run(outcome: TrafficOutcome, tmp_path: Path) -> None:
    assert [each.name for each in write_report(outcome, tmp_path / "report")] == FILES


def test_neither_keys_nor_people_stand_in_any_file(outcome: TrafficOutcome, tmp_path: Path) -> None:
    texts = [each.read_text(encoding="utf-8") for each in write_report(outcome, tmp_path)]

    secrets = (KEY, "Marco", "Rossi", "Bianchi", MARCO, MARCO[1:], "marco@example.com", "soci-vip")
    assert [each for each in secrets for text in texts if each in text] == []


def test_the_words_are_not_those_of_a_run(outcome: TrafficOutcome, tmp_path: Path) -> None:
    write_report(outcome, tmp_path)
    stream = StringIO()
    print_summary(outcome, stream)

    texts = [
        (tmp_path / name).read_text(encoding="utf-8")
        for name in ("report.html", "report.md", "junit.xml")
    ]
    for text in (*texts, stream.getvalue()):
        assert "not seen" in text.lower()
        assert "not exercised" not in text.lower()
        assert "--mode" not in text
        assert "Left behind" not in text


def test_doubts_and_the_clients_mistakes_are_told(outcome: TrafficOutcome) -> None:
    remarks = as_json(outcome)["remarks"]

    assert [each["what"] for each in remarks["clientFindings"]] == ["The API key is in the query."]
    assert [each["times"] for each in remarks["doubts"]] == [1] * len(remarks["doubts"])
    assert any("quota.moves-by-what-was-created" in each["what"] for each in remarks["doubts"])


def test_the_json_is_as_the_schema_of_a_run_says(outcome: TrafficOutcome) -> None:
    value = json.loads(json.dumps(as_json(outcome)))

    jsonschema.validate(value, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert (value["mode"], value["profile"], value["seed"]) == ("traffic", None, None)
