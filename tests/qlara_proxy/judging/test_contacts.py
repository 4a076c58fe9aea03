"""The contacts of an import are found in its list, each with what its card says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_contract.strategies import card
from qlara_proxy.judging import TrafficJudge
from tests.qlara_proxy.judging.traffic import URL, Traffic, contact, person, report

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId

MARCO, GIULIA = "+393471234567", "+393489876543"


def _alone() -> Traffic:
    return Traffic(TrafficJudge(URL, is_sole_client=True))


@pytest.mark.parametrize(
    ("lines", "shown", "promise"),
    [
        (("FN:Marco Rossi",), "Marco", "cards.name"),
        (("FN:Marco\r\n  Rossi",), "Marco", "cards.folded-lines"),
        (("FN:Rossi\\, Marco",), "Rossi\\, Marco", "cards.escapes"),
        (("FN:Marco Niccolò",), "Marco Niccolo", "cards.non-ascii"),
        (("item1.FN:Marco Rossi",), "", "cards.groups"),
        (("fn:Marco Rossi",), "", "cards.letter-case"),
        (("FN:<b>Marco</b>",), "&lt;b&gt;Marco&lt;/b&gt;", "cards.name-verbatim"),
        (("N:Rossi;Marco;;;",), "Rossi Marco", "cards.name-from-n"),
    ],
)
def test_the_promise_that_is_broken_is_the_one_the_card_rests_on(
    lines: tuple[str, ...], shown: str, promise: PromiseId
) -> None:
    file = "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", *lines, f"TEL:{MARCO}", "END:VCARD", ""))
    traffic = _alone()

    traffic.upload(file, report())
    traffic.page([contact(MARCO, shown)])

    assert promise in traffic.broken
    assert set(traffic.broken) <= {
        *(promise, "cards.name", "list.contact-as-imported", "list.page-shape")
    }


def test_a_number_that_is_stored_as_another_is_seen_by_the_name_in_a_new_list() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report("list_new"), list_name="New")
    traffic.page([contact("3471234567")], list_id="list_new")

    assert "numbers.e164" in traffic.broken


def test_a_namesake_who_was_there_before_is_not_the_imported_contact() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report())
    traffic.page([contact("+393331112223")])

    assert traffic.broken == []


def test_skip_that_changes_a_contact_is_seen() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO)])
    skipped = report(imported=0, duplicates=1, skipped=1)
    traffic.upload(person(MARCO, "Someone Else"), skipped, strategy="SKIP")
    traffic.page([contact(MARCO, "Someone Else")])

    assert traffic.broken == ["duplicates.skip-leaves-the-contact"]


def test_a_contact_that_is_changed_without_a_strategy_shows_that_skip_is_not_the_default() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO)])
    traffic.upload(person(MARCO, "Someone Else"), report(imported=0, duplicates=1, skipped=1))
    traffic.page([contact(MARCO, "Someone Else")])

    assert "duplicates.skip-is-default" in traffic.broken


def test_a_number_that_the_list_has_and_that_skip_imports_again_is_no_duplicate() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO)])
    traffic.upload(person(MARCO), report(imported=1, duplicates=1), strategy="SKIP")

    assert "duplicates.by-number" in traffic.broken


def test_a_number_that_the_list_has_and_that_is_an_error_is_no_duplicate() -> None:
    traffic = _alone()
    refused = report(imported=0, errors=1, skipped=1)
    refused["errors"] = [{"line": 4, "name": "Marco Rossi", "reason": "There is a copy of it"}]

    traffic.page([contact(MARCO)])
    traffic.upload(person(MARCO), refused)

    assert "duplicates.by-number" in traffic.broken


def test_update_that_changes_a_contact_whose_number_is_on_no_card_is_seen() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO), contact(GIULIA, "Giulia Bianchi")])
    traffic.upload(person(MARCO, "New Name"), report(duplicates=1), strategy="UPDATE")
    traffic.page([contact(MARCO, "New Name"), contact(GIULIA, "New Name")])

    assert traffic.broken == ["duplicates.update-keeps-the-contact"]


def test_update_after_which_a_contact_is_not_there_any_more_is_seen() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO), contact(GIULIA)])
    traffic.upload(person(MARCO), report(duplicates=1), strategy="UPDATE")
    traffic.now += 20
    traffic.page([contact(GIULIA)])

    assert "duplicates.update-keeps-the-contact" in traffic.broken


def test_contacts_that_an_update_moves_are_in_another_order() -> None:
    traffic = _alone()
    marco, giulia = contact(MARCO), contact(GIULIA)

    traffic.page([marco, giulia])
    traffic.upload(person(MARCO), report(duplicates=1), strategy="UPDATE")
    traffic.page([giulia, marco])

    assert traffic.broken == ["list.order"]


def test_skip_that_puts_a_contact_of_another_list_on_a_new_one_is_seen() -> None:
    traffic = _alone()
    skipped = report("list_c", imported=0, duplicates=1, skipped=1)

    traffic.page([contact(MARCO)])
    for at in ("list_b", "list_x"):  # the same name leads to two lists
        traffic.upload(
            person(GIULIA), report(at, imported=0, duplicates=1, skipped=1), list_name="b"
        )
    traffic.page([contact(GIULIA)], list_id="list_d")
    traffic.upload(person(MARCO), skipped, list_name="c")
    traffic.page([contact(MARCO)], list_id="list_c")

    assert "duplicates.skip-leaves-the-lists" in traffic.broken


def test_name_and_number_that_are_swapped_are_not_as_imported() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report())
    traffic.page([contact("Marco Rossi", MARCO, "cnt_1")])

    assert "list.contact-as-imported" in traffic.broken


def test_an_address_that_is_made_up_is_one_of_a_card_that_has_none() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report())
    traffic.page([contact(MARCO, email="marco@no-email.example")])

    assert traffic.broken == ["cards.email", "cards.email-absent"]


def test_a_list_name_that_leads_to_the_list_of_another_name_has_made_none() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report("list_b"), list_name="first")
    traffic.upload(person(GIULIA), report("list_b"), list_name="second")

    assert traffic.broken == ["upload.new-list"]


def test_update_that_keeps_the_old_name_is_seen() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO, "Old Name")])
    traffic.upload(person(MARCO, "New Name"), report(duplicates=1), strategy="UPDATE")
    traffic.page([contact(MARCO, "Old Name")])

    assert traffic.broken == ["duplicates.update-replaces"]


def test_update_that_makes_another_contact_is_seen() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO)])
    traffic.upload(person(MARCO), report(duplicates=1), strategy="UPDATE")
    traffic.page([contact(MARCO, identity="cnt_999")])

    assert traffic.broken == ["duplicates.update-keeps-the-contact"]


def test_a_list_searched_alone_for_duplicates_decides_an_undocumented_thing() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO)], list_id="list_old")
    traffic.upload(person(MARCO), report("list_new"), list_name="New")
    traffic.page([contact(MARCO, identity="cnt_2")], list_id="list_new")

    assert traffic.broken == ["duplicates.across-lists"]


def test_the_same_file_again_with_skip_brings_nobody_new() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report())
    traffic.upload(person(MARCO), report())

    assert traffic.broken == ["duplicates.by-number", "upload.summary-duplicates"]


def test_tags_that_are_lost_are_seen() -> None:
    traffic = _alone()

    traffic.upload(person(MARCO), report(), tags="crm-import,q2-2026")
    traffic.page([contact(MARCO, tags=["crm-import"])])

    assert traffic.broken == ["list.contact-as-imported", "tags.all-in-order"]


def test_errors_must_name_the_cards_at_fault() -> None:
    file = person(MARCO) + card("Luca Verdi", "TEL:12") + card("Anna Neri")
    body = report(total=3, imported=1, errors=2, skipped=2)
    body["errors"] = [
        {"line": 9, "name": "Luca Verdi", "reason": "Invalid phone number format"},
        {"line": 1, "name": "Anna Neri", "reason": "Missing phone number"},
    ]
    traffic = _alone()

    traffic.upload(file, body)

    assert traffic.broken == ["upload.error-line", "upload.errors-listed"]


def test_names_that_are_right_in_one_order_of_properties_alone_are_seen() -> None:
    traffic = _alone()
    last, first = "N:Rossi;Marco;;;", "FN:Marco Rossi"

    for number, lines in ((MARCO, (last, first)), (GIULIA, (first, last))):
        text = "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", *lines, f"TEL:{number}", "END:VCARD", ""))
        traffic.upload(text, report(f"list_{number}"), list_id=f"list_{number}")
        shown = "Marco Rossi" if number == MARCO else "Rossi Marco"
        traffic.page([contact(number, shown)], list_id=f"list_{number}")

    assert "cards.properties-in-any-order" in traffic.broken


def test_contacts_that_come_to_another_list_than_that_of_their_import_are_seen() -> None:
    traffic = _alone()

    traffic.page([contact(MARCO)], list_id="list_b")
    traffic.upload(person(GIULIA), report("list_a"))
    traffic.page([contact(MARCO), contact(GIULIA)], list_id="list_b")

    assert traffic.broken == ["upload.report-names-the-list"]
