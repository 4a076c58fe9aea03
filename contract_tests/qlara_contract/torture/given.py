"""What the writer of a card is given: a plain name and address, fresh numbers, and a version.

Texts name them by tokens (``NAME``, ``NUMBER``, …), which `Given.fill` replaces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

NAME, NAME_1, NAME_2 = "⟦name⟧", "⟦name-1⟧", "⟦name-2⟧"
"""A plain name of two words that no other card has; its halves, cut inside a word."""
STRUCTURED = "⟦structured⟧"
"""The same name as the value of an N, with a title: so it is seen whether N is taken for FN."""
EMAIL, EMAIL_1, EMAIL_2 = "⟦email⟧", "⟦email-1⟧", "⟦email-2⟧"
"""A plain address that no other card has; its halves."""
NUMBER, NUMBER_1, NUMBER_2 = "⟦number⟧", "⟦number-1⟧", "⟦number-2⟧"
"""A fresh number in E.164; its halves."""
BARE = "⟦bare⟧"
"""``NUMBER`` without its plus."""
CODE, REST = "⟦code⟧", "⟦rest⟧"
"""The country code of ``NUMBER`` with its plus, and the digits after it."""
REST_1, REST_2 = "⟦rest-1⟧", "⟦rest-2⟧"
"""The halves of ``REST``."""
OTHER, THIRD = "⟦other⟧", "⟦third⟧"
"""Further fresh numbers in E.164."""
NATIONAL, NATIONAL_E164 = "⟦national⟧", "⟦national-e164⟧"
"""A fresh number as it is typed in the account's region, and in E.164."""

_TOKEN = re.compile("⟦([a-z0-9-]+)(?::([^⟧]*))?⟧")

_GIVEN_NAMES = (
    *("Marco", "Giulia", "Anna", "Luca", "Paola", "Davide", "Chiara", "Matteo", "Elena", "Stefano"),
    *("Irene", "Fabio", "Silvia", "Andrea", "Laura", "Pietro", "Marta", "Simone", "Nadia", "Bruno"),
    *("Carla", "Dario", "Emma", "Franco", "Greta", "Ivano", "Lidia", "Mario", "Nora", "Oscar"),
)
_FAMILY_NAMES = (
    *("Rossi", "Bianchi", "Verdi", "Neri", "Gallo", "Costa", "Fontana", "Conti", "Ricci", "Bruno"),
    *("Greco", "Rizzo", "Lombardi", "Moretti", "Barbieri", "Ferrara", "Santoro", "Marini", "Leone"),
    *("Longo", "Gentile", "Martinelli", "Vitale", "Lombardo", "Serra", "Coppola", "Desantis"),
    *("Damico", "Caruso", "Ferri", "Testa", "Grassi", "Pellegrini", "Farina", "Rizzi", "Palumbo"),
)
_PAIR = 2


def grouped(separator: str) -> str:
    """Return the token of ``NUMBER`` with *separator* behind its country code and between pairs."""
    return f"⟦grouped:{separator}⟧"


def split_number(number: str) -> tuple[str, str]:
    """Return the country code of a number that the suite hands out, with its plus, and the rest."""
    length = 2 if number.startswith("+1") else 3
    return number[:length], number[length:]


def plain_names(rng: random.Random) -> Iterator[str]:
    """Yield names of two words, each once; after some thousand, of three."""
    names = [f"{given} {family}" for given in _GIVEN_NAMES for family in _FAMILY_NAMES]
    rng.shuffle(names)
    yield from names
    middle_names = list(_GIVEN_NAMES)
    rng.shuffle(middle_names)
    for middle in middle_names:
        yield from (each.replace(" ", f" {middle} ", 1) for each in names)


class Given:
    """What one card is written from. Numbers are taken when they are first needed.

    *national* returns a number as typed in the account's region, and in E.164.
    """

    def __init__(
        self,
        name: str,
        version: str,
        fresh: Callable[[], str],
        national: Callable[[], tuple[str, str]] | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self._fresh = fresh
        self._national = national
        self._numbers: dict[str, str] = {}
        self._typed = ""

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers that were taken for this card, in E.164."""
        return tuple(self._numbers.values())

    @property
    def email(self) -> str:
        """A plain address that no other card has."""
        return f"{self.name.lower().replace(' ', '.')}@example.com"

    def fill(self, text: str) -> str:
        """Return *text* with every token replaced by what it stands for."""
        return _TOKEN.sub(lambda token: self._value(token[1], token[2] or ""), text)

    def _value(self, token: str, argument: str) -> str:
        kind, _, part = token.partition("-")
        texts: dict[str, Callable[[], str]] = {
            "name": lambda: _half(self.name, part, len(self.name) - 2),
            "structured": self._structured,
            "email": lambda: _half(self.email, part, len(self.email) // 2),
            "national": lambda: self._national_number(in_e164=bool(part)),
            "code": lambda: split_number(self._number("number"))[0],
            "rest": lambda: _half(split_number(self._number("number"))[1], part, 3),
            "bare": lambda: self._number("number")[1:],
            "grouped": lambda: _grouped(self._number("number"), argument),
        }
        if kind in texts:
            return texts[kind]()
        number = self._number(kind)
        return _half(number, part, len(number) // 2)

    def _structured(self) -> str:
        *given, family = self.name.split(" ")
        return f"{family};{' '.join(given)};;Dr.;"

    def _number(self, kind: str) -> str:
        if kind not in self._numbers:
            self._numbers[kind] = self._fresh()
        return self._numbers[kind]

    def _national_number(self, *, in_e164: bool) -> str:
        if "national" not in self._numbers:
            assert self._national is not None, "left out where the region is not known"
            self._typed, self._numbers["national"] = self._national()
        return self._numbers["national"] if in_e164 else self._typed


def _grouped(number: str, separator: str) -> str:
    code, rest = split_number(number)
    pairs = [rest[at : at + _PAIR] for at in range(0, len(rest), _PAIR)]
    return separator.join([code, *pairs])


def _half(text: str, part: str, at: int) -> str:
    return {"1": text[:at], "2": text[at:]}.get(part, text)
