"""Defects of whole files: how many cards are read, and what stands between them; their encodings."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Group, on_file
from qlara_contract.defects.files import CardText, cards_of
from qlara_contract.defects.kinds import UTF_16, Kind, on_text

if TYPE_CHECKING:
    from collections.abc import Callable

_REPLACEMENT = "\ufffd"


def _of_cards(choose: Callable[[list[CardText]], list[CardText]]) -> Callable[[bytes], bytes]:
    """Read only some cards of a file of whole cards."""

    def changed(content: bytes) -> bytes:
        kept = choose(cards_of(content))
        return b"".join(card.content for card in kept) if kept else content

    return changed


def _first(most: int) -> Callable[[bytes], bytes]:
    return _of_cards(lambda cards: cards[:most])


def _faulty(card: CardText) -> bool:
    tel = card.first("TEL")
    return tel is None or len(tel.digits) < 3


def _until_an_error(cards: list[CardText]) -> list[CardText]:
    wrong = [at for at, card in enumerate(cards) if _faulty(card)]
    return cards[: wrong[0] + 1] if wrong else cards


def _without_the_next(cards: list[CardText]) -> list[CardText]:
    """Lose the card after each card at fault."""
    return [
        card
        for at, card in enumerate(cards)
        if not (at and _faulty(cards[at - 1])) or _faulty(card)
    ]


def _once(kind: str) -> Callable[[list[CardText]], list[CardText]]:
    def kept(cards: list[CardText]) -> list[CardText]:
        found: dict[str, CardText] = {}
        for card in cards:
            found.setdefault(card.value(kind) or str(card.line), card)
        return list(found.values())

    return kept


def _until(octets: int) -> Callable[[bytes], bytes]:
    """Read a file up to the last card that ends within so many octets."""

    def changed(content: bytes) -> bytes:
        end = content.rfind(b"END:VCARD\r\n", 0, octets)
        return content[: end + 11] if end >= 0 and len(content) > octets else content

    return changed


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change the bytes of a file that is not UTF-16."""
    return lambda content: content if content.startswith(UTF_16) else change(content)


def _not_utf_8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return False


def _latin_1(content: bytes) -> bytes:
    """Read a file that is not UTF-8 as Latin-1, in which curly quotes are control characters."""
    return content.decode("latin-1").encode() if _not_utf_8(content) else content


def _bad_bytes_dropped(content: bytes) -> bytes:
    return content.decode("utf-8", "ignore").encode()


def _as_mac_roman(content: bytes) -> bytes:
    return content.decode("mac-roman").encode() if _not_utf_8(content) else content


def _one_order(mark: bytes) -> Callable[[bytes], bytes]:
    """Read UTF-16 in one order of its octets only."""

    def changed(content: bytes) -> bytes:
        if not content.startswith(mark):
            return content
        wrong = "utf-16-be" if mark == codecs.BOM_UTF16_LE else "utf-16-le"
        return content[2:].decode(wrong, "replace").encode()

    return changed


def _narrow(content: bytes) -> bytes:
    """Read UTF-16 by dropping every zero octet, as if it held nothing but ASCII."""
    return content[2:].replace(b"\x00", b"") if content.startswith(UTF_16) else content


def _first_card_behind_a_mark_lost(content: bytes) -> bytes:
    if not content.startswith(codecs.BOM_UTF8):
        return content
    return content.replace(b"BEGIN:VCARD", b"BEGIN:VCARD\r\nX-MARK:" + codecs.BOM_UTF8, 1).replace(
        b"VERSION", b"X-VERSION", 1
    )


def _ends_at_a_blank_line(text: str) -> str:
    return re.split(r"\r\n(?=\r\n)", text.lstrip("\r\n"))[0] + "\r\n"


def _junk_costs_the_next(text: str) -> str:
    """Lose the card after a line that belongs to none."""
    junk = r"(?m)^(END:VCARD\r\n)[^\r\n:]+\r\nBEGIN:VCARD\r\n"
    return re.sub(junk, r"\1X-JUNK:\r\n", text)


def _last_line_needs_an_end(text: str) -> str:
    return (
        text
        if text.endswith(("\r", "\n"))
        else re.sub(r"(?s)BEGIN:VCARD(?!.*BEGIN:VCARD).*", "", text)
    )


def _is_256th(card: CardText, seen: list[int]) -> bool:
    seen.append(card.line)
    return len(seen) % 257 == 0


