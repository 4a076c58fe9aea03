"""A vCard file as somebody has it to a clean one, and what had to be changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_cli.vcard.properties import CardSource, CleanProperty, clean, escaped
from qlara_sandbox.domain.errors import UnterminatedVCard
from qlara_sandbox.domain.importing import CardError
from qlara_sandbox.domain.transcoding import as_utf8
from qlara_sandbox.domain.vcard import NOT_CLOSED, RawCard, read_cards, read_raw_cards

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qlara_cli.vcard.properties import Version

ENCODING = "file of another encoding, or with a byte order mark, made UTF-8"
SET_APART = "card set apart from what stands before it on its line"
NAMED = "name (FN) added"
STRUCTURED_NAME = "structured name (N) added"
CUT_OFF = "Card is not closed: the file ends before its END:VCARD"

_LINE_END = re.compile(rb"\r{1,9}\n|\n|\r")
_NO_TEXT = b" \t\0"
_NAMES = ("FN", "N", "ORG", "NICKNAME", "EMAIL", "TEL")


class Conversion(NamedTuple):
    """A clean file, and how it differs from the one that it was made of.

    ``changes`` are the lines of each kind of change, in file order; ``left_out`` are the cards that
    could not be made clean, each with its line and its name.
    """

    data: bytes
    cards: int
    changes: dict[str, list[int]]
    left_out: list[CardError]


def convert(data: bytes, target: Version) -> Conversion:
    """Return *data* as vCard 3.0 or 4.0. Raises `NotAVCard`."""
    changes: dict[str, list[int]] = {}
    utf8 = as_utf8(data)
    if utf8 != data:
        changes[ENCODING] = [1]
    physical = _LINE_END.split(utf8)
    written: list[str] = []
    left_out: list[CardError] = []
    for raw, name, fault in _cards(data):
        if fault:
            left_out.append(CardError(raw.line, name, fault))
            continue
        if physical[raw.line - 1].strip(_NO_TEXT).upper() != b"BEGIN:VCARD":
            _note(changes, SET_APART, raw.line)
        written.append(_write(target, _properties(raw, name, target, changes)))
    return Conversion("".join(written).encode(), len(written), changes, left_out)


def _cards(data: bytes) -> Iterator[tuple[RawCard, str, str]]:
    """Yield the cards of a file, their names, and why they cannot be written, if they cannot."""
    try:
        for raw, card in zip(read_raw_cards(data), read_cards(data), strict=True):
            yield raw, card.name, "" if raw.closed else NOT_CLOSED
    except UnterminatedVCard as cut_off:
        yield RawCard(cut_off.line, (), closed=False), "", CUT_OFF


def _note(changes: dict[str, list[int]], kind: str, line: int) -> None:
    changes.setdefault(kind, []).append(line)


def _properties(
    raw: RawCard, name: str, target: Version, changes: dict[str, list[int]]
) -> list[CleanProperty]:
    version = raw.version
    if version != target:
        _note(changes, f"version {version or '(none)'} made {target}", raw.line)
    properties = []
    for line, octets in raw.lines:
        prop, kinds = clean(octets, CardSource(version, target))
        for kind in kinds:
            _note(changes, kind, line)
        if prop is not None:
            properties.append(prop)
    for kind, prop in _missing(properties, name, target):
        _note(changes, kind, raw.line)
        properties.append(prop)
    return properties


def _missing(
    properties: list[CleanProperty], name: str, target: Version
) -> Iterator[tuple[str, CleanProperty]]:
    """Yield what the version demands and the card lacks (RFC 2426 3.1, RFC 6350 6.2.1)."""
    present = {prop.name: prop.value for prop in reversed(properties) if prop.value.strip(" ;")}
    shown = escaped(name) or next((present[key] for key in _NAMES if key in present), "?")
    if "FN" not in present:
        yield NAMED, CleanProperty("FN", shown, {})
    if target == "3.0" and "N" not in present:
        yield STRUCTURED_NAME, CleanProperty("N", f"{shown};;;;", {})


def _write(version: Version, properties: Iterable[CleanProperty]) -> str:
    import vobject  # here, as it is slow to import and only writing needs it
    from vobject.base import ContentLine

    card: Any = vobject.vCard()
    for prop in (CleanProperty("VERSION", version, {}), *_without_empty_names(properties)):
        parameters = [[name, *given] for name, given in prop.parameters.items()]
        line = ContentLine(prop.name, parameters, prop.value, prop.group or None)
        card.contents.setdefault(prop.name.lower(), []).append(line)
    text: str = card.serialize(validate=False)
    return text


def _without_empty_names(properties: Iterable[CleanProperty]) -> Iterator[CleanProperty]:
    return (prop for prop in properties if prop.name not in {"FN", "N"} or prop.value.strip(" ;"))
