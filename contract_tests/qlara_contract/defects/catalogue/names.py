"""Defects of names: what becomes of their characters, their words and their length."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Group
from qlara_contract.defects.kinds import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Callable

_EMOJI = "[\U0001f000-\U0001ffff]"
_RIGHT_TO_LEFT = "[\u0590-\u08ff]"
_HAN = "[\u2e80-\u9fff\U00020000-\U0002ffff]"


def _sub(pattern: str, other: str = "") -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda name: compiled.sub(other, name)


def _in_form(form: str) -> Callable[[str], str]:
    return lambda name: unicodedata.normalize(form, name)  # type: ignore[arg-type]


def _without_accents(name: str) -> str:
    return "".join(
        each for each in unicodedata.normalize("NFD", name) if not unicodedata.combining(each)
    )


def _in(encoding: str) -> Callable[[str], str]:
    return lambda name: name.encode(encoding, "replace").decode(encoding)


def _octets(most: int) -> Callable[[str], str]:
    return lambda name: name.encode()[:most].decode("utf-8", "ignore")


def _as_number(name: str) -> str:
    try:
        return f"{float(name):.10g}"
    except ValueError:
        return name


def _absent(*words: str) -> Callable[[str], str]:
    return lambda name: "" if name.lower() in words else name


def _family_first(name: str) -> str:
    given, _, family = name.rpartition(" ")
    return f"{family} {given}".strip()


def _first_and_last(name: str) -> str:
    words = name.split(" ")
    return f"{words[0]} {words[-1]}" if len(words) > 2 else name


_name = Kind(Group.NAMES, ("cards.name-verbatim",), shown("name"))
_letters = Kind(Group.NAMES, ("cards.non-ascii",), shown("name"))
_form = Kind(Group.NAMES, ("cards.name-form",), shown("name"))

DEFECTS = (
    _name("names-escaped-as-html", "Names are escaped as HTML: `&` becomes `&amp;`.", html.escape),
    _name("names-unescaped-as-html", "`&amp;` in a name becomes `&`.", html.unescape),
    _name(
        "markup-stripped", "What stands between `<` and `>` in a name is dropped.", _sub("<[^>]*>")
    ),
    _name("quotation-marks-stripped", "Quotation marks in names are dropped.", _sub('"')),
    _name("apostrophes-stripped", "Apostrophes in names are dropped.", _sub("'")),
    _name("apostrophes-doubled", "Apostrophes in names are doubled, as for SQL.", _sub("'", "''")),
    _name(
        "quotation-marks-escaped",
        "Quotation marks in names get a backslash.",
        _sub("(['\"])", r"\\\1"),
    ),
    _name("ampersand-ends-the-name", "A name ends at its first `&`.", _sub("&.*")),
    _name("plus-becomes-a-space", "`+` in a name becomes a space, as in a form.", _sub(r"\+", " ")),
    _name("percent-signs-decoded", "`%41` in a name becomes `A`.", _sub("%4([1-9A-F])", "A")),
    _name(
        "formulas-quoted",
        "A name that begins with `=` gets an apostrophe before it.",
        _sub("^=", "'="),
    ),
    _name(
        "formulas-stripped",
        "`=`, `+`, `-` and `@` at the beginning of a name are dropped.",
        _sub("^[=+@-]+"),
    ),
    _name(
        "templates-filled-in",
        "`{{…}}` in a name is taken for a template, and is empty.",
        _sub(r"\{\{.*\}\}"),
    ),
    _name(
        "null-read-as-nothing",
        "Somebody called `null`, `None` or `undefined` has no name.",
        _absent("null", "none", "undefined"),
    ),
    _name(
        "truth-values-in-names",
        "A name `true` or `false` becomes `1` or `0`.",
        lambda name: {"true": "1", "false": "0"}.get(name, name),
    ),
    _name("numbers-in-names", "A name of digits becomes a number: `00123` is `123`.", _as_number),
    _name(
        "dates-in-names",
        "A name that is a date becomes `09/04/2026`.",
        _sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3/\2/\1"),
    ),
    _name("zero-read-as-nothing", "A contact called `0` has no name.", _absent("0")),
    _name("digits-stripped", "Digits in names are dropped.", _sub(r"\d")),
    _name(
        "punctuation-stripped",
        "Everything in a name but letters, digits and spaces is dropped.",
        _sub(r"[^\w ]"),
    ),
    _name("underscores-become-spaces", "`_` in a name becomes a space.", _sub("_", " ")),
    _name("slashes-stripped", "Slashes in names are dropped.", _sub(r"[/\\]")),
    _name("colon-ends-the-name", "A name ends at its first colon.", _sub(":.*"), "cards.name"),
    _name(
        "comma-swaps-the-words",
        "`Rossi, Marco` becomes `Marco Rossi`.",
        _sub(r"^([^,]*), ?(.*)$", r"\2 \1"),
    ),
    _name("semicolons-become-spaces", "Semicolons in names become spaces.", _sub(";", " ")),
    _name(
        "every-word-capitalised",
        "Every word of a name begins with a capital, and continues in lower case.",
        str.title,
    ),
    _name("names-in-lower-case", "Names are stored in lower case.", str.lower, "cards.name"),
    _name("first-word-alone", "The name is its first word.", _sub(" .*"), "cards.name"),
    _name("middle-names-lost", "The name is its first and its last word.", _first_and_last),
    _name("family-name-first", "The last word of a name comes first.", _family_first, "cards.name"),
    _name("names-cut-at-20", "A name is cut after 20 characters.", lambda name: name[:20]),
    _name("names-cut-at-64", "A name is cut after 64 characters.", lambda name: name[:64]),
    _name(
        "sql-words-stripped", "`DROP TABLE` and `--` in names are dropped.", _sub("DROP TABLE|--")
    ),
    _name("one-letter-is-no-name", "A name of one letter is dropped.", _sub("^.$")),
    _name(
        "carriage-return-in-names",
        "Names end with a carriage return.",
        lambda name: f"{name}\r",
        "cards.name",
    ),
    _letters(
        "compatibility-form", "Names are in normal form KC: `ª²³` becomes `a23`.", _in_form("NFKC")
    ),
    _letters("accents-stripped", "Accents are dropped: `Núñez` becomes `Nunez`.", _without_accents),
    _letters("latin-1-only", "Characters outside Latin-1 become question marks.", _in("latin-1")),
    _letters(
        "windows-1252-only", "Characters outside Windows-1252 become question marks.", _in("cp1252")
    ),
    _letters("octets-cut-at-24", "A name is cut after 24 octets of UTF-8.", _octets(24)),
    _letters("emoji-stripped", "Emoji in names are dropped.", _sub(_EMOJI)),
    _letters(
        "joiners-stripped",
        "Zero-width joiners are dropped, so that a family becomes four people.",
        _sub("\u200d"),
    ),
    _letters(
        "right-to-left-letters-lost", "Hebrew and Arabic letters are dropped.", _sub(_RIGHT_TO_LEFT)
    ),
    _letters("chinese-characters-lost", "Chinese characters are dropped.", _sub(_HAN)),
    _letters(
        "curly-quotes-straightened",
        "Curly quotes in names become straight ones.",
        _sub("[“”]", '"'),
        "cards.windows-1252",
    ),
    _letters("sharp-s-spelt-out", "`ß` becomes `ss`.", _sub("ß", "ss")),
    _letters(
        "dotted-i-lost",
        "Names are lower-cased by English rules: `İ` loses its dot.",
        _sub("[İı]", "i"),
    ),
    _letters(
        "combining-marks-lost",
        "Vowel signs and other combining marks are dropped.",
        lambda name: "".join(
            each for each in name if not unicodedata.category(each).startswith("M")
        ),
    ),
    _letters(
        "symbols-lost",
        "Only letters, digits and punctuation of a name are kept.",
        lambda name: "".join(
            each for each in name if not unicodedata.category(each).startswith(("S", "C"))
        ),
    ),
    _letters(
        "surrogates-replaced",
        "A character outside the Basic Multilingual Plane becomes two question marks.",
        _sub("[\U00010000-\U0010ffff]", "??"),
    ),
    _form("spaces-joined", "Several spaces in a name become one.", _sub(" +", " ")),
    _form(
        "zero-width-stripped",
        "Zero-width spaces are dropped, so that two words become one.",
        _sub("\u200b"),
    ),
    _form("names-cut-at-255", "A name is cut after 255 characters.", lambda name: name[:255]),
)
