"""Fictional phone numbers: from ranges that regulators reserve for fiction, each handed out once."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Arcep, decision 2018-0881: 0X … 0000–9999 of these are for audiovisual works.
_FRENCH_FIXED = ("+3319900", "+3326191", "+3335301", "+3346571", "+3353649")
# Post- och telestyrelsen: 070-174 06 05 to 070-174 06 99 are for books and films.
_SWEDISH_MOBILE = tuple(f"+467017406{last:02d}" for last in range(5, 100))
# The North American plan: 555-0100 to 555-0199 of every area are for fiction.
_AREAS = ("202", "212", "213", "303", "305", "312", "404", "415", "503", "602", "617", "702")
AMERICAN = tuple(f"+1{area}55501{last:02d}" for area in _AREAS for last in range(100))

BLOCK = 250
_BLOCKS = len(_FRENCH_FIXED) * 10_000 // BLOCK
_TRIES = _BLOCKS


class NumbersUsedUp(Exception):
    """The account already holds every number reserved for fiction."""


class Numbers:
    """Hands out numbers that the account does not hold yet, the same ones for the same seed.

    The account cannot be asked about a number, so numbers come in blocks, and the first number of
    a block is imported as its marker: *claim* does that and returns whether it was new. A block that
    an earlier run has marked is skipped.
    """

    def __init__(self, seed: int, claim: Callable[[str], bool]) -> None:
        self._random = random.Random(f"numbers {seed}")
        self._claim = claim
        self._block = self._random.randrange(_BLOCKS)
        self._tried = 0
        self._left: list[str] = []

    def take(self) -> str:
        """Return a fixed-line number in E.164; raise ``NumbersUsedUp``."""
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
        return self._random.choice(_SWEDISH_MOBILE)

    def take_national(self) -> str:
        """Return an Italian mobile number in national form (nobody reserves one for fiction)."""
        return f"347 {self._random.randrange(1000):03d} {self._random.randrange(10_000):04d}"

    def take_roman(self) -> str:
        """Return a fixed-line number of Rome in national form; its zero is part of it."""
        return f"06 6981 {self._random.randrange(10_000):04d}"

    def _next_block(self) -> Iterator[str]:
        while self._tried < _TRIES:
            index = (self._block + self._tried) % _BLOCKS
            self._tried += 1
            numbers = block(index)
            if self._claim(next(numbers)):
                return numbers
        raise NumbersUsedUp


def block(index: int) -> Iterator[str]:
    """Yield the numbers of one block, in E.164."""
    prefix, part = divmod(index, 10_000 // BLOCK)
    first = part * BLOCK
    return (f"{_FRENCH_FIXED[prefix]}{first + last:04d}" for last in range(BLOCK))


def spaced(number: str) -> str:
    """Return an E.164 number as people write it: ``+33 199 00 00 01``."""
    digits = number[3:]
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return f"{number[:3]} {' '.join(pairs)}"
