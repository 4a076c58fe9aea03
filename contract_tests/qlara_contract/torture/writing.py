"""Writes the card of a feature: a sound card but for the lines that the feature brings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, Unpack

from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.strategies import escaped
from qlara_contract.torture.feature import (
    ContactOutcome,
    ErrorOutcome,
    Feature,
    NameAs,
    Place,
    WrittenCard,
)
from qlara_contract.torture.given import EMAIL, NAME, NUMBER, STRUCTURED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.torture.given import Given

EOL = "\r\n"
BEGIN, END = "BEGIN:VCARD", "END:VCARD"

_FOLD = re.compile(r"\r\n[ \t]")
_NAME_OF_LINE = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z-]+)")


class Options(TypedDict, total=False):
    """What may be special about a card beside its lines.

    ``name``, ``number`` and ``email`` are the expected ones; ``email`` ``""`` leaves EMAIL out. ``head``
    and ``tail`` replace the lines BEGIN, VERSION and END. ``versions`` are those that know the feature.
    ``edit`` changes the bytes of the card at last.
    """

    name: str
    number: str
    email: str
    name_as: NameAs
    or_numbers: tuple[str, ...]
    or_emails: tuple[str, ...]
    reason: str
    head: tuple[str, ...]
    tail: tuple[str, ...]
    versions: tuple[str, ...]
    without: tuple[str, ...]
    place: Place
    apart: str
    edit: Callable[[bytes], bytes]


def reads(
    feature_id: str, promise: PromiseId, what: str, *lines: str, **options: Unpack[Options]
) -> Feature:
    """Return a feature whose card becomes a contact.

    *lines* are those of the feature, without line ends at their end. FN, N (3.0 demands it), TEL and
    EMAIL are added if *lines* have none, unless ``without`` names them.
    """

    def write(given: Given) -> WrittenCard:
        content = _content(given, lines, options)
        outcome = ContactOutcome(
            given.fill(options.get("name", NAME)),
            given.fill(options.get("number", NUMBER)),
            given.fill(options.get("email", EMAIL)),
            options.get("name_as", NameAs.CHARACTERS),
            tuple(map(given.fill, options.get("or_numbers", ()))),
            tuple(map(given.fill, options.get("or_emails", ()))),
        )
        return WrittenCard(content, outcome, given.numbers)

    return _feature(feature_id, promise, what, write, options)


def refuses(
    feature_id: str, promise: PromiseId, what: str, *lines: str, **options: Unpack[Options]
) -> Feature:
    """Return a feature whose card is an error: ``reason``, at its first TEL if it has one that counts.

    *lines* as for `reads`, but no TEL is added.
    """
    reason = options.get("reason", MISSING)
    options["without"] = (*options.get("without", ()), "TEL")

    def write(given: Given) -> WrittenCard:
        content = _content(given, lines, options)
        line = _line_of_tel(content) if reason == INVALID else 0
        name = given.fill(options.get("name", NAME))
        outcome = ErrorOutcome(name, reason, line, options.get("name_as", NameAs.CHARACTERS))
        return WrittenCard(content, outcome, given.numbers)

    return _feature(feature_id, promise, what, write, options)


@dataclass(frozen=True)
class Series:
    """Features of one group that one promise judges: ids begin with *group*."""

    group: str
    promise: PromiseId
    options: Options = field(default_factory=Options)

    def reads(self, key: str, what: str, *lines: str, **options: Unpack[Options]) -> Feature:
        """Return a feature whose card becomes a contact, see `reads`."""
        merged: Options = {**self.options, **options}
        return reads(f"{self.group}.{key}", self.promise, what, *lines, **merged)

    def refuses(self, key: str, what: str, *lines: str, **options: Unpack[Options]) -> Feature:
        """Return a feature whose card is an error, see `refuses`."""
        merged: Options = {**self.options, **options}
        return refuses(f"{self.group}.{key}", self.promise, what, *lines, **merged)


def most_telling(*keys: str, of: Iterable[Feature]) -> tuple[Feature, ...]:
    """Return features with those first that *keys* name, in this order: small files hold only them."""
    features = {each.id.partition(".")[2]: each for each in of}
    first = {key: features.pop(key) for key in keys}
    return (*first.values(), *features.values())


def _feature(
    feature_id: str,
    promise: PromiseId,
    what: str,
    write: Callable[[Given], WrittenCard],
    options: Options,
) -> Feature:
    return Feature(
        feature_id,
        promise,
        what,
        write,
        options.get("versions", ("3.0", "4.0")),
        options.get("place", Place.ANYWHERE),
        options.get("apart", ""),
    )


def _content(given: Given, lines: tuple[str, ...], options: Options) -> bytes:
    head = options.get("head", (BEGIN, f"VERSION:{given.version}"))
    tail = options.get("tail", (END,))
    body = _body(given.version, lines, options)
    text = "".join(f"{line}{EOL}" for line in (*head, *body, *tail))
    content = given.fill(text).encode()
    edit = options.get("edit")
    return edit(content) if edit else content


def _body(version: str, lines: tuple[str, ...], options: Options) -> list[str]:
    present = {*_names(lines), *options.get("without", ())}
    name = options.get("name", NAME)
    before, after = [], []
    if "FN" not in present:
        before.append(f"FN:{escaped(name)}")
    if version == "3.0" and "N" not in present:
        before.append(f"N:{_structured(name)}")
    if "TEL" not in present:
        after.append(f"TEL:{options.get('number', NUMBER)}")
    email = options.get("email", EMAIL)
    if "EMAIL" not in present and email:
        after.append(f"EMAIL:{email}")
    return [*before, *lines, *after]


def _structured(name: str) -> str:
    """Return an N for *name*: its last word is the family name."""
    given, _, family = name.rpartition(" ")
    return STRUCTURED if name == NAME else f"{escaped(family)};{escaped(given)};;Dr.;"


def _names(lines: tuple[str, ...]) -> set[str]:
    logical = (each for line in lines for each in _FOLD.sub("", line).split(EOL))
    return {found[1].upper() for each in logical if (found := _NAME_OF_LINE.match(each))}


def _line_of_tel(content: bytes) -> int:
    lines = content.decode("utf-8", "replace").split(EOL)
    logical = enumerate(lines)
    return next(at for at, line in logical if "TEL" in _names((line,)))
