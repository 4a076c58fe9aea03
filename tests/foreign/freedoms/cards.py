"""Freedoms in reading files and cards."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.foreign import stages
from tests.foreign.messages import refuse
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from tests.foreign.stages import Context
    from tests.foreign.vcards import Card, Line

TABLE = Table()


def _no_joined(lines: list[Line], _: Context) -> list[Line]:
    # Not within a value: there, both are text.
    if any(re.match(r"\s*END:VCARD.*BEGIN:VCARD", line.text.upper()) for line in lines):
        raise refuse(400, "file", "Invalid VCard format. Expected END:VCARD on a line of its own.")
    return lines


def _no_bare_cr(content: bytes, _: Context) -> bytes:
    if re.search(rb"\r(?![\r\n])", content):
        raise refuse(400, "file", "Invalid VCard format. Lines end with CRLF.")
    return content


def _no_mark(content: bytes, _: Context) -> bytes:
    if content[:3] == b"\xef\xbb\xbf":
        raise refuse(400, "file", "Invalid VCard format. Expected BEGIN:VCARD header.")
    return content


def _no_groups(card: Card, _: Context) -> Card:
    if any(each.text.lower() == "group" for each in card.all("KIND")):
        return replace(card, problem="Groups are not imported")
    return card


TABLE.sets(
    "cards",
    "version-2.1-read",
    "A vCard 2.1 is read.",
    importing__versions=("2.1", "3.0", "4.0"),
)
TABLE.sets(
    "cards",
    "version-other-read",
    "A card of any version, or none, is read.",
    importing__other_version="read",
)
TABLE.sets(
    "cards",
    "version-other-refuses-file",
    "A card of another version refuses the file.",
    importing__other_version="refuse",
)
TABLE.sets(
    "cards",
    "no-footer-error",
    "A last card without END:VCARD is an error of that card.",
    importing__no_footer="error",
)
TABLE.sets(
    "cards",
    "broken-card-refuses-file",
    "A card without END:VCARD refuses the file.",
    importing__broken_card="refuse",
)
TABLE.sets(
    "cards", "name-from-fn-alone", "The name is FN and nothing else.", cards__name_from=("FN",)
)
TABLE.sets(
    "cards",
    "name-missing-error",
    "A card without FN is an error.",
    cards__name_from=("FN",),
    cards__name_missing="error",
)
TABLE.sets(
    "cards",
    "name-missing-number",
    "A contact without a name is called by its number.",
    cards__name_from=("FN",),
    cards__name_missing="number",
)
TABLE.sets(
    "cards",
    "name-org-before-n",
    "Without FN the name is ORG, then N.",
    cards__name_from=("FN", "ORG", "N"),
)
TABLE.sets(
    "cards",
    "name-white-space-folded",
    "White space in names is folded to one blank.",
    cards__fold_blanks=True,
)
TABLE.sets("cards", "name-nfc", "Names are in normal form C.", cards__normal_form="NFC")
TABLE.sets("cards", "utf-16-refused", "Files are UTF-8; UTF-16 is refused.", cards__utf16=False)
TABLE.sets(
    "cards",
    "windows-1252-replaced",
    "Bytes that are not UTF-8 are replaced.",
    cards__legacy_charset="",
)
TABLE.sets(
    "cards",
    "latin-1-read",
    "A file that is not UTF-8 is ISO 8859-1.",
    cards__legacy_charset="latin-1",
)
TABLE.changes(
    "cards",
    "joined-cards-refused",
    "A BEGIN:VCARD must be on a line of its own.",
    stages.LINES,
    _no_joined,
)
TABLE.changes(
    "cards", "bare-cr-refused", "A line ends with CRLF or LF.", stages.CONTENT, _no_bare_cr
)
TABLE.changes(
    "cards",
    "byte-order-mark-refused",
    "A file begins with BEGIN:VCARD, not with a mark.",
    stages.CONTENT,
    _no_mark,
)
TABLE.changes(
    "cards",
    "group-cards-refused",
    "A card of KIND:group is an error that says so.",
    stages.CARD,
    _no_groups,
)


def _characters_apart(content: bytes, _: Context) -> bytes:
    """Decode what a fold cuts piece by piece; RFC 6350 section 3.2 forbids writers to cut characters."""
    pieces = re.split(rb"(\r?\n[ \t])", content)
    return b"".join(each.decode("utf-8", "replace").encode() for each in pieces)


TABLE.changes(
    "cards",
    "fold-inside-character",
    "A character that is folded between its bytes, which no writer may do, is not read.",
    stages.CONTENT,
    _characters_apart,
)


def _ascii_email(card: Card, _: Context) -> Card:
    return card if card.email.isascii() else replace(card, email="")


TABLE.changes(
    "cards",
    "email-non-ascii-lost",
    "An address beyond ASCII (RFC 5321) is none.",
    stages.CARD,
    _ascii_email,
)
