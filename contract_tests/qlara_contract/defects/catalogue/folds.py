"""Defects of folded and long lines, and of where a card begins and ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Group
from qlara_contract.defects.kinds import Kind, cards_lost, cards_refused, on_cards, on_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.files import CardText

_OCTETS = 200
_WIDTH = 75
_LINES = 100


def _replacing(pattern: str, other: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda text: compiled.sub(other, text)


def _cut_after(octets: int, pattern: str) -> Callable[[str], str]:
    """Return the change that cuts each match of *pattern*, a line, after so many octets."""
    compiled = re.compile(pattern, re.MULTILINE)

    def cut(line: re.Match[str]) -> str:
        kept = line[0].encode("utf-8", "surrogateescape")[:octets]
        return kept.decode("utf-8", "ignore") if len(line[0]) > octets else line[0]

    return lambda text: compiled.sub(cut, text)


def _ends_at_the_first_end(text: str) -> str:
    """Return the file with a folded `END:VCARD` read as the end of its card."""
    return re.sub(r"(?m)^[ \t]END:VCARD.*\r\n(?:(?!END:VCARD).*\r\n)*END:VCARD", "END:VCARD", text)


def _begins_anew(text: str) -> str:
    """Return the file with a folded `BEGIN:VCARD` read as the beginning of another card."""
    return re.sub(r"(?m)^[ \t](BEGIN:VCARD)[^\r\n]*", r"\1", text)


def _first_lines(card: CardText) -> CardText | None:
    lines = card.text.splitlines(keepends=True)
    if len(lines) <= _LINES:
        return card
    return type(card)("".join([*lines[:_LINES], lines[-1]]), card.line)


def _version_is_late(card: CardText) -> bool:
    return not card.text.splitlines()[1].upper().startswith("VERSION:")


def _begins_in(words: str) -> Callable[[CardText], bool]:
    return lambda card: not re.match(words, card.text)


def _ends_in_capitals(text: str) -> str:
    return re.sub(r"(?m)^(?!END:VCARD)(?i:END:VCARD)(?=\r?$)", "X-END:VCARD", text)


_fold = Kind(Group.CARDS, ("cards.folded-lines",), on_text)
_other = Kind(Group.CARDS, ("cards.other-properties",), on_text)
_lost = Kind(Group.CARDS, ("cards.letter-case",), cards_lost)
_refused = Kind(Group.CARDS, ("cards.properties-in-any-order",), cards_refused)
_type = Kind(Group.CARDS, ("cards.type-spellings",), on_text)
_several_refused = Kind(Group.CARDS, ("cards.other-properties",), cards_refused)
_changed = Kind(Group.CARDS, ("cards.other-properties",), on_cards)

DEFECTS = (
    _fold(
        "tab-folds-not-read",
        "A line that begins with a tab does not continue the one before.",
        _replacing(r"\r\n\t[^\r\n]*", ""),
    ),
    _fold(
        "blanks-after-a-fold-lost",
        "All white space at the beginning of a continued line are dropped, not just the first.",
        _replacing(r"\r\n[ \t]+", "\r\n "),
    ),
    _fold(
        "blanks-before-a-fold-lost",
        "Spaces at the end of a line are dropped before the next one continues it.",
        _replacing(r"[ \t]+\r\n(?=[ \t])", "\r\n"),
    ),
    _fold(
        "unfolded-once",
        "Of a line that is folded several times, only the first continuation is read.",
        _replacing(r"^([^ \t\r\n][^\r\n]*\r\n[ \t][^\r\n]*)(\r\n[ \t][^\r\n]*)+", r"\1"),
    ),
    _fold(
        "names-of-properties-not-unfolded",
        "A line that is folded before its colon is not read.",
        _replacing(r"^(?![ \t])[^:\r\n]+\r\n[ \t][^\r\n]*", "X-LEFT-OUT:"),
    ),
    _fold(
        "value-on-the-next-line-lost",
        "A value that begins on a continued line is empty.",
        _replacing(r":\r\n[ \t][^\r\n]*", ":"),
    ),
    _fold(
        "escapes-read-before-unfolding",
        "Escapes are read line by line, so that an escape with a fold inside keeps its backslash.",
        _replacing(r"\\\r\n[ \t]", r"\\\\"),
    ),
    _fold(
        "continued-lines-read-as-properties",
        "A continued line that looks like a property is read as one.",
        _replacing(r"\r\n[ \t](?=(?:FN|TEL|EMAIL)[:;])", "\r\n"),
        "cards.folded-lines",
        "upload.error-missing-phone",
    ),
    _other(
        "end-in-a-note-ends-the-card",
        "A continued line `END:VCARD` inside a note ends the card.",
        _ends_at_the_first_end,
    ),
    _other(
        "begin-in-a-note-begins-a-card",
        "A continued line `BEGIN:VCARD` inside a note begins another card.",
        _begins_anew,
    ),
    _fold(
        "lines-cut-at-75-octets",
        "A line is cut after 75 octets, the length at which a writer should fold.",
        _cut_after(_WIDTH, r"^[^ \t\r\n][^\r\n]*"),
        "cards.type-spellings",
        "cards.name-verbatim",
    ),
    _fold(
        "lines-cut-at-200-octets",
        "Only the first 200 octets of a line are read.",
        _cut_after(_OCTETS, r"^[^ \t\r\n][^\r\n]*"),
        "cards.type-spellings",
    ),
    _changed(
        "cards-cut-at-100-lines",
        "Only the first 100 lines of a card are read.",
        _first_lines,
    ),
    _lost(
        "begin-in-lower-case-lost",
        "`begin:vcard` does not begin a card.",
        _begins_in("BEGIN:VCARD|Begin:vCard"),
    ),
    _lost(
        "begin-in-mixed-case-lost",
        "`Begin:vCard` does not begin a card.",
        _begins_in("BEGIN:VCARD|begin:vcard"),
    ),
    _fold(
        "end-in-lower-case-not-seen",
        "`end:vcard` does not end a card.",
        _ends_in_capitals,
        "cards.letter-case",
    ),
    _refused(
        "version-only-second",
        "A card whose VERSION does not follow BEGIN is refused.",
        _version_is_late,
    ),
    _type(
        "lines-over-512-not-read",
        "A line of more than 512 characters is not read.",
        _replacing(r"^[^\r\n]{513,}", "X-TOO-LONG:"),
    ),
    _several_refused(
        "three-numbers-refused",
        "A card with three TEL and more is refused.",
        lambda card: len(re.findall(r"(?im)^[\w.-]*\bTEL\b", card.text)) > 2,
    ),
    _several_refused(
        "three-addresses-refused",
        "A card with three EMAIL and more is refused.",
        lambda card: len(re.findall(r"(?im)^[\w.-]*\bEMAIL\b", card.text)) > 2,
    ),
)
