"""Puts cards together to files: few files, every feature in one of them, each line known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlara_contract.torture.catalogue import FEATURES
from qlara_contract.torture.catalogue.plain import CONTACT, INVALID_PHONE, MISSING_PHONE
from qlara_contract.torture.feature import ContactOutcome, Place
from qlara_contract.torture.given import Given, plain_names

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from qlara_contract.torture.feature import Feature, WholeFile, WrittenCard

VERSIONS = ("3.0", "4.0")
COUNTS = (600, 1_100, 2_500)
"""Cards of the large files."""

_WHOLE_FILE_CARDS = 3
_SHARE_OF_CONTACTS = 0.7
_MOST_CONTACTS = 950
_REGION_FEATURES = "numbers.default-region"
_DOCUMENTED, _ASSUMED = "documented", "assumed"
# What small files hold of each group. Other stories show most of what stands in a file of its own.
_AT_ONCE = {True: 16, False: 4}
_EARLY = {"inside-a-character", "nameless", "stray-lines", "file.no-final-line-end"}

# In these files lines stand outside cards, so an error behind them shows whether they are counted.
_SHIFTING = {"stray-lines"}


@dataclass(frozen=True)
class Entry:
    """One card of a file: the feature that it is attributed to, and the 1-based line it begins on."""

    feature: Feature
    card: WrittenCard
    line: int

    @property
    def last_line(self) -> int:
        """The 1-based line that the card ends on."""
        return self.line + max(1, self.card.lines) - 1


@dataclass(frozen=True)
class TortureFile:
    """A file and what is in it. *name* is stable, and says what the file is about."""

    name: str
    content: bytes
    entries: tuple[Entry, ...]

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the file, each once, without the plain ones."""
        found = dict.fromkeys(each.feature for each in self.entries)
        return tuple(each for each in found if each not in _PLAIN) or tuple(found)

    @property
    def contacts(self) -> int:
        """How many contacts an import creates."""
        return sum(isinstance(each.card.outcome, ContactOutcome) for each in self.entries)

    @property
    def errors(self) -> int:
        """How many cards of the file are errors."""
        return len(self.entries) - self.contacts


_PLAIN = (CONTACT, MISSING_PHONE, INVALID_PHONE)


@dataclass(frozen=True)
class TortureBudget:
    """What may be sent: cards, whatever becomes of them, and files."""

    cards: int
    files: int


class Writer:
    """Writes files. Everything drawn comes from *rng*; *fresh* returns a new number in E.164.

    *national* returns a new number as typed in the account's region, and in E.164; without it, the
    features of that kind are left out.
    """

    def __init__(
        self,
        rng: random.Random,
        fresh: Callable[[], str],
        national: Callable[[], tuple[str, str]] | None = None,
    ) -> None:
        self._random = rng
        self._fresh = fresh
        self._national = national
        self._names = plain_names(rng)

    def knows(self, feature: Feature) -> bool:
        """Return whether the cards of *feature* can be written."""
        return self._national is not None or feature.promise != _REGION_FEATURES

    def alone(self, feature: Feature) -> TortureFile:
        """Return the smallest file that shows *feature*."""
        return self.file(feature.id, [feature])

    def file(self, name: str, features: Iterable[Feature]) -> TortureFile:
        """Return a file of these features in an order drawn, with guards where they need them."""
        drawn = list(features)
        whole = drawn[0].whole if drawn else None
        if whole is not None:
            cards = [(drawn[0], self._write(drawn[0], version)) for version in VERSIONS]
            cards.append((drawn[0], self._write(MISSING_PHONE, "3.0")))
            return _assembled(name, cards, whole)
        self._random.shuffle(drawn)
        cards = []
        for at, feature in enumerate(drawn):
            guarded = feature.place is Place.BETWEEN_GUARDS
            if guarded and not (cards and cards[-1][0] is CONTACT):
                cards.append((CONTACT, self._write(CONTACT)))
            cards.append((feature, self._write(feature)))
            if guarded or (at == len(drawn) - 1 and feature.apart):
                cards.append((CONTACT, self._write(CONTACT)))
        if drawn and drawn[0].apart in _SHIFTING:
            cards.append((INVALID_PHONE, self._write(INVALID_PHONE)))
        return _assembled(name, cards)

    def counted(self, cards: int) -> TortureFile:
        """Return a file of plain *cards*: most are contacts, but no more than one page can show."""
        kinds = [CONTACT] * min(int(cards * _SHARE_OF_CONTACTS), _MOST_CONTACTS)
        kinds += [(MISSING_PHONE, INVALID_PHONE)[at % 2] for at in range(cards - len(kinds))]
        return self.file(f"{cards} cards", kinds)

    def _write(self, feature: Feature, version: str = "") -> WrittenCard:
        version = version or self._random.choice(feature.versions)
        given = Given(next(self._names), version, self._fresh, self._national)
        return feature.write(given)


