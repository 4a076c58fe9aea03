from __future__ import annotations

import pytest

from reliability.card_count import CardCount, count_cards, is_a_vcard_file

CARD = b"BEGIN:VCARD\r\nEND:VCARD\r\n"


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"", CardCount(0, 0)),
        (CARD, CardCount(1, 1)),
        (CARD * 3, CardCount(3, 3)),
        (CARD.replace(b"\r\n", b"\r") * 2, CardCount(2, 2)),
        (CARD.lower(), CardCount(1, 1)),
        (CARD.strip() + CARD, CardCount(2, 2)),
        (b"BEGIN:VCARD\nTEL:1BEGIN:VCARD\nEND:VCARD", CardCount(1, 2)),
        (b"BEGIN:VCA\r\n RD\r\nEND:VCARD", CardCount(0, 1)),
        (b"BEGIN:VCARD\r\nAGENT:\r\n" + CARD + b"END:VCARD", CardCount(0, 2)),
        (CARD.decode().encode("utf-16"), CardCount(0, 1)),
        (b"NOTE;ENCODING=QUOTED-PRINTABLE:a=\r\nBEGIN:VCARD\r\n", CardCount(0, 1)),
    ],
)
def test_cards_are_counted_and_doubt_is_a_range(data: bytes, count: CardCount) -> None:
    assert count_cards(data) == count


@pytest.mark.parametrize(
    ("data", "surely"),
    [
        (CARD, True),
        (CARD.strip(), True),
        (CARD + b"NOTE:x", False),
        (b"x" + CARD, False),
        (b"END:VCARD" + CARD, False),
        (b"", False),
    ],
)
def test_it_is_told_what_surely_is_a_vcard_file(data: bytes, surely: bool) -> None:
    assert is_a_vcard_file(data) is surely
