"""Telephone numbers as typed to E.164, by the rules of ``phonenumbers``.

The library is the authority. For the plain form that nearly all numbers have (digits and common
punctuation, perhaps ``+`` or ``tel:`` before them) `qlara_sandbox.domain.numbering` decides alike from the
library's own metadata, about ten times faster; any other form goes to the library itself.

The library is imported when the first normaliser is made: it takes longer than all of the rest.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Some of what the library passes over between digits: what people type.
_PUNCTUATION = b" -./()"
_WIDE_PUNCTUATION = dict.fromkeys(map(ord, " -./()\u00a0\u2010\u2011\u2012\u2013"))
_SCHEMES = ("tel:", "TEL:")
_LONGEST_PLAIN = 40


@cache
def normaliser(region: str) -> Callable[[str], str | None]:
    """Return what turns a number as typed in *region* (ISO 3166-1, as ``IT``) into E.164.

    The result is None for what is no number that a person answers: one must be valid, and a mobile,
    fixed-line, VoIP or personal number. Extensions and pauses are dropped; two numbers in one text
    are none. Raises `ValueError` if no calling code is known for the region.
    """
    from qlara_sandbox.domain.numbering import UNDECIDED, NumberingPlan

    authority = by_the_library(region)
    plan = NumberingPlan(region)
    national, international = plan.national, plan.international

    def normalise(typed: str) -> str | None:
        plain = typed[4:] if typed[:4] in _SCHEMES else typed
        if len(plain) > _LONGEST_PLAIN:
            return authority(typed)
        if plain.isascii():
            digits = plain.encode().translate(None, _PUNCTUATION)
        else:
            digits = plain.translate(_WIDE_PUNCTUATION).encode("ascii", "replace")
        if digits.isdigit():
            number = national(digits.decode())
        elif digits[:1] == b"+" and (digits := digits[1:]).isdigit():
            number = international(digits.decode())
        else:
            return authority(typed)
        return authority(typed) if number is UNDECIDED else number

    return normalise


@cache
def by_the_library(region: str) -> Callable[[str], str | None]:
    """Return the same as `normaliser`, from the library alone: what `normaliser` is held against."""
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

    def normalise(typed: str) -> str | None:
        try:
            number = library.parse(typed, region)
        except library.NumberParseException:
            return None
        if library.number_type(number) not in answered:  # that of an invalid number is UNKNOWN
            return None
        return str(library.format_number(number, library.PhoneNumberFormat.E164))

    return normalise
