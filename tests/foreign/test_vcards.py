"""Cards are read by RFC 2426 and RFC 6350."""

from __future__ import annotations

import pytest

from tests.foreign.probe import card
from tests.foreign.vcards import (
    NotVCards,
    email_of,
    name_of,
    read_cards,
    telephones_of,
    to_utf8,
    unfolded,
)


def _cards(text: str) -> list[tuple[int, str, str, list[str]]]:
    """Return line, name, e-mail address and numbers of every card."""
    return [
        (each.line, name_of(each), email_of(each), [tel.text for tel in telephones_of(each)])
        for each in read_cards(unfolded(to_utf8(text.encode())))
    ]


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_lines_end_in_many_ways(line_end: str) -> None:
    text = (card("TEL:1", name="A") + card("TEL:2", name="B")).replace("\r\n", line_end)
    assert _cards(text) == [(1, "A", "", ["1"]), (6, "B", "", ["2"])]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("FN:Ma\r\n rco\r\n  Rossi\r\n\t!", "Marco Rossi!"),
        ("fn:Anna", "Anna"),
        ("item1.FN:Anna", "Anna"),
        ('FN;X-A="b:c;d":Anna', "Anna"),
        ("FN:a\\, b\\; c\\\\n d\\ne\\Nf", "a, b; c\\n d\ne\nf"),
        ("FN:\r\nN:Neri;Anna;Maria;Dr.;PhD", "Dr. Anna Maria Neri PhD"),
        ("FN:x\r\nNOTE:a\r\n END:VCARD\r\n b", "x"),
    ],
)
def test_a_name_is_read(line: str, name: str) -> None:
    assert [each[1] for each in _cards(card(line))] == [name]


def test_numbers_come_best_first_and_never_from_a_fax() -> None:
    lines = ("TEL:1", "TEL;TYPE=FAX:2", "TEL;TYPE=cell,voice:3", "TEL;PREF=1:4", "a.TEL:5")
    assert _cards(card(*lines, "a.X-ABLabel:_$!<HomeFAX>!$_", name="A")) == [
        (1, "A", "", ["4", "3", "1"])
    ]


def test_an_address_has_an_at_sign() -> None:
    assert _cards(card("EMAIL:X400", "EMAIL;TYPE=work:A <a@b.it>", name="A")) == [
        (1, "A", "a@b.it", [])
    ]


def test_a_broken_card_costs_that_card_only() -> None:
    cards = read_cards(unfolded(b"BEGIN:VCARD\r\nFN:A\r\n" + card("TEL:1").encode()))
    assert [bool(each.problem) for each in cards] == [True, False]


@pytest.mark.parametrize("text", ["", "FN:x", "x\r\nBEGIN:VCARD\r\nEND:VCARD"])
def test_what_does_not_begin_with_a_card_is_none(text: str) -> None:
    with pytest.raises(NotVCards):
        _cards(text)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_many_charsets_are_read(charset: str) -> None:
    assert to_utf8("BEGIN:VCARD è".encode(charset)).decode() == "BEGIN:VCARD è"


def test_a_character_may_be_folded_between_its_bytes() -> None:
    assert [line.text for line in unfolded(b"FN:Citt\xc3\r\n \xa0")] == ["FN:Città"]
