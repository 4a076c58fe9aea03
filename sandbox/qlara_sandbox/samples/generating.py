"""Realistic vCard files whose import has a known outcome: what to write, and what to expect."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from qlara_sandbox.domain.importing import INVALID_PHONE, MISSING_PHONE, CardError
from qlara_sandbox.samples import dialling, drafting, people, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from random import Random

    from qlara_sandbox.samples.drafting import Outcome
    from qlara_sandbox.samples.people import Person
    from qlara_sandbox.samples.writing import Version

Versions = Literal["3.0", "4.0", "mixed"]

REASONS: dict[Outcome, str] = {
    "invalid": INVALID_PHONE,
    "missing": MISSING_PHONE,
}
# More than a card of a few hundred octets is padded with a photo of at most about this size.
_PHOTO_OCTETS = 40_000
_SMALL_PADDING = 4_096
_ROOM_FOR_NOTE = 1_024
_UNBOUNDED = 1 << 62


class ImpossibleFile(ValueError):
    """No file can be as asked for; ``field`` of the spec is to blame."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a file is to hold.

    ``contacts`` cards bring a contact each, all with different numbers. The others come on top:
    ``duplicates`` repeat the number of an earlier one of them, ``invalid_phones`` have no usable
    number and ``missing_phones`` none at all. ``size`` is in bytes; None lets the file have the
    size that it comes to. ``region`` is that of the account that will import the file.
    """

    contacts: int = 250
    duplicates: int = 0
    invalid_phones: int = 0
    missing_phones: int = 0
    version: Versions = "mixed"
    size: int | None = None
    seed: int = 1
    region: str = "IT"

    def __post_init__(self) -> None:
        for field in ("contacts", "duplicates", "invalid_phones", "missing_phones"):
            if getattr(self, field) < 0:
                raise ImpossibleFile(field, f"expected 0 or more, not {getattr(self, field)}")
        if not self.cards:
            raise ImpossibleFile("contacts", "expected at least one card in the file")
        if self.duplicates and not self.contacts:
            raise ImpossibleFile("duplicates", "expected at least one contact to repeat")
        if not (len(self.region) == len("IT") and self.region.isascii() and self.region.isupper()):
            raise ImpossibleFile("region", f"expected a code such as IT, not {self.region!r}")

    @property
    def cards(self) -> int:
        """How many cards the file has, whatever becomes of them."""
        return self.contacts + self.duplicates + self.invalid_phones + self.missing_phones


class Draft(NamedTuple):
    """One card that is written, and what an import makes of it. ``number`` is in E.164 or empty."""

    text: str
    version: Version
    name: str
    outcome: Outcome
    number: str = ""


class GeneratedFile(NamedTuple):
    """A file, and what an import of it gives: with ``SKIP``, into an account without its numbers.

    ``summary`` and ``errors`` are as in the report (UC-020, Response — Import completed);
    ``phone_numbers`` are those of the new contacts in order of import, in E.164.
    """

    data: bytes
    summary: dict[str, int]
    errors: tuple[CardError, ...]
    phone_numbers: tuple[str, ...]


def generate(spec: Spec) -> GeneratedFile:
    """Return the file of *spec*: the same one for the same spec.

    Raises ``ImpossibleFile`` where the cards do not fit into ``size``.
    """
    if spec.size is None:
        return assemble(draw(spec, _random(spec), taken=set()))
    rng = _random(spec)
    # The smallest filler must still fit in.
    room = spec.size - writing.SMALLEST_FILLER
    drafts = list(draw(spec, rng, taken=set(), octets=room))
    if _octets(drafts) > room:
        # What the first cards were allowed is now missing: give all of them the least.
        rng = _random(spec)
        drafts = list(draw(spec, rng, taken=set(), octets=0))
    return assemble(_padded(drafts, spec.size, rng))


def _random(spec: Spec) -> Random:
    return random.Random(spec.seed)  # noqa: S311 - repeatable on purpose, and nothing secret


def _octets(drafts: Iterable[Draft]) -> int:
    return sum(len(draft.text.encode()) for draft in drafts)


def draw(spec: Spec, rng: Random, *, taken: set[str], octets: int = _UNBOUNDED) -> Iterator[Draft]:
    """Draw the cards of *spec* in a mixed order, with numbers that are not *taken* yet.

    Where *octets* leave little room for each, a card has little beside its name and number.
    """
    drawn: list[tuple[Person, str]] = []
    outcomes = _outcomes(spec, rng)
    for left, outcome in zip(range(len(outcomes), 0, -1), outcomes, strict=True):
        who, number = _NUMBERS[outcome](rng, drawn, taken)
        version: Version = spec.version if spec.version != "mixed" else rng.choice(("3.0", "4.0"))
        phones = drafting.phones(rng, outcome, number, uri=version == "4.0", region=spec.region)
        text = drafting.card(rng, version, who, phones, octets=octets // left)
        octets -= len(text.encode())
        yield Draft(text, version, who.name, outcome, number)


def assemble(drafts: Iterable[Draft]) -> GeneratedFile:
    """Return the file made of *drafts*, one after the other, and what its import gives."""
    drafts = tuple(drafts)
    count: Counter[Outcome] = Counter(draft.outcome for draft in drafts)
    errors: list[CardError] = []
    line = 1
    for draft in drafts:
        if draft.outcome in REASONS:
            blamed = line + (_line_of_first_phone(draft) if draft.outcome == "invalid" else 0)
            errors.append(CardError(blamed, draft.name, REASONS[draft.outcome]))
        line += draft.text.count(writing.LINE_END)
    return GeneratedFile(
        data="".join(draft.text for draft in drafts).encode(),
        summary={
            "total": len(drafts),
            "imported": count["contact"],
            "duplicates": count["duplicate"],
            "errors": len(errors),
            "skipped": count["duplicate"] + len(errors),
        },
        errors=tuple(errors),
        phone_numbers=tuple(draft.number for draft in drafts if draft.outcome == "contact"),
    )


def _line_of_first_phone(draft: Draft) -> int:
    """Return the line of the first ``TEL``, 0 being that of ``BEGIN:VCARD``."""
    for index, line in enumerate(draft.text.split(writing.LINE_END)):
        name = line.partition(":")[0].partition(";")[0].rpartition(".")[2]
        if name == "TEL":
            return index
    raise ValueError(f"the card of {draft.name} has no TEL to blame")


def _outcomes(spec: Spec, rng: Random) -> list[Outcome]:
    counts: dict[Outcome, int] = {
        "contact": spec.contacts,
        "duplicate": spec.duplicates,
        "invalid": spec.invalid_phones,
        "missing": spec.missing_phones,
    }
    outcomes = [outcome for outcome, count in counts.items() for _ in range(count)]
    rng.shuffle(outcomes)
    # A duplicate needs something before it to repeat.
    if spec.contacts:
        first = outcomes.index("contact")
        outcomes[0], outcomes[first] = outcomes[first], outcomes[0]
    return outcomes


def _new(rng: Random, drawn: list[tuple[Person, str]], taken: set[str]) -> tuple[Person, str]:
    drawn.append((people.person(rng), dialling.new_number(rng, taken)))
    return drawn[-1]


def _repeated(rng: Random, drawn: list[tuple[Person, str]], _: set[str]) -> tuple[Person, str]:
    who, number = rng.choice(drawn)
    return rng.choice((who, who, people.person(rng))), number


def _none(rng: Random, _drawn: list[tuple[Person, str]], _taken: set[str]) -> tuple[Person, str]:
    return people.person(rng), ""


_NUMBERS: dict[
    Outcome, Callable[[Random, list[tuple[Person, str]], set[str]], tuple[Person, str]]
] = {"contact": _new, "duplicate": _repeated, "invalid": _none, "missing": _none}


def _padded(drafts: list[Draft], size: int, rng: Random) -> list[Draft]:
    """Return *drafts* with photos and notes that make the file *size* bytes long."""
    used = _octets(drafts)
    left = size - used
    if left == 0:
        return drafts
    if left < writing.SMALLEST_FILLER:
        raise ImpossibleFile(
            "size",
            f"expected {used} bytes, or {used + writing.SMALLEST_FILLER} and more, "
            f"for {len(drafts)} cards, not {size}",
        )
    hosts = min(len(drafts), max(1, left // _PHOTO_OCTETS))
    shares = [left // hosts] * (hosts - 1) + [left - left // hosts * (hosts - 1)]
    for number, share in enumerate(shares):
        index = number * len(drafts) // hosts
        draft = drafts[index]
        padding = _padding(draft.version, share, rng)
        drafts[index] = draft._replace(text=writing.with_lines(draft.text, padding))
    return drafts


def _padding(version: Version, octets: int, rng: Random) -> str:
    """Return ready lines of exactly *octets* octets: a note, and where there is room a photo."""
    if octets < _SMALL_PADDING:
        return writing.filler(octets)
    # 3 octets are 4 characters of base64, and a folded line holds 74 of them in 77 octets.
    portrait = writing.photo(version, people.portrait(rng, (octets - _ROOM_FOR_NOTE) * 222 // 308))
    return portrait + writing.filler(octets - len(portrait))
