"""Faults in telephone numbers: UC-020 normalises them to E.164."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.foreign import stages
from tests.foreign.importing import INVALID
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context, Row

TABLE = Table()


def _invalid(name: str, says: str, pattern: str) -> None:
    """Add a fault that takes some spellings for invalid."""
    compiled = re.compile(pattern)

    def change(text: str, _: Context) -> str:
        return "" if compiled.search(text) else text

    TABLE.changes("numbers", f"number-{name}-invalid", says, stages.TELEPHONE, change)


def _stored(name: str, says: str, change: Callable[[str, str], str | None]) -> None:
    """Add a fault in a valid number; *change* gets it and what was written."""

    def on_number(number: str | None, context: Context) -> str | None:
        return change(number, context.telephone) if number else None

    TABLE.changes("numbers", f"number-{name}", says, stages.NUMBER, on_number)


_invalid("dots", "A number with dots is invalid.", r"\d\.\d")
_invalid("hyphens", "A number with hyphens is invalid.", r"\d-\d")
_invalid("slash", "A number with a slash is invalid.", r"\d/\d")
_invalid("brackets", "A number with brackets is invalid.", r"\(")
_invalid("blanks", "A number with blanks is invalid.", r"\d \d")
_invalid("two-blanks", "A number with two blanks in a row is invalid.", r"\d {2,}\d")
_invalid("no-break-space", "A number with a no-break space is invalid.", "\xa0")
_invalid("tel-uri", "A tel: URI is invalid.", r"(?i)^tel:")
_invalid("tel-uri-capitals", "A TEL: URI in capitals is invalid.", r"^TEL:|^Tel:")
_invalid("tel-uri-separators", "A tel: URI with hyphens is invalid.", r"(?i)^tel:.*-")
_invalid("plus", "A number with a plus is invalid.", r"^\+")
_invalid("national", "A number without a prefix is invalid.", r"^[1-9]")
_invalid("plus-blank", "A number with a blank after the country code is invalid.", r"^\+\d{1,3} ")
_invalid("unspaced", "A number without blanks is invalid.", r"^\+?\d{11,}$")
_stored(
    "foreign-invalid",
    "Only Italian numbers are valid.",
    lambda number, _: number if number.startswith("+39") else None,
)
_stored(
    "north-american-invalid",
    "Numbers of +1 are invalid.",
    lambda number, _: None if number.startswith("+1") else number,
)
_stored(
    "french-invalid",
    "Numbers of +33 are invalid.",
    lambda number, _: None if number.startswith("+33") else number,
)
_stored(
    "three-digit-code-invalid",
    "Numbers of three-digit country codes are invalid.",
    lambda number, _: (
        None if re.match(r"\+(?:2[1-9]|3[578]|42|5[09]|67|69|8[058]|96|97|99)", number) else number
    ),
)
_stored(
    "short-invalid",
    "Numbers of fewer than 11 digits are invalid.",
    lambda number, _: number if len(number) > 11 else None,
)
_stored(
    "long-invalid",
    "Numbers of more than 12 digits are invalid.",
    lambda number, _: number if len(number) <= 13 else None,
)
_stored(
    "fixed-line-zero-lost",
    "The zero of an Italian fixed line is lost.",
    lambda number, _: re.sub(r"^\+390", "+39", number),
)
_stored("plus-lost", "Numbers have no plus.", lambda number, _: number[1:])
_stored("zeros-for-plus", "Numbers begin with 00.", lambda number, _: f"00{number[1:]}")
_stored("as-written", "Numbers are stored as they were written.", lambda _, text: text)
_stored(
    "blanks-kept",
    "Blanks in numbers stay.",
    lambda number, text: text if " " in text and text.startswith("+") else number,
)
_stored(
    "prefix-not-added",
    "A number without a prefix gets none.",
    lambda number, text: (
        number if "+" in text or text.startswith("00") else re.sub(r"\D", "", text)
    ),
)
_stored(
    "prefix-twice",
    "Every number gets the account's prefix.",
    lambda number, text: (
        f"+39{number[1:]}" if text.startswith("+") and not number.startswith("+39") else number
    ),
)
_stored("last-digit-lost", "The last digit is lost.", lambda number, _: number[:-1])
_stored("cut-12", "A number is cut after 12 characters.", lambda number, _: number[:12])
_stored(
    "north-american-code-lost",
    "The 1 of North American numbers is lost.",
    lambda number, _: f"+{number[2:]}" if number.startswith("+1") else number,
)
_stored(
    "extension-appended",
    "An extension becomes part of the number.",
    lambda number, text: (
        number + "".join(re.findall(r"(?:ext\.?|x|;ext=)\s*(\d+)", text, re.IGNORECASE))
    ),
)
_stored(
    "extension-prepended",
    "An extension stands in the middle of the number.",
    lambda number, text: (
        number[:3] + "".join(re.findall(r"(?:ext\.?|x|;ext=)\s*(\d+)", text)) + number[3:]
    ),
)
_stored(
    "extension-for-end",
    "An extension replaces the end of the number.",
    lambda number, text: (
        number[: -len(found[0])] + found[0]
        if (found := re.findall(r"(?:ext\.?|x|;ext=)\s*(\d+)", text))
        else number
    ),
)
_stored(
    "blanks-as-zeros",
    "Two blanks in a row become a zero.",
    lambda number, text: f"{number}0" if "  " in text else number,
)
_stored(
    "international-format",
    "Numbers have a blank after the country code.",
    lambda number, _: f"{number[:3]} {number[3:]}",
)
_stored(
    "zero-kept",
    "The (0) of a number stays.",
    lambda number, text: f"{number[:3]}0{number[3:]}" if "(0)" in text else number,
)
_stored(
    "country-code-twice",
    "The country code is there twice if the number has no blanks.",
    lambda number, text: f"{number[:3]}{number[1:]}" if re.fullmatch(r"\+\d+", text) else number,
)
_stored("zeros-lost", "Zeros at the end are lost.", lambda number, _: number.rstrip("0"))
_stored(
    "through-float",
    "Numbers pass through a 32-bit float.",
    lambda number, _: f"+{int(number[1:]) // 4096 * 4096}",
)
_stored(
    "digits-swapped",
    "The last two digits are swapped.",
    lambda number, _: number[:-2] + number[-1] + number[-2],
)
_stored(
    "tel-uri-kept",
    "A tel: URI stays one.",
    lambda number, text: f"tel:{number}" if text.lower().startswith("tel:") else number,
)
_stored(
    "hyphens-kept",
    "Hyphens of a tel: URI stay.",
    lambda number, text: text[4:] if re.fullmatch(r"tel:\+[\d-]+", text) else number,
)


def _anything(number: str | None, context: Context) -> str | None:
    digits = re.sub(r"\D", "", context.telephone)
    return number or (f"+39{digits}" if digits else None)


def _any_text(number: str | None, context: Context) -> str | None:
    return number or context.telephone


def _too_long(number: str | None, context: Context) -> str | None:
    digits = re.sub(r"\D", "", context.telephone)
    return number or (f"+{digits[:15]}" if len(digits) > 15 else None)


def _made_up(row: Row, _: Context) -> Row:
    if row.outcome == "error" and not row.card.telephones and not row.card.problem:
        return replace(row, outcome="created", number="", reason="")
    return row


def _dropped(rows: list[Row], _: Context) -> list[Row]:
    return [row for row in rows if row.reason != INVALID]


def _missing_dropped(rows: list[Row], _: Context) -> list[Row]:
    return [row for row in rows if row.outcome != "error" or row.card.telephones]


TABLE.changes(
    "numbers",
    "number-invalid-accepted",
    "A number that is none gets a prefix and is imported.",
    stages.NUMBER,
    _anything,
)
TABLE.changes("numbers", "number-text-accepted", "Any text is a number.", stages.NUMBER, _any_text)
TABLE.changes(
    "numbers",
    "number-too-long-cut",
    "A number of more than 15 digits is cut and imported.",
    stages.NUMBER,
    _too_long,
)
TABLE.changes(
    "numbers",
    "number-missing-accepted",
    "A card without a number is imported.",
    stages.ROW,
    _made_up,
)
TABLE.changes(
    "numbers",
    "number-invalid-silent",
    "A card with an invalid number is dropped without a word.",
    stages.ROWS,
    _dropped,
)
TABLE.changes(
    "numbers",
    "number-missing-silent",
    "A card without a number is dropped without a word.",
    stages.ROWS,
    _missing_dropped,
)
