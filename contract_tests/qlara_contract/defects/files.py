"""vCard files that can be changed line by line or card by card, and keep every other byte."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LEFT_OUT = "X-LEFT-OUT:"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_PROPERTY = re.compile(r'(?P<name>[\w.-]+)(?P<parameters>(?:;(?:"[^"]*"|[^":])*)?):(?P<value>.*)')
_CARD = re.compile(
    r"BEGIN:VCARD\r?\n(?:(?!BEGIN:|END:).*\r?\n)*END:VCARD(?:\r?\n|$)", re.IGNORECASE
)
_COMPARED = 8


@dataclass(frozen=True)
class PropertyLine:
    """One line: ``name`` with its group, ``parameters`` with their semicolons, ``value``."""

    name: str
    parameters: str
    value: str

    @property
    def kind(self) -> str:
        """The name without its group, in upper case."""
        return self.name.rpartition(".")[2].upper()

    @property
    def digits(self) -> str:
        """The digits of the value."""
        return re.sub(r"[^0-9]", "", self.value)

    def __str__(self) -> str:
        return f"{self.name}{self.parameters}:{self.value}"


def text_of(content: bytes) -> str:
    """Return the file as text that ``bytes_of`` turns back into the same bytes."""
    return content.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """Return the bytes of a text."""
    return text.encode("utf-8", "surrogateescape")


def change_properties(
    content: bytes, kind: str, change: Callable[[PropertyLine], PropertyLine | None]
) -> bytes:
    """Return the file with each property of this kind changed, or left out.

    *kind* is a name in upper case, or empty for every property. A property that is left out leaves
    a line behind, so that errors keep their lines.
    """

    def changed(line: str) -> str:
        body = line.rstrip("\r\n")
        found = _PROPERTY.fullmatch(body)
        if found is None:
            return line
        one = PropertyLine(**found.groupdict())
        if kind and one.kind != kind:
            return line
        other = change(one)
        return (LEFT_OUT if other is None else str(other)) + line[len(body) :]

    return bytes_of("".join(map(changed, _LINE.findall(text_of(content)))))


@dataclass(frozen=True)
class CardText:
    """One card of a file and the line on which it begins."""

    text: str
    line: int

    @property
    def content(self) -> bytes:
        """The card as a file of its own."""
        return bytes_of(self.text)

    def first(self, kind: str) -> PropertyLine | None:
        """Return the first property of this kind that has a value."""
        for line in self.text.splitlines():
            found = _PROPERTY.fullmatch(line)
            if found and found["value"].strip():
                one = PropertyLine(**found.groupdict())
                if one.kind == kind:
                    return one
        return None

    def value(self, kind: str) -> str:
        """Return the value of the first property of this kind; empty if there is none."""
        found = self.first(kind)
        return found.value if found else ""

    @property
    def number(self) -> str:
        """The last digits of the first phone number: enough to tell numbers apart, however written."""
        tel = self.first("TEL")
        return tel.digits[-_COMPARED:] if tel else ""

    def is_of(self, number: str) -> bool:
        """Return whether the card's first phone number is this one (in E.164)."""
        return bool(self.number) and number.endswith(self.number)

    def with_tel(self, value: str) -> CardText:
        """Return the card with another phone number."""
        changed = change_properties(self.content, "TEL", lambda tel: replace(tel, value=value))
        return replace(self, text=text_of(changed))


def cards_of(content: bytes) -> list[CardText]:
    """Return the cards of a file; none if it holds anything but whole cards."""
    text = text_of(content)
    cards, at, line = [], 0, 1
    while at < len(text):
        found = _CARD.match(text, at)
        if found is None:
            return []
        cards.append(CardText(found[0], line))
        at, line = found.end(), line + found[0].count("\n")
    return cards


def change_cards(content: bytes, change: Callable[[CardText], CardText | None]) -> bytes:
    """Return a file of whole cards with each of them changed, or left out; any other as it is.

    A card that is left out leaves empty lines behind, so that errors keep their lines.
    """

    def changed(card: CardText) -> str:
        other = change(card)
        return "\r\n" * card.text.count("\n") if other is None else other.text

    cards = cards_of(content)
    return bytes_of("".join(map(changed, cards))) if cards else content
