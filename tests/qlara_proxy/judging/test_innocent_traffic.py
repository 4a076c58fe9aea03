"""Odd traffic of which nobody is at fault: nothing is accused."""

from __future__ import annotations

from typing import Any

import pytest

from qlara_contract.contract import contract
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import BY_ID, UPLOAD
from qlara_proxy.judging import TrafficJudge
from tests.qlara_proxy.judging.traffic import NOON, URL, Traffic, contact, person, report

MARCO, GIULIA, LUCA, ANNA = "+393471234567", "+393489876543", "+393331112223", "+393204445556"


def test_one_difference_of_the_quota_may_be_another_users_and_is_a_doubt() -> None:
    traffic = Traffic()

    traffic.quota(10)
    traffic.upload(person(MARCO), report())
    traffic.quota(14)

    assert traffic.broken == []
    assert traffic.doubts == [
        "`quota.moves-by-what-was-created`: `used` changed by 4 across an import that created 1. Seen: 14."
    ]


def test_the_same_difference_three_times_with_nothing_against_it_is_broken() -> None:
    traffic = Traffic()

    traffic.quota(10)
    for at, number in enumerate((MARCO, GIULIA, LUCA), 1):
        traffic.upload(person(number), report())
        traffic.quota(10 + 2 * at)

    assert traffic.broken == ["quota.moves-by-what-was-created"]


def test_a_quota_that_moves_by_itself_is_shared_and_not_judged_any_more() -> None:
    traffic = Traffic()

    traffic.quota(10)
    traffic.quota(13)
    for at, number in enumerate((MARCO, GIULIA, LUCA, ANNA), 1):
        traffic.upload(person(number), report())
        traffic.quota(13 + 2 * at)

    assert traffic.broken == []
    assert traffic.doubts == []


def test_the_only_client_knows_at_once() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.quota(10)
    traffic.upload(person(MARCO), report())
    traffic.quota(14)

    assert traffic.broken == ["quota.moves-by-what-was-created"]


def test_deletions_by_others_between_two_readings_are_no_drift() -> None:
    traffic = Traffic()

    traffic.page([contact(MARCO), contact(GIULIA)])
    traffic.quota(10)
    traffic.upload(person(LUCA), report())
    traffic.page([contact(LUCA)])
    traffic.quota(9)

    assert traffic.broken == []


def test_an_import_whose_response_was_lost_may_have_happened_or_not() -> None:
    for used in (10, 11, 12):
        traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

        traffic.quota(10)
        traffic.upload(person(MARCO), {}, status=0)
        traffic.upload(person(MARCO), report(imported=0, duplicates=1, skipped=1))
        traffic.quota(used)

        assert traffic.broken == []


def test_a_lost_import_may_be_carried_out_later() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.upload(person(MARCO), {}, status=0)
    traffic.quota(10)
    traffic.quota(11)

    assert traffic.broken == []


def test_pages_that_are_read_while_another_imports_need_not_belong_together() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))
    people = [contact(f"+39347{at:07}") for at in range(12)]

    traffic.page(people[:10], query="limit=10", total=12, size=10)
    traffic.upload(person(LUCA), report())
    traffic.page([people[9], *people[10:]], query="limit=10&page=2", total=13, page=2, size=10)

    assert "list.every-contact-once" not in traffic.broken
    assert "list.total" not in traffic.broken


def test_pages_that_others_change_between_two_readings_are_a_doubt_at_most() -> None:
    traffic = Traffic()
    people = [contact(f"+39347{at:07}") for at in range(12)]

    traffic.page(people[:10], query="limit=10", total=12, size=10)
    traffic.page(people[11:], query="limit=10&page=2", total=11, page=2, size=10)

    assert traffic.broken == []


