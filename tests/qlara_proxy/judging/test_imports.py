"""A report is held against its file, and a card that can be imported is no error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_contract.strategies import card
from tests.qlara_proxy.judging.traffic import Traffic, person, report

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId

MARCO, GIULIA = "+393471234567", "+393489876543"


def _refused(name: str = "Marco Rossi", reason: str = "Missing phone number") -> dict[str, object]:
    body = report(imported=0, errors=1, skipped=1)
    return body | {"errors": [{"line": 1, "name": name, "reason": reason}]}


def test_an_import_that_is_accepted_without_a_report_is_none() -> None:
    traffic = Traffic()

    traffic.upload(person(MARCO), {"status": "success", "data": report()})

    assert "upload.imports-a-file" in traffic.broken


def test_counts_must_be_numbers() -> None:
    traffic = Traffic()
    body = report()
    body["summary"]["total"] = "1"

    traffic.upload(person(MARCO), body)

    assert "upload.summary-total" in traffic.broken
    assert "upload.summary-imported" not in traffic.broken


def test_cards_that_are_neither_imported_nor_skipped_are_lost() -> None:
    traffic = Traffic()

    traffic.upload(person(MARCO) + person(GIULIA), report())

    assert traffic.broken == ["upload.imports-a-file", "upload.summary-total"]


def test_a_card_that_is_lost_for_a_missing_line_end_is_a_small_departure() -> None:
    traffic = Traffic()

    traffic.upload((person(MARCO) + person(GIULIA)).rstrip(), report())

    assert traffic.broken == ["cards.forgiving", "upload.summary-total"]


@pytest.mark.parametrize(
    ("telephone", "promise"),
    [
        ("TEL;PREF:", "cards.forgiving"),
        ("TEL;TYPE=:", "cards.forgiving"),
        ("TEL;type=CELL:", "cards.letter-case"),
        ("TEL;TYPE=CELL;TYPE=VOICE:", "cards.type-spellings"),
        ("TEL;VALUE=URI:tel:", "cards.letter-case"),
        ("TEL;TYPE=work;VALUE=uri:tel:", "numbers.tel-uri"),
    ],
)
def test_a_card_that_is_an_error_names_what_is_special_about_it(
    telephone: str, promise: PromiseId
) -> None:
    traffic = Traffic()

    traffic.upload(card("Marco Rossi", f"{telephone}{MARCO}"), _refused())

    assert promise in traffic.broken


def test_nothing_documented_is_broken_by_a_card_with_something_that_nobody_promised() -> None:
    traffic = Traffic()

    traffic.upload(card("Marco Niccol\u00f2", f"TEL;PREF:{MARCO}"), _refused("Marco Niccol\u00f2"))

    assert traffic.broken == ["cards.forgiving"]


@pytest.mark.parametrize("further", [f"TEL:{GIULIA}", "EMAIL:a@example.com\r\nEMAIL:b@example.com"])
def test_a_card_with_more_than_is_read_must_not_be_refused(further: str) -> None:
    traffic = Traffic()

    traffic.upload(card("Marco Rossi", f"TEL:{MARCO}", further), _refused())

    assert "cards.other-properties" in traffic.broken


def test_a_card_of_two_numbers_may_be_refused_if_one_of_them_is_no_mobile() -> None:
    traffic = Traffic()

    traffic.upload(card("Marco Rossi", f"TEL:{MARCO}", "TEL:+390669812345"), _refused())

    assert "cards.other-properties" not in traffic.broken


def test_a_card_with_another_telephone_property_has_no_number() -> None:
    traffic = Traffic()

    traffic.upload(card("Marco Rossi", f"X-TEL:{MARCO}"), report())

    assert "upload.error-missing-phone" in traffic.broken


def test_an_empty_number_is_missing_and_not_invalid() -> None:
    traffic = Traffic()

    traffic.upload(card("Marco Rossi", "TEL:"), _refused(reason="Invalid phone number format"))

    assert "numbers.empty-is-missing" in traffic.broken


def test_an_error_more_than_there_are_cards_left_is_counted_wrongly() -> None:
    traffic = Traffic()
    body = report(total=2, imported=1, errors=2, skipped=1)
    body["errors"] = [{"line": 7, "name": "Luca Verdi", "reason": "Invalid phone number format"}]

    traffic.upload(person(MARCO) + card("Luca Verdi", "TEL:12"), body)

    assert "upload.summary-errors" in traffic.broken
