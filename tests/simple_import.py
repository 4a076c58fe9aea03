"""An import in a few lines straight on phonenumbers, to hold our vCard files against.

It shares nothing with the product, and reads only what well-formed files hold.
"""

from __future__ import annotations

from typing import NamedTuple

import phonenumbers

USABLE = {
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    phonenumbers.PhoneNumberType.VOIP,
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
}


class Outcome(NamedTuple):
    summary: dict[str, int]
    errors: list[tuple[int, str, str]]
    numbers: list[str]


class Line(NamedTuple):
    number: int
    name: str
    types: str
    value: str


def simple_import(data: bytes, region: str = "IT") -> Outcome:
    """Return what an import with SKIP into an empty account gives."""
    numbers: list[str] = []
    errors: list[tuple[int, str, str]] = []
    cards = cards_of(data)
    for card in cards:
        name = next(line.value for line in card if line.name == "FN")
        phones = [
            line for line in card if line.name == "TEL" and line.value and "FAX" not in line.types
        ]
        found = [
            number for phone in sorted(phones, key=rank) if (number := e164(phone.value, region))
        ]
        if found:
            numbers.append(found[0])
        elif phones:
            errors.append((phones[0].number, name, "Invalid phone number format"))
        else:
            errors.append((card[0].number, name, "Missing phone number"))
    distinct = list(dict.fromkeys(numbers))
    duplicates = len(numbers) - len(distinct)
    summary = {
        "total": len(cards),
        "imported": len(distinct),
        "duplicates": duplicates,
        "errors": len(errors),
        "skipped": duplicates + len(errors),
    }
    return Outcome(summary, errors, distinct)


def cards_of(data: bytes) -> list[list[Line]]:
    """Return the unfolded, unescaped lines of each card, ``BEGIN`` first."""
    cards: list[list[Line]] = []
    unfolded: list[tuple[int, bytearray]] = []
    for number, octets in enumerate(data.removesuffix(b"\r\n").split(b"\r\n"), start=1):
        if octets.startswith(b" "):
            unfolded[-1][1].extend(octets[1:])
        else:
            unfolded.append((number, bytearray(octets)))
    for number, whole in unfolded:
        head, _, value = whole.decode().partition(":")
        name, _, types = head.upper().partition(";")
        if name == "BEGIN":
            cards.append([])
        text = value.replace("\\,", ",").replace("\\;", ";")
        cards[-1].append(Line(number, name.rpartition(".")[2], types, text))
    return cards


def rank(phone: Line) -> int:
    return 0 if "PREF" in phone.types else 1 if "CELL" in phone.types else 2


def e164(typed: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.number_type(number) not in USABLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
