"""What is certain of a stranger's vCard file: its cards, what must become of each, and what is special about it.

A card is judged for the promises that its own traits name: one whose name is folded for `cards.folded-lines`,
one without anything special for `cards.name`. What nobody promised is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.targets import (
    NotAVCard,
    UnterminatedVCard,
    is_mobile_number,
    read_cards_under,
)
from qlara_proxy.judging.limits import CARDS, FILE_BYTES
from qlara_proxy.judging.properties import CardLine, logical_lines
from qlara_proxy.judging.traits import (
    OF_REGION,
    Traits,
    card_traits,
    email_traits,
    further_traits,
    name_traits,
    number_traits,
    unusable_traits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_contract.conventions import Conventions
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.targets import Card

_BEGIN = re.compile(rb"(?i)BEGIN:VCARD")
_ANY_DIGITS = re.compile(r"\D")
_FEWEST_DIGITS = 5
_BETWEEN = re.compile(rb"(?im)^END:VCARD[ \t]*\r?\n[ \t]*[\s]+BEGIN:VCARD")
_VERSIONS: dict[str, PromiseId] = {"3.0": "cards.version-3", "4.0": "cards.version-4"}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_8_MARK = b"\xef\xbb\xbf"


class CardDigest(NamedTuple):
    """One card as hashes: ``number`` (E.164), ``name`` and ``email`` are 0 where there is none.

    ``fault`` is the documented reason of a card that cannot be imported for sure. ``is_sure``: whether it can
    be imported is beyond doubt. ``is_mobile``: any deployment takes its number, which is for text messages. The traits are the promises that a field, or the whole card, rests on.
    """

    number: int
    name: int
    email: int
    fault: str
    is_sure: bool
    line: int
    lines: range
    exact_line: int
    name_traits: Traits
    number_traits: Traits
    email_traits: Traits
    traits: Traits
    is_mobile: bool = False
    version: PromiseId | None = None
    words: int = 0  # of the name, whatever stands between them
    further: Traits = (
        frozenset()
    )  # on which it rests that it is imported, whichever number is taken
    are_mobile: bool = False  # all of its numbers
    order: str = ""  # of the properties that give its name, if it has both

    @property
    def has_sure_number(self) -> bool:
        """Whether its number is the same in whatever region the account is."""
        return not self.number_traits & OF_REGION

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing special about it."""
        special = self.traits | self.name_traits | self.number_traits | self.email_traits
        return special <= {"cards.email-absent"}


