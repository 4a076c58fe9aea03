"""The contacts of an import, found in its list afterwards: each with what its card says."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_contract.promises import promise
from qlara_proxy.judging.imports import moment_of, promise_of
from qlara_proxy.judging.ledger import Difference
from qlara_proxy.judging.limits import CONTACTS, IMPORTS, Kept
from qlara_proxy.judging.reading import hashed
from qlara_proxy.judging.seen import SeenImport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_contract.conventions import Conventions
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.reading import CardDigest
    from qlara_proxy.judging.seen import Seen, SeenPage
    from qlara_proxy.judging.settling import Settling
    from qlara_proxy.judging.window import Window

_MOST_LISTS = 8
_CONFLICT = 409
_FOR_OTHER_REASONS = frozenset({0, 401, 404, 409, 413, 429})
_SLACK = timedelta(seconds=2)
_NOW = timedelta(minutes=5)
_AS_IMPORTED: PromiseId = "list.contact-as-imported"


class _Known(NamedTuple):
    """A contact as it was seen last, as hashes."""

    contact_id: int
    name: int
    email: int
    tags: frozenset[int]
    created_at: str
    lists: frozenset[int]
    read_at: float


class ContactChecks:
    """Looks for the contacts of an account's imports in its lists."""

    def __init__(
        self,
        ledger: TrafficLedger,
        conventions: Conventions,
        window: Window,
        settling: Settling,
    ) -> None:
        self.settling = settling
        self._awaited: Kept[int, bool] = Kept(IMPORTS)  # imports of which something is not there yet
        self._ledger = ledger
        self._expected = conventions
        self._window = window
        self._imports: Kept[int, SeenImport] = Kept(IMPORTS)
        self._names: Kept[int, str] = Kept(IMPORTS)
        self._known: Kept[int, _Known] = Kept(CONTACTS)  # by number
        self._shared: Kept[int, int] = Kept(CONTACTS)  # ids of numbers that were imported twice at once
        self._cards: Kept[int, dict[int, CardDigest]] = Kept(IMPORTS)  # by number, of an import
        self._sent: Kept[int, frozenset[int]] = Kept(CONTACTS)  # lists, by number that one has
        self._is_account_wide = False  # contacts of other lists have been seen to make duplicates

    # --- imports ---------------------------------------------------------------------------------

    def imported(self, seen: SeenImport) -> None:
        """Note an import, and judge what its report says of contacts that are known."""
        if seen.file is not None and seen.file.cards:
            self._at_full_quota(seen)
        if not seen.is_accepted or seen.goes_on or seen.file is None:
            return
        if seen.list_name and not seen.asked and seen.list_id:
            self._new_list(seen)
        others = [each for each in self._window.writes(seen.began, seen.ended) if each is not seen]
        if seen.file.cards and not others:
            self._repeats(seen)
        self._imports.keep(seen.number, seen)
        if seen.file.is_sure and seen.summary and not seen.summary["errors"]:
            for each in seen.file.cards:
                if seen.strategy != "SKIP" or each.number not in self._sent:
                    self._note_sent(each.number, hash(seen.list_id))

    def _new_list(self, seen: SeenImport) -> None:
        name = hash(seen.list_name)
        before = self._names.find(name)
        self._names.keep(name, seen.list_id)
        if before is None or self._expected.list_names != "free" or seen.exchange is None:
            return
        self._ledger.check(
            Difference(
                "upload.new-list-each-time",
                "The same `listName` has led to the same list again.",
                "another list",
                seen.list_id,
                seen.exchange,
                by=("list-names",),
                value="joined",
            ),
            holds=before != seen.list_id,
        )

    def _repeats(self, seen: SeenImport) -> None:
        """Judge the count of duplicates by the numbers that the account has for sure."""
        file = seen.file
        assert file is not None
        if not (file.is_sure and seen.summary and seen.exchange and seen.strategy):
            return
        if self._expected.duplicates_scope != "account" or seen.summary["errors"] > sum(
            bool(each.fault) for each in file.cards
        ):
            return
        if seen.strategy == "DUPLICATE" and self._expected.copy_count == "new":
            return
        numbers = [each.number for each in file.cards if not each.fault]
        here, nowhere = hash(seen.list_id), frozenset[int]()
        known = sum(here in self._sent.get(each, nowhere) for each in numbers)
        anywhere = sum(each in self._sent for each in numbers)
        if anywhere > known and seen.strategy == "SKIP":
            self._across_lists(seen, anywhere)
        if self._is_account_wide:
            known = anywhere
        if not known:
            return
        duplicates = seen.summary["duplicates"]
        what = f"{known} of the numbers are of contacts that the account has already."
        # That those which are updated or copied count as duplicates is assumed.
        abouts: dict[str, tuple[PromiseId, ...]] = {
            "SKIP": ("duplicates.by-number", "upload.summary-duplicates"),
            "UPDATE": ("duplicates.update-counts",),
            "DUPLICATE": ("duplicates.copy-counts",),
        }
        for about in abouts[seen.strategy]:
            if duplicates >= known:
                self._ledger.kept(about)
                continue
            expected, kind = f"at least {known} duplicates", f"fewer duplicates {about}"
            self._ledger.doubtful(
                Difference(about, what, expected, str(duplicates), seen.exchange, kind=kind)
            )

    def _across_lists(self, seen: SeenImport, known: int) -> None:
        """Judge whether contacts of other lists make duplicates."""
        assert seen.exchange is not None
        duplicates = seen.summary["duplicates"]
        if duplicates >= known:
            self._is_account_wide = True
            self._ledger.kept("duplicates.across-lists")
        elif not self._is_account_wide:
            what = "Contacts of other lists of the account do not make their cards duplicates."
            expected = f"at least {known} duplicates"
            self._ledger.doubtful(
                Difference(
                    "duplicates.across-lists",
                    what,
                    expected,
                    str(duplicates),
                    seen.exchange,
                    by=("duplicates.scope",),
                    value="list",
                )
            )

    def _at_full_quota(self, seen: SeenImport) -> None:
        """Judge an import right after a reading of the quota that shows it exhausted."""
        quota = self._window.quota
        if quota is None or seen.exchange is None or not seen.file:
            return
        if quota.ended > seen.began or self._window.writes(quota.began, seen.began):
            return
        numbers = [each.number for each in seen.file.cards if not each.fault]
        if not numbers or not seen.file.is_sure:
            return
        if quota.used < quota.total:
            self._with_room(seen, quota.total - quota.used, numbers)
            return
        duplicates = seen.summary.get("duplicates", 0)
        if seen.is_accepted and seen.strategy == "DUPLICATE" and duplicates:
            what = "The quota is exhausted, and copies are not refused."
            about: PromiseId = "upload.copies-need-quota"
            self._ledger.doubtful(Difference(about, what, "409", str(seen.status), seen.exchange))
        elif not duplicates and not any(each in self._sent for each in numbers):
            what = "The quota is exhausted, and an import of new contacts is not refused with 409."
            about = "upload.quota-exceeded"
            difference = Difference(about, what, "409", str(seen.status), seen.exchange)
            if seen.status not in _FOR_OTHER_REASONS:
                self._ledger.doubtful(difference)
        if not all(each in self._sent for each in numbers):
            return
        passes: dict[str, PromiseId] = {
            "SKIP": "upload.duplicates-pass-at-full-quota",
            "UPDATE": "upload.updates-pass-at-full-quota",
        }
        if seen.strategy in passes:
            if seen.is_accepted:
                self._ledger.kept(passes[seen.strategy])
            elif seen.status == _CONFLICT:
                what = f"With an exhausted quota, a file of duplicates is refused with {seen.strategy}."
                about, by = passes[seen.strategy], ("quota.full",)
                self._ledger.doubtful(
                    Difference(about, what, "a report", "409", seen.exchange, by=by)
                )
        elif seen.status == _CONFLICT:
            self._ledger.kept("upload.copies-need-quota")

    def _with_room(self, seen: SeenImport, room: int, numbers: Sequence[int]) -> None:
        """Judge an import right after a reading of the quota that shows some room."""
        assert seen.exchange is not None
        if seen.status == _CONFLICT and len(numbers) <= room:
            what = f"An import of {len(numbers)} cards is refused, although there is room for {room}."
            about: PromiseId = "upload.quota-exceeded"
            self._ledger.doubtful(Difference(about, what, "a report", "409", seen.exchange))
        is_over = len(set(numbers)) > room and seen.strategy == "SKIP"
        if seen.is_accepted and is_over and seen.summary and not seen.summary["duplicates"]:
            what = f"There is room for {room} contacts, and an import of more is not refused."
            about, by = "upload.quota-all-or-nothing", ("quota.partial",)
            got = f"{seen.summary['imported']} imported"
            self._ledger.doubtful(Difference(about, what, "409", got, seen.exchange, by=by))

    def list_refused(self, seen: Seen, list_id: str) -> None:
        """Judge a list that is not there, although a report has named it."""
        named = [each for each in self._imports.values() if each.list_id == list_id]
        if not named or seen.exchange is None or named[-1].ended > seen.began:
            return
        made = named[-1]
        about: PromiseId = "upload.report-names-the-list"
        if made.list_name and not made.asked:
            about = "upload.new-list"
        if made.summary and not made.summary["imported"]:
            about = "list.empty"
        what = "The list that the report names is not there."
        before = (made.exchange,) if made.exchange is not None else ()
        difference = Difference(about, what, "a page", "404", seen.exchange, before)
        self._awaited.keep(made.number, value=True)
        self.settling.missing(seen.began - made.ended, difference)

    def _note_sent(self, number: int, in_list: int) -> None:
        before = self._sent.get(number, frozenset())
        self._sent.keep(number, before | {in_list} if len(before) < _MOST_LISTS else before)

    # --- lists -----------------------------------------------------------------------------------

    def listed(self, page: SeenPage, began: float, contacts: Sequence[Mapping[str, Any]]) -> None:
        """Judge what was imported, by all contacts of a list, which were read from *began* on."""
        if page.exchange is None:
            return
        for seen in [each for each in self._imports.values() if each.list_id == page.list_id]:
            if seen.ended > began:
                continue
            since = self._window.writes(seen.began, page.ended)
            others = [each for each in since if each is not seen]
            settled = seen.ended + self._expected.settle.total_seconds()
            if began < settled or not self._window.is_known(seen.began):
                continue
            if not all(_is_together(each, seen) for each in others):
                del self._imports[seen.number]
                continue
            compared = _Comparison(self, seen, page, contacts, is_alone=not others, began=began)
            is_again = seen.number in self._awaited
            is_there = compared.judge_again() if is_again else compared.judge(others)
            if is_there:
                del self._imports[seen.number]
            else:
                self._awaited.keep(seen.number, value=True)
        self._judge_known(page, began, contacts)
        self._remember(page, contacts)

    def _judge_known(
        self, page: SeenPage, began: float, contacts: Sequence[Mapping[str, Any]]
    ) -> None:
        """Compare contacts that were seen before with what the one import did that named them since."""
        for number, same in _by_number(contacts).items():
            known = self._known.find(number)
            if known is None:
                continue
            writes = self._window.writes(known.read_at, page.ended)
            if not writes or not self._window.is_known(known.read_at):
                continue
            if not all(isinstance(each, SeenImport) and _is_told(each, began) for each in writes):
                continue
            touching = [
                (each, self.cards_of(each)[number]) for each in writes if number in self.cards_of(each)
            ]
            if not touching or len({id(each) for each, _ in touching}) > 1:
                continue
            seen, card = touching[0]
            is_scoped = hash(seen.list_id) in known.lists or self._is_account_wide
            ids = {hash(str(each.get("contactId"))) for each in same}
            if not is_scoped and (seen.strategy != "SKIP" or known.contact_id not in ids):
                continue  # duplicates may be looked for on the list of the import alone
            _Comparison(self, seen, page, contacts, is_alone=True, began=began).judge_known(card, same, known)

    def cards_of(self, seen: Any) -> dict[int, CardDigest]:
        """Return the cards of an import by number, where each has one of its own."""
        found = self._cards.find(seen.number)
        if found is None:
            cards = seen.file.cards if seen.file is not None else ()
            found = {each.number: each for each in cards if each.number}
            self._cards.keep(seen.number, found)
        return found

    def _remember(self, page: SeenPage, contacts: Sequence[Mapping[str, Any]]) -> None:
        in_list = hash(page.list_id)
        for number, same in _by_number(contacts).items():
            before = self._known.find(number)
            lists = (before.lists if before is not None else frozenset()) | {in_list}
            kept = _same_as(same, before)
            self._known.keep(number, _known(kept, lists, page.ended))
            self._note_sent(number, in_list)

    def note_shared(self, number: int, contact: Mapping[str, Any]) -> bool:
        """Note who has a number that two imports brought at once; return whether it is always the same."""
        identity = hash(str(contact.get("contactId")))
        before = self._shared.find(number)
        if before is None:
            self._shared.keep(number, identity)
        return before in (None, identity)


