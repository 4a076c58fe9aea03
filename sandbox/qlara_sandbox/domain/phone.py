"""Telephone numbers as typed to E.164, by the rules of ``phonenumbers``.

The library is the authority: `qlara_sandbox.domain.numbering` decides alike from the library's own
metadata, about ten times faster, and ``benchmarks/phone_equality`` holds the two against each other.
For the plain form that nearly all numbers have (digits and common punctuation, perhaps ``+`` or
``tel:`` before them) that is all; any other form is tidied up and read first.

The library is imported when the first normaliser is made: it takes longer than all of the rest.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from qlara_sandbox.domain.phone_parsing import dialled
from qlara_sandbox.domain.phone_text import phone_text, without_marks

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[[str], str | None]

USUAL_REGION = "IT"
# Some of what the library passes over between digits: what people type.
_PUNCTUATION = b" -./()[]*"
_WIDE_PUNCTUATION = dict.fromkeys(map(ord, " -./()\u00a0\u2010\u2011\u2012\u2013"))
_SCHEMES = ("tel:", "TEL:")
_LONGEST_PLAIN = 40
_SECOND_NUMBER_DIGITS = 6
# A plain number, and one pause or "x" with digits behind it: what is not plain, mostly is that.
_WITH_TAIL = re.compile(
    r"(\+?[\d ./()-]*[\d)])[ .-]*(?:([,;pwPW])|x(?= ?\d{1,7}\Z|\Z) ?)(\d*)", re.ASCII
)
_BETWEEN_NUMBERS = (",", ";")
_LEAST_WITH_TAIL = 3  # digits before it; otherwise what follows may be a part of the number


def is_region(region: str) -> bool:
    """Return whether numbers can be typed in *region* (ISO 3166-1, as ``IT``)."""
    if region == USUAL_REGION:  # no reason to load the tables of all countries
        return True
    import phonenumbers

    return region in phonenumbers.SUPPORTED_REGIONS


@cache
def normaliser(region: str) -> Judge:
    """Return what turns a number as typed in *region* (ISO 3166-1, as ``IT``) into E.164.

    The result is None for what is no number that a person answers: one must be valid, of 15 digits at
    most, and a mobile, fixed-line, VoIP or personal number. Extensions and pauses are dropped; two
    numbers in one text are none. Raises `ValueError` if no calling code is known for the region.
    """
    from qlara_sandbox.domain.numbering import NumberingPlan

    plan = NumberingPlan(region)
    national, international = plan.national, plan.international
    judge = _judge(national, international)
    with_tail = _tail_reader(national, international, judge)

    def normalise(typed: str) -> str | None:
        text = typed if typed.isascii() else without_marks(typed)
        plain = text[4:] if text[:4] in _SCHEMES else text
        if len(plain) <= _LONGEST_PLAIN:
            if plain.isascii():
                digits = plain.encode().translate(None, _PUNCTUATION)
            else:
                digits = plain.translate(_WIDE_PUNCTUATION).encode("ascii", "replace")
            if digits.isdigit():
                return national(digits.decode())
            if digits[:1] == b"+" and (digits := digits[1:]).isdigit():
                return international(digits.decode())
            if plain is text and (tailed := _WITH_TAIL.fullmatch(text)):
                return with_tail(text, *tailed.groups())
        return _tidied(text, judge)

    return normalise


def _judge(national: Judge, international: Judge) -> Judge:
    """Return what makes E.164 of a tidied text, or None."""

    def judge(text: str) -> str | None:
        if text.isascii() and (plain := text.encode().translate(None, _PUNCTUATION)).isdigit():
            return national(plain.decode())
        number = dialled(text)
        if number is None:
            return None
        digits, has_plus = number
        return international(digits) if has_plus else national(digits)

    return judge


def _tail_reader(
    national: Judge, international: Judge, judge: Judge
) -> Callable[[str, str, str | None, str], str | None]:
    """Return what makes E.164 of a text that `_WITH_TAIL` matches, and its groups."""

    def with_tail(text: str, number: str, pause: str | None, second: str) -> str | None:
        digits = number.encode().translate(None, _PUNCTUATION)
        if pause is None and len(number) == 1:  # 3x4712345: then "x" is punctuation
            return national(number + second) if len(second) > 1 else None
        if len(digits) < _LEAST_WITH_TAIL:
            return _tidied(text, judge)
        if len(second) > 1 and pause in _BETWEEN_NUMBERS and national(second):
            return None
        if digits.isdigit():
            return national(digits.decode())
        return international(digits[1:].decode()) if digits[1:].isdigit() else _tidied(text, judge)

    return with_tail


@cache
def mobile_normaliser(region: str) -> Judge:
    """Return the same for mobile numbers alone; where mobile and fixed lines look alike, they count."""
    import phonenumbers

    mobile = {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
    normalise = normaliser(region)

    def normalise_mobile(typed: str) -> str | None:
        number = normalise(typed)
        if number is None:
            return None
        return number if phonenumbers.number_type(phonenumbers.parse(number)) in mobile else None

    return normalise_mobile


def _tidied(typed: str, judge: Judge) -> str | None:
    """Return what *judge* says of *typed* when it is tidied up, None if it holds two numbers."""
    number, second = phone_text(typed)
    if not number or (second and _is_number(second, judge)):
        return None
    return judge(number)


def _is_number(second: str, judge: Judge) -> bool:
    """Tell whether what follows one comma or semicolon is a number, and nothing to dial after it."""
    digits = sum(map(str.isdecimal, second))
    return (" " in second and digits >= _SECOND_NUMBER_DIGITS) or judge(second) is not None