@dataclass(frozen=True)
class FileDigest:
    """A file: ``identity`` is a hash of it. ``total`` is how many cards it has for sure; -1 if that is not sure.

    ``cards`` is empty where they were not read. ``refusal`` is the promise by which it must be refused.
    ``whole`` are the promises that reading it at all rests on. ``departs``: its last line has no end, or there
    are blanks between its cards, so that not to read a card of it breaks `cards.forgiving`.
    """

    identity: int
    size: int
    total: int = -1
    cards: tuple[CardDigest, ...] = ()
    refusal: PromiseId | None = None
    whole: Traits = frozenset()
    departs: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether it is beyond doubt of each card what must become of it."""
        return bool(self.cards) and all(each.is_sure for each in self.cards)


def hashed(text: str) -> int:
    """Return what stands for a text in memory; 0 for none."""
    return hash(normalize("NFC", text)) if text else 0


def digest_of(content: bytes, conventions: Conventions) -> FileDigest:
    """Return what is certain of a file."""
    identity = hash(content)
    if not content.strip():
        return FileDigest(identity, len(content), refusal="upload.empty-file")
    if len(content) > FILE_BYTES:
        return FileDigest(identity, len(content))
    if len(_BEGIN.findall(content)) > CARDS:
        return _counted(identity, content)
    try:
        text, cards, normalise = read_cards_under(conventions, content)
    except NotAVCard:
        return FileDigest(identity, len(content), refusal=_without_header(content))
    except UnterminatedVCard:
        return FileDigest(identity, len(content), refusal="upload.no-footer")
    except (ValueError, RecursionError):
        return FileDigest(identity, len(content))
    return _read(identity, content, text, cards, normalise, conventions)


def _counted(identity: int, content: bytes) -> FileDigest:
    """Return a file that has too many cards to be remembered: how many they are, if that is certain."""
    whole = _whole(content)
    frames = _frames(logical_lines(content)) if whole <= {"cards.line-ends"} else None
    return FileDigest(identity, len(content), -1 if frames is None else len(frames), whole=whole)


def _without_header(content: bytes) -> PromiseId | None:
    if b"\0" in content:
        return None
    return "upload.header-first" if _BEGIN.search(content) else "upload.not-a-vcard"


def _read(
    identity: int,
    content: bytes,
    text: bytes,
    cards: Sequence[Card],
    normalise: Callable[[str], str | None],
    conventions: Conventions,
) -> FileDigest:
    whole = _whole(content)
    frames = _frames(logical_lines(text))
    if frames is None or [each[0].first for each in frames] != [each.line for each in cards]:
        return FileDigest(
            identity, len(content), whole=whole
        )  # broken frames: what is a card is assumed
    digests = tuple(
        _card(card, lines, normalise, conventions)
        for card, lines in zip(cards, frames, strict=True)
    )
    departs = not content.endswith((b"\n", b"\r")) or _BETWEEN.search(content) is not None
    return FileDigest(identity, len(content), len(digests), digests, whole=whole, departs=departs)


def _whole(content: bytes) -> Traits:
    found: set[PromiseId] = set()
    if content.startswith(_UTF_16) or b"\0" in content:
        return frozenset({"cards.utf-16"})
    if content.startswith(_UTF_8_MARK):
        found.add("cards.byte-order-mark")
    try:
        content.decode()
    except UnicodeDecodeError:
        if not _is_split(content):
            found.add("cards.windows-1252")
    if (
        b"\r\n" not in content
        or content.count(b"\n") != content.count(b"\r\n")
        or content.count(b"\r") != content.count(b"\r\n")
    ):
        found.add("cards.line-ends")
    return frozenset(found)


def _is_split(content: bytes) -> bool:
    """Return whether what is not UTF-8 is only a character that a fold splits."""
    try:
        re.sub(rb"\r?\n[ \t]", b"", content).decode()
    except UnicodeDecodeError:
        return False
    return True


def _frames(lines: Sequence[CardLine]) -> list[list[CardLine]] | None:
    """Return the lines of each card, its frame included; ``None`` if the frames are not sound."""
    found: list[list[CardLine]] = []
    current: list[CardLine] | None = None
    for line in lines:
        begins = line.name == "BEGIN" and line.value.strip().upper() == "VCARD"
        ends = line.name == "END" and line.value.strip().upper() == "VCARD"
        if current is None:
            if not begins:
                if line.text.strip():
                    return None
                continue
            current = [line]
        elif begins:
            return None
        else:
            current.append(line)
            if ends:
                found.append(current)
                current = None
    return None if current is not None or not found else found


def _card(
    card: Card,
    lines: list[CardLine],
    normalise: Callable[[str], str | None],
    conventions: Conventions,
) -> CardDigest:
    telephones = [each for each in lines if each.name == "TEL" and each.value.strip()]
    number = next(filter(None, (normalise(each.text) for each in card.phones)), "")
    has_tel = any(_may_be_telephone(each) for each in lines)
    numbers = [normalise(each.text) for each in card.phones]
    is_certain = len(numbers) == len(telephones) and not OF_REGION & number_traits(lines)
    valid = [each for each in numbers if each] if is_certain else []
    are_valid = bool(valid) and len(valid) == len(telephones)
    fault, is_sure = _fate(card, telephones, number, has_tel=has_tel)
    name = " ".join(card.name.split()) if conventions.name_white_space == "folded" else card.name
    return CardDigest(
        hashed("" if fault else number),
        hashed(name),
        hashed(card.email),
        fault,
        is_sure,
        card.line,
        range(lines[0].first, lines[-1].last + 1),
        card.line if fault == MISSING else card.first_phone_line,
        _interned(name_traits(lines, card.name)),
        _interned(
            number_traits(lines)
            if number and not fault
            else unusable_traits(telephones, card.fault)
        ),
        _interned(email_traits(lines)),
        _interned(card_traits(lines)),
        bool(number) and is_mobile_number(number),
        _VERSIONS.get(next((each.value.strip() for each in lines if each.name == "VERSION"), "")),
        hashed(" ".join(name.split())),
        _interned(further_traits(lines, are_valid=are_valid)),
        are_valid and all(map(is_mobile_number, valid)),
        _order_of_names(lines),
    )


def _order_of_names(lines: Sequence[CardLine]) -> str:
    names = " ".join(each.name for each in lines if each.name in ("FN", "N"))
    return names if names in ("FN N", "N FN") else ""


def _may_be_telephone(line: CardLine) -> bool:
    """Return whether a line is a TEL, or one that cannot be read and may be one."""
    return line.name == "TEL" or (not line.name and "TEL" in line.text.upper())


def _fate(
    card: Card, telephones: list[CardLine], number: str, *, has_tel: bool
) -> tuple[str, bool]:
    """Return why a card cannot be imported (empty if it can), and whether that is sure."""
    if card.fault:
        return card.fault, False
    if number:
        return "", True
    if not has_tel:
        return MISSING, True
    if not telephones:
        return MISSING, False  # numbers.empty-is-missing
    digits = [len(_ANY_DIGITS.sub("", each.value)) for each in telephones]
    return INVALID, max(digits) < _FEWEST_DIGITS


@lru_cache(maxsize=4096)
def _interned(traits: Traits) -> Traits:
    """Return one object for equal traits: files have thousands of cards, and few kinds of them."""
    return traits
