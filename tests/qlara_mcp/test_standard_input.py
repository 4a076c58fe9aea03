"""Standard input, mended: what half a character becomes, and that nothing else is touched."""

from __future__ import annotations

import json

import pytest

from qlara_mcp.standard_input import mended


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("\ud83d", "\ufffd"),
        ("\ude00 and \udbff", "\ufffd and \ufffd"),
        ("\ud83d\ud83d\ude00", "\ufffd😀"),
        ("😀, è, \\, \\ud83d, \\\\ud83d", "😀, è, \\, \\ud83d, \\\\ud83d"),
    ],
)
def test_half_a_character_becomes_the_replacement_character(given: str, expected: str) -> None:
    assert json.loads(mended(json.dumps([given]).encode())) == [expected]


def test_the_digits_of_an_escape_may_be_capitals() -> None:
    assert mended(rb'"\uD83D\uDE00 \uD83D"') == rb'"\uD83D\uDE00 \ufffd"'
