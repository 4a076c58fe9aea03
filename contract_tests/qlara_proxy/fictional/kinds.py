"""The country and the type of telephone numbers, as `phonenumbers` has them, with one pattern where it tries a dozen."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

if TYPE_CHECKING:
    from phonenumbers import PhoneNumberDesc

_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
_NOTHING = "(?!)"
# In the library's order: of all types whose pattern a number matches, the first is its type.
_TYPES = (
    ("premium_rate", PhoneNumberType.PREMIUM_RATE),
    ("toll_free", PhoneNumberType.TOLL_FREE),
    ("shared_cost", PhoneNumberType.SHARED_COST),
    ("voip", PhoneNumberType.VOIP),
    ("personal_number", PhoneNumberType.PERSONAL_NUMBER),
    ("pager", PhoneNumberType.PAGER),
    ("uan", PhoneNumberType.UAN),
    ("voicemail", PhoneNumberType.VOICEMAIL),
)


class NumberSort(NamedTuple):
    """What two numbers have in common that are of one country and type. ``region`` is None if no country has it."""

    region: str | None
    type: int


def calling_code(number: str) -> str:
    """Return the calling code of a number in E.164; no such code begins another one."""
    return next((code for length in (2, 1, 3) if (code := number[1 : 1 + length]) in _CODES), "")


def kind_of(code: str, national: str) -> NumberSort:
    """Return the kind of a national number behind a calling code."""
    countries = _countries(int(code), len(national))
    if len(countries) == 1:
        return NumberSort(countries[0].region, countries[0].type_of(national))
    for country in countries:
        found = country.type_of(national)
        if country.leads.match(national) if country.leads else found != PhoneNumberType.UNKNOWN:
            return NumberSort(country.region, found)
    return NumberSort(None, PhoneNumberType.UNKNOWN)


class _Country(NamedTuple):
    """The numbers of one length of a country. ``leads`` matches those that begin as only its own do."""

    region: str
    leads: re.Pattern[str] | None
    pattern: re.Pattern[str]
    types: tuple[int, ...]

    def type_of(self, national: str) -> int:
        found = self.pattern.match(national)
        if found is None or found.lastindex is None:
            return int(PhoneNumberType.UNKNOWN)
        return self.types[found.lastindex - 1]


@cache
def _countries(code: int, length: int) -> tuple[_Country, ...]:
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    found = (
        (name, PhoneMetadata.metadata_for_region_or_calling_code(code, name)) for name in names
    )
    return tuple(_country(name, each, length) for name, each in found if each is not None)


def _country(name: str, metadata: PhoneMetadata, length: int) -> _Country:
    types = [(_pattern(getattr(metadata, field), length), kind) for field, kind in _TYPES]
    fixed, mobile = _pattern(metadata.fixed_line, length), _pattern(metadata.mobile, length)
    if metadata.same_mobile_and_fixed_line_pattern:
        types.append((fixed, PhoneNumberType.FIXED_LINE_OR_MOBILE))
    else:
        types += [
            (rf"(?={mobile}\Z){fixed}", PhoneNumberType.FIXED_LINE_OR_MOBILE),
            (fixed, PhoneNumberType.FIXED_LINE),
            (mobile, PhoneNumberType.MOBILE),
        ]
    general = _pattern(metadata.general_desc, length)
    pattern = "|".join(rf"({each})\Z" for each, _ in types)
    return _Country(
        name,
        re.compile(metadata.leading_digits) if metadata.leading_digits else None,
        re.compile(rf"(?={general}\Z)(?:{pattern})"),
        tuple(kind for _, kind in types),
    )


def _pattern(desc: PhoneNumberDesc | None, length: int) -> str:
    """Return the pattern of the numbers of *length* digits that *desc* describes."""
    if desc is None or not desc.national_number_pattern:
        return _NOTHING
    if desc.possible_length and length not in desc.possible_length:
        return _NOTHING
    return f"(?:{desc.national_number_pattern})"
