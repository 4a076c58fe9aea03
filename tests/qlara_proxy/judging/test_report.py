"""The report on traffic: the files of a run of the suite, in words that fit."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import qlara_contract.report
from qlara_proxy.judging import TrafficJudge
from qlara_proxy.judging.report import as_json, print_summary, write_report
from tests.qlara_proxy.judging.traffic import KEY, Traffic, contact, person, report
from tests.qlara_proxy.passing import QUOTA, UPLOAD, exchange, form, listed

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


WHO = "Rumpelstilzchen"
DIGITS = "3478816253"
TOKEN = "sk_live_1"  # noqa: S105 - one to search for
_BROKEN = b'{"used": "x"}'
_CARD = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{WHO}\r\nTEL;WAID={DIGITS}:{DIGITS}\r\nEND:VCARD\r\n"
_UPLOADED = form(
    _CARD.encode(),
    f"{WHO}.vcf",
    listName=WHO,
    **{"apiKey": TOKEN, "client_secret": TOKEN, WHO: "x"},
)
_TABLE = form(
    f"{WHO};{DIGITS}\r\n{WHO}: {DIGITS}\r\n{WHO}.TEL;TYPE={WHO};{WHO}:1\r\n".encode(),
    listId="list_a",
)
_ERROR = {"line": 1, "name": WHO, "reason": f"{WHO} ({DIGITS}) exists"}


@pytest.mark.parametrize(
    "options",
    [
        {"target": f"{QUOTA}?search={WHO}&phone={DIGITS}&subscription-key={TOKEN}&{WHO}=1"},
        {"headers": [("X-Person", WHO), ("From", f"a@{WHO}.de"), ("X-Phone", DIGITS)]},
        {"headers": [("User-Agent", f"{WHO}/1 curl/8.1"), ("Referer", f"http://x/{WHO}")]},
        {"headers": [("Api-Key", TOKEN), ("X-Auth-Token", TOKEN), ("X-Api-Key", TOKEN)]},
        {"response_headers": [("Location", f"/{WHO}/{DIGITS}"), ("X-Refresh-Token", TOKEN)]},
        {"target": f"/api/contacts/by-name/{WHO}/{DIGITS}"},
        {"target": listed(f"{WHO}%20X"), "response": f'{{"listId":"{WHO} X","contacts":3}}'.encode()},
        {"target": listed(DIGITS), "response": f'{{"listId":"{DIGITS}","contacts":3}}'.encode()},
        {"method": "POST", "target": UPLOAD, "body": f"name={WHO}&tel={DIGITS}&token={TOKEN}".encode()},
        {"method": "POST", "target": UPLOAD, "body": f'{{"a":"{WHO}","b":{DIGITS}}}'.encode()},
        {
            "method": "POST",
            "target": UPLOAD,
            "headers": _UPLOADED[0],
            "body": _UPLOADED[1],
            "response": json.dumps({"listId": WHO, "errors": [_ERROR], "token": TOKEN}).encode(),
        },
        {
            "method": "POST",
            "target": UPLOAD,
            "headers": _TABLE[0],
            "body": _TABLE[1],
            "response": f"<p>{WHO} {DIGITS} {TOKEN}".encode(),
            "response_headers": [("Content-Type", "text/html")],
        },
        {
            "target": listed("list_a"),
            "response": json.dumps(
                {"contacts": [{"name": WHO, "digits": int(DIGITS), WHO: float(DIGITS)}], "total": "x"}
            ).encode(),
        },
    ],
)  # fmt: skip
def test_nobody_stands_in_a_report_wherever_the_traffic_has_them(
    options: dict[str, Any], tmp_path: Path
) -> None:
    judge = TrafficJudge("https://deployment.test")
    judge.passed(exchange(1, **{"key": "some-key-4711", "response": _BROKEN, **options}))
    judge.finish()
    outcome = judge.outcome()
    stream = StringIO()
    print_summary(outcome, stream)
    texts = [each.read_text(encoding="utf-8") for each in write_report(outcome, tmp_path)]

    assert judge.broken() or outcome.clients
    for text in (*texts, stream.getvalue()):
        assert [each for each in (WHO, DIGITS, TOKEN) if each.lower() in text.lower()] == []


def test_what_is_nobodys_stays_in_a_report(tmp_path: Path) -> None:
    judge = TrafficJudge("https://deployment.test")
    target = listed("list_crm-7", "?limit=5000&page=2")
    agent = [("User-Agent", "curl/8.1.2"), ("Accept", "*/*")]
    body = {"status": "fail", "data": {"limit": "Expected a number of 1 to 1000."}}
    judge.passed(
        exchange(1, target=target, key="k-4711", headers=agent, response=json.dumps(body).encode())
    )
    write_report(judge.outcome(), tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")

    assert "/contacts/list/list_crm-7/contacts?limit=5000&page=2" in text
    assert "User-Agent: curl/8.1.2" in text
    assert "Expected a number of 1 to" in text


def test_what_is_kept_is_shown_as_it_passed_but_for_secrets() -> None:
    judge = TrafficJudge("https://deployment.test", keeps_data=True)
    twice = b'{"used" :"x", "used":  "x"}'
    for number, response in enumerate((twice, f'{{"used": "x", "token": "{TOKEN}"}}'.encode()), 1):
        judge.passed(exchange(number, target=f"{QUOTA}?q={WHO}", key="k-4711", response=response))
    judge.finish()
    evidence = judge.outcome().results.by_id["quota.shape"].evidence

    assert [each.exchange and each.exchange.response.body for each in evidence] == [
        twice,
        b'{"used": "x", "token": "HIDDEN"}',
    ]
    assert all(each.exchange and each.exchange.request.query == (("q", WHO),) for each in evidence)
