"""The report of an import against its file, as far as the file is certain."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from qlara_contract.client import SCENARIO_HEADER
from qlara_contract.exchange import printable_json
from qlara_contract.oracle import INVALID, MISSING
from qlara_contract.promises import promise
from qlara_proxy.judging.ledger import Difference
from qlara_proxy.judging.reading import hashed
from qlara_proxy.judging.traits import OF_CARD, OF_REGION, OF_SEVERAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_contract.conventions import Conventions
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.reading import CardDigest, FileDigest
    from qlara_proxy.judging.seen import SeenImport

_NOW = timedelta(minutes=5)
_GENERAL: PromiseId = "upload.imports-a-file"
_COUNTS: dict[str, PromiseId] = {
    "total": "upload.summary-total",
    "imported": "upload.summary-imported",
    "duplicates": "upload.summary-duplicates",
    "errors": "upload.summary-errors",
    "skipped": "upload.summary-skipped",
}


class ReportChecks:
    """Judges the reports of imports, each by itself: nothing that others do can change it."""

    def __init__(self, ledger: TrafficLedger, conventions: Conventions) -> None:
        self._ledger = ledger
        self._expected = conventions
        self.takes_any = False  # numbers that are not mobile have been imported too

    def judge(self, seen: SeenImport, api: ApiExchange) -> None:
        """Judge one import that was accepted."""
        if not seen.is_accepted or seen.goes_on:
            return
        self._status(seen, api)
        self._times(seen, api)
        file = seen.file
        if file is None:
            return
        self._is_report(seen, file, api)
        if seen.list_name and not seen.asked and seen.list_id and not seen.list_name.isascii():
            self._ledger.kept("upload.list-name-non-ascii")
        if not seen.summary or file.total < 0 or not seen.strategy:
            return
        self._counts(seen, file, api)
        errors = api.response.value("errors")
        if isinstance(errors, list) and all(isinstance(each, dict) for each in errors):
            self._errors(seen, file, errors, api)

    def _status(self, seen: SeenImport, api: ApiExchange) -> None:
        expected = self._expected.import_status
        difference = Difference(
            "upload.status-200",
            "An import is answered with another status.",
            str(expected),
            str(seen.status),
            api,
            by=("import.status",),
            value=seen.status,
        )
        self._ledger.check(difference, holds=seen.status == expected)

    def _times(self, seen: SeenImport, api: ApiExchange) -> None:
        """Hold `completedAt` against the deployment's own clock, its ``Date``."""
        moment = moment_of(seen.completed_at)
        scenario = api.response.header(SCENARIO_HEADER)
        date = api.response.header("date")
        if moment is None or date is None or scenario not in (None, "default"):
            return
        with suppress(TypeError, ValueError):
            now = parsedate_to_datetime(date)
            now = now if now.tzinfo else now.replace(tzinfo=UTC)
            difference = Difference(
                "upload.times-are-now",
                "`completedAt` is not the time of the import.",
                f"about {now.isoformat()}",
                seen.completed_at,
                api,
            )
            took = timedelta(seconds=seen.ended - seen.began)
            self._ledger.check(
                difference, holds=abs(moment - now) < _NOW + self._expected.settle + took
            )

    def _is_report(self, seen: SeenImport, file: FileDigest, api: ApiExchange) -> None:
        """Judge whether there is a report at all: without its counts, nothing tells what was imported."""
        if api.response.is_cut or not any(map(self._is_sound, file.cards)):
            return
        summary = api.response.value("summary")
        if not isinstance(summary, dict):
            what = "An import is accepted, and its response is no report."
            got = str(seen.status) if api.response.json is None else "no summary"
            self._ledger.broken(Difference(_GENERAL, what, "a report", got, api))
            return
        for name, about in _COUNTS.items():
            if not _is_count(summary.get(name)):
                what, got = f"`{name}` is no number.", printable_json(summary.get(name))[:50]
                self._ledger.broken(Difference(about, what, "a number of cards", got, api))
        if not api.response.value("importId"):
            what = "The report of an import has no `importId`."
            about = "upload.import-id-unique"
            self._ledger.broken(Difference(about, what, "an id of its own", "none", api))

    def _counts(self, seen: SeenImport, file: FileDigest, api: ApiExchange) -> None:
        summary = seen.summary
        if file.whole - {"cards.line-ends", "cards.byte-order-mark"}:
            return  # another encoding, which may be read as one card, or none
        self._count("upload.summary-total", "total", summary["total"], file.total, api)
        if summary["total"] != file.total:
            self._uncounted(seen, file, api)
            return
        if not file.cards:
            return
        surely = sum(bool(each.fault) and each.is_sure for each in file.cards)
        sound = sum(self._is_sound(each) for each in file.cards)
        if summary["errors"] == surely and not all(
            each.is_mobile or each.fault for each in file.cards
        ):
            self.takes_any = True
        skipped = summary["duplicates"] if seen.strategy == "SKIP" else 0
        is_told = summary["imported"] + skipped + surely == file.total  # and no card is left
        if summary["errors"] > surely and not (is_told or self._says_so(api, surely)):
            return  # cards may be errors for what the account holds, or has room for
        if is_told or surely + sound == file.total or summary["errors"] < surely:
            self._count("upload.summary-errors", "errors", summary["errors"], surely, api)
        if summary["errors"] == surely and file.is_sure:
            self._repeats(seen, file, api)
            if surely and surely == file.total:
                self._ledger.kept("upload.nothing-importable")
            if surely and sound and summary["imported"] + summary["duplicates"] >= sound:
                self._ledger.kept("upload.error-costs-one-card")

    def _uncounted(self, seen: SeenImport, file: FileDigest, api: ApiExchange) -> None:
        """Judge a report in which cards are neither imported nor duplicates nor errors."""
        told = sum(seen.summary[each] for each in ("imported", "duplicates", "errors"))
        if told >= file.total:
            return
        about: PromiseId = "cards.forgiving" if file.departs else _GENERAL
        what = f"Of {file.total} cards, {file.total - told} are neither imported nor skipped."
        self._ledger.broken(Difference(about, what, str(file.total), str(told), api))

    def _says_so(self, api: ApiExchange, surely: int) -> bool:
        """Return whether more cards than can be are said to be errors for their numbers."""
        errors = api.response.value("errors")
        listed = (
            [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
        )
        return sum(map(self._is_of_number, listed)) > surely or not listed

    def _is_sound(self, card: CardDigest) -> bool:
        """Return whether a card can be imported for sure, with nothing special about it."""
        is_taken = card.is_mobile or self.takes_any
        plain = not (card.traits or card.number_traits)
        return not card.fault and card.is_sure and is_taken and plain

    def _count(
        self, about: PromiseId, name: str, got: int, expected: int, api: ApiExchange
    ) -> None:
        difference = Difference(
            about, f"`{name}` is wrong for the file that was sent.", str(expected), str(got), api
        )
        self._ledger.check(difference, holds=got == expected)

    def _repeats(self, seen: SeenImport, file: FileDigest, api: ApiExchange) -> None:
        """Judge what the report says of numbers that the file has more than once."""
        numbers = [each.number for each in file.cards if not each.fault]
        sure = [each.number for each in file.cards if not each.fault and each.has_sure_number]
        repeated = len(sure) - len(set(sure))
        if self._expected.duplicates_repeated != "duplicate":
            return
        if seen.strategy == "DUPLICATE" and self._expected.copy_count == "new":
            return
        duplicates, imported = seen.summary["duplicates"], seen.summary["imported"]
        in_file: dict[str, PromiseId] = {
            "SKIP": "duplicates.in-file-skip",
            "UPDATE": "duplicates.in-file-update",
            "DUPLICATE": "duplicates.in-file-copy",
        }
        if repeated:
            what = f"{repeated} of the numbers stand on an earlier card of the file."
            difference = Difference(
                in_file[seen.strategy],
                what,
                f"at least {repeated} duplicates",
                str(duplicates),
                api,
            )
            if not self._ledger.check(difference, holds=duplicates >= repeated):
                return
        counts: dict[str, PromiseId] = {
            "SKIP": "duplicates.skip-counts",
            "UPDATE": "duplicates.update-counts",
            "DUPLICATE": "duplicates.copy-counts",
        }
        if not duplicates:
            return
        if duplicates > len(numbers):
            what = f"Of {len(numbers)} cards with a number, more are duplicates."
            difference = Difference(
                "upload.summary-duplicates", what, f"at most {len(numbers)}", str(duplicates), api
            )
            self._ledger.broken(difference)
        skipped = seen.strategy == "SKIP" or (
            seen.strategy == "UPDATE" and self._expected.update_count == "skipped"
        )
        expected = len(numbers) - (duplicates if skipped else 0)
        what = f"With {seen.strategy}, duplicates are counted otherwise."
        is_skipped = seen.summary["skipped"] == duplicates + seen.summary["errors"]
        abouts = [counts[seen.strategy]]
        if not seen.has_strategy and seen.strategy == "SKIP":
            what = "Without a strategy, duplicates are counted as with another one than SKIP."
            abouts.append("duplicates.skip-is-default")
        for about in abouts:
            self._ledger.check(
                Difference(about, what, f"{expected} imported", str(imported), api),
                holds=imported == expected and (not skipped or is_skipped),
            )

    # --- errors ----------------------------------------------------------------------------------

    def _errors(
        self, seen: SeenImport, file: FileDigest, errors: Sequence[dict[str, Any]], api: ApiExchange
    ) -> None:
        if not file.cards or self._expected.error_line == "card":
            return
        is_whole = len(errors) == seen.summary["errors"]
        left = {at: each for at, each in enumerate(file.cards) if each.fault}
        unmatched = []
        for error in errors:
            at = _card_at(error, left)
            if at is None:
                unmatched.append(error)
                continue
            self._error(error, left.pop(at), api)
        for error in unmatched:
            self._stray(error, file, left, api)
        if is_whole and not unmatched:
            for each in left.values():
                self._not_reported(each, api)
            self._must_be_errors(left, api)

    def _must_be_errors(self, left: dict[int, CardDigest], api: ApiExchange) -> None:
        """Judge cards that the contract takes for errors, where nobody can be sure of it."""
        for card in left.values():
            if card.is_sure or not card.fault:
                continue
            about = promise_of(card.number_traits, "numbers.numbering-plan")
            if about is None or not promise(about).is_assumed:
                continue
            what = f"The card at line {card.line} is imported."
            self._ledger.broken(Difference(about, what, card.fault, "no error", api))

    def _error(self, error: dict[str, Any], card: CardDigest, api: ApiExchange) -> None:
        expected = self._expected
        if not card.is_sure:
            what = (
                f"The card at line {card.line} has no number, and is reported for another reason."
            )
            is_other = (
                card.fault == MISSING and error.get("reason") == expected.reason_invalid_phone
            )
            for each in card.number_traits:
                if promise(each).is_assumed:
                    shown = printable_json(error.get("reason"))[:200]
                    difference = Difference(each, what, card.fault, shown, api)
                    self._ledger.check(difference, holds=not is_other)
            return
        about: PromiseId = (
            "upload.error-missing-phone" if card.fault == MISSING else "upload.error-invalid-phone"
        )
        self._ledger.kept(about)
        name = error.get("name")
        if not any(promise(each).is_assumed for each in card.name_traits):
            difference = Difference(
                "upload.error-name",
                f"The error of the card at line {card.line} has another name than the card.",
                "the name on the card",
                "another text" if isinstance(name, str) else printable_json(name),
                api,
            )
            self._ledger.check(
                difference, holds=isinstance(name, str) and hashed(name) == card.name
            )
        self._line(error.get("line"), card, api)
        due = (
            expected.reason_missing_phone
            if card.fault == MISSING
            else expected.reason_invalid_phone
        )
        reason = error.get("reason")
        self._ledger.check(
            Difference(
                "upload.error-wording",
                f"The reason of the card at line {card.line} is given in other words.",
                due,
                printable_json(reason)[:200],
                api,
                by=("reason.missing-phone" if card.fault == MISSING else "reason.invalid-phone",),
                value=reason if isinstance(reason, str) else None,
            ),
            holds=reason == due,
        )

    def _line(self, line: object, card: CardDigest, api: ApiExchange) -> None:
        begin, end = card.lines.start, card.lines.stop - 1
        within = Difference(
            "upload.error-line",
            "An error's line is not in its card.",
            f"a line from {begin} to {end}",
            printable_json(line)[:50],
            api,
        )
        if not self._ledger.check(within, holds=isinstance(line, int) and line in card.lines):
            return
        exact = begin if self._expected.error_line == "begin" else card.exact_line
        self._ledger.check(
            Difference(
                "upload.error-line-exact",
                "An error's line is another one of its card.",
                str(exact),
                str(line),
                api,
                by=("error-line",) if line == begin else (),
                value="begin" if line == begin else None,
            ),
            holds=line == exact,
        )

    def _stray(
        self,
        error: dict[str, Any],
        file: FileDigest,
        left: dict[int, CardDigest],
        api: ApiExchange,
    ) -> None:
        """Judge an error whose line is in no card at fault."""
        line = error.get("line")
        name = hashed(str(error.get("name")))
        same = [at for at, each in left.items() if each.name == name and each.is_sure]
        if same:
            self._error(error, left.pop(same[0]), api)
            return
        card = next(
            (each for each in file.cards if isinstance(line, int) and line in each.lines), None
        )
        if card is None:
            if file.is_sure and len(left) == 1:
                self._error(error, left.popitem()[1], api)
            return
        is_of_number = self._is_of_number(error)
        is_taken = card.is_mobile or self.takes_any or not is_of_number
        is_repeated = sum(each.number == card.number for each in file.cards) > 1
        is_sound = card.name == name and not card.fault and card.is_sure
        is_of_account = not is_of_number and _OF_ACCOUNT.search(str(error.get("reason")))
        if is_sound and is_taken and not (is_repeated or is_of_account):
            self._sound_card_refused(card, file.whole, error, api, is_of_number=is_of_number)

    def _is_of_number(self, error: dict[str, Any]) -> bool:
        """Return whether an error is about the number of its card, and not about the account."""
        words = (self._expected.reason_invalid_phone, self._expected.reason_missing_phone)
        return error.get("reason") in words

    def _sound_card_refused(
        self,
        card: CardDigest,
        whole: frozenset[PromiseId],
        error: dict[str, Any],
        api: ApiExchange,
        *,
        is_of_number: bool,
    ) -> None:
        """Judge a card that can be imported and is an error: what is special about it names the promise."""
        reason = printable_json(error.get("reason"))[:200]
        general: PromiseId = "numbers.e164" if INVALID in reason else _GENERAL
        traits = card.traits | card.name_traits | card.further | (whole - {"cards.line-ends"})
        is_any = card.number_traits <= OF_SEVERAL and (card.are_mobile or self.takes_any)
        if not (card.further and is_any):
            traits |= card.number_traits
        abouts = set(suspects(traits, general, self._ledger))
        what = f"The card at line {card.line} is reported as an error, though it can be imported."
        if card.version is not None and abouts & OF_VERSIONS:
            abouts.add(card.version)
        for each in sorted(abouts):
            difference = Difference(each, what, "a contact", reason, api)
            if is_of_number:
                self._ledger.broken(difference)
            else:  # for a reason that nobody has written down
                self._ledger.doubtful(difference)

    def _not_reported(self, card: CardDigest, api: ApiExchange) -> None:
        if not card.is_sure:
            return
        about: PromiseId = (
            "upload.error-missing-phone" if card.fault == MISSING else "upload.error-invalid-phone"
        )
        what = f"The card at line {card.line} cannot be imported, and is not reported."
        kinds = {each for each in card.number_traits if promise(each).is_assumed}
        for each in sorted({about, *kinds} if card.fault != MISSING else {about}):
            self._ledger.broken(Difference(each, what, card.fault, "no error", api))


# Why a card may be an error for what the account holds, or has room for, or another card of the file.
_OF_ACCOUNT = re.compile(
    r"quota|limit|plan|exceed|room|full|duplicat|repeat|already|exist|twice|known", re.IGNORECASE
)
OF_VERSIONS = frozenset({_GENERAL, "numbers.tel-uri"})


def promise_of(traits: frozenset[PromiseId], general: PromiseId) -> PromiseId | None:
    """Return which promise a difference breaks, given what the card rests on; ``None`` if it is not sure.

    One trait is at fault itself. Of several that are all documented, one is at fault, and so is *general*.
    A number without the code of its country rests on the region of the account, which is not known.
    """
    if traits >= OF_REGION:
        traits -= {"numbers.default-region"}
    if not traits:
        return general
    if len(traits) == 1:
        return next(iter(traits))
    return general if not any(promise(each).is_assumed for each in traits) else None


def _is_count(value: object) -> bool:
    """Return whether a value is a whole number, as JSON Schema has it: 250.0 is one."""
    return type(value) is int or (isinstance(value, float) and value.is_integer())


def suspects(
    traits: frozenset[PromiseId], general: PromiseId, ledger: TrafficLedger
) -> tuple[PromiseId, ...]:
    """Return the promises that a difference breaks, given what the card rests on; empty if that is not sure.

    Each of several that are documented is broken, but for what concerns the card as a whole and has been kept.
    Where one is assumed, it is the one that is decided otherwise, and none that is documented is broken.
    """
    about = promise_of(traits, general)
    if len(traits) < _SEVERAL:
        return () if about is None else (about,)
    assumed = {each for each in traits if promise(each).is_assumed}
    if not assumed:
        at_fault = {each for each in traits if each not in OF_CARD or not ledger.is_kept(each)}
        return (general, *sorted(at_fault - {general}))
    left = {each for each in assumed if not ledger.is_kept(each)} or assumed
    return tuple(sorted(left)) if len(left) == 1 or assumed == traits else ()


_SEVERAL = 2


def moment_of(value: object) -> datetime | None:
    """Return a time in RFC 3339; ``None`` if it is none, or has no offset."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _card_at(error: dict[str, Any], cards: dict[int, CardDigest]) -> int | None:
    """Return which card an error is about, by its line, else by its name alone."""
    line, name = error.get("line"), hashed(str(error.get("name")))
    within = [at for at, each in cards.items() if isinstance(line, int) and line in each.lines]
    if within:
        return within[0]
    named = [at for at, each in cards.items() if each.name == name]
    return named[0] if len(named) == 1 else None