def test_exchanges_that_overlap_have_no_order() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.quota(10, at=NOON, number=1)
    # Begun before the second reading, and ended after it: the judge hears of it later.
    traffic.quota(11, at=NOON + 2, number=3)
    traffic.upload(person(MARCO), report(), at=NOON + 1, seconds=10, number=2)
    traffic.quota(11, at=NOON + 20, number=4)

    assert traffic.broken == []


def test_an_import_that_is_still_under_way_is_waited_for() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.quota(10, at=NOON, number=1)
    traffic.quota(12, at=NOON + 2, number=3)

    # Number 2 has not ended: what has changed the quota is not known yet.
    assert traffic.judge.outcome().broken == []
    traffic.upload(person(MARCO), report(), at=NOON + 1, seconds=10, number=2)
    assert traffic.broken == []


def test_clients_of_two_keys_do_not_mix() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.quota(10, key="key-of-the-one")
    traffic.upload(person(MARCO), report(), key="key-of-the-other")
    traffic.quota(10, key="key-of-the-one")
    traffic.page([], key="key-of-the-one")

    assert traffic.broken == []


def test_a_contact_that_shows_later_shows_later_and_is_not_lost() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.upload(person(MARCO), report())
    traffic.page([])
    traffic.page([contact(MARCO)])

    assert traffic.broken == ["list.visible-at-once"]


def test_a_contact_that_never_shows_is_lost() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.upload(person(MARCO), report())
    traffic.page([])
    traffic.page([], at=NOON + 60)

    assert "upload.imports-a-file" in traffic.broken


@pytest.mark.parametrize(
    ("written", "shown"),
    [("Rossi;Marco", "Rossi"), ("Rossi\\nMarco", "Rossi Marco"), ("Marco  Rossi", "Marco Rossi")],
)
def test_names_that_nobody_promised_anything_about_are_left_alone(written: str, shown: str) -> None:
    file = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{written}\r\nTEL:{MARCO}\r\nEND:VCARD\r\n"
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.upload(file, report())
    traffic.page([contact(MARCO, shown)])

    assert [each for each in traffic.broken if not BY_ID[each].is_assumed] == []


def test_a_file_that_nobody_can_be_sure_of_is_not_judged() -> None:
    file = "BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE:=C3=A8\nTEL:1 or 2\nEND:VCARD\nhello\n"
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    for errors in (0, 1):
        body = report(imported=1 - errors, errors=errors, skipped=errors)
        body["errors"] = [{"line": 1, "name": "x", "reason": "y"}] * errors
        traffic.upload(file, body)

    assert traffic.broken == []


def test_an_import_whose_response_was_lost_is_remembered_however_many_follow_it() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.upload(person(MARCO), {}, status=0)
    for at in range(300):
        traffic.upload(person(f"+39347{at:07}"), report())
    traffic.quota(10)
    traffic.quota(11)

    assert traffic.broken == []


def test_two_keys_may_be_of_one_account() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))
    one: dict[str, Any] = {"key": "key-of-the-one"}
    other: dict[str, Any] = {"key": "key-of-the-other"}

    traffic.quota(10, **one)
    traffic.page([contact(MARCO)], **one)
    traffic.upload(person(GIULIA), report(), **other)
    traffic.page([contact(MARCO), contact(GIULIA)], **one)
    traffic.quota(11, **one)
    traffic.upload(person(LUCA), report(), **one)
    updated = report(duplicates=1)
    traffic.upload(person(GIULIA, "Anna Verdi"), updated, strategy="UPDATE", **other)
    traffic.page([contact(MARCO), contact(GIULIA, "Anna Verdi"), contact(LUCA)], **one)
    traffic.quota(12, **one)

    assert traffic.broken == []


def test_an_import_with_another_key_may_be_under_way_while_a_list_is_read() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))
    one: dict[str, Any] = {"key": "key-of-the-one"}
    other: dict[str, Any] = {"key": "key-of-the-other"}

    traffic.page([contact(MARCO)], at=NOON, number=1, **one)
    traffic.page([contact(MARCO), contact(LUCA)], at=NOON + 2, number=3, **one)
    traffic.upload(person(LUCA), report(), at=NOON + 1, seconds=10, number=2, **other)

    assert traffic.broken == []


