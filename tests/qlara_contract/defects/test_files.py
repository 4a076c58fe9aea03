"""vCard files under change: one property, one card, and everything else as it came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qlara_contract.defects.files import (
    CardText,
    PropertyLine,
    cards_of,
    change_cards,
    change_properties,
)
from qlara_contract.strategies import card

_MARCO = card("Marco Rossi", "TEL;TYPE=CELL:+33 1 99 00 00 01", email="marco@example.com")
_ANNA = card("Anna Neri", 'item1.tel;X="a:b":06 6981 0001', eol="\n")


def _upper(one: PropertyLine) -> PropertyLine:
    return replace(one, value=one.value.upper())


@pytest.mark.parametrize(
    "content",
    [b"", b"no card\xff\x00\r\n", (_MARCO + _ANNA).encode(), b"\xff\xfeB\x00:\x00\r\x00\n\x00"],
)
def test_a_file_in_which_nothing_is_changed_stays_byte_for_byte(content: bytes) -> None:
    assert change_properties(content, "", lambda one: one) == content


def test_only_properties_of_the_kind_are_changed_in_any_letter_case_and_group() -> None:
    content = b"FN:a\r\nitem1.fn;X=1:b\nNFN:c\rFN:d"
    assert change_properties(content, "FN", _upper) == b"FN:A\r\nitem1.fn;X=1:B\nNFN:c\rFN:D"


def test_a_property_that_is_left_out_leaves_its_line_behind() -> None:
    assert change_properties(b"FN:a\r\nTEL:1\r\n", "TEL", lambda _: None) == (
        b"FN:a\r\nX-LEFT-OUT:\r\n"
    )


def test_quoted_parameters_may_hold_colons() -> None:
    seen: list[PropertyLine] = []

    def note(one: PropertyLine) -> PropertyLine:
        seen.append(one)
        return one

    change_properties(_ANNA.encode(), "TEL", note)
    assert seen == [PropertyLine("item1.tel", ';X="a:b"', "06 6981 0001")]


def test_bytes_that_are_not_utf_8_survive_a_change() -> None:
    assert change_properties(b"FN:caf\xe9\n", "FN", _upper) == b"FN:CAF\xe9\n"


def test_a_file_of_whole_cards_is_divided_with_the_line_of_each() -> None:
    assert cards_of((_MARCO + _ANNA).encode()) == [CardText(_MARCO, 1), CardText(_ANNA, 7)]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "name,phone\r\n",
        _MARCO + "rest",
        _MARCO.replace("END:VCARD\r\n", "") + _ANNA,
        _MARCO.replace("\r\n", "\r"),
    ],
)
def test_a_file_of_anything_else_has_no_cards(content: str) -> None:
    assert cards_of(content.encode()) == []


def test_a_card_knows_its_values_and_tells_numbers_apart() -> None:
    one = CardText(_MARCO, 1)
    assert (one.value("FN"), one.value("EMAIL"), one.value("ORG")) == (
        "Marco Rossi",
        "marco@example.com",
        "",
    )
    assert (one.is_of("+33199000001"), one.is_of("+33199000002")) == (True, False)


def test_a_card_without_a_number_is_of_no_contact() -> None:
    assert not CardText(card("Anna Neri", "TEL:"), 1).is_of("+33199000001")


def test_a_card_gets_another_number() -> None:
    changed = CardText(_MARCO, 1).with_tel("118")
    assert changed.text == _MARCO.replace("+33 1 99 00 00 01", "118")


def test_a_card_is_changed_or_leaves_empty_lines_behind() -> None:
    def changed(one: CardText) -> CardText | None:
        return None if "Anna" in one.text else one.with_tel("118")

    other = _MARCO.replace("+33 1 99 00 00 01", "118")
    assert change_cards((_ANNA + _MARCO).encode(), changed) == b"\r\n" * 5 + other.encode()


def test_a_file_of_anything_but_whole_cards_stays_as_it_is() -> None:
    assert change_cards(b"name,phone\r\n", lambda _: None) == b"name,phone\r\n"
