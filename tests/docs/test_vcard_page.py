from __future__ import annotations

import re
from pathlib import Path

import pytest

from qlara_sandbox.domain.errors import Refusal
from qlara_sandbox.domain.importing import usable_number
from qlara_sandbox.domain.phone import normaliser
from qlara_sandbox.domain.vcard import read_cards

PAGE = Path(__file__).parents[2] / "docs" / "vcard.md"
ANNA = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Neri\r\nTEL:347 123 4561\r\nEND:VCARD"
LUCA = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Luca Verdi\r\nTEL:347 123 4562\r\nEND:VCARD"


def rows() -> list[tuple[str, str, str]]:
    """Return every row that has an outcome: what stands in the file, the kind of outcome, and it."""
    found = []
    for row in re.findall(r"(?m)^\|.*\|$", PAGE.read_text(encoding="utf-8")):
        outcome = re.fullmatch(r".*\| (`.*`) \| (\w+) `(.*)` \|", row)
        if outcome:
            lines = [part.strip("`") for part in outcome[1].split("<br>")]
            found.append(("\r\n".join(lines), outcome[2], outcome[3]))
    return found


def file_of(text: str, kind: str) -> bytes:
    """Return the file that a row means; a row of properties means a card of them."""
    signs = re.sub(r"\\(u[0-9a-f]{4}|x[0-9a-f]{2})", lambda sign: chr(int(sign[1][1:], 16)), text)
    if kind in {"people", "errors", "refused"}:
        signs = signs.replace("\\r", "\r").replace("\\n", "\n")
        return signs.replace("ANNA", ANNA).replace("LUCA", LUCA).encode()
    return f"BEGIN:VCARD\r\nVERSION:4.0\r\n{signs}\r\nEND:VCARD\r\n".encode()


def outcome_of(data: bytes, kind: str) -> str:
    normalise = normaliser("IT")
    try:
        cards = list(read_cards(data))
    except Refusal as refusal:
        return refusal.message
    numbers = [usable_number(card, normalise) for card in cards]
    reached = [
        (card, number)
        for card, number in zip(cards, numbers, strict=True)
        if isinstance(number, str)
    ]
    outcomes = {
        "number": [number for _, number in reached],
        "people": [card.name for card, _ in reached],
        "name": [card.name for card in cards],
        "email": [card.email for card in cards],
        "error": [number.reason for number in numbers if not isinstance(number, str)],
    }
    return ", ".join(outcomes[kind.removesuffix("s")])


def test_the_page_has_a_row_for_each_kind() -> None:
    assert len(rows()) >= 35


@pytest.mark.parametrize(("text", "kind", "expected"), rows())
def test_what_a_row_of_the_page_says_is_so(text: str, kind: str, expected: str) -> None:
    assert outcome_of(file_of(text, kind), kind) == expected
