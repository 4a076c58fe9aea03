"""Requests that must be refused, or must not be, and what it breaks that a deployment fails on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_contract.strategies import card
from qlara_proxy.judging import TrafficJudge
from tests.qlara_proxy.judging.traffic import URL, Traffic, contact, person, report

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId

MARCO, GIULIA = "+393471234567", "+393489876543"
FAILED = {"error": "internal"}


def _alone() -> Traffic:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))
    traffic.quota(10)  # the key is accepted
    return traffic


@pytest.mark.parametrize(
    ("strategy", "promise"),
    [
        ("", "upload.imports-a-file"),
        ("UPDATE", "duplicates.update-replaces"),
        ("DUPLICATE", "duplicates.copy-creates"),
    ],
)
def test_an_import_that_fails_breaks_what_its_strategy_is_for(
    strategy: str, promise: PromiseId
) -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), FAILED, status=500, strategy=strategy)

    assert traffic.broken == sorted(["answers.never-a-server-error", promise])


def test_a_strategy_that_has_worked_is_not_at_fault() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report(), strategy="UPDATE")
    traffic.upload(person(GIULIA), FAILED, status=500, strategy="UPDATE")

    assert "duplicates.update-replaces" not in traffic.broken


def test_a_large_file_that_fails_is_not_read_whatever_is_in_it() -> None:
    traffic = _alone()
    names = ("Marco Niccol\u00f2" for _ in range(120))

    traffic.upload("".join(person(MARCO, each) for each in names), FAILED, status=500)

    assert traffic.broken == ["answers.never-a-server-error", "upload.imports-a-file"]


def test_a_faulty_card_that_makes_the_deployment_fail_is_not_reported() -> None:
    traffic = _alone()

    traffic.upload(card("Marco Rossi", "TEL:" + "7" * 30), FAILED, status=500)

    assert "upload.error-invalid-phone" in traffic.broken


def test_a_request_that_must_be_refused_must_not_fail() -> None:
    traffic = _alone()

    traffic.upload("name,phone\r\n", FAILED, status=500)

    assert traffic.broken == ["answers.never-a-server-error", "upload.not-a-vcard"]


def test_what_fails_for_a_key_that_was_never_accepted_says_nothing_of_the_request() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.upload("name,phone\r\n", FAILED, status=500)

    assert traffic.broken == ["answers.never-a-server-error"]


def test_a_form_that_is_announced_must_be_read() -> None:
    traffic = _alone()
    body = {"status": "fail", "data": {"request": "Expectation failed"}}

    traffic.upload(person(MARCO), body, status=400, headers=(("Expect", "100-continue"),))

    assert "upload.any-valid-form" in traffic.broken


def test_a_list_name_in_another_script_must_not_be_refused() -> None:
    traffic = _alone()
    body = {"status": "fail", "data": {"listName": "Letters and digits only"}}

    traffic.upload(person(MARCO), body, status=400, list_name="Citt\u00e0")

    assert traffic.broken == ["upload.list-name-non-ascii"]


def test_a_file_of_another_version_must_not_be_refused() -> None:
    traffic = _alone()
    body = {"status": "fail", "data": {"file": "Only vCard 3.0 is supported."}}

    traffic.upload(person(MARCO, version="4.0"), body, status=400)

    assert traffic.broken == ["cards.version-4", "upload.imports-a-file"]


def test_an_import_that_is_refused_beside_another_one_is_not_made_together() -> None:
    traffic = _alone()
    body = {"status": "fail", "data": {"file": "Another import is under way"}}

    traffic.upload(person(MARCO), report(), at=traffic.now + 10, seconds=5.0)
    traffic.upload(person(GIULIA), body, status=409, at=traffic.now + 11, seconds=1.0)

    assert "upload.imports-together" in traffic.broken


def test_room_is_what_the_reports_since_the_quota_was_read_have_left() -> None:
    traffic = _alone()
    full = "Contact quota exceeded. Current: 9/10. Upgrade your plan to import more contacts."

    traffic.quota(8, 10)
    traffic.upload(person(MARCO), report())
    traffic.upload(person(GIULIA), {"status": "fail", "data": {"contacts": full}}, status=409)

    assert traffic.broken == ["upload.quota-exceeded"]


def test_copies_that_are_skipped_at_a_full_quota_are_not_refused() -> None:
    traffic = _alone()
    skipped = report(imported=0, duplicates=1, skipped=1)

    traffic.page([contact(MARCO)])
    traffic.quota(10, 10)
    traffic.upload(person(MARCO), skipped, strategy="SKIP")
    traffic.upload(person(MARCO), skipped, strategy="DUPLICATE")

    assert "upload.copies-need-quota" in traffic.broken


def test_a_name_that_another_list_has_may_be_refused_whatever_room_there_is() -> None:
    traffic = _alone()
    taken = {"status": "fail", "data": {"listName": "A list with this name exists already."}}

    traffic.upload(person(MARCO), report(), list_name="first")
    traffic.upload(person(GIULIA), taken, status=409, list_name="first")

    assert "upload.quota-exceeded" not in traffic.broken


def test_a_refusal_with_the_status_of_a_success_is_none() -> None:
    traffic = _alone()
    path = "/api/partner-gateway/v1/contacts/list/list_x/contacts"

    traffic.send("GET", path, 200, {"status": "fail", "data": {"listId": "No such list."}})
    traffic.send(
        "GET", path, 200, {"status": "fail", "data": {"apiKey": "Unknown."}}, key="stranger"
    )

    assert {"list.unknown-list", "access.unknown-key"} <= set(traffic.broken)


def test_a_file_that_is_blocked_for_the_name_of_its_only_card_is_not_refused_for_its_key() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report())
    traffic.upload(person(GIULIA, "<script>alert(1)</script>"), {"error": "blocked"}, status=403)

    assert "cards.name-verbatim" in traffic.broken
    assert "access.permission-required" not in traffic.broken


def test_a_list_name_that_is_forbidden_says_nothing_of_the_file() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report())
    traffic.upload(
        person(GIULIA, "<script>alert(1)</script>"), {}, status=403, list_name="not for everybody"
    )

    assert "cards.name-verbatim" not in traffic.broken
