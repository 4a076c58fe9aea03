"""The numbering plans of the world, compiled from the metadata of ``phonenumbers``.

For a text of ASCII digits this takes the decisions of the library's ``parse`` and ``number_type``, in
their order, with one pattern where they try a dozen: a file may hold a million numbers.

Numbers are strings of digits: in full, or national (significant: without calling code and prefix).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from phonenumbers import PhoneNumberDesc

    Matches = Callable[[str], re.Match[str] | None]

_SHORTEST = 2  # digits of a national number, by the library
_LONGEST = 15  # digits with the calling code (ITU-T E.164, 6.2.1)
_CODE_LENGTHS = (2, 1, 3)  # digits of a calling code, the most frequent length first

_NOTHING = "(?!)"
_TYPES = (
    *("premium_rate", "toll_free", "shared_cost", "voip", "personal_number"),
    *("pager", "uan", "voicemail", "fixed_line", "mobile"),
)


class NumberingPlan:
    """How numbers are dialled in one region: there is where a text was typed.

    Raises `ValueError` if no calling code is known for the region.
    """

    def __init__(self, region: str) -> None:
        code = phonenumbers.country_code_for_region(region)
        if not code:
            raise ValueError(
                f"No calling code is known for region {region!r}: expected one such as 'IT'"
            )
        home = _metadata(code, region)
        self._home = _Numbers(str(code), home)
        self._home_code = f"+{code}"
        idd = home.international_prefix or "NonMatch"
        self._in_full = re.compile(f"({idd})|{code}").match
        prefix = home.national_prefix_for_parsing
        self._not_plain = f"({idd}|{code}|{prefix})" if prefix else f"({idd}|{code})"
        self._plain: dict[int, Matches] = {}  # by length: see _plainly
        self._of_no_length = re.compile(self._not_plain).match
        self._known: dict[str, _Numbers] = {}  # by calling code

    def international(self, digits: str) -> str | None:
        """Return the E.164 number of what stood after a ``+``, or None."""
        if len(digits) <= _SHORTEST:
            return None
        # What _behind would find, for most numbers.
        numbers = self._known.get(digits[:2]) or self._behind(digits)
        if numbers is not None:
            return numbers.e164(digits[len(numbers.code) :])
        return self.national(digits, in_full=True)  # +0039 347 …, in Italy: 00 before it, too

    def national(self, digits: str, *, in_full: bool = False) -> str | None:
        """Return the E.164 number of what was typed without ``+``, or None.

        With ``in_full`` the calling code must be there, as dialled from abroad or at home.
        """
        plainly = self._plain.get(len(digits)) or self._plainly(len(digits))
        found = plainly(digits)
        if found is None:
            return None
        if found[1] is None and not in_full:
            return self._home_code + digits
        begun = self._in_full(digits)
        if begun is None:
            return None if in_full else self._home.e164(digits)
        idd = begun.end(1)  # -1: it is no prefix for calls abroad
        if idd >= 0 and digits[idd : idd + 1] != "0":  # nor does a calling code
            digits = digits[idd:]
            numbers = self._behind(digits) if len(digits) > _SHORTEST else None
            return numbers.e164(digits[len(numbers.code) :]) if numbers else None
        code = self._home.code
        if digits.startswith(code) and (rest := self._home.without_code(digits)) is not None:
            return self._numbers(code).e164(rest)
        return None if in_full else self._home.e164(digits)

    def _plainly(self, length: int) -> Matches:
        """Return one pattern for most numbers of *length* digits: those that begin with nothing but
        the number itself. Its first group is found where that is not sure, nothing if a number is none.
        """
        code = self._home.code
        if not _SHORTEST <= length <= _LONGEST - len(code):
            return self._of_no_length
        pattern = f"{self._not_plain}|{_answered_pattern(int(code), length)}"
        return self._plain.setdefault(length, _matches(pattern))

    def _behind(self, digits: str) -> _Numbers | None:
        """Return the numbers behind the calling code that *digits* begin with, if it is one."""
        if digits[0] == "0":  # no calling code begins with 0
            return None
        for length in _CODE_LENGTHS:  # no calling code begins with another one
            numbers = self._known.get(digits[:length])
            if numbers is not None:
                return numbers
        code = _calling_code(digits)
        return self._numbers(code) if code else None

    def _numbers(self, code: str) -> _Numbers:
        numbers = self._known.get(code)
        if numbers is None:
            region = phonenumbers.region_code_for_country_code(int(code))
            numbers = self._known[code] = _Numbers(code, _metadata(int(code), region))
        return numbers


class _Numbers:
    """The national numbers behind one calling code, as the metadata of one region reads them."""

    def __init__(self, code: str, metadata: PhoneMetadata) -> None:
        self.code = code
        self._plus_code = f"+{code}"
        general = metadata.general_desc
        assert general is not None, "every region has a general description"
        self._general = _matches(rf"(?:{general.national_number_pattern})\Z")
        self._lengths = general.possible_length
        self._local_lengths = general.possible_length_local_only
        prefix = metadata.national_prefix_for_parsing
        self._prefix: Matches | None = re.compile(prefix).match if prefix else None
        self._rewriting = metadata.national_prefix_transform_rule
        self._answered: dict[int, Callable[[str], object]] = {}  # by length

    def e164(self, digits: str) -> str | None:
        """Return the number if a person answers it, or None."""
        if len(digits) < _SHORTEST:
            return None
        if self._prefix is not None:
            stripped = self._without_prefix(digits)
            if self._is_long_enough(stripped):
                digits = stripped
        answered = self._answered.get(len(digits))
        if answered is None:
            if len(self.code) + len(digits) > _LONGEST:
                return None
            answered = self._answered[len(digits)] = _answered(int(self.code), len(digits))
        return self._plus_code + digits if answered(digits) else None

    def without_code(self, digits: str) -> str | None:
        """Return what follows the calling code at the start of *digits*, if that is what it is: if
        the number is none with it but one without it, or too long with it. None if it is not.
        """
        rest = self._without_prefix(digits[len(self.code) :])
        too_long = len(digits) > self._lengths[-1] and len(digits) not in self._local_lengths
        if too_long or (not self._general(digits) and self._general(rest)):
            return rest
        return None

    def _without_prefix(self, digits: str) -> str:
        match = self._prefix(digits) if self._prefix and digits else None
        if match is None:
            return digits
        stripped = digits[match.end() :]
        if self._rewriting and match[match.re.groups] is not None:
            stripped = match.expand(self._rewriting) + stripped
        if self._general(digits) and not self._general(stripped):
            return digits
        return stripped

    def _is_long_enough(self, digits: str) -> bool:
        length = len(digits)
        if length in self._local_lengths:
            return False
        return length in self._lengths or length > self._lengths[-1]


def _metadata(code: int, region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    assert metadata is not None, "the library has metadata for every region that it names"
    return metadata


def _calling_code(digits: str) -> str:
    """Return the calling code that *digits* begin with, or an empty string."""
    codes = (digits[:length] for length in _CODE_LENGTHS if digits[:1] != "0")
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((code for code in codes if int(code) in known), "")


@cache
def _answered(code: int, length: int) -> Matches:
    """Return the test whether a person answers a national number of *length* digits."""
    return _matches(_answered_pattern(code, length))


def _answered_pattern(code: int, length: int) -> str:
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    found = (PhoneMetadata.metadata_for_region_or_calling_code(code, name) for name in names)
    return answered_pattern([region for region in found if region is not None], length)


def answered_pattern(regions: Sequence[PhoneMetadata], length: int) -> str:
    """Return the pattern of the same for regions that share a calling code: of these the first, in the
    library's order, that a number belongs to decides.
    """
    pattern = _answers(regions[-1], length)
    for region in reversed(regions[:-1]):
        pattern = f"(?:{_answers(region, length)}|(?!{_belongs(region, length)}){pattern})"
    return pattern


def _answers(region: PhoneMetadata, length: int) -> str:
    """Return the pattern of the numbers of a region that a person answers, as ``number_type`` has it:
    of all types whose pattern a number matches, the first in its order is the number's type.
    """
    general = _any(length, region.general_desc)
    refused = _any(length, region.premium_rate, region.toll_free, region.shared_cost)
    reached = _any(length, region.voip, region.personal_number)
    unattended = _any(length, region.pager, region.uan, region.voicemail)
    same = region.same_mobile_and_fixed_line_pattern  # then the library asks fixed_line alone
    lines = _any(length, region.fixed_line, None if same else region.mobile)
    leads = f"(?={region.leading_digits})" if region.leading_digits else ""
    return rf"{leads}(?={general}\Z)(?!{refused}\Z)(?:{reached}|(?!{unattended}\Z){lines})\Z"


def _belongs(region: PhoneMetadata, length: int) -> str:
    """Return the pattern of the numbers that the library says are of this region."""
    if region.leading_digits:
        return str(region.leading_digits)
    types = (getattr(region, name) for name in _TYPES)
    return rf"(?={_any(length, region.general_desc)}\Z){_any(length, *types)}\Z"


def _any(length: int, *descs: PhoneNumberDesc | None) -> str:
    """Return the pattern of what matches one of *descs*, for numbers of *length* digits."""
    patterns = [
        f"(?:{desc.national_number_pattern})"
        for desc in descs
        if desc and desc.national_number_pattern
        # no lengths: those of the general description, which is matched anyway
        if not desc.possible_length or length in desc.possible_length
    ]
    return f"(?:{'|'.join(patterns) or _NOTHING})"


def _matches(pattern: str) -> Matches:
    return re.compile(pattern).match
