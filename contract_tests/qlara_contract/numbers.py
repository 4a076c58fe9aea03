"""Phone numbers that belong to nobody, each handed out once: reserved for fiction, or for machines."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Arcep, decision 2018-0881: 0X … 0000–9999 of these are for audiovisual works.
_FRENCH_FIXED = ("+3319900", "+3326191", "+3335301", "+3346571", "+3353649")
# Post- och telestyrelsen: 070-174 06 05 to 070-174 06 99 are for books and films.
_SWEDISH_MOBILE = tuple(f"+467017406{last:02d}" for last in range(5, 100))
# The North American plan: 555-0100 to 555-0199 of every area are for fiction.
_AREAS = ("202", "212", "213", "303", "305", "312", "404", "415", "503", "602", "617", "702")
_ALIKE = (("212", "312"), ("202", "602"), ("202", "702"))
AMERICAN = tuple(f"+1{area}55501{last:02d}" for area in _AREAS for last in range(100))

# The Dutch numbering plan: 097 is for machines, and mobile to every library.
_DUTCH_MACHINES = tuple(f"+31970{prefix:04d}" for prefix in range(5000, 5005))

BLOCK = 250
_BLOCKS = len(_FRENCH_FIXED) * 10_000 // BLOCK
_TRIES = _BLOCKS

# National forms of numbers by region, those reserved for fiction where there are some.
_NATIONAL = {
    "DE": "0171 3920012",
    "GB": "020 7946 0123",
    "FR": "01 99 00 12 34",
    "ES": "612 34 56 78",
    "NL": "06 12345678",
    "AT": "0664 1234567",
    "CH": "078 123 45 67",
    "SE": "070-174 06 50",
    "US": "(202) 555-0123",
    "PL": "512 345 678",
}


# Mobile numbers of countries with codes of one, two and three digits, of 9 to the 15 digits that E.164
# allows: those reserved for fiction, or examples that the metadata of libphonenumber gives or would accept.
FOREIGN = {
    "US": "+1 202 555 0123",
    "GB": "+44 7400 123456",
    "DE": "+49 171 3920012",
    "SE": "+46 70 174 06 50",
    "AU": "+61 491 570 156",
    "JP": "+81 90 1234 5678",
    "PT": "+351 912 345 678",
    "FI": "+358 41 2345678",
    "FO": "+298 211234",
    "CN": "+86 131 2345 6789",
    "AE": "+971 50 123 4567",
    "BR": "+55 11 96123 4567",
    "ID": "+62 812 3456 78901",
    "AT": "+43 664 1234567890",
}


class NumberKind(StrEnum):
    """Which numbers are handed out."""

    FIXED = "fixed line"
    MOBILE = "mobile"


_POOLS = {NumberKind.FIXED: _FRENCH_FIXED, NumberKind.MOBILE: _DUTCH_MACHINES}


class NumbersUsedUp(Exception):
    """The account already holds every number reserved for fiction."""


class Numbers:
    """Hands out numbers that the account does not hold yet, the same ones for the same seed.

    The account cannot be asked about a number, so numbers come in blocks, and the first number of
    a block is imported as its marker: *claim* does that and returns whether it was new. A block that
    an earlier run has marked is skipped.
    """

    def __init__(self, seed: int, claim: Callable[[str], bool]) -> None:
        self._seed = seed
        self._random = random.Random(f"numbers {seed}")
        self._any: random.Random = (
            random.SystemRandom()
        )  # a run finds in the account what the one before left there
        self._claim = claim
        self._block = self._random.randrange(_BLOCKS)
        self._tried = 0
        self._kind = NumberKind.FIXED
        self._left: list[str] = []

    def choose_by_seed(self) -> None:
        """Choose scarce numbers by the seed too: the account is new, and holds none of them."""
        self._any = random.Random(f"scarce {self._seed}")

    def use(self, kind: NumberKind) -> None:
        """Hand out numbers of this kind from now on."""
        self._kind = kind
        self._left = []

    def sample(self, kind: NumberKind) -> str:
        """Return a number of this kind in E.164 that no block has; the account may hold it already.

        Those of fixed lines are Ofcom's numbers for drama in London.
        """
        if kind is NumberKind.FIXED:
            return f"+442079460{self._any.randrange(1000):03d}"
        return f"+31970504{self._any.randrange(100_000):05d}"

    def take_national_like_e164(self) -> str:
        """Return an Italian mobile number in national form that begins like one with country code."""
        return f"392 {self._any.randrange(1000):03d} {self._any.randrange(10_000):04d}"

    def national_of_others(self) -> dict[str, str]:
        """Return numbers in national form by region, of regions other than Italy."""
        return dict(_NATIONAL)

    def take(self) -> str:
        """Return a number in E.164; raise ``NumbersUsedUp``."""
        self.reserve(1)
        return self._left.pop(0)

    def reserve(self, count: int) -> None:
        """Make sure that the next *count* numbers need no marker; raise ``NumbersUsedUp``.

        A marker is a contact too, and must not appear in a story that counts contacts.
        """
        if len(self._left) < min(count, BLOCK - 1):
            self._left = list(self._next_block())

    def take_mobile(self) -> str:
        """Return a mobile number in E.164. There are few: an account may hold it already."""
        return self._any.choice(_SWEDISH_MOBILE)

    def take_national(self) -> str:
        """Return an Italian mobile number in national form (nobody reserves one for fiction)."""
        return f"347 {self._any.randrange(1000):03d} {self._any.randrange(10_000):04d}"

    def take_alike(self) -> tuple[str, str, str]:
        """Return three numbers in E.164 that only their beginnings tell apart.

        Two American ones with the same last nine digits, and a German one with the same digits behind
        the country code as the first. They are few: an account may hold them already.
        """
        first, second = self._any.choice(_ALIKE)
        last = f"55501{self._any.randrange(100):02d}"
        return f"+1{first}{last}", f"+1{second}{last}", f"+49{first}{last}"

    def take_roman(self) -> str:
        """Return a fixed-line number of Rome in national form; its zero is part of it."""
        return f"06 6981 {self._random.randrange(10_000):04d}"

    def _next_block(self) -> Iterator[str]:
        while self._tried < _TRIES:
            index = (self._block + self._tried) % _BLOCKS
            self._tried += 1
            numbers = block(index, self._kind)
            if self._claim(next(numbers)):
                return numbers
        if self._kind is NumberKind.FIXED:
            self.use(NumberKind.MOBILE)
            self._tried = 0
            return self._next_block()
        raise NumbersUsedUp


def block(index: int, kind: NumberKind = NumberKind.FIXED) -> Iterator[str]:
    """Yield the numbers of one block, in E.164."""
    prefix, part = divmod(index, 10_000 // BLOCK)
    first = part * BLOCK
    return (f"{_POOLS[kind][prefix]}{first + last:04d}" for last in range(BLOCK))


def region_of(number: str) -> str:
    """Return the region that the prefix of an E.164 number belongs to; empty if there is none."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
    return regions[0] if regions and regions[0].isalpha() else ""


def e164(typed: str, region: str) -> str:
    """Return a national number of a region in E.164."""
    return phonenumbers.format_number(
        phonenumbers.parse(typed, region), phonenumbers.PhoneNumberFormat.E164
    )


def spaced(number: str) -> str:
    """Return an E.164 number as people write it: ``+33 199 00 00 01``."""
    digits = number[3:]
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return f"{number[:3]} {' '.join(pairs)}"
