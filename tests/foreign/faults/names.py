"""Faults in names and in the escapes of text values (RFC 6350 section 3.4)."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from unicodedata import category, combining, normalize
from urllib.parse import unquote, unquote_plus

from tests.foreign import stages
from tests.foreign.switch import Table
from tests.foreign.vcards import Card, Property, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context

TABLE = Table()


def _name(name: str, says: str, change: Callable[[str], str]) -> None:
    def on_card(card: Card, _: Context) -> Card:
        return replace(card, name=change(card.name))

    TABLE.changes("names", f"name-{name}", says, stages.CARD, on_card)


def _raw(name: str, says: str, change: Callable[[str], str]) -> None:
    """Add a fault in FN as it is written, before its escapes are read."""

    def on_property(each: Property) -> Property:
        return replace(each, value=change(each.value)) if each.name.upper() == "FN" else each

    def on_card(card: Card, _: Context) -> Card:
        return replace(card, properties=tuple(map(on_property, card.properties)))

    TABLE.changes("escapes", f"escape-{name}", says, stages.READ, on_card)


def _lost(name: str, says: str, pattern: str) -> None:
    compiled = re.compile(pattern)
    _name(name, says, lambda text: compiled.sub("", text))


def _naively_unescaped(value: str) -> str:
    for written, meant in (("\\n", "\n"), ("\\,", ","), ("\\;", ";"), ("\\\\", "\\")):
        value = value.replace(written, meant)
    return value.replace("\\", "\\\\").replace("\n", "\\n")


_raw(
    "comma-kept", "An escaped comma keeps its backslash.", lambda text: text.replace("\\,", "\\\\,")
)
_raw(
    "semicolon-kept",
    "An escaped semicolon keeps its backslash.",
    lambda text: text.replace("\\;", "\\\\;"),
)
_raw(
    "line-feed-kept",
    "An escaped line feed stays as it is written.",
    lambda text: re.sub(r"(?<!\\)\\n", r"\\\\n", text),
)
_raw("capital-line-feed-kept", "\\N is not a line feed.", lambda text: text.replace("\\N", "\\\\N"))
_raw("backslash-kept", "Two backslashes stay two.", lambda text: text.replace("\\\\", "\\\\\\\\"))
_raw("one-after-another", "A backslash before an n is a line feed.", _naively_unescaped)
_raw("all-kept", "Escapes stay as they are written.", lambda text: text.replace("\\", "\\\\"))
_raw("backslash-lost", "Backslashes are lost.", lambda text: text.replace("\\\\", ""))
_raw("comma-ends-value", "A value ends at an escaped comma.", lambda text: text.split("\\,")[0])
_raw(
    "semicolon-ends-value",
    "A value ends at an escaped semicolon.",
    lambda text: text.split("\\;")[0],
)
_raw("colon-ends-value", "A value ends at a colon.", lambda text: text.split(":")[0])
_name("html-escaped", "Markup in names is escaped as HTML.", html.escape)
_name("html-unescaped", "&amp; in a name becomes &.", html.unescape)
_lost("markup-lost", "What is between < and > is lost.", r"<[^>]*>")
_lost("quotes-lost", "Quotation marks are lost.", r'"')
_lost("apostrophe-lost", "Apostrophes are lost.", r"['’]")
_name("apostrophe-doubled", "Apostrophes are doubled.", lambda text: text.replace("'", "''"))
_name("quotes-escaped", "Quotation marks get a backslash.", lambda text: text.replace('"', '\\"'))
_name("ampersand-cut", "A name ends at &.", lambda text: text.split("&")[0].strip())
_name("plus-is-blank", "+ in a name is a blank.", lambda text: text.replace("+", " "))
_name("percent-decoded", "%41 in a name is an A.", unquote)
_name("form-decoded", "A name is decoded as a form is.", unquote_plus)
_lost("zero-width-lost", "Zero-width joiners are lost.", r"[\u200b-\u200d]")
_name("compatibility-form", "Names are in normal form KC.", lambda text: normalize("NFKC", text))
_name(
    "accents-lost",
    "Accents are lost.",
    lambda text: "".join(each for each in normalize("NFD", text) if not combining(each)),
)
_name(
    "latin-1-only",
    "Characters beyond Latin-1 become question marks.",
    lambda text: text.encode("latin-1", "replace").decode("latin-1"),
)
_name(
    "ascii-only",
    "Characters beyond ASCII become question marks.",
    lambda text: text.encode("ascii", "replace").decode(),
)
_name(
    "bmp-only",
    "Characters beyond U+FFFF become question marks.",
    lambda text: re.sub(r"[^\x00-\uffff]", "?", text),
)
_lost("emoji-lost", "Emoji are lost.", r"[\u2600-\u27bf\U0001f000-\U0001faff]")
_name(
    "mojibake",
    "UTF-8 is read as Windows-1252.",
    lambda text: text.encode().decode("cp1252", "replace"),
)
_name("capitals", "Names are in capitals.", str.upper)
_name("title-case", "Every word of a name begins with a capital.", str.title)


def _cut(most: int) -> Callable[[str], str]:
    return lambda text: text[:most]


for _most in (20, 30, 50, 64, 100, 128):
    _name(
        f"cut-{_most}",
        f"A name is cut after {_most} characters.",
        _cut(_most),
    )
_name("one-word", "A name is its first word.", lambda text: text.split(" ")[0])
_name("two-words", "A name is its first two words.", lambda text: " ".join(text.split(" ")[:2]))
_name("comma-cut", "A name ends at a comma.", lambda text: text.split(",")[0])
_name("semicolon-cut", "A name ends at a semicolon.", lambda text: text.split(";")[0])
_name("line-cut", "A name ends at a line feed.", lambda text: text.split("\n")[0])
_name("hash-cut", "A name ends at a hash.", lambda text: text.split("#")[0].strip())
_name(
    "brackets-lost", "What is in brackets is lost.", lambda text: re.sub(r"\s*\([^)]*\)", "", text)
)
_name(
    "null-lost",
    "Somebody called Null has no name.",
    lambda text: re.sub(r"(?i)\bnull\b", "", text).strip(),
)
_name(
    "formula-quoted",
    "A name that begins with = gets an apostrophe.",
    lambda text: re.sub(r"^(?=[=+@-])", "'", text),
)
_lost("digits-lost", "Digits in names are lost.", r"\d")
_lost("points-lost", "Full stops in names are lost.", r"\.")
_lost("hyphens-lost", "Hyphens in names are lost.", r"-")
_lost("slashes-lost", "Slashes in names are lost.", r"/")
_lost("right-to-left-lost", "Hebrew and Arabic letters are lost.", r"[\u0590-\u06ff]")
_name("han-lost", "Chinese characters are lost.", lambda text: re.sub(r"[\u4e00-\u9fff]", "", text))
_name(
    "symbols-lost",
    "Symbols and marks are lost.",
    lambda text: "".join(each for each in text if category(each)[0] not in "SM"),
)
_name(
    "words-swapped",
    "The family name comes first.",
    lambda text: " ".join(reversed(text.split(" "))),
)
_name(
    "ending-in-7-lost",
    "A name that ends with 7 is lost.",
    lambda text: "" if text.endswith("7") else text,
)
_name(
    "braces-formatted",
    "{…} in a name is lost, as a template.",
    lambda text: re.sub(r"[{$]\{?[^}]*\}", "", text),
)
_name("underscore-is-blank", "_ in a name is a blank.", lambda text: text.replace("_", " "))
_name("sharp-s", "ß becomes ss.", lambda text: text.replace("ß", "ss"))
_name(
    "return-kept", "A name ends with a carriage return.", lambda text: f"{text}\r" if text else ""
)
_name("lower-case", "Names are in lower case.", str.lower)


def _from_n(card: Card, _: Context) -> Card:
    return replace(card, name=name_of(card, ("N", "FN", "ORG")))


def _from_org(card: Card, _: Context) -> Card:
    return replace(card, name=name_of(card, ("ORG", "FN", "N")))


def _from_nickname(card: Card, _: Context) -> Card:
    nicknames = card.all("NICKNAME")
    return replace(card, name=nicknames[0].text) if nicknames else card


def _kept(card: Card, context: Context) -> Card:
    card = card if card.name else replace(card, name=context.memory.get("name", ""))
    context.memory["name"] = card.name
    return card


TABLE.changes("names", "name-from-n", "The name is N although there is FN.", stages.CARD, _from_n)
TABLE.changes(
    "names", "name-from-org", "The name is ORG although there is FN.", stages.CARD, _from_org
)
TABLE.changes(
    "names",
    "name-from-nickname",
    "The name is NICKNAME although there is FN.",
    stages.CARD,
    _from_nickname,
)
TABLE.changes(
    "names",
    "name-of-card-before",
    "A card without a name has that of the card before.",
    stages.CARD,
    _kept,
)
