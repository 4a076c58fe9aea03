"""What passes is judged: kept, broken with the exchange, or not seen."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest

from qlara_contract.errors import CannotRun
from qlara_contract.results import PromiseState
from qlara_proxy.judging import TrafficJudge
from tests.qlara_proxy.judging.traffic import KEY, URL, Traffic, contact, person, report
from tests.qlara_proxy.passing import exchange

if TYPE_CHECKING:
    from pathlib import Path

MARCO, GIULIA = "+393471234567", "+393489876543"


def test_traffic_that_keeps_the_contract_breaks_nothing() -> None:
    traffic = Traffic()

    traffic.quota(10)
    traffic.upload(person(MARCO), report())
    traffic.page([contact(MARCO)])
    traffic.quota(11)

    assert traffic.broken == []
    assert traffic.findings == []
    assert traffic.kept("quota.moves-by-what-was-created") == 1
    assert traffic.kept("list.contact-as-imported") == 1
    assert traffic.kept("upload.report-names-the-list") == 2


def test_what_nothing_showed_is_not_seen_and_says_what_would_show_it() -> None:
    traffic = Traffic()
    traffic.quota(10)

    outcome = traffic.judge.outcome()

    unseen = {each.promise.id: each for each in outcome.in_state(PromiseState.NOT_EXERCISED)}
    assert "upload.report-shape" in unseen
    assert outcome.wording.of(PromiseState.NOT_EXERCISED) == "not seen"
    assert (
        unseen["upload.report-shape"].reason == "it takes an import with what the promise is about"
    )


def test_a_broken_promise_is_shown_by_its_exchange() -> None:
    traffic = Traffic()

    traffic.upload(person(MARCO), report(imported=2))

    assert "upload.summary-adds-up" in traffic.broken
    (evidence,) = traffic.evidence("upload.summary-adds-up")
    assert evidence.exchange is not None
    assert evidence.exchange.response.value("summary")["imported"] == 2


def test_nobody_in_the_traffic_stands_in_the_evidence() -> None:
    traffic = Traffic()

    traffic.upload(person(MARCO, email="marco@example.com"), report(total=2))

    shown = [each for each in traffic.evidence("upload.summary-total") if each.exchange]
    text = "".join(
        each.exchange.curl() + each.exchange.shown_response() for each in shown if each.exchange
    )
    assert text
    for secret in ("Marco", "Rossi", MARCO, MARCO[3:], "marco@example.com", KEY):
        assert secret not in text


def test_evidence_shows_the_data_if_it_is_to_be_kept() -> None:
    traffic = Traffic(TrafficJudge(URL, keeps_data=True))

    traffic.upload(person(MARCO), report(total=2))

    (evidence,) = traffic.evidence("upload.summary-total")
    assert evidence.exchange is not None
    assert "Marco Rossi" in evidence.exchange.curl()
    assert KEY not in evidence.exchange.curl()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_says_nothing_about_the_deployment(status: int) -> None:
    traffic = Traffic()

    traffic.send("GET", "/api/v1/partner-gateway/subscription/contacts", status, b"<html>")

    assert traffic.broken == []
    assert traffic.kept("answers.never-a-server-error") == 0


def test_an_exchange_without_a_response_or_without_its_end_says_nothing() -> None:
    traffic = Traffic()

    traffic.quota(10)
    traffic.send("GET", "/api/v1/partner-gateway/subscription/contacts", 0, {})
    traffic.send(
        "GET", "/api/v1/partner-gateway/subscription/contacts", 200, b'{"used": ', is_whole=False
    )

    assert traffic.broken == []
    assert traffic.judge.outcome().without_evidence == 2


def test_a_response_that_cannot_be_judged_does_not_end_the_watching() -> None:
    traffic = Traffic()

    traffic.send("GET", "/api/v1/partner-gateway/subscription/contacts?\udc80", 200, b"\xff")
    traffic.quota(5)

    assert traffic.kept("quota.shape") == 1


def test_the_refusal_of_a_bad_request_is_a_promise_kept() -> None:
    traffic = Traffic()

    traffic.refused()

    assert traffic.broken == []
    assert traffic.kept("upload.not-a-vcard") == 1
    assert traffic.kept("upload.not-a-vcard-text") == 1
    assert traffic.findings == ["400: refused for file."]


def test_a_bad_request_that_is_accepted_breaks_the_promise_that_it_is_refused() -> None:
    traffic = Traffic()

    traffic.upload("name,phone\r\n", report(total=0, imported=0))

    assert "upload.not-a-vcard" in traffic.broken


def test_the_clients_mistakes_are_told_and_are_no_drift() -> None:
    traffic = Traffic()

    traffic.quota(5)
    traffic.send(
        "GET",
        "/api/v1/partner-gateway/subscription/contacts?api_key=x&Page=2",
        200,
        {"used": 5, "total": 1000},
    )

    assert traffic.broken == []
    assert traffic.judge.outcome().exit_code == 0
    assert traffic.findings == [
        "The API key is in the query.",
        "The query parameter 'Page' is needless: the contract has none of this name.",
    ]


def test_a_key_in_a_response_is_seen() -> None:
    traffic = Traffic()

    traffic.quota(5, headers=[("X-Request-Id", "1")])
    traffic.send(
        "GET",
        "/api/v1/partner-gateway/subscription/contacts",
        200,
        {"used": 5, "total": 9, "k": KEY},
    )

    assert traffic.broken == ["access.key-not-shown"]


def test_an_import_id_that_comes_again_is_seen() -> None:
    traffic = Traffic()

    for number in (MARCO, GIULIA):
        traffic.upload(person(number), report())
        traffic.imports = 0

    assert traffic.broken == ["upload.import-id-unique"]


def test_the_outcome_can_be_read_while_traffic_passes() -> None:
    traffic = Traffic()

    def pass_much() -> None:
        for at in range(200):
            traffic.quota(at)

    thread = Thread(target=pass_much)
    thread.start()
    outcomes = [traffic.judge.outcome().requests for _ in range(50)]
    thread.join()

    assert outcomes == sorted(outcomes)
    assert traffic.judge.outcome().requests == 200


def test_an_outcome_does_not_change_when_more_passes() -> None:
    traffic = Traffic()
    traffic.quota(5)

    before = traffic.judge.outcome()
    traffic.quota(5)

    assert before.results.by_id["quota.shape"].kept == 1


def test_assumed_promises_are_judged_by_the_overlay() -> None:
    from qlara_contract.conventions import Conventions, ReadOverlay

    overlay = ReadOverlay(Conventions(page_first=0), {"list.empty": "lists are never empty"})
    traffic = Traffic(TrafficJudge(URL, overlay))

    traffic.page([contact(MARCO)], query="", page=0, size=10)

    assert traffic.kept("list.pages-from-1") == 1
    assert "list.pages-from-1" not in traffic.broken


def test_an_overlay_that_cannot_be_read_is_told_before_anything_passes(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="--overlay"):
        TrafficJudge(URL, tmp_path / "missing.yaml")


def test_a_response_that_is_compressed_in_an_unknown_way_breaks_nothing_and_is_told() -> None:
    judge = TrafficJudge("https://deployment.test")
    for number, coding in enumerate(("br", "BR", "zstd"), start=1):
        compressed = (("Content-Type", "application/json"), ("Content-Encoding", coding))
        judge.passed(
            exchange(number, key="some-key", response=b"\x8b\r\x80{", response_headers=compressed)
        )
    outcome = judge.outcome()

    assert judge.broken() == {}
    assert [note.partition(",")[0] for note in outcome.notes] == [
        "2 responses are not judged: compressed as br",
        "1 response is not judged: compressed as zstd",
    ]
    assert outcome.without_evidence == 0
