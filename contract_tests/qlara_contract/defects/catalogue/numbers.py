"""Defects of telephone numbers: how they are normalised, and which of several is taken."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, each_contact, on_file
from qlara_contract.defects.files import (
    LEFT_OUT,
    CardText,
    PropertyLine,
    bytes_of,
    cards_of,
    change_properties,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour


def _tel(change: Callable[[PropertyLine], PropertyLine | None]) -> Callable[[], Behaviour]:
    """Change each TEL before the sandbox reads it."""
    return on_file(lambda content: change_properties(content, "TEL", change))


def _value(change: Callable[[str], str]) -> Callable[[], Behaviour]:
    return _tel(lambda tel: replace(tel, value=change(tel.value)))


def _parameters(pattern: str, other: str) -> Callable[[], Behaviour]:
    """Replace what matches *pattern* in the parameters of each TEL."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return _tel(lambda tel: replace(tel, parameters=compiled.sub(other, tel.parameters)))


def _stored(change: Callable[[str], str]) -> Callable[[], Behaviour]:
    """Show each number of a list otherwise than it is stored."""
    return each_contact(lambda each: each | {"phoneNumber": change(each["phoneNumber"])})


def _of_another_country(value: str) -> str:
    return value if value.lstrip().startswith(("+", "00", "tel:")) else f"+49 {value}"


def _digits_only(value: str) -> str:
    return re.sub(r"[^0-9+]", "", value) or value


def _garbled(tel: PropertyLine) -> PropertyLine:
    return replace(tel, value="n/d") if tel.value.startswith("tel:") else tel


def _first_alone(content: bytes) -> bytes:
    """Return the file with nothing but the first TEL of each card."""

    def kept(card: CardText) -> str:
        tels = 0
        lines = card.text.splitlines(keepends=True)
        for at, line in enumerate(lines):
            if re.match(r"([\w-]+\.)?TEL[;:]", line, re.IGNORECASE):
                tels += 1
                lines[at] = line if tels == 1 else LEFT_OUT + "\r\n"
        return "".join(lines)

    return bytes_of("".join(map(kept, cards_of(content)))) or content


def _accepting(is_wrong: Callable[[PropertyLine], bool]) -> Callable[[], Behaviour]:
    """Import a card whose number *is_wrong* as if it were right, with a number made up for it."""

    def begin() -> Behaviour:
        made_up = count(1)

        def changed(tel: PropertyLine) -> PropertyLine:
            if not tel.value.strip() or not is_wrong(tel):
                return tel
            return replace(tel, parameters="", value=f"+1 415 555 {next(made_up) + 2000:04d}")

        return on_file(lambda content: change_properties(content, "TEL", changed))()

    return begin


def _has_few_digits(tel: PropertyLine) -> bool:
    return len(tel.digits) < 3


def _is_number_of_nobody(tel: PropertyLine) -> bool:
    return tel.digits.startswith("39899") or 3 <= len(tel.digits) <= 7 or "/ 3" in tel.value


_G = Group.NUMBERS

DEFECTS = (
    Defect(
        "plus-missing",
        _G,
        "Numbers are stored without the plus.",
        ("numbers.e164", "numbers.default-region"),
        _stored(lambda number: number.removeprefix("+")),
    ),
    Defect(
        "number-as-typed",
        _G,
        "Numbers are stored with spaces.",
        ("numbers.e164",),
        _stored(lambda number: f"{number[:3]} {number[3:6]} {number[6:]}"),
    ),
    Defect(
        "national-form-kept",
        _G,
        "Numbers of the account's own region are stored without a prefix.",
        ("numbers.default-region",),
        _stored(lambda number: number.removeprefix("+39")),
    ),
    Defect(
        "wrong-default-region",
        _G,
        "A number without a prefix gets that of a different country than the account's.",
        ("numbers.region",),
        _value(_of_another_country),
    ),
    Defect(
        "leading-zero-dropped",
        _G,
        "The leading zero of Italian fixed lines is dropped: `06 …` becomes `+396…`.",
        ("numbers.default-region",),
        _stored(lambda number: re.sub(r"^\+390", "+39", number)),
    ),
    Defect(
        "double-zero-dropped",
        _G,
        "`00` before the country code is dropped like a trunk prefix.",
        ("numbers.double-zero",),
        _value(lambda value: re.sub(r"^\s*00", "", value)),
    ),
    Defect(
        "extension-glued-on",
        _G,
        "Everything but digits is dropped, so that an extension becomes part of the number.",
        ("numbers.extension-dropped",),
        _value(_digits_only),
    ),
    Defect(
        "tel-uri-not-read",
        _G,
        "A `tel:` URI is reported as invalid.",
        ("numbers.tel-uri", "cards.version-4"),
        _tel(_garbled),
    ),
    Defect(
        "phone-context-ignored",
        _G,
        "`phone-context` of a `tel:` URI is ignored.",
        ("numbers.tel-uri-parameters",),
        _value(lambda value: re.sub(r";phone-context=[^;]*", "", value)),
    ),
    Defect(
        "text-accepted-as-number",
        _G,
        "A TEL without digits is accepted.",
        ("upload.error-invalid-phone", "upload.summary-errors"),
        _accepting(_has_few_digits),
    ),
    Defect(
        "numbers-of-nobody-accepted",
        _G,
        "Premium-rate numbers, short codes and two numbers in one TEL are accepted.",
        ("numbers.unusable-kinds",),
        _accepting(_is_number_of_nobody),
    ),
    Defect(
        "only-the-first-number",
        _G,
        "Of several TEL, only the first is considered.",
        ("numbers.preferred-first", "numbers.mobile-first", "numbers.first-valid"),
        on_file(_first_alone),
    ),
    Defect(
        "preference-ignored",
        _G,
        "`PREF` and `TYPE=pref` are ignored.",
        ("numbers.preferred-first",),
        _parameters(r"[;,]PREF(=\d+)?", ""),
    ),
    Defect(
        "mobile-like-any-other",
        _G,
        "A mobile number is not preferred to others.",
        ("numbers.mobile-first",),
        _parameters(r"\bCELL\b", "VOICE"),
    ),
    Defect(
        "fax-taken",
        _G,
        "Fax and pager numbers are used.",
        ("numbers.fax-never",),
        _parameters(r"\b(FAX|PAGER)\b", "VOICE"),
    ),
    Defect(
        "empty-number-is-invalid",
        _G,
        "An empty TEL is reported as an invalid number.",
        ("numbers.empty-is-missing",),
        _value(lambda value: value.strip() or "n/d"),
    ),
)