def test_keys_with_two_quotas_at_one_time_are_of_two_accounts() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))
    one: dict[str, Any] = {"key": "key-of-the-one"}
    other: dict[str, Any] = {"key": "key-of-the-other"}

    traffic.quota(10, **one)
    traffic.quota(70, **other)
    traffic.upload(person(MARCO), report(), **one)
    traffic.upload(person(MARCO), report(), **other)
    traffic.quota(14, **one)

    assert traffic.broken == ["quota.moves-by-what-was-created"]


@pytest.mark.parametrize("is_sole_client", [True, False])
def test_a_list_of_that_name_may_have_been_there_before(*, is_sole_client: bool) -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=is_sole_client))
    before = [contact(MARCO), contact(GIULIA, "Luca Bianchi")]

    for at in range(4):
        (name, number), list_id = (f"list {at}", f"+39348000000{at}"), f"list_{at}"
        traffic.upload(person(number), report(list_id), list_name=name)
        traffic.page([*before, contact(number)], list_id=list_id)

    assert traffic.broken == []


def test_a_contact_that_skip_left_alone_may_have_been_on_the_list_before() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))
    skipped = report(imported=0, duplicates=1, skipped=1)

    traffic.page([contact(MARCO), contact(GIULIA)], list_id="list_b")
    traffic.upload(person(GIULIA), skipped)  # other lists make duplicates
    traffic.upload(person(MARCO), skipped)
    traffic.page([contact(MARCO)])

    assert traffic.broken == []


@pytest.mark.parametrize("is_sole_client", [True, False])
@pytest.mark.parametrize("region", ["+49", "+44"])
def test_a_number_without_the_code_of_its_country_is_of_the_region_of_the_account(
    region: str, *, is_sole_client: bool
) -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=is_sole_client))
    national, elsewhere = "347 123 4567", f"{region}3471234567"
    refused = report(imported=0, errors=1, skipped=1)
    refused["errors"] = [{"line": 4, "name": "Anna", "reason": "Invalid phone number format"}]

    for _ in range(4):
        traffic.quota(10)
        traffic.page([contact(MARCO)])
        traffic.upload(person(national), report())
        traffic.page([contact(MARCO), contact(elsewhere, identity="cnt_other")])
        traffic.upload(person(national), report(duplicates=1), strategy="UPDATE")
        traffic.page([contact(MARCO), contact(elsewhere, identity="cnt_other")])
        traffic.upload(person(national, "Anna"), refused)

    assert [each for each in traffic.broken if not BY_ID[each].is_assumed] == []


@pytest.mark.parametrize("number", ["", "+390669812345"])
@pytest.mark.parametrize("named", ["contacts.vcf", "a name of its own.vcf"])
def test_a_file_without_a_card_that_can_be_imported_may_be_refused_whatever_its_form(
    number: str, named: str
) -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))
    form = ImportForm(FormFile(person(number).encode(), named), (("listId", "list_a"),))
    body = {"status": "fail", "data": {"file": "The file holds no card that can be imported."}}

    traffic.send("POST", contract().path_of(UPLOAD), 400, body, form=form)

    assert [each for each in traffic.broken if not BY_ID[each].is_assumed] == []


def test_many_contacts_that_another_client_changed_at_once_are_one_doubt() -> None:
    traffic = Traffic()
    numbers = [f"+39348000000{at}" for at in range(5)]
    file = "".join(map(person, numbers))
    skipped = report(total=5, imported=0, duplicates=5, skipped=5)

    traffic.page([contact(each) for each in numbers])
    traffic.upload(file, skipped, strategy="SKIP")
    traffic.page([contact(each, "Anna Verdi") for each in numbers])

    assert traffic.broken == []
    assert len(traffic.doubts) == 1
