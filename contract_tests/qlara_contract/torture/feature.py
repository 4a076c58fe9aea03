"""What a feature of a vCard file is: one thing that is special about a card, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from qlara_contract.promises import Severity, promise

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.torture.given import Given


class NameAs(Enum):
    """How a name is compared."""

    CHARACTERS = "character for character, in normal form C"
    CODE_POINTS = "code point for code point"
    WORDS = "word by word: nothing says what becomes of its blanks"
    ANY = "not at all: the card has none"


@dataclass(frozen=True)
class ContactOutcome:
    """The card becomes a contact. ``number`` is E.164; ``email`` is empty where the card has none.

    Any of ``or_numbers`` and ``or_emails`` will do as well.
    """

    name: str
    number: str
    email: str = ""
    name_as: NameAs = NameAs.CHARACTERS
    or_numbers: tuple[str, ...] = ()
    or_emails: tuple[str, ...] = ()


@dataclass(frozen=True)
class ErrorOutcome:
    """The card is an error. ``line`` is the one to name, counted from 0 at the card's first line.

    Without ``reason``, any reason and any line of the card will do.
    """

    name: str
    reason: str
    line: int = 0
    name_as: NameAs = NameAs.CHARACTERS


Outcome = ContactOutcome | ErrorOutcome


@dataclass(frozen=True)
class WrittenCard:
    """The bytes of one card, from its first line to its last line end, and what must become of it.

    ``numbers`` are all numbers that stand on the card, in E.164.
    """

    content: bytes
    outcome: Outcome
    numbers: tuple[str, ...] = ()

    @property
    def has_frame(self) -> bool:
        """Whether its first and last line are exact (RFC 6350 section 3.3), so that it is a card for sure."""
        lines = self.content.upper().splitlines()
        return b"BEGIN:VCARD" in lines and b"END:VCARD" in lines

    @property
    def lines(self) -> int:
        """How many lines the card has, however they end."""
        content = self.content
        return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")


class Place(Enum):
    """Where the card of a feature may stand."""

    ANYWHERE = "anywhere"
    BETWEEN_GUARDS = "between two plain cards, which it could cost"


@dataclass(frozen=True)
class WholeFile:
    """A feature of a whole file: *change* makes it of a file in UTF-8 whose lines end with CRLF.

    ``lines_before`` is how many lines *change* puts before the first card.
    """

    change: Callable[[bytes], bytes]
    lines_before: int = 0


@dataclass(frozen=True)
class Feature:
    """One thing that is special about a card or a file.

    ``id`` is stable and dotted. ``promise`` judges the feature; ``what`` says in one sentence what is
    wrong if the outcome differs. Features with the same ``apart`` share a small file of their own,
    since a deployment may refuse or misread a whole file because of one of them.
    """

    id: str
    promise: PromiseId
    what: str
    write: Callable[[Given], WrittenCard]
    versions: tuple[str, ...] = ("3.0", "4.0")
    place: Place = Place.ANYWHERE
    apart: str = ""
    whole: WholeFile | None = None

    @cached_property
    def is_documented(self) -> bool:
        """Whether UC-020 or an RFC fixes the outcome; if not, a deployment may decide otherwise."""
        return bool(promise(self.promise).heading)

    @property
    def rank(self) -> tuple[bool, int]:
        """How telling the feature is: documented ones first, then by what a difference costs."""
        return not self.is_documented, list(Severity).index(promise(self.promise).severity)
