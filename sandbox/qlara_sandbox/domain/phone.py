"""Telephone numbers as typed to E.164, by the rules of ``phonenumbers``.

The library is the authority. For the plain form that nearly all numbers have (digits and common
punctuation, perhaps ``+`` or ``tel:`` before them) `qlara_sandbox.domain.numbering` decides alike from
the library's own metadata, about ten times faster; any other form is tidied up first, and goes to the
library itself if it is not plain then.

The library is imported when the first normaliser is made: it takes longer than all of the rest.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from qlara_sandbox.domain.phone_text import phone_text

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[[str], str | None]

# Some of what the library passes over between digits: what people type.
_PUNCTUATION = b" -./()"
_WIDE_PUNCTUATION = dict.fromkeys(map(ord, " -./()\u00a0\u2010\u2011\u2012\u2013"))
_SCHEMES = ("tel:", "TEL:")
_LONGEST_PLAIN = 40
_LONGEST_E164 = len("+") + 15  # ITU-T E.164, 6.2.1; the library takes 17 national digits
_SECOND_NUMBER_DIGITS = 6


@cache
def normaliser(region: str) -> Judge:
    """Return what turns a number as typed in *region* (ISO 3166-1, as ``IT``) into E.164.

    The result is None for what is no number that a person answers: one must be valid, of 15 digits at
    most, and a mobile, fixed-line, VoIP or personal number. Extensions and pauses are dropped; two
    numbers in one text are none. Raises `ValueError` if no calling code is known for the region.
    """
    from qlara_sandbox.domain.numbering import UNDECIDED, NumberingPlan

    authority = _authority(region)
    plan = NumberingPlan(region)
    national, international = plan.national, plan.international

    def normalise(typed: str, *, tidy: bool = False) -> str | None:
        number: str | None = UNDECIDED
        plain = typed[4:] if typed[:4] in _SCHEMES else typed
        if len(plain) <= _LONGEST_PLAIN:
            if plain.isascii():
                digits = plain.encode().translate(None, _PUNCTUATION)
            else:
                digits = plain.translate(_WIDE_PUNCTUATION).encode("ascii", "replace")
            if digits.isdigit():
                number = national(digits.decode())
            elif digits[:1] == b"+" and (digits := digits[1:]).isdigit():
                number = international(digits.decode())
        if number is not UNDECIDED:
            return number
        return authority(typed) if tidy else _tidied(typed, partial(normalise, tidy=True))

    return normalise


@cache
def by_the_library(region: str) -> Judge:
    """Return the same as `normaliser`, from the library alone: what `normaliser` is held against.

    Raises `ValueError` likewise.
    """
    authority = _authority(region)
    return lambda typed: _tidied(typed, authority)


def _tidied(typed: str, judge: Judge) -> str | None:
    """Return what *judge* says of *typed* when it is tidied up, None if it holds two numbers."""
    text = phone_text(typed)
    if not text.number or (text.second and _is_number(text.second, judge)):
        return None
    return judge(text.number)


def _is_number(second: str, judge: Judge) -> bool:
    """Tell whether what follows one comma or semicolon is a number, and nothing to dial after it."""
    digits = sum(map(str.isdecimal, second))
    return (" " in second and digits >= _SECOND_NUMBER_DIGITS) or judge(second) is not None


@cache
def _authority(region: str) -> Judge:
    import phonenumbers as library

    if not library.country_code_for_region(region):
        raise ValueError(
            f"No calling code is known for region {region!r}: expected one such as 'IT'"
        )
    kinds = library.PhoneNumberType
    answered = {
        kinds.MOBILE,
        kinds.FIXED_LINE,
        kinds.FIXED_LINE_OR_MOBILE,
        kinds.VOIP,
        kinds.PERSONAL_NUMBER,
    }

    def normalise(text: str) -> str | None:
        try:
            number = library.parse(text, region)
        except library.NumberParseException:
            return None
        if library.number_type(number) not in answered:  # that of an invalid number is UNKNOWN
            return None
        e164 = str(library.format_number(number, library.PhoneNumberFormat.E164))
        return e164 if len(e164) <= _LONGEST_E164 else None

    return normalise
