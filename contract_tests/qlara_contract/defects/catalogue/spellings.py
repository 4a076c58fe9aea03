"""Defects of how numbers are written and shown, and of the choice between several numbers."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_file
from qlara_contract.defects.files import LEFT_OUT, CardText, PropertyLine, change_properties
from qlara_contract.defects.kinds import Kind, numbers_invalid, on_cards, on_property, shown
from qlara_contract.torture.given import split_number

if TYPE_CHECKING:
    from collections.abc import Callable

_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")


def _written(pattern: str) -> Callable[[PropertyLine], object]:
    """Return whether *pattern* is found in the value."""
    compiled = re.compile(pattern)
    return lambda tel: compiled.search(tel.value)


def _value(pattern: str, other: str) -> Callable[[PropertyLine], PropertyLine]:
    compiled = re.compile(pattern)
    return lambda tel: replace(tel, value=compiled.sub(other, tel.value))


def _parameter(pattern: str, other: str = "") -> Callable[[PropertyLine], PropertyLine]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda tel: replace(tel, parameters=compiled.sub(other, tel.parameters))


def _sub(pattern: str, other: str = "") -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda number: compiled.sub(other, number)


def _through_float(number: str) -> str:
    digits = number.lstrip("+")
    if not digits.isdigit():
        return number
    return f"+{struct.unpack('f', struct.pack('f', int(digits)))[0]:.0f}"


def _keypad(tel: PropertyLine) -> PropertyLine:
    if not re.fullmatch("[a-z]{7,}", tel.value):
        return tel
    return replace(tel, value=f"+1415555{tel.value.translate(_KEYPAD)[:4]}")


def _preference(line: str) -> int | None:
    found = re.search(r"(?i);PREF=(\d+)", line)
    return int(found[1]) if found else None


def _tels(card: CardText) -> list[tuple[int, str]]:
    """Return the TEL that stand on one line each, with their places among the lines."""
    lines = enumerate(card.text.splitlines(keepends=True))
    return [
        (at, line) for at, line in lines if re.match(r"([\w-]+\.)?TEL[;:]", line, re.IGNORECASE)
    ]


def _arranged(order: Callable[[list[str]], list[str]]) -> Callable[[CardText], CardText]:
    """Put the TEL of a card in another order, without their preferences."""

    def changed(card: CardText) -> CardText:
        tels = _tels(card)
        if len(tels) < 2:
            return card
        lines = card.text.splitlines(keepends=True)
        arranged = order([line for _, line in tels])
        for (at, _), line in zip(tels, arranged, strict=True):
            lines[at] = re.sub(r"(?i)[;,]PREF(=\d+)?(?=[;:,])", "", line)
        return replace(card, text="".join(lines))

    return changed


def _alone(chosen: Callable[[list[str]], str]) -> Callable[[CardText], CardText]:
    """Read only one TEL of a card that has several."""

    def changed(card: CardText) -> CardText:
        tels = _tels(card)
        if len(tels) < 2:
            return card
        kept = chosen([line for _, line in tels])
        lines = card.text.splitlines(keepends=True)
        for at, line in tels:
            lines[at] = line if line == kept else f"{LEFT_OUT}\r\n"
        return replace(card, text="".join(lines))

    return changed


def _by(key: Callable[[int | None], float]) -> Callable[[list[str]], list[str]]:
    return lambda lines: sorted(lines, key=lambda line: key(_preference(line)))


def _as_text(lines: list[str]) -> list[str]:
    return sorted(lines, key=lambda line: str(_preference(line) or "~"))


def _empty_ends(lines: list[str]) -> str:
    return next((each for each in lines if re.search(r":\s*$", each)), lines[0])


def _with_the_code_before(content: bytes) -> bytes:
    code = ""

    def changed(tel: PropertyLine) -> PropertyLine:
        nonlocal code
        if tel.value.startswith("+"):
            code = split_number(tel.value)[0]
            return tel
        return replace(tel, value=code + tel.value) if tel.value[:1].isdigit() else tel

    return change_properties(content, "TEL", changed)


_invalid = Kind(Group.NUMBERS, ("numbers.e164",), numbers_invalid)
_read = Kind(Group.NUMBERS, ("numbers.e164",), on_property("TEL"))
_stored = Kind(Group.NUMBERS, ("numbers.e164",), shown("phoneNumber"))
_preferred = Kind(Group.NUMBERS, ("numbers.preferred-first",), on_cards)
_one = Kind(Group.NUMBERS, ("numbers.first-valid",), on_cards)

DEFECTS = (
    _invalid("dots-invalid", "A number with dots is invalid.", _written(r"\d\.\d")),
    _invalid("hyphens-invalid", "A number with hyphens is invalid.", _written(r"\d-\d")),
    _invalid("parentheses-invalid", "A number with parentheses is invalid.", _written(r"\(")),
    _invalid("spaces-invalid", "A number with spaces is invalid.", _written(r"\d \d")),
    _invalid(
        "slashes-invalid",
        "A number with slashes is invalid.",
        _written(r"\d/\d"),
    ),
    _invalid(
        "two-spaces-invalid",
        "A number with two spaces in a row is invalid.",
        _written("  "),
    ),
    _invalid(
        "space-before-the-number-invalid",
        "A number with a space before it is invalid.",
        _written(r"^ \+"),
        "numbers.typed-freely",
    ),
    _invalid(
        "spaced-hyphens-invalid",
        "A number with spaces around its hyphens is invalid.",
        _written(" - "),
        "numbers.typed-freely",
    ),
    _invalid(
        "north-american-numbers-invalid",
        "A number of the North American plan is invalid.",
        _written(r"^\+1 "),
    ),
    _invalid(
        "chinese-numbers-invalid",
        "A number with more than twelve digits is invalid.",
        lambda tel: len(tel.digits) > 12,
    ),
    _invalid(
        "three-digit-codes-invalid",
        "A number with a country code of three digits is invalid.",
        _written(r"^\+(351|358|298|971) "),
    ),
    _invalid(
        "short-numbers-invalid",
        "A number with fewer than ten digits is invalid, as those of small countries are.",
        lambda tel: tel.value.startswith("+298") and len(tel.digits) < 10,
    ),
    _invalid(
        "double-zero-invalid",
        "A number that begins with `00` is invalid.",
        _written("^00"),
        "numbers.double-zero",
    ),
    _invalid(
        "double-zero-with-spaces-invalid",
        "`00 33 …` is invalid; `0033…` is read.",
        _written("^00 "),
        "numbers.double-zero",
    ),
    _invalid(
        "extensions-invalid",
        "A number with an extension is invalid.",
        _written("(?i)x|ext"),
        "numbers.extension-dropped",
    ),
    _invalid(
        "separators-in-uris-invalid",
        "A `tel:` URI with hyphens, dots or parentheses is invalid.",
        _written(r"^(?i:tel):.*\d[-.(]"),
        "numbers.tel-uri",
    ),
    _invalid(
        "uris-in-capitals-invalid",
        "A `TEL:` URI in capitals is invalid.",
        _written("^TEL:"),
        "numbers.tel-uri",
    ),
    _invalid(
        "uri-parameters-invalid",
        "A `tel:` URI with parameters is invalid.",
        _written("^tel:.*;"),
        "numbers.tel-uri-parameters",
    ),
    _invalid(
        "uris-with-a-type-invalid",
        "A `tel:` URI with a type as well as `VALUE=uri` is invalid.",
        lambda tel: tel.value.startswith("tel:") and "TYPE=" in tel.parameters,
        "numbers.tel-uri",
    ),
    _invalid(
        "national-numbers-invalid",
        "A number without a prefix is invalid.",
        _written(r"^(347|06) ?\d"),
        "numbers.default-region",
    ),
    Defect(
        "region-of-the-number-before",
        Group.NUMBERS,
        "A national number gets the country code of the number before it in the file.",
        ("numbers.default-region",),
        on_file(_with_the_code_before),
    ),
    _read(
        "beginning-taken-for-the-country-code",
        "A national number that begins with the digits of its country code gets no prefix.",
        _value(r"^(39\d)", r"+\1"),
        "numbers.default-region",
    ),
    _read(
        "uri-extension-glued-on",
        "The extension of a `tel:` URI becomes part of the number.",
        _value(r";ext=(\d+)", r"\1"),
        "numbers.extension-dropped",
    ),
    _read(
        "typed-extension-glued-on",
        "`x12` after a number becomes part of it.",
        _value(r" x(\d+)", r"\1"),
        "numbers.extension-dropped",
    ),
    _read(
        "letters-read-on-a-keypad",
        "Letters are read as the digits of a keypad: `abcdefgh` is a number.",
        _keypad,
        "upload.error-invalid-phone",
    ),
    _read(
        "first-of-two-in-one-taken",
        "Of two numbers in one TEL, the first is taken.",
        _value(r"^(\+\d+)( /|\\,|\\;).*", r"\1"),
        "numbers.unusable-kinds",
    ),
    _read(
        "surplus-digits-cut",
        "Digits beyond those that a number of the country has are cut.",
        _value(r"^(\+33\d{9})\d+$", r"\1"),
        "numbers.numbering-plan",
    ),
    _read(
        "unknown-codes-accepted",
        "A number with an unassigned country code gets the account's code instead.",
        _value(r"^\+999(\d{9})", "+393471234567"),
        "numbers.numbering-plan",
    ),
    _read(
        "zero-codes-accepted",
        "A country code that begins with 0 is dropped.",
        _value(r"^\+0\d+", "+393471234568"),
        "numbers.numbering-plan",
    ),
    _read(
        "too-short-filled-up",
        "A number that is too short for its country is filled up with zeros.",
        _value(r"^\+331990$", "+33199000000"),
        "numbers.numbering-plan",
    ),
    _read(
        "short-codes-prefixed",
        "A short code gets a prefix and is a number.",
        _value(r"^(112|40112)$", r"+39347000\1"),
        "numbers.unusable-kinds",
    ),
    _read(
        "missing-numbers-made-up",
        "An empty TEL becomes a number of zeros.",
        _value(r"^\s*$", "+390000000000"),
        "numbers.empty-is-missing",
    ),
    _read(
        "lines-for-fax-taken",
        "Only `TYPE=FAX` alone is a fax; `TYPE=WORK,FAX` is a number like any other.",
        _parameter(r"(TYPE=\w+),FAX", r"\1"),
        "numbers.fax-never",
    ),
    _read(
        "pagers-taken",
        "The number of a pager is used.",
        _parameter("PAGER", "VOICE"),
        "numbers.fax-never",
    ),
    _read(
        "fax-alone-taken",
        "A card with nothing but a fax number is imported with it.",
        _parameter(r"TYPE=FAX$", ""),
        "numbers.fax-never",
    ),
    _read(
        "preferred-type-ignored",
        "`TYPE=pref` is ignored; `PREF=1` is not.",
        _parameter(",pref(?=[,;]|$)"),
        "numbers.preferred-first",
    ),
    _read(
        "preferred-number-ignored",
        "`PREF=1` is ignored; `TYPE=pref` is not.",
        _parameter(r";PREF=\d+"),
        "numbers.preferred-first",
    ),
    _stored("last-digit-lost", "The last digit of a number is lost.", lambda number: number[:-1]),
    _stored(
        "numbers-cut-at-11", "A number is cut after 11 characters.", lambda number: number[:11]
    ),
    _stored("numbers-cut-at-14", "A number is cut after 13 digits.", lambda number: number[:14]),
    _stored(
        "numbers-through-a-float",
        "Numbers pass through a 32-bit floating point number, which rounds them.",
        _through_float,
    ),
    _stored(
        "country-code-twice-read-once",
        "Of a country code that seems to stand twice, one is dropped.",
        _sub(r"^\+39(?=39)", "+"),
    ),
    _stored(
        "zeros-at-the-end-lost",
        "Zeros at the end of a number are lost, as in a spreadsheet.",
        lambda number: number.rstrip("0"),
    ),
    _stored(
        "zeros-in-place-of-the-plus",
        "Numbers are shown with `00` in place of the plus.",
        _sub(r"^\+", "00"),
    ),
    _stored(
        "numbers-masked",
        "All but the last three digits of a number are shown as stars.",
        _sub(r"\d(?=\d{3})", "*"),
    ),
    _stored(
        "numbers-as-tel-uris", "Numbers are shown as `tel:` URIs.", lambda number: f"tel:{number}"
    ),
    _stored(
        "numbers-as-integers",
        "Numbers are shown as integers.",
        lambda number: int(re.sub(r"\D", "", number) or 0),
    ),
    _stored("code-1-dropped", "The country code 1 is dropped.", _sub(r"^\+1(?=\d{10}$)", "+")),
    _stored(
        "country-code-twice",
        "The country code 33 is added to numbers that have it.",
        _sub(r"^\+33", "+3333"),
    ),
    _stored(
        "zero-after-the-code",
        "Numbers of other countries are shown with a trunk zero: `+330…`.",
        _sub(r"^\+33(?!0)", "+330"),
    ),
    _stored(
        "own-code-everywhere",
        "Every number is shown with the account's country code.",
        _sub(r"^\+(33|44|1|49)", "+39"),
    ),
    _preferred(
        "highest-preference-first",
        "Of several `PREF`, the highest number is preferred.",
        _arranged(_by(lambda pref: -(pref or 0))),
    ),
    _preferred(
        "preferences-compared-as-text",
        "`PREF=10` is preferred to `PREF=9`: they are compared as text.",
        _arranged(_as_text),
    ),
    _preferred(
        "no-preference-first",
        "A TEL without `PREF` is preferred to one with it.",
        _arranged(_by(lambda pref: pref or 0)),
    ),
    _one(
        "last-number-taken",
        "Of several TEL, only the last is considered.",
        _alone(lambda tels: tels[-1]),
    ),
    _one("empty-number-ends-the-search", "An empty TEL hides those after it.", _alone(_empty_ends)),
)
