"""One card of a generated file: its numbers, and what else people keep about somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qlara_sandbox.samples import dialling, people, writing
from qlara_sandbox.samples.writing import GeneratedProperty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from qlara_sandbox.samples.people import Person
    from qlara_sandbox.samples.writing import Version

Outcome = Literal["contact", "duplicate", "invalid", "missing"]

# Shares of the cards that have it: an empty TEL where there is no number, and so on.
_EMPTY, _PREFERRED, _LABELLED, _PORTRAIT = 0.3, 0.2, 0.12, 0.02


def phones(
    rng: Random, outcome: Outcome, number: str, *, uri: bool, region: str
) -> list[GeneratedProperty]:
    """Return the ``TEL`` of a card that is to have *outcome*, its number typed as people do.

    With *uri*, ``tel:`` URIs are among the ways; *region* is that of the account that imports.
    """
    if outcome == "missing":
        return [GeneratedProperty("TEL", "", ("cell",))] if rng.random() < _EMPTY else []
    types = rng.choice((("cell",), ("cell",), ("cell", "voice"), ("home",), ()))
    if outcome == "invalid":
        return [GeneratedProperty("TEL", dialling.not_a_number(rng, region=region), types)]
    text = dialling.typed(rng, number, region=region, uri=uri)
    phone = GeneratedProperty("TEL", text, types, preferred=rng.random() < _PREFERRED)
    return [*_labelled(rng, phone), *_second_phones(rng)]


def card(
    rng: Random, version: Version, who: Person, numbers: Sequence[GeneratedProperty], *, octets: int
) -> str:
    """Return a card with what fits into *octets*, and in any case the name and the number."""
    needed = [
        GeneratedProperty("N", (who.family, who.given, "", "", "")),
        GeneratedProperty("FN", who.name),
    ]
    extras = _extras(rng, version, who)
    properties = [*needed, *numbers, *extras]
    least = len(needed) + min(len(numbers), 1)
    # Written as 4.0, a card is never shorter than as 3.0, and this is the faster writer.
    while len(properties) > least and writing.size("4.0", properties) > octets:
        properties.pop()
    text = writing.write(version, properties)
    if rng.random() < _PORTRAIT:
        portrait = writing.photo(version, people.portrait(rng, rng.randrange(200, 900)))
        if len(text.encode()) + len(portrait) <= octets:
            text = writing.with_lines(text, portrait)
    return text


def _labelled(rng: Random, phone: GeneratedProperty) -> list[GeneratedProperty]:
    """Return *phone*, at times with a label of one's own in a property group."""
    if rng.random() > _LABELLED:
        return [phone]
    label = GeneratedProperty("X-ABLabel", rng.choice(people.LABELS), group="item1")
    return [phone._replace(group="item1"), label]


def _second_phones(rng: Random) -> list[GeneratedProperty]:
    """Return further numbers that an import leaves alone, as the card has a mobile or came first."""
    work = GeneratedProperty("TEL", dialling.landline(rng), ("work", "voice"))
    fax = GeneratedProperty("TEL", dialling.landline(rng), ("work", "fax"))
    return list(rng.choice(((),) * 8 + ((work,), (fax,), (fax, work))))


def _extras(rng: Random, version: Version, who: Person) -> list[GeneratedProperty]:
    """Draw what else people keep about somebody, what most cards have first."""
    chosen = (make for share, make in _EXTRAS if rng.random() < share)
    return [make(rng, version, who) for make in chosen]


def _email(rng: Random, version: Version, who: Person) -> GeneratedProperty:
    return GeneratedProperty("EMAIL", people.email(rng, who), _MAIL_TYPES[version])


def _organisation(rng: Random, _version: Version, _who: Person) -> GeneratedProperty:
    return GeneratedProperty("ORG", (people.company(rng), rng.choice(people.DEPARTMENTS)))


def _address(rng: Random, _version: Version, _who: Person) -> GeneratedProperty:
    at = people.place(rng)
    parts = ("", "", at.street, at.city, at.province, at.postcode, "Italia")
    return GeneratedProperty("ADR", parts, (rng.choice(("home", "work")),))


def _birthday(rng: Random, version: Version, _who: Person) -> GeneratedProperty:
    day = f"{rng.randrange(1950, 2006)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    # RFC 6350 4.3.1 has the basic format of ISO 8601, RFC 2426 3.1.5 shows the extended one.
    return GeneratedProperty("BDAY", day if version == "3.0" else day.replace("-", ""))


def _categories(rng: Random, _version: Version, _who: Person) -> GeneratedProperty:
    return GeneratedProperty("CATEGORIES", tuple(rng.sample(people.GROUPS, rng.randrange(1, 4))))


def _note(rng: Random, _version: Version, _who: Person) -> GeneratedProperty:
    return GeneratedProperty("NOTE", rng.choice(people.NOTES))


def _website(_rng: Random, _version: Version, who: Person) -> GeneratedProperty:
    return GeneratedProperty("URL", f"https://www.example.com/{who.mailbox}")


_MAIL_TYPES: dict[Version, tuple[str, ...]] = {"3.0": ("internet",), "4.0": ("work",)}
_EXTRAS: tuple[tuple[float, Callable[[Random, Version, Person], GeneratedProperty]], ...] = (
    (0.6, _email),
    (0.25, _organisation),
    (0.2, _address),
    (0.12, _birthday),
    (0.12, _categories),
    (0.12, _note),
    (0.08, _website),
)