_cards = Kind(Group.CARDS, ("upload.imports-a-file",), on_file)
_octets = Kind(Group.CARDS, ("cards.windows-1252",), on_file)
_text = Kind(Group.CARDS, ("cards.forgiving",), on_text)

DEFECTS = (
    _cards("cards-at-most-100", "Only the first 100 cards of a file are read.", _first(100)),
    _cards("cards-at-most-200", "Only the first 200 cards of a file are read.", _first(200)),
    _cards("cards-at-most-500", "Only the first 500 cards of a file are read.", _first(500)),
    _cards("cards-at-most-1000", "Only the first 1000 cards of a file are read.", _first(1000)),
    _cards("cards-at-most-2000", "Only the first 2000 cards of a file are read.", _first(2000)),
    _cards(
        "every-hundredth-card-lost",
        "Every hundredth card is lost, between two batches.",
        _of_cards(lambda cards: [card for at, card in enumerate(cards, 1) if at % 100]),
    ),
    _cards(
        "last-batch-lost",
        "Cards are imported by batches of 100, and the last batch is lost unless it is full.",
        _of_cards(lambda cards: cards[: len(cards) // 100 * 100] if len(cards) > 100 else cards),
    ),
    _cards(
        "first-card-of-many-lost",
        "The first of several cards is taken for a heading.",
        _of_cards(lambda cards: cards[1:] or cards),
        "upload.summary-total",
    ),
    _cards(
        "last-card-of-many-lost",
        "The last of several cards is lost.",
        _of_cards(lambda cards: cards[:-1] or cards),
        "upload.summary-total",
    ),
    _cards(
        "import-ends-at-an-error",
        "Cards after the first card at fault are not read.",
        _of_cards(_until_an_error),
        "upload.error-costs-one-card",
    ),
    _cards(
        "card-after-an-error-lost",
        "The card after one at fault is lost with it.",
        _of_cards(_without_the_next),
        "upload.error-costs-one-card",
    ),
    _cards(
        "one-card-for-each-name",
        "Of several cards with one FN, the first is read.",
        _of_cards(_once("FN")),
    ),
    _cards(
        "one-card-for-each-uid",
        "Of several cards with one UID, the first is read.",
        _of_cards(_once("UID")),
        "duplicates.by-number-only",
    ),
    _cards(
        "one-card-for-each-address",
        "Of several cards with one EMAIL, the first is read.",
        _of_cards(_once("EMAIL")),
        "duplicates.by-number-only",
    ),
    _cards(
        "files-read-up-to-16-kb", "Only the first 16 384 octets of a file are read.", _until(16_384)
    ),
    _cards(
        "files-read-up-to-64-kb", "Only the first 65 536 octets of a file are read.", _until(65_536)
    ),
    _octets(
        "windows-1252-as-latin-1",
        "Windows-1252 is read as Latin-1: curly quotes become control characters.",
        _bytes(_latin_1),
    ),
    _octets(
        "bad-octets-dropped", "Octets that are not UTF-8 are dropped.", _bytes(_bad_bytes_dropped)
    ),
    _octets(
        "windows-1252-as-mac-roman", "Windows-1252 is read as Mac Roman.", _bytes(_as_mac_roman)
    ),
    _octets(
        "utf-16-little-endian-only",
        "UTF-16 is read in little-endian order, whatever its mark.",
        _one_order(codecs.BOM_UTF16_BE),
        "cards.utf-16",
    ),
    _octets(
        "utf-16-big-endian-only",
        "UTF-16 is read in big-endian order, whatever its mark.",
        _one_order(codecs.BOM_UTF16_LE),
        "cards.utf-16",
    ),
    _octets(
        "utf-16-read-as-ascii",
        "UTF-16 is read by dropping its zero octets.",
        _narrow,
        "cards.utf-16",
    ),
    _octets(
        "card-after-a-mark-lost",
        "The card after a byte order mark is not read.",
        _first_card_behind_a_mark_lost,
        "cards.byte-order-mark",
    ),
    _text(
        "blank-line-ends-the-file",
        "An empty line between two cards ends the file.",
        _ends_at_a_blank_line,
    ),
    _text(
        "line-between-cards-costs-the-next",
        "A line between two cards costs the second one.",
        _junk_costs_the_next,
    ),
    _text(
        "last-line-needs-an-end",
        "A last card whose last line has no line end is lost.",
        _last_line_needs_an_end,
    ),
)
