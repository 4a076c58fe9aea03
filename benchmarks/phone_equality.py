"""Hold the fast normaliser against the library alone: ``python -m benchmarks.phone_equality``.

Every string is normalised by both, for several home regions; a difference is printed and the exit
code is 1. The strings are seeded: numbers of all regions and types as people write them, and the same
numbers broken in every way that has ever made the two differ.

The library is asked about the number without what the sandbox takes for no part of it (blanks and
format characters, pauses with what is dialled after them), and more than 15 digits are none; written
down here once more, plainly and without a thought of speed.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import category

import phonenumbers

from qlara_sandbox.domain.phone import normaliser
from qlara_sandbox.domain.phone_text import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

REGIONS = (
    "IT",
    "IT",
    "GB",
    "US",
    "DE",
    "FR",
    "ES",
    "CH",
    "AR",
    "BR",
    "AU",
    "JP",
    "SM",
    "VA",
    "KZ",
    "CN",
)
"""Home regions, half of the strings for the first two places: Italy is the default."""

_SEPARATORS = (" ", " ", "-", ".", "/", "", "", "", "\u00a0", "\u2011", "  ", " - ", "(", ")", ") ")
_HOSTILE = (
    *(
        "+",
        "++",
        "00",
        "0",
        "(0)",
        "*",
        "#",
        "x",
        ",",
        ";",
        "~",
        "\t",
        "\n",
        "e",
        "O",
        "p12",
        "\u200b",
    ),
    *(
        "\u202a",
        "\u0663",
        "\uff13",
        ";ext=12",
        " x7",
        "int. 5",
        ",,12#",
        "/",
        " / ",
        "tel:",
        "&",
        "\u00b2",
    ),
    *(
        "p",
        "w",
        ",",
        ";",
        "\\,",
        ",,",
        "p123#",
        "w12",
        ";123",
        ",348 1234567",
        ";3481234567",
        ";a=b",
    ),
    *(
        "\u2009",
        "\u202f",
        "\u2007",
        "\u2060",
        "\u2066",
        "\u2069",
        "\u200e",
        "\ufeff",
        "\u00b7",
        " " * 30,
    ),
    *(";isub=1", ";phone-context=+39", ";phone-context=example.com", "[", "\\", "\uff0b", "-12#"),
)


def strings(seed: int, count: int, region: str) -> Iterator[str]:
    """Yield *count* texts as they stand in a ``TEL``, for a file of *region*."""
    chance = random.Random(f"{seed}-{region}")
    for _ in range(count):
        text = chance.choice(_WRITERS)(chance, region)
        while chance.random() < 0.1:
            text = _broken(chance, text)
        yield text


def differences(seed: int, count: int, region: str) -> list[tuple[str, str | None, str | None]]:
    """Return the texts that are normalised differently: text, fast result, the library's result."""
    fast = normaliser(region)
    found = []
    for text in strings(seed, count, region):
        mine, theirs = fast(text), by_the_library(text, region)
        # What is longer is no number, whatever the library says.
        if mine != theirs and len(" ".join(text.split())) <= LONGEST:
            found.append((text, mine, theirs))
    return found


_ANSWERED = {
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    phonenumbers.PhoneNumberType.VOIP,
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
}
_PAUSE = re.compile(r"(?<=[\d)])[ .-]*([pwPW,;\\])([0-9 #*pwPW,;.\\-]*)$")


def by_the_library(text: str, region: str) -> str | None:
    """Return the E.164 number of *text*, by the library alone."""
    kinds, blanks = {"Cf": "", "Zs": " "}, "\t\u00b7"
    text = "".join(" " if sign in blanks else kinds.get(category(sign), sign) for sign in text)
    text = text.strip()
    if text.lower().startswith("tel:"):
        text = re.sub(r"(?i);(?!ext=|phone-context=|isub=)[a-z0-9-]+(=[^;]*)?", "", text)
    if pause := _PAUSE.search(text):
        second = pause[2] if pause[1] in ",;" and not re.search(r"[^\d .-]", pause[2]) else ""
        if (" " in second and len(re.sub(r"\D", "", second)) > 5) or _parsed(second, region):
            return None
        text = text[: pause.start()]
    return _parsed(text, region)


