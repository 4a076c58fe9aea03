"""Compares what an import of a torture file gave with what it must give, and names the features at fault.

Pure: a file, the body of the report and the contacts of the list, to findings.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.promises import promise
from qlara_contract.torture.catalogue import PLAIN
from qlara_contract.torture.catalogue.plain import CONTACT
from qlara_contract.torture.feature import ContactOutcome, ErrorOutcome, NameAs, Place
from qlara_contract.torture.given import split_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.torture.feature import Feature, Outcome
    from qlara_contract.torture.files import Entry, TortureFile

LINE_IN_CARD: PromiseId = "upload.error-line"
EXACT_LINE: PromiseId = "upload.error-line-exact"
WORDING: PromiseId = "upload.error-wording"
CARD_LOST: PromiseId = "upload.imports-a-file"
ONCE: PromiseId = "list.every-contact-once"

_FIELDS: dict[str, PromiseId] = {
    "name": "cards.name",
    "phoneNumber": "numbers.e164",
    "email": "cards.email",
    "tags": "tags.all-in-order",
}
NUMBER_CHANGED: PromiseId = "numbers.e164"
NOT_COUNTED: PromiseId = "upload.summary-total"
# What a file that has these may lose is not fixed: its cards, or its encoding, are not sound.
_UNSOUND: tuple[PromiseId, ...] = (
    *("cards.broken-card", "cards.other-version", "cards.line-ends"),
    *("cards.utf-16", "cards.windows-1252"),
)
_COUNTS: dict[str, PromiseId] = {
    "total": "upload.summary-total",
    "imported": "upload.summary-imported",
    "errors": "upload.summary-errors",
    "duplicates": "upload.summary-duplicates",
    "skipped": "upload.summary-skipped",
}

OF_EVERY_FILE: tuple[PromiseId, ...] = (CARD_LOST, ONCE, "tags.all-in-order", *_COUNTS.values())
"""What any file judges, whatever its features."""
OF_ERRORS: tuple[PromiseId, ...] = (LINE_IN_CARD, EXACT_LINE, WORDING, "upload.error-name")
"""What any file with errors judges, if the report lists some."""

_OF_THE_REPORT: dict[str, tuple[PromiseId, str]] = {
    "error name": ("upload.error-name", "The name of an error is not the one on its card."),
    "wording": (WORDING, "The reason of an error is given in other words."),
    "line": (LINE_IN_CARD, "The line of an error is none of its card."),
    "exact line": (EXACT_LINE, "The line of an error is not the one that the contract names."),
}
# Kinds that do not depend on features, and those that only errors have.
_WHAT = {
    "tags": "The tags of a contact are not those of the import.",
    "repeated": "A contact is in the list more than once.",
}
_OF_ALL = {"repeated", "wording", "tags", "line", "exact line"}
_OF_ERRORS = {"error", "wording", "reason", "error name", "line", "exact line"}
# What judges a difference that cards of many promises share.
_GENERAL: dict[str, PromiseId] = {
    **_FIELDS,
    "card": CARD_LOST,
    "lost": CARD_LOST,
    "error": "upload.summary-errors",
    "reason": "upload.error-invalid-phone",
}
# From this share of the cards on (and this many), a difference has another cause than the features.
_LARGE_PART = 0.4
_MANY = 8
_SHOWN = 3


@dataclass(frozen=True)
class FeatureFinding:
    """A difference. ``features`` are those it is attributed to: one, unless many share a cause.

    ``kind`` is a field of a contact, ``card`` (made an error, or not refused), ``lost`` (neither a
    contact nor a listed error), ``error`` or ``count``.
    """

    promise: PromiseId
    what: str
    expected: object
    got: object
    features: tuple[Feature, ...]
    kind: str

    @property
    def is_cause(self) -> bool:
        """Whether a large part of a file differs in this way, so that no one feature is at fault."""
        return len(self.features) >= _MANY

    @property
    def is_of_contact(self) -> bool:
        """Whether a card that should become a contact differs, and not one that should be an error."""
        return isinstance(self.expected, dict) and "phoneNumber" in self.expected

    @property
    def feature(self) -> Feature | None:
        """The one feature that is at fault; ``None`` if there is no such one."""
        return self.features[0] if len(self.features) == 1 else None


def judge(
    file: TortureFile,
    report: Mapping[str, Any],
    contacts: Sequence[Mapping[str, Any]] | None,
    tags: Iterable[str] = ("contract-check",),
) -> list[FeatureFinding]:
    """Return the differences between an import of *file* and its outcome, the same cause once.

    *report* is the body of the import's response. *contacts* are all of the list that it created;
    ``None`` where they are not known: then only the report is judged. A report without a summary is of an
    import that goes on: then only the contacts are. A report that lists fewer errors
    than it counts is judged by those that it lists (UC-020 counts 5 and prints 2).
    """
    judged = _Judged(file, report, contacts, frozenset(tags))
    return _by_cause(file, judged.findings())


class _Judged:
    """One import: which of its contacts and errors belongs to which card."""

    def __init__(
        self,
        file: TortureFile,
        report: Mapping[str, Any],
        contacts: Sequence[Mapping[str, Any]] | None,
        tags: frozenset[str],
    ) -> None:
        self._file = file
        self._tags = tags
        self._is_told = "summary" in report  # else the import goes on, and only its contacts show
        self._summary = _mapping(report.get("summary"))
        listed = report.get("errors")
        self._errors = [_mapping(each) for each in listed] if isinstance(listed, list) else []
        counted = self._summary.get("errors")
        is_counted = isinstance(counted, int) and counted > len(self._errors)
        self._lists_all = self._is_told and not is_counted
        self._contacts = None if contacts is None else list(contacts)
        self._contact_of, self._repeated, self._strangers = self._match_contacts()
        self._error_of = self._match_errors()
        self._owners = self._values_of_cards()
        self._words_differ = self._tells_reasons_apart()

    # --- matching ------------------------------------------------------------------------------

    def _match_contacts(
        self,
    ) -> tuple[dict[int, Mapping[str, Any]], list[tuple[Entry, Any]], list[Mapping[str, Any]]]:
        """Return contacts by card (its index), those of a card that has one, and those of no card."""
        by_number, by_name = self._indexes()
        found: dict[int, Mapping[str, Any]] = {}
        repeated: list[tuple[Entry, Any]] = []
        left = []
        for contact in self._contacts or ():
            at = by_number.get(str(contact.get("phoneNumber")))
            if at is None:
                left.append(contact)
            elif at in found:
                repeated.append((self._file.entries[at], contact))
            else:
                found[at] = contact
        strangers = []
        for contact in left:
            at = by_name.get(_composed(contact.get("name")))
            if at is None or at in found:
                strangers.append(contact)
            else:
                found[at] = contact
        return found, repeated, strangers

    def _indexes(self) -> tuple[dict[str, int], dict[str, int]]:
        by_number, by_name = {}, {}
        for at, entry in enumerate(self._file.entries):
            for number in entry.card.numbers:
                by_number[number] = at
            by_name[_composed(entry.card.outcome.name)] = at
        return by_number, by_name

    def _values_of_cards(self) -> dict[tuple[str, str], int]:
        """Return the card (its index) that a name or an address belongs to."""
        owners = {}
        for at, entry in enumerate(self._file.entries):
            for field, value in _shown(entry.card.outcome).items():
                owners[field, value] = at
        return owners

    def _match_errors(self) -> dict[int, Mapping[str, Any]]:
        """Return the listed errors by card: of its name, else of its line."""
        named: defaultdict[str, list[int]] = defaultdict(list)
        for at, entry in enumerate(self._file.entries):
            named[_composed(entry.card.outcome.name)].append(at)
        found: dict[int, Mapping[str, Any]] = {}
        left = []
        for error in self._errors:
            candidates = [at for at in named[_composed(error.get("name"))] if at not in found]
            if candidates:
                found[self._nearest(candidates, error)] = error
            else:
                left.append(error)
        by_line = {
            line: at
            for at, entry in enumerate(self._file.entries)
            for line in range(entry.line, entry.last_line + 1)
        }
        for error in left:
            line = error.get("line")
            at = by_line.get(line, -1) if isinstance(line, int) else -1
            if at >= 0:
                found.setdefault(at, error)
        return found

    def _tells_reasons_apart(self) -> bool:
        """Return whether missing and invalid numbers have different reasons, in whatever words."""
        words: dict[str, set[str]] = {MISSING: set(), INVALID: set()}
        for at, error in self._error_of.items():
            outcome, reason = self._file.entries[at].card.outcome, error.get("reason")
            if isinstance(outcome, ErrorOutcome) and outcome.reason and isinstance(reason, str):
                words[outcome.reason].add(reason)
        missing, invalid = words[MISSING], words[INVALID]
        one_way = all(len(some) == 1 or own not in some for own, some in words.items())
        return one_way and not (missing & invalid or INVALID in missing or MISSING in invalid)

    def _nearest(self, candidates: list[int], error: Mapping[str, Any]) -> int:
        entries = self._file.entries
        return next((at for at in candidates if _is_in(entries[at], error)), candidates[0])

    # --- comparing -----------------------------------------------------------------------------

    def findings(self) -> Iterator[FeatureFinding]:
        found = list(self._of_cards())
        yield from found or self._of_counts()
        if any(each.kind in {"lost", "error"} for each in found):
            yield from self._not_counted()

    def _not_counted(self) -> Iterator[FeatureFinding]:
        """Yield that cards are lost without a word: that is not for the importer to decide."""
        file, total = self._file, self._summary.get("total")
        is_judged_already = any(each.is_documented for each in file.features)
        is_unsound = any(each.promise in _UNSOUND for each in file.features)
        if is_judged_already or is_unsound or not self._is_told:
            return
        cards = len(file.entries)
        certain = sum(each.card.has_frame for each in file.entries)
        if isinstance(total, int) and 0 <= total < certain:
            what = f"The report leaves out {cards - total} of {cards} cards ({file.name})."
            yield FeatureFinding(NOT_COUNTED, what, cards, total, (), "not counted")

    def _cut_off(self) -> set[int]:
        """Return the contacts that are lost because a part of the file or the list is cut off."""
        if self._contacts is None:
            return set()
        entries = enumerate(self._file.entries)
        due = [at for at, each in entries if isinstance(each.card.outcome, ContactOutcome)]
        for cards in (due, due[::-1]):
            lost = list(takewhile(lambda at: at not in self._contact_of, cards[::-1]))
            if _MANY <= len(lost) < len(due):
                return {at for at in lost if at not in self._error_of}
        return set()

    def _of_cards(self) -> Iterator[FeatureFinding]:
        cut_off = self._cut_off()
        if cut_off:
            what = f"The list lacks the {len(cut_off)} contacts at one end of the file."
            expected, got = self._file.contacts, len(self._contact_of)
            yield FeatureFinding(CARD_LOST, what, expected, got, (), "cut off")
        for at, entry in enumerate(self._file.entries):
            if at in cut_off:
                continue
            if isinstance(entry.card.outcome, ContactOutcome):
                yield from self._of_contact(at, entry.card.outcome)
            else:
                yield from self._of_error(at, entry.card.outcome)
        for entry, contact in self._repeated:
            yield FeatureFinding(
                ONCE, _WHAT["repeated"], "1 contact", dict(contact), (entry.feature,), "repeated"
            )
        if self._strangers:
            what = "The list holds contacts of no card."
            yield FeatureFinding(
                self._of_file(CARD_LOST), what, [], self._strangers[:_SHOWN], (), "stranger"
            )

    def _of_contact(self, at: int, outcome: ContactOutcome) -> Iterator[FeatureFinding]:
        contact = self._contact_of.get(at)
        expected = _shown(outcome)
        if contact is not None:
            for field in self._differences(contact, outcome):
                got = {field: contact.get(field)}
                wanted = {field: expected.get(field)}
                if field != "name" or outcome.name_as is not NameAs.ANY:
                    yield self._finding(at, field, wanted, got)
                yield from self._confused(at, field, wanted, got)
        elif at in self._error_of:
            yield self._finding(at, "card", expected, dict(self._error_of[at]))
        elif self._contacts is not None:
            yield self._finding(at, "lost", expected, "neither a contact nor a listed error")

    def _confused(
        self, at: int, field: str, wanted: dict[str, Any], got: dict[str, Any]
    ) -> Iterator[FeatureFinding]:
        """Yield a difference that is wrong however an assumed feature is decided.

        A name or an address of another card, or other digits behind the country code that was typed.
        """
        feature, value = self._blamed(at), got[field]
        if feature.is_documented or feature.promise in _UNSOUND or not isinstance(value, str):
            return
        features = (feature,)
        owner = self._owners.get((field, value), at) if value else at
        if owner != at and _composed(value) != _composed(wanted[field]):
            what = f"A contact has the `{field}` of another card."
            yield FeatureFinding(_FIELDS[field], what, wanted, got, features, "of another card")
        entry = self._file.entries[at]
        if field == "phoneNumber" and value not in entry.card.numbers:
            code, _ = split_number(wanted[field])
            if value.startswith(code):
                what = "A number with a country code is stored as another number."
                yield FeatureFinding(NUMBER_CHANGED, what, wanted, got, features, "digits")

    def _differences(self, contact: Mapping[str, Any], outcome: ContactOutcome) -> Iterator[str]:
        if not _same_name(contact.get("name"), outcome.name, outcome.name_as):
            yield "name"
        if contact.get("phoneNumber") not in (outcome.number, *outcome.or_numbers):
            yield "phoneNumber"
        if (contact.get("email") or "") not in (outcome.email, *outcome.or_emails):
            yield "email"
        tags = contact.get("tags")
        if not isinstance(tags, list) or {str(each) for each in tags} != self._tags:
            yield "tags"

    def _of_error(self, at: int, outcome: ErrorOutcome) -> Iterator[FeatureFinding]:
        expected = {"name": outcome.name, "reason": outcome.reason or "any"}
        contact, error = self._contact_of.get(at), self._error_of.get(at)
        if contact is not None:
            yield self._finding(at, "card", expected, dict(contact))
        elif error is None:
            if self._lists_all:
                yield self._finding(at, "error", expected, "no such error is listed")
        else:
            yield from self._of_listed_error(at, outcome, error)

    def _of_listed_error(
        self, at: int, outcome: ErrorOutcome, error: Mapping[str, Any]
    ) -> Iterator[FeatureFinding]:
        entry = self._file.entries[at]
        reason, line = error.get("reason"), error.get("line")
        if outcome.reason and reason != outcome.reason:
            kind = "wording" if self._words_differ else "reason"
            yield self._finding(at, kind, outcome.reason, reason)
        if not _same_name(error.get("name"), outcome.name, outcome.name_as):
            yield self._finding(at, "error name", outcome.name, error.get("name"))
        wanted = entry.line + outcome.line
        if not _is_in(entry, error):
            yield self._finding(at, "line", f"{entry.line} to {entry.last_line}", line)
        elif outcome.reason and line != wanted:
            yield self._finding(at, "exact line", wanted, line)

    def _of_counts(self) -> Iterator[FeatureFinding]:
        file = self._file
        if not self._is_told:
            return
        right = {
            "total": len(file.entries),
            "imported": file.contacts,
            "errors": file.errors,
            "duplicates": 0,
            "skipped": file.errors,
        }
        for field, expected in right.items():
            got = self._summary.get(field)
            if got != expected or isinstance(got, bool):
                what = f"`{field}` is wrong for a file of {len(file.entries)} cards."
                yield FeatureFinding(
                    self._of_file(_COUNTS[field]), what, expected, got, (), "count"
                )

    def _of_file(self, general: PromiseId) -> PromiseId:
        """Return the promise that judges a whole file: *general* only if something in it is documented."""
        features = self._file.features
        return general if any(each.is_documented for each in features) else features[0].promise

    def _finding(self, at: int, kind: str, expected: object, got: object) -> FeatureFinding:
        feature = self._blamed(at)
        judging, what = feature.promise, feature.what
        if kind in _OF_THE_REPORT and (feature.is_documented or kind in {"exact line", "wording"}):
            judging, what = _OF_THE_REPORT[kind]
        elif kind == "tags" or feature in PLAIN:
            judging = _FIELDS.get(kind, judging)
        what = _WHAT.get(kind, what)
        return FeatureFinding(judging, what, expected, got, (feature,), kind)

    def _blamed(self, at: int) -> Feature:
        """Return the feature of a card, or that of its neighbour if the card is a guard."""
        entries = self._file.entries
        if entries[at].feature is not CONTACT:
            return entries[at].feature
        neighbours = (
            entries[other].feature for other in (at - 1, at + 1) if 0 <= other < len(entries)
        )
        risky = (each for each in neighbours if each.place is Place.BETWEEN_GUARDS)
        return next(risky, CONTACT)


# --- causes --------------------------------------------------------------------------------------


def _by_cause(file: TortureFile, findings: Iterable[FeatureFinding]) -> list[FeatureFinding]:
    """Return findings, those that have one cause as one: the same kind in a large part of the file.

    Assumed features are decided one by one, so only those of one promise can have one cause.
    """
    groups: defaultdict[tuple[str, str], list[FeatureFinding]] = defaultdict(list)
    for each in findings:
        is_general = each.kind in _OF_ALL or all(one.is_documented for one in each.features)
        groups[each.kind, "" if is_general else each.promise].append(each)
    joined: list[FeatureFinding] = []
    for (kind, only), some in groups.items():
        possible = _possible(file, kind, only)
        is_cause = len(some) >= _MANY and len(some) >= _LARGE_PART * possible
        if is_cause or (kind in _OF_ALL and len(some) > 1):
            joined.append(_joined(some, possible))
        else:
            joined += _once(some)
    return without_consequences(joined)


def without_consequences(findings: Iterable[FeatureFinding]) -> list[FeatureFinding]:
    """Return findings without those of a kind that has a documented cause among them."""
    found = list(findings)
    explained = {each.kind for each in found if each.is_cause and promise(each.promise).heading}
    return [each for each in found if each.is_cause or each.kind not in explained]


def _possible(file: TortureFile, kind: str, only: str) -> int:
    """Return how many cards of *file* could differ in this way."""
    wanted = ErrorOutcome if kind in _OF_ERRORS else ContactOutcome
    return sum(
        isinstance(each.card.outcome, wanted)
        and (each.feature.promise == only if only else each.feature.is_documented)
        for each in file.entries
    )


def _joined(some: list[FeatureFinding], possible: int) -> FeatureFinding:
    first = some[0]
    promises = {each.promise for each in some}
    general = first.promise if len(promises) == 1 else _GENERAL.get(first.kind, first.promise)
    what = f"{first.what} The same in {len(some)} cards."
    if len(some) >= _MANY and len(promises) > 1:
        what = f"{len(some)} of {possible} cards of a file differ in the same way ({first.kind})."
    features = dict.fromkeys(one for each in some for one in each.features)
    expected, got = (
        [getattr(each, side) for each in some[:_SHOWN]] for side in ("expected", "got")
    )
    return FeatureFinding(general, what, expected, got, tuple(features), first.kind)


def _once(some: list[FeatureFinding]) -> Iterator[FeatureFinding]:
    """Yield findings, of each feature one."""
    seen: set[tuple[Feature, ...]] = set()
    for each in some:
        if each.features not in seen or not each.features:
            seen.add(each.features)
            yield each


# --- values --------------------------------------------------------------------------------------


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _composed(name: object) -> str:
    return " ".join(normalize("NFC", name).split()) if isinstance(name, str) else ""


def _same_name(got: object, expected: str, name_as: NameAs) -> bool:
    if not isinstance(got, str):
        return False
    if name_as in (NameAs.WORDS, NameAs.ANY):
        return _composed(got) == _composed(expected)
    if name_as is NameAs.CODE_POINTS:
        return got == expected
    return normalize("NFC", got) == normalize("NFC", expected)


def _is_in(entry: Entry, error: Mapping[str, Any]) -> bool:
    line = error.get("line")
    return isinstance(line, int) and entry.line <= line <= entry.last_line


def _shown(outcome: Outcome) -> dict[str, str]:
    if isinstance(outcome, ErrorOutcome):
        return {"name": outcome.name}
    email = {"email": outcome.email} if outcome.email else {}
    return {"name": outcome.name, "phoneNumber": outcome.number} | email
