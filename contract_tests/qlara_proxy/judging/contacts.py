"""The contacts of an import, found in its list afterwards: each with what its card says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_proxy.judging.comparison import ImportComparison
from qlara_proxy.judging.known import KnownContact, KnownContacts, by_number, digest, same_as
from qlara_proxy.judging.ledger import Difference
from qlara_proxy.judging.limits import IMPORTS, Kept
from qlara_proxy.judging.listed import AccountContext
from qlara_proxy.judging.reading import hashed
from qlara_proxy.judging.room import RoomChecks
from qlara_proxy.judging.seen import SeenImport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qlara_contract.conventions import Conventions
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.reading import FileDigest
    from qlara_proxy.judging.seen import Seen, SeenPage
    from qlara_proxy.judging.settling import Delays
    from qlara_proxy.judging.window import Window

_CONFLICT = 409


class ContactChecks:
    """Looks for the contacts of an account's imports in its lists."""

    def __init__(
        self,
        ledger: TrafficLedger,
        conventions: Conventions,
        window: Window,
        settling: Delays,
    ) -> None:
        self._ledger = ledger
        self._expected = conventions
        self._window = window
        self._settling = settling
        self._known = KnownContacts()
        self._room = RoomChecks(ledger, self._known, window)
        self._imports: Kept[int, SeenImport] = Kept(IMPORTS)
        self._awaited: Kept[int, bool] = Kept(IMPORTS)  # of which something is not there yet
        self._names: Kept[int, str] = Kept(IMPORTS)  # lists by the hash of their name

    # --- imports ---------------------------------------------------------------------------------

    def imported(self, seen: SeenImport) -> None:
        """Note an import, and judge what its report says of contacts that are known."""
        self._refused_beside_another(seen)
        if seen.file is not None and seen.file.cards:
            self._room.imported(seen)
            self._known.note_elsewhere(seen, seen.list_id)
            self._known.note_carded(each.number for each in seen.file.cards if each.number)
        if seen.may_write and (seen.file is None or not seen.file.is_sure):
            self._known.lose_track()
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
                is_new = not seen.summary["duplicates"] and each.number not in self._known
                if is_new and seen.tags_rest_on == "tags.all-in-order" and each.is_plain:
                    self._known.note_card(each, seen.tags, seen.list_id, seen.ended)
                is_noted = seen.strategy != "SKIP" or each.number not in self._known
                if is_noted and each.has_sure_number:
                    self._known.note(each.number, seen.list_id)

    def _refused_beside_another(self, seen: SeenImport) -> None:
        """Judge an import that is refused with 409 while another one is under way."""
        if seen.status != _CONFLICT or seen.exchange is None:
            return
        data = seen.exchange.response.value("data")
        fields = set(data) if isinstance(data, dict) else set()
        others = self._window.writes(seen.began, seen.ended)
        if fields & {"contacts", "listName"} or not any(each is not seen for each in others):
            return
        what = "An import is refused while another one is under way."
        about: PromiseId = "upload.imports-together"
        self._ledger.doubtful(Difference(about, what, "a report", "409", seen.exchange))

    def lose_track(self) -> None:
        """Note that an import with another key may have put anybody on any list."""
        self._known.lose_track()

    def _new_list(self, seen: SeenImport) -> None:
        name = hash(seen.list_name)
        before = self._names.find(name)
        self._names.keep(name, seen.list_id)
        others = [each for each, one in self._names.items() if one == seen.list_id and each != name]
        if others and seen.exchange is not None:
            what = "`listName` has led to a list that was made with another name."
            new = Difference("upload.new-list", what, "a new list", seen.list_id, seen.exchange)
            self._ledger.doubtful(new)
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
        is_told = file.is_sure and seen.summary and seen.exchange and seen.strategy
        if not is_told or self._expected.duplicates_scope != "account":
            return
        assert seen.exchange is not None
        if seen.summary["errors"] > sum(bool(each.fault) for each in file.cards):
            self._refused_again(seen, file)
            return
        if seen.strategy == "DUPLICATE" and self._expected.copy_count == "new":
            return
        numbers = [each.number for each in file.cards if not each.fault and each.has_sure_number]
        here = hash(seen.list_id)
        known = sum(here in self._known.lists_of(each) for each in numbers)
        anywhere = sum(each in self._known for each in numbers)
        if anywhere > known and seen.strategy == "SKIP":
            self._across_lists(seen, anywhere)
        if self._known.is_account_wide:
            known = anywhere
        if not known:
            return
        duplicates = seen.summary["duplicates"]
        what = f"{known} of the numbers are of contacts that the account has already."
        self._imported_again(seen, file, known)
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

    def _imported_again(self, seen: SeenImport, file: FileDigest, known: int) -> None:
        """Judge whether SKIP has imported numbers that the account has; *known* are how many it has for sure."""
        assert seen.exchange is not None
        most = sum(not each.fault for each in file.cards) - known
        imported = seen.summary["imported"]
        if imported > most and seen.strategy == "SKIP":
            what = f"{known} of the numbers are of contacts that the account has, and are imported again."
            due, got = f"at most {most}", str(imported)
            about: PromiseId = "duplicates.by-number"
            self._ledger.doubtful(Difference(about, what, due, got, seen.exchange, kind="again"))

    def _refused_again(self, seen: SeenImport, file: FileDigest) -> None:
        """Judge an import in which a number is an error that a contact of the list has."""
        assert seen.exchange is not None
        here = hash(seen.list_id)
        cards = [each for each in file.cards if not each.fault]
        numbers = [each.number for each in cards if each.has_sure_number]
        is_known = (
            len(numbers)
            == len(cards)
            == sum(here in self._known.lists_of(each) for each in numbers)
        )
        if is_known and numbers and len(set(numbers)) == len(numbers):
            what = "A card is an error whose number a contact of the list has."
            about: PromiseId = "duplicates.by-number"
            got = f"{seen.summary['errors']} errors"
            self._ledger.doubtful(Difference(about, what, "a duplicate", got, seen.exchange))

    def known_duplicates(self, seen: SeenImport) -> bool:
        """Return whether all cards of an import that can be imported are of contacts that the account has."""
        if seen.file is None or not seen.file.is_sure:
            return False
        here = hash(seen.list_id)
        cards = [each for each in seen.file.cards if not each.fault]
        is_wide = self._known.is_account_wide
        lists = [self._known.lists_of(each.number) for each in cards if each.has_sure_number]
        return 0 < len(cards) == sum(here in each or (is_wide and bool(each)) for each in lists)

    def _across_lists(self, seen: SeenImport, known: int) -> None:
        """Judge whether contacts of other lists make duplicates."""
        assert seen.exchange is not None
        duplicates = seen.summary["duplicates"]
        if duplicates >= known:
            self._known.is_account_wide = True
            self._ledger.kept("duplicates.across-lists")
        elif not self._known.is_account_wide:
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
        self._settling.missing(seen.began - made.ended, difference)

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
            compared = self._compared(seen, page, contacts, began)
            is_again = seen.number in self._awaited
            is_there = compared.judge_again() if is_again else compared.judge(others)
            if is_there:
                del self._imports[seen.number]
            else:
                self._awaited.keep(seen.number, value=True)
        self._judge_known(page, began, contacts)
        self._judge_order(page, contacts)
        self._judge_new_ones(page, began, contacts)
        self._known.note_list(page.list_id, contacts, page.ended)

    def _compared(
        self,
        seen: SeenImport,
        page: SeenPage,
        contacts: Sequence[Mapping[str, Any]],
        began: float,
    ) -> ImportComparison:
        context = AccountContext(self._ledger, self._expected, self._known, self._settling)
        return ImportComparison(context, seen, page, contacts, began)

    def _judge_known(
        self, page: SeenPage, began: float, contacts: Sequence[Mapping[str, Any]]
    ) -> None:
        """Compare contacts that were seen before with what the one import did that named them since."""
        for number, same in by_number(contacts).items():
            known = self._known.find(number)
            if known is None or not self._window.is_known(known.read_at):
                continue
            writes = self._window.writes(known.read_at, page.ended)
            imports = [each for each in writes if isinstance(each, SeenImport)]
            if len(imports) < len(writes) or not all(_is_told(each, began) for each in imports):
                continue
            touching = [each for each in imports if number in self._known.cards_of(each)]
            if imports and not touching and {each.strategy for each in imports} == {"UPDATE"}:
                self._bystander(same, known, page, imports)
            if len(touching) != 1:
                continue
            (seen,) = touching
            is_scoped = hash(seen.list_id) in known.lists or self._known.is_account_wide
            ids = {hash(str(each.get("contactId"))) for each in same}
            if not is_scoped and (seen.strategy != "SKIP" or known.contact_id not in ids | {0}):
                continue  # duplicates may be looked for on the list of the import alone
            card = self._known.cards_of(seen)[number]
            if not card.has_sure_number:
                continue
            self._compared(seen, page, contacts, began).known(card, same, known)

    def _judge_order(self, page: SeenPage, contacts: Sequence[Mapping[str, Any]]) -> None:
        """Compare the order of a list with that in which it was read before."""
        before = self._known.order_of(page.list_id)
        now = [hash(str(each.get("contactId"))) for each in contacts]
        if self._expected.order != "import" or page.exchange is None or not before:
            return
        was = [each for each in before if each in set(now)]
        stays = [each for each in now if each in set(before)]
        if was != stays and sorted(was) == sorted(stays):
            what = "Contacts that were on the list have changed places."
            about: PromiseId = "list.order"
            self._ledger.doubtful(
                Difference(about, what, "the same order", "another", page.exchange)
            )

    def _judge_new_ones(
        self, page: SeenPage, began: float, contacts: Sequence[Mapping[str, Any]]
    ) -> None:
        """Judge contacts that have come to a list since it was read, by the imports since."""
        since = self._known.read_at(page.list_id)
        if not since or page.exchange is None or not self._window.is_known(since):
            return
        writes = self._window.writes(since, page.ended)
        imports = [each for each in writes if isinstance(each, SeenImport)]
        if len(imports) < len(writes) or not all(_is_told(each, began) for each in imports):
            return
        before = set(self._known.order_of(page.list_id))
        new = {
            number
            for number, same in by_number(contacts).items()
            if not {hash(str(each.get("contactId"))) for each in same} & before
        }
        here = [each for each in imports if page.list_id in (each.list_id, each.asked)]
        due = {number for each in here for number in self._known.cards_of(each)}
        for each in imports:
            if each not in here and each.exchange and (new - due) & set(self._known.cards_of(each)):
                what = (
                    "Contacts of an import are on another list than the one that its report names."
                )
                about: PromiseId = "upload.report-names-the-list"
                self._ledger.doubtful(
                    Difference(
                        about, what, each.list_id, page.list_id, page.exchange, (each.exchange,)
                    )
                )
                return

    def _judge_strangers(self, page: SeenPage) -> None:
        """Judge contacts on a page, whole list or not, that an import has created for another list, and none for this one."""
        if page.exchange is None or not self._known.is_account_wide:
            return
        imports = self._window.writes(self._window.forgotten_until, page.ended)
        told = [one for one in imports if isinstance(one, SeenImport) and _is_told(one, page.began)]
        if len(told) < len(imports):
            return
        named = [each for each in told if page.list_id in (each.list_id, each.asked)]
        shown = by_number(page.contacts).keys() - {
            number for each in named for number in self._known.cards_of(each)
        }
        for each in told:
            cards = self._known.cards_of(each)
            if each in named or each.exchange is None or not shown & cards.keys():
                continue
            has_created_all = each.created == each.summary.get("total") == len(cards)
            if each.strategy != "DUPLICATE" and has_created_all:
                what = "Contacts that an import has created for one list are on another one."
                about: PromiseId = "upload.report-names-the-list"
                self._ledger.doubtful(
                    Difference(
                        about, what, each.list_id, page.list_id, page.exchange, (each.exchange,)
                    )
                )
                return

    def _bystander(
        self,
        same: Sequence[Mapping[str, Any]],
        known: KnownContact,
        page: SeenPage,
        imports: Sequence[SeenImport],
    ) -> None:
        """Judge a contact that was read before, and that no card of the UPDATEs since names."""
        if not known.contact_id or page.exchange is None:
            return
        now = digest(same_as(same, known))
        is_same = (now.name, now.email, now.tags) == (known.name, known.email, known.tags)
        what = "UPDATE has changed a contact whose number is on no card."
        about: PromiseId = "duplicates.update-keeps-the-contact"
        before = tuple(each.exchange for each in imports[:3] if each.exchange is not None)
        if now.contact_id == known.contact_id and not is_same:
            self._ledger.doubtful(
                Difference(about, what, "the contact as it was", "another", page.exchange, before)
            )

    def note_page(self, page: SeenPage) -> None:
        """Note the numbers on a page: the account has them. Judge whether imports have put them there that named the list."""
        self._judge_strangers(page)
        for each in page.contacts:
            self._known.note(hashed(str(each.get("phoneNumber"))), page.list_id)


def _is_together(other: Any, seen: SeenImport) -> bool:
    """Return whether another import was sent at the same time as *seen*, and was accepted."""
    return bool(other.is_accepted and other.began < seen.ended and other.ended > seen.began)


def _is_told(seen: SeenImport, began: float) -> bool:
    is_read = seen.file is not None and bool(seen.file.cards)
    return seen.is_accepted and not seen.goes_on and is_read and seen.ended <= began