def _parsed(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.number_type(number) not in _ANSWERED:
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164 if len(e164) <= len("+") + 15 else None


@cache
def _examples() -> list[tuple[int, str, str]]:
    """Return calling code, national number and region of an example of every type everywhere."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in phonenumbers.PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                national = phonenumbers.national_significant_number(number)
                found.append((int(number.country_code or 0), national, region))
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        number = phonenumbers.example_number_for_non_geo_entity(code)
        if number is not None:
            found.append((code, phonenumbers.national_significant_number(number), "001"))
    return found


@cache
def _examples_of(region: str) -> list[tuple[int, str, str]]:
    return [example for example in _examples() if example[2] == region]


def _number(chance: random.Random, region: str) -> tuple[int, str]:
    """Return a calling code and a national number near one that exists."""
    home = chance.random() < 0.6
    code, national, _ = chance.choice(_examples_of(region) if home else _examples())
    keep = chance.choice((1, 2, 3, 4, 5, 6, 7, len(national), len(national)))
    digits = national[:keep] + "".join(chance.choices("0123456789", k=len(national) - keep))
    length = chance.choice((0, 0, 0, 0, 0, 0, 1, -1, 2, -3))
    return code, digits[:length] if length < 0 else digits + "7" * length


def _spaced(chance: random.Random, digits: str) -> str:
    if chance.random() < 0.3:
        return digits
    pieces = []
    while digits:
        cut = chance.randint(1, 5)
        pieces.append(digits[:cut])
        digits = digits[cut:]
    return "".join(piece + chance.choice(_SEPARATORS) for piece in pieces)


def _international(chance: random.Random, region: str) -> str:
    code, national = _number(chance, region)
    prefix = chance.choice(
        ("+", "+", "+", "00", "00", "011", "", "+ ", "(+", "tel:+", "TEL:+", "0")
    )
    trunk = chance.choice(("", "", "", "", "", "", "", "0", "(0)", "1", "8"))
    joint = chance.choice(("", " ", "-", ") "))
    return f"{prefix}{code}{joint}{trunk}{_spaced(chance, national)}"


def _national(chance: random.Random, region: str) -> str:
    _, national = _number(chance, region)
    trunk = chance.choice(("", "", "", "0", "0", "1", "8", "(0)", "00", "tel:", "06", "15"))
    return trunk + _spaced(chance, national)


def _any_digits(chance: random.Random, region: str) -> str:
    code = phonenumbers.country_code_for_region(region)
    start = chance.choice(("", "+", "00", "0", str(code), f"+{code}", f"{code}0", f"00{code}"))
    return start + "".join(chance.choices("0123456789", k=chance.randint(0, 18)))


def _broken(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    if chance.random() < 0.3:
        return text[:at] + text[at + 1 :]
    return text[:at] + chance.choice(_HOSTILE) + text[at:]


def _extended(chance: random.Random, region: str) -> str:
    """Return a number with what is, or nearly is, an extension, a keypad's letters or a context."""
    number = chance.choice((_international, _national))(chance, region)
    cut = chance.choice((len(number), len(number), chance.randint(0, len(number))))
    parts = chance.choices(_EXTENDING, k=chance.randint(1, 5))
    return number[:cut] + "".join(parts) + chance.choice(("", "", number[cut:]))


_EXTENDING = (
    *("x", "X", "#", "~", "int", "ext", "xt", "xtn", "EXTENSION", "extensi\u00f3n", "extensio\u0301n", "anexo"),
    *("\u0434\u043e\u0431", "\uff45\uff58\uff54\uff4e", "\uff58", "\uff03", "\uff49\uff4e\uff54", ";ext=", ";isub=", "tel:"),
    *(" ", " ", " ", "-", ",", ",,", ";", ".", ":", "\uff0e", "\t", "/", "\\", "/x", "+", "*", "_", "\u00b2"),
    *("1", "12", "12", "345", "123456", "1234567", "1234567890", "1" * 16, "1" * 21, "\u0663", "\uff13"),
    *("A", "Z", "CALL", "abc", "\u017f", "\u212a", "\u00e9", ";phone-context=+39", ";phone-context=+1(2)", ";phone-context="),
    *(";phone-context=a-b.example.com", ";phone-context=+-", ";phone-context=a..b", ";phone-context=1.2", ";a=b"),
)  # fmt: skip
_WRITERS = (
    *(_international, _international, _national, _national, _any_digits),
    *(_extended, _extended),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strings", type=int, default=100_000, help="how many in all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    share = options.strings // len(REGIONS)
    begun, found, usable = time.process_time(), 0, 0
    for turn, region in enumerate(REGIONS):
        for text, mine, theirs in differences(options.seed + turn, share, region):
            found += 1
            print(f"{region} {text!r}: {mine}, the library says {theirs}")
        fast = normaliser(region)
        usable += sum(
            fast(text) is not None for text in strings(options.seed + turn, share, region)
        )
    print(f"{share * len(REGIONS)} strings, {usable} of them numbers, {found} differences", end="")
    print(f", {time.process_time() - begun:.0f} s of CPU")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
