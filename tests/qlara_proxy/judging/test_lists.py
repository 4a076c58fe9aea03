"""Pages of a list, held against each other."""

from __future__ import annotations

import pytest

from qlara_proxy.judging import TrafficJudge
from tests.qlara_proxy.judging.traffic import URL, Traffic, contact, person, report

MANY = [contact(f"+39348000{at:04}", identity=f"cnt_{at}") for at in range(10)]


def test_two_pages_that_show_the_same_contacts_do_not_show_each_once() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.page(MANY[:2], query="limit=2", size=2, total=10)
    for page, shown in ((2, MANY[2:4]), (3, MANY[2:4])):
        traffic.page(shown, query=f"limit=2&page={page}", page=page, size=2, total=10)

    assert "list.every-contact-once" in traffic.broken


def test_a_deployment_without_pages_shows_the_first_one_always() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    for page in (1, 2, 3):
        traffic.page(MANY[:2], query=f"limit=2&page={page}", page=1, size=2, total=10)

    assert "list.every-contact-once" not in traffic.broken


def test_pages_that_are_shown_with_other_numbers_are_not_those_that_were_asked_for() -> None:
    traffic = Traffic()

    for page in (1, 2, 3):
        shown = MANY[2 * page - 2 : 2 * page]
        traffic.page(shown, query=f"limit=2&page={page}", page=page - 1, size=2, total=10)

    assert "list.page-echoed" in traffic.broken


def test_the_last_page_may_stand_for_one_past_the_end() -> None:
    traffic = Traffic()

    traffic.page(MANY[:2], query="limit=2", size=2, total=6)
    traffic.page(MANY[4:6], query="limit=2&page=9", page=3, size=2, total=6)

    assert "list.page-echoed" not in traffic.broken


def test_an_empty_list_has_no_more_pages() -> None:
    traffic = Traffic()
    body = {"listId": "list_a", "contacts": [], "total": 0, "page": 1, "totalPages": 0}

    traffic.send(
        "GET",
        "/api/partner-gateway/v1/contacts/list/list_a/contacts",
        200,
        body | {"hasMore": True},
    )

    assert "list.empty" in traffic.broken


MARCO, GIULIA = "+393471234567", "+393489876543"
KNOWN = "+393331112223"


def _knows_that_duplicates_are_account_wide() -> Traffic:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))
    traffic.upload(person(KNOWN), report("list_k"), list_id="list_k")
    traffic.page([contact(KNOWN)], list_id="list_k")
    again = report("list_l", imported=0, duplicates=1, skipped=1)
    traffic.upload(person(KNOWN), again, list_id="list_l", strategy="SKIP")
    return traffic


def test_contacts_that_were_created_for_one_list_are_on_no_other() -> None:
    traffic = _knows_that_duplicates_are_account_wide()

    traffic.upload(person(MARCO), report("list_a"), list_id="list_a")
    traffic.upload(person(GIULIA), report("list_b"), list_id="list_b")
    shown = [contact(MARCO, identity="cnt_1"), contact(GIULIA, identity="cnt_2")]
    traffic.page(shown, list_id="list_a", total=1)  # a page that contradicts itself is judged, too

    assert "upload.report-names-the-list" in traffic.broken


@pytest.mark.parametrize("strategy", ["SKIP", "UPDATE"])
def test_contacts_that_a_second_import_names_a_list_for_may_be_on_both(strategy: str) -> None:
    traffic = _knows_that_duplicates_are_account_wide()

    traffic.upload(person(MARCO), report("list_a"), list_id="list_a")
    again = report("list_b", imported=0, duplicates=1, skipped=1)
    traffic.upload(person(MARCO), again, list_id="list_b", strategy=strategy)
    traffic.page([contact(MARCO)], list_id="list_b")

    assert "upload.report-names-the-list" not in traffic.broken


def test_where_each_list_is_searched_alone_a_contact_may_have_been_on_another_list_before() -> None:
    traffic = Traffic(TrafficJudge(URL, is_sole_client=True))

    traffic.upload(person(MARCO), report("list_a"), list_id="list_a")
    traffic.page([contact(MARCO)], list_id="list_b")

    assert "upload.report-names-the-list" not in traffic.broken


def test_an_import_without_counts_says_nothing_about_who_was_created() -> None:
    traffic = _knows_that_duplicates_are_account_wide()

    traffic.upload(person(MARCO), {"listId": "list_b", "status": "COMPLETED"}, list_id="list_b")
    traffic.page([contact(MARCO)], list_id="list_a")

    assert "upload.report-names-the-list" not in traffic.broken
