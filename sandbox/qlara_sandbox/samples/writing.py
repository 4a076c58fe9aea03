"""Cards to vCard text: 3.0 is written by vobject, 4.0 as RFC 6350 demands (vobject has no 4.0)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Version = Literal["3.0", "4.0"]

LINE_END = "\r\n"
# RFC 6350 3.2: a line is at most 75 octets long, its line break not counted.
LINE_OCTETS = 75
# What a folded line costs beside its text: the line break, and from the second on a space.
FIRST_COST, NEXT_COST = len(LINE_END), len(LINE_END) + 1
SMALLEST_FILLER = len("NOTE:") + FIRST_COST + 1

_CONTINUATIONS = range(0x80, 0xC0)
_END = f"END:VCARD{LINE_END}"
# Values that are not text (RFC 6350 section 4): a backslash in front of their commas would be wrong.
_NOT_TEXT = frozenset({"BDAY", "REV", "UID", "URL"})
_LISTS = frozenset({"CATEGORIES", "NICKNAME"})
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", ",": "\\,", ";": "\\;"})
_WORDS = (
    "cliente dal 2019 - preferisce essere contattata al mattino - offerta inviata e in attesa di "
    "risposta - incontrata alla fiera di Bologna - rinnovo del contratto a giugno - "
)


class GeneratedProperty(NamedTuple):
    """One line of a card, before it is escaped and folded.

    A ``value`` of several texts is a structured one (``N``, ``ADR``, ``ORG``) or a list
    (``CATEGORIES``). ``types`` are in lower case, as 4.0 writes them; ``preferred`` becomes ``PREF=1``
    or 3.0's ``TYPE=PREF``.
    """

    name: str
    value: str | tuple[str, ...]
    types: tuple[str, ...] = ()
    preferred: bool = False
    group: str = ""


def write(version: Version, properties: Iterable[GeneratedProperty]) -> str:
    """Return one card of *version*, from ``BEGIN:VCARD`` to the line break after ``END:VCARD``."""
    return _WRITERS[version](properties)


def size(version: Version, properties: Iterable[GeneratedProperty]) -> int:
    """Return how many octets ``write`` makes of *properties*."""
    return len(write(version, properties).encode())


def photo(version: Version, octets: bytes) -> str:
    """Return a folded ``PHOTO`` line with *octets* as a JPEG, in the way of *version*.

    Not through vobject, which leaves a photo on one line of any length.
    """
    encoded = base64.b64encode(octets).decode("ascii")
    return fold(_PHOTO_LINE[version] + encoded)


def filler(octets: int) -> str:
    """Return a ``NOTE`` of exactly *octets* octets, its line breaks counted.

    Where the last line would be too short to exist, the one before it is folded early, so that every
    size from ``SMALLEST_FILLER`` up can be had. Raises ``ValueError`` below that.
    """
    if octets < SMALLEST_FILLER:
        raise ValueError(f"octets: expected at least {SMALLEST_FILLER}, not {octets}")
    text = _cycle(_WORDS, octets)
    lines: list[str] = []
    start, left, prefix = 0, octets, "NOTE:"
    while left:
        size = min(left, LINE_OCTETS + FIRST_COST)
        if 0 < left - size <= NEXT_COST:
            size -= NEXT_COST
        end = start + size - FIRST_COST - len(prefix)
        lines.append(f"{prefix}{text[start:end]}{LINE_END}")
        start, left, prefix = end, left - size, " "
    return "".join(lines)


def with_lines(card: str, lines: str) -> str:
    """Return *card* with ready *lines* in front of its ``END:VCARD``."""
    return card[: -len(_END)] + lines + _END


def fold(line: str) -> str:
    """Return *line* folded at 75 octets, never inside a character (RFC 6350 3.2), and ended."""
    octets = line.encode()
    if len(octets) <= LINE_OCTETS:
        return line + LINE_END
    return f"{LINE_END} ".join(part.decode() for part in _parts(octets)) + LINE_END


def _parts(octets: bytes) -> Iterator[bytes]:
    start, room = 0, LINE_OCTETS
    while start < len(octets):
        end = min(start + room, len(octets))
        # These are the octets inside a character of UTF-8.
        while end < len(octets) and octets[end] in _CONTINUATIONS:
            end -= 1
        yield octets[start:end]
        start, room = end, LINE_OCTETS - 1


def _cycle(words: str, length: int) -> str:
    return (words * (length // len(words) + 1))[:length]


def _write_3_0(properties: Iterable[GeneratedProperty]) -> str:
    import vobject  # here, as it is slow to import and only generating needs it
    from vobject.base import ContentLine

    card = vobject.vCard()
    lines = [ContentLine("VERSION", [], "3.0")]
    lines += [
        ContentLine(item.name, _types_3_0(item), _value(item), item.group or None)
        for item in properties
    ]
    # Not by card.add(), which looks up how each property behaves: 50 000 cards take it 12 to 30 s.
    for line in lines:
        card.contents.setdefault(line.name.lower(), []).append(line)
    text: str = card.serialize(validate=False)
    return text


def _types_3_0(item: GeneratedProperty) -> list[list[str]]:
    types = [*item.types, "pref"] if item.preferred else item.types
    return [["TYPE", *(kind.upper() for kind in types)]] if types else []


def _write_4_0(properties: Iterable[GeneratedProperty]) -> str:
    lines = "".join(fold(_line(item)) for item in properties)
    return f"BEGIN:VCARD{LINE_END}VERSION:4.0{LINE_END}{lines}{_END}"


def _line(item: GeneratedProperty) -> str:
    group = f"{item.group}." if item.group else ""
    return f"{group}{item.name}{''.join(_parameters(item))}:{_value(item)}"


def _parameters(item: GeneratedProperty) -> Iterator[str]:
    if _is_uri(item):
        yield ";VALUE=uri"
    if item.types:
        types = ",".join(item.types)
        yield f';TYPE="{types}"' if "," in types else f";TYPE={types}"
    if item.preferred:
        yield ";PREF=1"


def _is_uri(item: GeneratedProperty) -> bool:
    return item.name == "TEL" and isinstance(item.value, str) and item.value.startswith("tel:")


def _value(item: GeneratedProperty) -> str:
    if isinstance(item.value, str):
        raw = item.name in _NOT_TEXT or _is_uri(item)
        return item.value if raw else item.value.translate(_ESCAPES)
    separator = "," if item.name in _LISTS else ";"
    return separator.join(part.translate(_ESCAPES) for part in item.value)


_WRITERS = {"3.0": _write_3_0, "4.0": _write_4_0}
_PHOTO_LINE = {"3.0": "PHOTO;ENCODING=b;TYPE=JPEG:", "4.0": "PHOTO:data:image/jpeg;base64,"}