def _is_together(other: Any, seen: SeenImport) -> bool:
    """Return whether another import was sent at the same time as *seen*, and was accepted."""
    return bool(other.is_accepted and other.began < seen.ended and other.ended > seen.began)


def _is_told(seen: SeenImport, began: float) -> bool:
    is_read = seen.file is not None and bool(seen.file.cards)
    return seen.is_accepted and not seen.goes_on and is_read and seen.ended <= began


def _by_number(contacts: Sequence[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for each in contacts:
        found.setdefault(hashed(str(each.get("phoneNumber"))), []).append(each)
    return found


def _same_as(contacts: Sequence[Mapping[str, Any]], known: _Known | None) -> Mapping[str, Any]:
    """Return the contact that is *known*, or the first."""
    if known is None:
        return contacts[0]
    same = (each for each in contacts if hash(str(each.get("contactId"))) == known.contact_id)
    return next(same, contacts[0])


def _known(contact: Mapping[str, Any], lists: frozenset[int], read_at: float) -> _Known:
    tags = contact.get("tags")
    return _Known(
        hash(str(contact.get("contactId"))),
        hashed(str(contact.get("name") or "")),
        hashed(str(contact.get("email") or "")),
        frozenset(map(hash, map(str, tags))) if isinstance(tags, list) else frozenset(),
        str(contact.get("createdAt")),
        lists,
        read_at,
    )


class _Comparison:
    """One import, and all contacts of its list afterwards."""

    def __init__(
        self,
        checks: ContactChecks,
        seen: SeenImport,
        page: SeenPage,
        contacts: Sequence[Mapping[str, Any]],
        *,
        is_alone: bool,
        began: float,
    ) -> None:
        assert page.exchange is not None
        self._checks, self._ledger, self._expected = checks, checks._ledger, checks._expected
        self._seen, self._page, self._contacts, self._is_alone = seen, page, contacts, is_alone
        self._delay = began - seen.ended
        self._late: list[Difference] = []
        self._shown = page.exchange
        self._before = (seen.exchange,) if seen.exchange is not None else ()
        self._by_number = _by_number(contacts)
        cards = seen.file.cards if seen.file is not None else ()
        self._cards = [each for each in cards if not each.fault and each.is_sure]
        self._faulty = any(each.fault for each in cards)
        counts = Counter(each.number for each in self._cards)
        self._once = {number for number, count in counts.items() if count == 1}

    def judge(self, others: Sequence[Any]) -> bool:
        """Judge the import by the list; *others* were sent at the same time.

        Return whether all of its contacts are there, as far as they are known to be due.
        """
        seen = self._seen
        if not self._cards or not seen.summary:
            return True
        missing = [each for each in self._cards if each.number not in self._by_number]
        found = [each for each in self._cards if each.number in self._by_number]
        if not self._is_alone:
            self._together(missing, others)
        else:
            self._alone(missing, found)
        if self._late:
            self._checks.settling.missing(self._delay, *self._late)
        return not self._late

    def judge_again(self) -> bool:
        """Look once more for what was not there; return whether there is nothing more to look for."""
        missing = [each for each in self._cards if each.number not in self._by_number]
        found = [each for each in self._cards if each.number in self._by_number]
        if not missing:
            self._checks.settling.late()
            what = "The contacts of an import were not in its list at once."
            self._ledger.broken(
                self._difference("list.visible-at-once", what, "at once", "later", "late", by=("settle",))
            )
            return True
        self._missing(missing, found)
        self._checks.settling.missing(self._delay, *self._late)
        return False

    def _alone(self, missing: Sequence[CardDigest], found: Sequence[CardDigest]) -> None:
        """Judge an import that nothing else was sent together with."""
        seen = self._seen
        is_due = not seen.summary["duplicates"] or seen.strategy == "UPDATE"
        reported = seen.summary["errors"] > (seen.file.total - len(self._cards) if seen.file else 0)
        if missing and is_due and not reported:
            self._missing(missing, found)
        elif not missing and found:
            self._checks.settling.shown(self._delay)
            self._ledger.kept(
                "list.visible-at-once", "upload.imports-a-file", "upload.report-names-the-list"
            )
            if seen.list_name and not seen.asked:
                self._ledger.kept("upload.new-list")
            if self._faulty:
                self._ledger.kept("upload.error-costs-one-card")
        if seen.strategy == "SKIP" and seen.summary["duplicates"] and self._expected.skip_list == "unchanged":
            self._skipped_lists()
        self._as_a_whole(missing)
        for card in found:
            if card.number in self._once and card.number not in self._checks._known:
                self._card(card, self._by_number[card.number])

    def _skipped_lists(self) -> None:
        """Judge whether SKIP has put contacts of other lists on the list of the import."""
        here = hash(self._page.list_id)
        for card in self._cards:
            lists = self._checks._sent.get(card.number, frozenset())
            if not lists or here in lists or not self._checks._is_account_wide:
                continue
            what = "SKIP has put a contact on the list of the import that was not on it."
            self._check(
                "duplicates.skip-leaves-the-lists", what, "not on the list", "on the list", "skip list",
                holds=card.number not in self._by_number,
            )

    def judge_known(
        self, card: CardDigest, contacts: Sequence[Mapping[str, Any]], known: _Known
    ) -> None:
        """Judge a contact that was there before, by the one import that named its number since."""
        contact = _same_as(contacts, known)
        is_here = self._page.list_id == self._seen.list_id
        if self._seen.strategy == "SKIP":
            self._untouched(contact, known)
        elif card.number not in self._once:
            return
        elif self._seen.strategy == "UPDATE":
            self._updated(card, contact, known)
        elif self._seen.strategy == "DUPLICATE" and is_here:
            ids = {hash(str(each.get("contactId"))) for each in contacts}
            copies = [each for each in contacts if hash(str(each.get("contactId"))) != known.contact_id]
            self._check(
                "duplicates.copy-creates", "DUPLICATE has not made a copy.", "a copy", "none", "copy",
                holds=bool(ids - {known.contact_id}),
            )
            if copies:
                self._copy(card, copies[-1])

    def _copy(self, card: CardDigest, copied: Mapping[str, Any]) -> None:
        """Compare a copy with its card."""
        if card.traits or card.name_traits or card.email_traits:
            return
        now = _known(copied, frozenset(), 0.0)
        what = "The copy that DUPLICATE made has not what its card says."
        self._check(
            "duplicates.copy-creates", what, "name and address of the card", "others", "copy fields",
            holds=(now.name, now.email) == (card.name, card.email),
        )

    def _together(self, missing: Sequence[CardDigest], others: Sequence[Any]) -> None:
        if any(each.strategy != "SKIP" for each in (self._seen, *others)):
            return
        twice = 0
        for card in self._cards:
            is_shared = any(card.number in self._checks.cards_of(each) for each in others)
            for contact in self._by_number.get(card.number, ()) if is_shared else ():
                twice += not self._checks.note_shared(card.number, contact)
        if twice:
            what = f"{twice} contacts that two imports brought at the same time are there twice."
            self._doubt("upload.imports-together", what, "each once", "twice", "together twice")
        if self._seen.summary["duplicates"]:
            return
        if not missing:
            self._ledger.kept("upload.imports-together")
            return
        what = f"{len(missing)} contacts of an import are missing that was sent together with another."
        self._late.append(
            self._difference(
                "upload.imports-together", what, "all of them in the list", "not there", "together"
            )
        )

    # --- cards that are not there -------------------------------------------------------------------

    def _missing(self, missing: Sequence[CardDigest], found: Sequence[CardDigest]) -> None:
        """Judge cards whose numbers no contact of the list has."""
        numbers = {each.number for each in self._cards}
        strangers: dict[int, list[Mapping[str, Any]]] = {}
        for number, contacts in self._by_number.items():
            if number not in numbers and number not in self._checks._known:
                for each in contacts:
                    strangers.setdefault(hashed(str(each.get("name") or "")), []).append(each)
        for card in missing:
            same = strangers.get(card.name, [])
            if len(same) == 1 and card.name:
                self._changed_number(card, same[0])
                continue
            if card.number in self._checks._sent and self._seen.strategy == "UPDATE":
                if self._expected.update_list == "joined":
                    what = "A contact that UPDATE changed is not on the list of the import."
                    self._not_there("duplicates.update-joins-the-list", what, card)
                continue
            self._lost(card, found)

    def _changed_number(self, card: CardDigest, contact: Mapping[str, Any]) -> None:
        about = promise_of(card.number_traits | card.traits, "numbers.e164")
        got = str(contact.get("phoneNumber"))
        if about == "numbers.default-region" and got.startswith("+") and not got.startswith("+39"):
            about = "numbers.region"
        if about is None:
            return
        what = f"The number of the card at line {card.line} is stored as another one."
        shown = self._ledger.shown(got)
        self._doubt(about, what, "its number in E.164", shown, f"number {about}")
        if not promise(about).is_assumed:
            self._doubt(_AS_IMPORTED, what, "its number in E.164", shown, f"number {about}")

    def _lost(self, card: CardDigest, found: Sequence[CardDigest]) -> None:
        general: PromiseId = "upload.imports-a-file"
        if self._faulty and not (card.traits or card.number_traits):
            general = "upload.error-costs-one-card"
        about = promise_of(card.traits | card.number_traits | card.name_traits, general)
        if about is None:
            return
        what = f"The card at line {card.line} is counted as imported, and is not in the list."
        self._not_there(about, what, card)
        if not found and not (self._seen.file and self._seen.file.whole):
            self._not_there("upload.report-names-the-list", "None of the contacts is in that list.", card)

    def _not_there(self, about: PromiseId, what: str, card: CardDigest) -> None:
        kind = f"missing {about}"
        self._late.append(self._difference(about, what, "a contact with its number", "none", kind))

    # --- the list as a whole -------------------------------------------------------------------------

    def _as_a_whole(self, missing: Sequence[CardDigest]) -> None:
        seen, file = self._seen, self._seen.file
        is_new = bool(seen.list_name) and not seen.asked and self._expected.list_names == "free"
        if not is_new or file is None or missing or not file.is_sure:
            return
        repeated = sum(len(each) - 1 for each in self._by_number.values())
        twice = len(self._cards) - len(self._once)
        if seen.strategy == "SKIP" and self._expected.skip_list == "unchanged":
            imported = seen.summary["imported"]
            what = f"The report counts {imported} as imported, and the new list holds {self._page.total}."
            self._check(
                "upload.summary-imported", what, imported, self._page.total, "imported",
                holds=imported == self._page.total,
            )
            what = f"{repeated} numbers are in the list more than once, with SKIP."
            about: PromiseId = "duplicates.in-file-skip" if twice else "list.every-contact-once"
            self._check(about, what, "each once", "more than once", "repeated", holds=not repeated)
        elif seen.strategy == "DUPLICATE" and twice:
            what = f"The new list holds {self._page.total} contacts of {len(self._cards)} cards."
            self._check(
                "duplicates.in-file-copy", what, len(self._cards), self._page.total, "in-file copy",
                holds=self._page.total == len(self._cards),
            )
        elif seen.strategy == "UPDATE" and twice:
            what = f"{repeated} numbers are in the list more than once, with UPDATE."
            self._check(
                "duplicates.in-file-update", what, "each once", "more than once", "in-file update",
                holds=not repeated,
            )
        if twice and not seen.summary["duplicates"] > twice:
            self._repeated_in_file()
        if seen.summary["duplicates"] or self._expected.order != "import":
            return
        order = [hashed(str(each.get("phoneNumber"))) for each in self._contacts]
        wanted = [each.number for each in self._cards]
        if len(wanted) > 1 and sorted(order) == sorted(wanted):
            what = "The contacts of an import are in another order than their cards."
            self._check(
                "list.order", what, "the order of the file", "another order", "order",
                holds=order == wanted,
            )

    def _repeated_in_file(self) -> None:
        """Judge which of the cards with one number counts: with SKIP the first, with UPDATE the last."""
        about: PromiseId = (
            "duplicates.in-file-skip" if self._seen.strategy == "SKIP" else "duplicates.in-file-update"
        )
        if self._seen.strategy == "DUPLICATE":
            return
        ordered = self._cards if self._seen.strategy == "UPDATE" else self._cards[::-1]
        wanted = {each.number: each for each in ordered if each.number not in self._once}
        for number, card in wanted.items():
            if card.traits or card.name_traits or number in self._checks._known or not card.name:
                continue
            names = [hashed(str(each.get("name") or "")) for each in self._by_number[number]]
            what = "Of two cards with one number, another counts."
            self._check(
                about, what, "the name on that card", "another name", "in-file name",
                holds=card.name in names,
            )

    # --- contacts ------------------------------------------------------------------------------------

    def _card(self, card: CardDigest, contacts: Sequence[Mapping[str, Any]]) -> None:
        """Judge a contact that was not known before, if the import has created it for sure."""
        if self._seen.summary["duplicates"]:
            return
        fits = [each for each in contacts if hashed(str(each.get("name") or "")) == card.name]
        self._fields(card, fits[-1] if fits else contacts[-1])

    def _fields(self, card: CardDigest, contact: Mapping[str, Any]) -> None:
        """Compare a contact that the import has created with its card."""
        self._ledger.kept(*(card.number_traits | card.traits | self._file_traits()))
        if card.version is not None:
            self._ledger.kept(card.version)
        if not card.number_traits:
            self._ledger.kept("numbers.e164")
        right = self._name(card, contact) and self._email(card, contact)
        self._tags(contact)
        self._times(contact)
        special = card.name_traits | card.email_traits | card.number_traits | card.traits
        if right and special <= {"cards.email-absent"}:
            self._ledger.kept(_AS_IMPORTED)

    def _file_traits(self) -> frozenset[PromiseId]:
        return self._seen.file.whole if self._seen.file is not None else frozenset()

    def _name(self, card: CardDigest, contact: Mapping[str, Any]) -> bool:
        if not card.name:
            return True
        got = contact.get("name")
        if isinstance(got, str) and hashed(got) == card.name:
            self._ledger.kept(*(card.name_traits or {"cards.name"}))
            return True
        whole = self._file_traits() - {"cards.line-ends"}
        of_name = card.name_traits - ({"cards.non-ascii"} if whole else set())
        traits = of_name | card.traits | whole
        self._wrong("name", traits, "cards.name", card, got)
        return False

    def _email(self, card: CardDigest, contact: Mapping[str, Any]) -> bool:
        got = contact.get("email")
        if not card.email:
            if "cards.email-absent" in card.email_traits:
                due = {"absent": "email" not in contact, "null": got is None, "empty": got == ""}
                what = "A contact whose card has no EMAIL shows one."
                self._check(
                    "cards.email-absent", what, self._expected.email_absent, self._ledger.shown(str(got)),
                    "email-absent", holds=due[self._expected.email_absent],
                )
            return True
        if isinstance(got, str) and hashed(got) == card.email:
            self._ledger.kept(*(card.email_traits or {"cards.email"}))
            return True
        traits = card.email_traits | card.traits
        self._wrong("email", traits, "cards.email", card, got)
        return False

    def _wrong(
        self, field: str, traits: frozenset[PromiseId], general: PromiseId, card: CardDigest, got: object
    ) -> None:
        about = promise_of(traits, general)
        if about is None:
            return
        what = f"The {field} of the card at line {card.line} is stored as another one."
        shown = self._ledger.shown(str(got))
        self._doubt(about, what, f"the {field} on the card", shown, f"{field} {about}")
        if not promise(about).is_assumed:
            self._doubt(_AS_IMPORTED, what, f"the {field} on the card", shown, f"{field} {about}")

    def _tags(self, contact: Mapping[str, Any]) -> None:
        got, sent = contact.get("tags"), list(self._seen.tags)
        shown = self._ledger.shown(", ".join(map(str, got)) if isinstance(got, list) else str(got))
        if not sent:
            what = "An import without tags has given a contact some."
            self._check("tags.none", what, "no tags", shown, "tags none", holds=got == [])
            return
        if not isinstance(got, list):
            return
        about: PromiseId = self._seen.tags_rest_on
        what = "The tags of a contact are not those of its import."
        same = sorted(map(str, got)) == sorted(sent)
        if self._check(about, what, self._ledger.shown(", ".join(sent)), shown, "tags", holds=same):
            what = "The tags of a contact are in another order than they were sent in."
            self._check(
                "tags.order", what, self._ledger.shown(", ".join(sent)), shown, "tags order",
                holds=got == sent,
            )

    def _times(self, contact: Mapping[str, Any]) -> None:
        created, completed = moment_of(contact.get("createdAt")), moment_of(self._seen.completed_at)
        if created is None or completed is None:
            what = "A time is not written as RFC 3339 says, with an offset."
            got = str(contact.get("createdAt") if created is None else self._seen.completed_at)
            if len(got) > 1 and self._seen.completed_at:
                about: PromiseId = "upload.completed-after-created"
                self._check(about, what, "a time", got[:40], "no time", holds=False)
            return
        late = self._expected.settle + _SLACK
        what = "A contact was created after its import was complete."
        self._check(
            "upload.completed-after-created", what, f"at {completed} at the latest", str(created),
            "created late", holds=created <= completed + late,
        )
        took = timedelta(seconds=self._seen.ended - self._seen.began)
        what = "`createdAt` of a new contact is not the time of the import."
        self._check(
            "upload.times-are-now", what, f"about {completed}", str(created), "created at",
            holds=abs(created - completed) < _NOW + late + took,
        )

    # --- contacts that were there before ---------------------------------------------------------------

    def _untouched(self, contact: Mapping[str, Any], known: _Known) -> None:
        now = _known(contact, known.lists, known.read_at)
        what = "SKIP has changed a contact that was there before."
        self._check(
            "duplicates.skip-leaves-the-contact", what, "the contact as it was", "another one", "skip",
            holds=now == known,
        )

    def _updated(self, card: CardDigest, contact: Mapping[str, Any], known: _Known) -> None:
        now = _known(contact, frozenset(), 0.0)
        self._replaced(card, now, known)
        tags = set(map(hash, self._seen.tags))
        if tags:
            what = "UPDATE has not given a contact the tags of the import."
            self._check(
                "duplicates.update-adds-tags", what, "the tags", "not all of them", "update tags",
                holds=tags <= now.tags,
            )
        what = "UPDATE has made another contact of one that was there before."
        self._check(
            "duplicates.update-keeps-the-contact", what, "the same id and createdAt", "others",
            "update keeps",
            holds=(now.contact_id, now.created_at) == (known.contact_id, known.created_at),
        )
        if self._expected.update_tags == "added" and known.tags:
            what = "UPDATE has removed tags of a contact."
            self._check(
                "duplicates.update-keeps-tags", what, "the tags as well that it had", "fewer",
                "update keeps tags", holds=known.tags <= now.tags,
            )

    def _replaced(self, card: CardDigest, now: _Known, known: _Known) -> None:
        """Judge the fields that an UPDATE replaces, and those that it must not."""
        about: PromiseId = "duplicates.update-replaces"
        if card.name and promise_of(card.traits | card.name_traits, about) in (about, "cards.non-ascii", "cards.escapes"):
            what = "UPDATE has not replaced the name of a contact."
            self._check(
                about, what, "the name on the card", "another name", "update name",
                holds=now.name == card.name,
            )
        if card.email and not (card.email_traits or card.traits):
            what = "UPDATE has not replaced the address of a contact."
            self._check(
                about, what, "the address on the card", "another one", "update email",
                holds=now.email == card.email,
            )
        elif not card.email and known.email and self._expected.update_missing_fields == "kept":
            what = "UPDATE has removed an address that the card does not name."
            self._check(
                "duplicates.update-never-blanks", what, "the address as it was", "another, or none",
                "update blanks", holds=now.email == known.email,
            )

    # --- what is told ----------------------------------------------------------------------------------

    def _check(
        self,
        about: PromiseId,
        what: str,
        expected: object,
        got: object,
        kind: str,
        *,
        holds: bool,
    ) -> bool:
        if holds:
            self._ledger.kept(about)
        else:
            self._doubt(about, what, expected, got, kind)
        return holds

    def _doubt(
        self, about: PromiseId, what: str, expected: object, got: object, kind: str
    ) -> None:
        self._ledger.doubtful(self._difference(about, what, expected, got, kind))

    def _difference(
        self,
        about: PromiseId,
        what: str,
        expected: object,
        got: object,
        kind: str,
        by: tuple[str, ...] = (),
    ) -> Difference:
        return Difference(
            about, what, str(expected), str(got), self._shown, self._before, by=by, kind=kind
        )