def _assembled(
    name: str, cards: list[tuple[Feature, WrittenCard]], whole: WholeFile | None = None
) -> TortureFile:
    line = 1 + (whole.lines_before if whole else 0)
    entries = []
    for feature, card in cards:
        entries.append(Entry(feature, card, line))
        line += card.lines
    content = b"".join(card.content for _, card in cards)
    return TortureFile(name, whole.change(content) if whole else content, tuple(entries))


def assemble(
    writer: Writer, budget: TortureBudget, *, counts: Iterable[int] = ()
) -> list[TortureFile]:
    """Return the files of all features that *budget* has room for, the most telling ones first.

    Documented features share one file, assumed ones another, since those may cost a file; what may
    cost a file for sure stands apart. *counts* are the cards of large files, written last if there is
    room. Numbers are taken only for the cards that are returned.
    """
    files = [
        writer.file(name, features)
        for name, features in _chosen(filter(writer.knows, FEATURES), budget).items()
    ]
    left = budget.cards - sum(len(each.entries) for each in files)
    for cards in counts:
        if len(files) < budget.files and cards <= left:
            files.append(writer.counted(cards))
            left -= cards
    return files


def _chosen(features: Iterable[Feature], budget: TortureBudget) -> dict[str, list[Feature]]:
    """Return the features that *budget* has room for, by file."""
    cards = budget.cards
    files: dict[str, list[Feature]] = {}
    for each in by_rank(features):
        name = each.apart or (_DOCUMENTED if each.is_documented else _ASSUMED)
        cost = _cost(each, starts_file=name not in files)
        if cost <= cards and (name in files or len(files) < budget.files):
            files.setdefault(name, []).append(each)
            cards -= cost
    return files


def _cost(feature: Feature, *, starts_file: bool) -> int:
    """Return how many cards a feature needs at most, guards and samples counted."""
    if feature.whole is not None:
        return _WHOLE_FILE_CARDS
    guards = 2 if feature.place is Place.BETWEEN_GUARDS else 0
    ends = bool(feature.apart) + (feature.apart in _SHIFTING)
    return 1 + guards + starts_file * ends


def by_rank(features: Iterable[Feature]) -> list[Feature]:
    """Return features as they are to be sent: some of every group first, then more of each.

    Of documented features more than of assumed ones, and these before what costs a file of its own.
    """
    seen: Counter[tuple[str, str, bool]] = Counter()
    ranked = []
    for number, each in enumerate(features):
        group = (each.id.partition(".")[0], each.apart, each.is_documented)
        tier = seen[group] // _AT_ONCE[each.is_documented]
        tier += bool(each.apart) and each.apart not in _EARLY
        seen[group] += 1
        ranked.append((tier, *each.rank, number, each))
    return [each for *_, each in sorted(ranked, key=lambda one: one[:-1])]


def draw(
    rng: random.Random, fresh: Callable[[], str], *, cards: int = 8, documented: bool = False
) -> TortureFile:
    """Return a file of random features, plain cards among them; *documented*: of no assumed one."""
    writer = Writer(rng, fresh)
    choice = [
        each
        for each in FEATURES
        if not each.apart and writer.knows(each) and (each.is_documented or not documented)
    ]
    features = rng.sample(choice, k=rng.randint(1, cards))
    features += rng.choices(_PLAIN, k=rng.randint(0, 2))
    return writer.file("drawn", features)
