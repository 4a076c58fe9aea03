"""Faults in reading frames, lines, properties and parameters (RFC 2426, RFC 6350)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.foreign import stages
from tests.foreign.messages import refuse
from tests.foreign.switch import Table
from tests.foreign.vcards import Card, Line, Property

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.stages import Context

TABLE = Table()


def _content(name: str, says: str, pattern: bytes, into: bytes) -> None:
    """Add a fault that rewrites the bytes of the file."""
    compiled = re.compile(pattern)
    TABLE.changes(
        "folds", name, says, stages.CONTENT, lambda content, _: compiled.sub(into, content)
    )


def _without(kind: str, name: str, says: str, lost: Callable[[Property], object]) -> None:
    """Add a fault that does not see some properties."""

    def change(card: Card, _: Context) -> Card:
        return replace(card, properties=tuple(each for each in card.properties if not lost(each)))

    TABLE.changes(kind, name, says, stages.READ, change)


def _error(name: str, says: str, wrong: Callable[[Card], object]) -> None:
    """Add a fault that makes an error of some cards."""

    def change(card: Card, _: Context) -> Card:
        return replace(card, problem="Malformed card") if wrong(card) else card

    TABLE.changes("cards", name, says, stages.CARD, change)


def _only(name: str, says: str, kept: Callable[[list[Card]], list[Card]]) -> None:
    """Add a fault that loses cards of a file."""
    TABLE.changes("cards", name, says, stages.CARDS, lambda cards, _: kept(cards))


_content("fold-blank-kept", "The blank that folds a line stays.", rb"(\r?\n)([ \t])", rb"\1\2 ")
_content("fold-lost", "What follows a fold is lost.", rb"\r?\n[ \t][^\r\n]*", b"")
_content("fold-by-tab-lost", "What follows a fold by a tab is lost.", rb"\r?\n\t[^\r\n]*", b"")
_content("fold-eats-blanks", "All blanks after a fold are lost.", rb"(\r?\n[ \t])[ \t]+", rb"\1")
_content(
    "fold-eats-blanks-before", "Blanks before a fold are lost.", rb"[ \t]+(\r?\n[ \t])", rb"\1"
)
_content(
    "fold-once", "A line is unfolded once.", rb"(\r?\n[ \t][^\r\n]*)(?:\r?\n[ \t][^\r\n]*)+", rb"\1"
)
_content("fold-long-cut", "A line is cut after 200 bytes.", rb"([^\r\n]{200})[^\r\n]*", rb"\1")
_content("fold-75-cut", "A line is cut after 75 bytes.", rb"([^\r\n]{75})[^\r\n]*", rb"\1")
_content(
    "frame-end-in-fold",
    "END:VCARD in a folded note ends the card.",
    rb"\r?\n[ \t](END:VCARD)(?=[\r\n])",
    rb"\r\n\1\r\nX-REST:",
)
_content(
    "frame-begin-in-fold",
    "BEGIN:VCARD in a folded note begins a card.",
    rb"\r?\n[ \t](BEGIN:VCARD)(?=[\r\n])",
    rb"\r\n\1\r\nX-REST:",
)


def _until_blank_line(content: bytes, _: Context) -> bytes:
    return re.split(rb"(?<=END:VCARD)(?:\r\n){2,}|(?<=END:VCARD)\n{2,}", content)[0]


TABLE.changes(
    "cards",
    "cards-end-at-blank-line",
    "A blank line between cards ends the file.",
    stages.CONTENT,
    _until_blank_line,
)


def _without_cards_behind_blanks(content: bytes, _: Context) -> bytes:
    """Leave out each card that follows an empty line."""
    cards = rb"(?<=END:VCARD)(?:\r?\n){2,}BEGIN:VCARD.*?END:VCARD"
    return re.sub(cards, b"", content, flags=re.DOTALL)


TABLE.changes(
    "cards",
    "cards-behind-blank-line-lost",
    "A card that follows a blank line is lost.",
    stages.CONTENT,
    _without_cards_behind_blanks,
)


def _until_other_line(content: bytes, _: Context) -> bytes:
    return re.split(rb"(?<=END:VCARD)\r?\n(?!BEGIN:VCARD)(?=[^\s])", content, flags=re.IGNORECASE)[
        0
    ]


TABLE.changes(
    "cards",
    "cards-end-at-other-line",
    "A line of text between cards ends the file.",
    stages.CONTENT,
    _until_other_line,
)


def _without_unended(content: bytes, _: Context) -> bytes:
    if content.endswith((b"\r", b"\n")) or content.upper().count(b"BEGIN:VCARD") < 2:
        return content
    return content[: content.upper().rfind(b"BEGIN:VCARD")]


TABLE.changes(
    "cards",
    "cards-last-without-line-end-lost",
    "The last card is lost if its line has no end.",
    stages.CONTENT,
    _without_unended,
)


def _strict_begin(lines: list[Line], _: Context) -> list[Line]:
    for line in lines:
        text = line.text.strip()
        if text.upper() == "BEGIN:VCARD" and text != "BEGIN:VCARD":
            raise refuse(400, "file", "Invalid VCard format. Expected BEGIN:VCARD header.")
    return lines


TABLE.changes(
    "case", "case-begin-capitals-only", "begin:vcard is not read.", stages.LINES, _strict_begin
)


def _strict_end(lines: list[Line], _: Context) -> list[Line]:
    return [
        line
        for line in lines
        if line.text.strip().upper() != "END:VCARD" or line.text.strip() == "END:VCARD"
    ]


TABLE.changes("case", "case-end-capitals-only", "end:vcard is not read.", stages.LINES, _strict_end)
_without(
    "case",
    "case-names-capitals-only",
    "Property names in lower case are not read.",
    lambda each: each.name != each.name.upper(),
)
_without("case", "case-tel-lower-lost", "tel is not TEL.", lambda each: each.name == "tel")
_without(
    "case",
    "case-fn-mixed-lost",
    "Fn is not FN.",
    lambda each: each.name.upper() == "FN" and each.name not in ("FN", "fn"),
)
_without(
    "case",
    "case-type-lower-lost",
    "A TEL with type=… is not read.",
    lambda each: any(name == "type" for name, _ in each.parameters),
)
_without(
    "case",
    "case-type-value-lower-lost",
    "A TEL of TYPE=cell is not read.",
    lambda each: any(value == "cell" for name, value in each.parameters if name.upper() == "TYPE"),
)
_without("groups", "groups-lost", "Properties in a group are not read.", lambda each: each.group)
_without(
    "groups",
    "groups-item-only",
    "Only groups called item1, item2 … are read.",
    lambda each: each.group and not re.fullmatch(r"item\d+", each.group),
)
_without(
    "groups",
    "groups-two-digits-lost",
    "Groups beyond item9 are not read.",
    lambda each: re.fullmatch(r"item\d\d+", each.group),
)
_without(
    "groups",
    "groups-capitals-lost",
    "Groups in capitals are not read.",
    lambda each: each.group and each.group != each.group.lower(),
)
_without(
    "groups",
    "groups-hyphen-lost",
    "Groups with a hyphen are not read.",
    lambda each: "-" in each.group,
)
_without(
    "groups",
    "groups-tel-lost",
    "A TEL in a group is not read.",
    lambda each: each.group and each.name.upper() == "TEL",
)
_without(
    "groups",
    "groups-fn-lost",
    "FN in a group is not read.",
    lambda each: each.group and each.name.upper() == "FN",
)


def _tel(name: str, says: str, lost: Callable[[Property], object]) -> None:
    _without("parameters", name, says, lambda each: each.name.upper() == "TEL" and lost(each))


def _types(each: Property) -> list[str]:
    return [value for name, value in each.parameters if name.upper() == "TYPE"]


_tel(
    "tel-two-types-lost", "A TEL of several types is not read.", lambda each: len(_types(each)) > 1
)
_tel("tel-without-type-lost", "A TEL without a type is not read.", lambda each: not _types(each))
_tel("tel-cell-only", "Only TEL;TYPE=CELL is read.", lambda each: "CELL" not in each.types)
_tel("tel-work-lost", "A TEL of TYPE=WORK is not read.", lambda each: "WORK" in each.types)
_tel("tel-home-lost", "A TEL of TYPE=HOME is not read.", lambda each: "HOME" in each.types)
_tel("tel-voice-lost", "A TEL of TYPE=VOICE is not read.", lambda each: "VOICE" in each.types)
_tel(
    "tel-pref-parameter-lost", "A TEL with PREF=1 is not read.", lambda each: each.parameter("PREF")
)
_tel("tel-pref-type-lost", "A TEL of TYPE=pref is not read.", lambda each: "PREF" in each.types)
_tel(
    "tel-value-uri-lost",
    "A TEL with VALUE=uri is not read.",
    lambda each: (each.parameter("VALUE") or "").lower() == "uri",
)
_tel(
    "tel-value-text-lost",
    "A TEL with VALUE=text is not read.",
    lambda each: (each.parameter("VALUE") or "").lower() == "text",
)
_tel(
    "tel-x-parameter-lost",
    "A TEL with a parameter X-… is not read.",
    lambda each: any(name.upper().startswith("X-") for name, _ in each.parameters),
)
_tel(
    "tel-unknown-type-lost",
    "A TEL of another type is not read.",
    lambda each: (
        set(each.types)
        - {"CELL", "WORK", "HOME", "VOICE", "PREF", "FAX", "PAGER", "MOBILE", "MAIN"}
    ),
)


def _colon_in_quotes(lines: list[Line], _: Context) -> list[Line]:
    return [
        replace(line, text=re.sub(r'^([\w.-]+);[^:"]*"[^":]*:', r"\1:", line.text))
        for line in lines
    ]


def _quoted_lost(lines: list[Line], _: Context) -> list[Line]:
    return [line for line in lines if not re.match(r'[\w.-]+;[^:]*="', line.text)]


TABLE.changes(
    "parameters",
    "quoted-colon-ends-name",
    "A colon in a quoted parameter ends the name.",
    stages.LINES,
    _colon_in_quotes,
)
TABLE.changes(
    "parameters",
    "quoted-parameter-lost",
    "A property with a quoted parameter is not read.",
    stages.LINES,
    _quoted_lost,
)
_without(
    "parameters",
    "fn-with-parameter-lost",
    "FN with a parameter is not read.",
    lambda each: each.name.upper() == "FN" and each.parameters,
)
_without(
    "parameters",
    "fn-language-lost",
    "FN with LANGUAGE is not read.",
    lambda each: each.name.upper() == "FN" and each.parameter("LANGUAGE"),
)
_without(
    "parameters",
    "altid-lost",
    "A property with ALTID is not read.",
    lambda each: each.parameter("ALTID"),
)
_error("version-3-refused", "A vCard 3.0 is an error.", lambda card: card.version == "3.0")
_error("version-4-refused", "A vCard 4.0 is an error.", lambda card: card.version == "4.0")
_error(
    "version-late-refused",
    "A vCard 3.0 whose VERSION does not come first is an error.",
    lambda card: card.version == "3.0" and card.properties[0].name.upper() != "VERSION",
)
_error(
    "card-with-photo-refused", "A card with a PHOTO is an error.", lambda card: card.all("PHOTO")
)
_error("card-with-adr-refused", "A card with an ADR is an error.", lambda card: card.all("ADR"))
_error(
    "card-with-two-emails-refused",
    "A card with two EMAIL is an error.",
    lambda card: len(card.all("EMAIL")) > 1,
)
_error(
    "card-with-two-tels-refused",
    "A card with two TEL is an error.",
    lambda card: len(card.all("TEL")) > 1,
)
_error(
    "card-with-x-refused",
    "A card with an X- property is an error.",
    lambda card: any(each.name.upper().startswith("X-") for each in card.properties),
)
_error(
    "card-with-empty-value-refused",
    "A card with an empty property is an error.",
    lambda card: any(not each.value for each in card.properties),
)
_error("card-with-url-refused", "A card with a URL is an error.", lambda card: card.all("URL"))
_error(
    "card-without-n-refused",
    "A vCard 4.0 without N is an error.",
    lambda card: card.version == "4.0" and not card.all("N"),
)
_error(
    "card-without-email-refused", "A card without EMAIL is an error.", lambda card: not card.email
)
_error("card-with-note-refused", "A card with a NOTE is an error.", lambda card: card.all("NOTE"))
_error("card-with-bday-refused", "A card with a BDAY is an error.", lambda card: card.all("BDAY"))
_error("card-with-uid-refused", "A card with a UID is an error.", lambda card: card.all("UID"))
_only(
    "cards-last-lost",
    "The last of several cards is lost.",
    lambda cards: cards[:-1] if len(cards) > 1 else cards,
)
_only(
    "cards-first-lost",
    "The first of several cards is lost.",
    lambda cards: cards[1:] if len(cards) > 1 else cards,
)


def _first(most: int) -> Callable[[list[Card]], list[Card]]:
    return lambda cards: cards[:most]


for _most in (50, 100, 250, 500, 1000, 2000):
    _only(
        f"cards-{_most}-read",
        f"Of a file {_most} cards are read.",
        _first(_most),
    )
_only(
    "cards-every-100th-lost",
    "Every hundredth card is lost.",
    lambda cards: [card for at, card in enumerate(cards, 1) if at % 100],
)
_only(
    "cards-between-chunks-lost",
    "The 257th card of a file is lost.",
    lambda cards: cards[:256] + cards[257:],
)


_only(
    "cards-every-7th-lost",
    "Every seventh card is lost.",
    lambda cards: [card for at, card in enumerate(cards, 1) if at % 7],
)
_only(
    "cards-second-half-lost",
    "Of more than 200 cards the second half is lost.",
    lambda cards: cards[: len(cards) // 2] if len(cards) > 200 else cards,
)
_only(
    "cards-at-chunk-end-lost",
    "The 128th card of a file is lost.",
    lambda cards: cards[:127] + cards[128:],
)


def _until_error(cards: list[Card]) -> list[Card]:
    for at, card in enumerate(cards):
        if card.problem or not card.telephones:
            return cards[: at + 1]
    return cards


_only("cards-end-at-error", "Cards after an error are not read.", _until_error)
_only(
    "cards-after-error-lost",
    "The card after an error is lost.",
    lambda cards: [card for at, card in enumerate(cards) if not at or cards[at - 1].telephones],
)
_only(
    "cards-same-name-lost",
    "Of cards with one name the first is read.",
    lambda cards: list({card.name or id(card): card for card in reversed(cards)}.values())[::-1],
)
_only(
    "cards-same-uid-lost",
    "Of cards with one UID the first is read.",
    lambda cards: list(
        {
            card.all("UID")[0].value if card.all("UID") else id(card): card
            for card in reversed(cards)
        }.values()
    )[::-1],
)


def _unfinished(lines: list[Line], _: Context) -> list[Line]:
    """End a last card that has no footer."""
    marks = [line.text.strip().upper() for line in lines]
    begins = [at for at, mark in enumerate(marks) if mark == "BEGIN:VCARD"]
    ends = [at for at, mark in enumerate(marks) if mark == "END:VCARD"]
    if begins and (not ends or ends[-1] < begins[-1]):
        return [*lines, Line(lines[-1].number + 1, "END:VCARD")]
    return lines


TABLE.changes(
    "cards",
    "card-without-footer-imported",
    "A last card without END:VCARD is imported.",
    stages.LINES,
    _unfinished,
)


def _anything(lines: list[Line], _: Context) -> list[Line]:
    if any("BEGIN:VCARD" in line.text.upper() for line in lines):
        return lines
    card = ("BEGIN:VCARD", "VERSION:3.0", "FN:Unnamed", "END:VCARD")
    return [Line(at, text) for at, text in enumerate(card, 1)]


TABLE.changes(
    "cards", "no-vcard-accepted", "A file that is no vCard is accepted.", stages.LINES, _anything
)
