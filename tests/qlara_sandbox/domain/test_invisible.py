from __future__ import annotations

import re
import unicodedata

from qlara_sandbox.domain.invisible import BLANK, FORMAT, INVISIBLE, without_stray_start

EVERYTHING = [chr(code) for code in range(0x110000)]


def of(*categories: str) -> set[str]:
    return {char for char in EVERYTHING if unicodedata.category(char) in categories}


def test_every_format_character_of_unicode_is_one() -> None:
    assert of("Cf") <= set(FORMAT)


def test_every_separator_of_unicode_is_a_blank() -> None:
    assert of("Zs", "Zl", "Zp") <= set(BLANK)


def test_no_letter_that_can_be_seen_no_digit_and_no_punctuation_is_invisible() -> None:
    fillers = {"\u115f", "\u1160", "\u3164", "\uffa0"}  # letters that have no shape
    seen = of("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pd", "Ps", "Pe", "Po", "Sc", "Sm")

    assert {char for char in seen if re.match(f"[{INVISIBLE}]", char)} == fillers


def test_what_nobody_sees_is_taken_off_the_start_and_nothing_else() -> None:
    assert without_stray_start("\ufeff\u200b \x00x \ufeff".encode()) == "x \ufeff".encode()
    assert without_stray_start(b"\xff\xfe\xa0x\xff") == b"x\xff"
    assert without_stray_start("ï»¿BEGIN".encode()) == b"BEGIN"
    assert without_stray_start(b"\0" * 1_000_000) == b""
