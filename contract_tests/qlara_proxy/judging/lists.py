"""Pages that belong together: nobody twice, nobody missing, and the same total on each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qlara_contract.promises import LIST
from qlara_proxy.judging.ledger import Difference
from qlara_proxy.judging.limits import LISTS, Kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_contract.conventions import Conventions
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.contacts import ContactChecks
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.seen import SeenPage
    from qlara_proxy.judging.window import Window

_MOST_CONTACTS = 5_000
_NOT_JUDGED = f"A list of more than {_MOST_CONTACTS} contacts was not followed from page to page."


@dataclass
class _Sweep:
    """Pages of one list that were read with nothing sent in between, by their place from 0."""

    began: float
    ended: float
    total: int
    pages: dict[int, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    last: int | None = None
    goes_on: set[int] = field(default_factory=set)  # pages after which others follow
    exchanges: list[ApiExchange] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.last is not None and all(at in self.pages for at in range(self.last + 1))

    @property
    def contacts(self) -> list[Mapping[str, Any]]:
        return [each for at in sorted(self.pages) for each in self.pages[at]]


class ListChecks:
    """Follows each list of an account from page to page."""

    def __init__(
        self,
        ledger: TrafficLedger,
        conventions: Conventions,
        window: Window,
        contacts: ContactChecks,
    ) -> None:
        self._ledger = ledger
        self._expected = conventions
        self._window = window
        self._contacts = contacts
        self._sweeps: Kept[tuple[str, int | None], _Sweep] = Kept(LISTS)
        self._heads: Kept[str, int] = Kept(LISTS)  # the first contact of each list
        self._first: int | None = None  # the number of the first page, once one has shown it

    def read(self, seen: SeenPage) -> None:
        """Judge a page, and the list once it is whole."""
        if not seen.is_plain or seen.exchange is None:
            return
        self._contacts.note_page(seen)
        if seen.page is None and seen.told_page in (0, 1):
            self._first = seen.told_page
        at = self._place(seen)
        if at is None:
            return
        if seen.total > _MOST_CONTACTS:
            self._ledger.skipped[_NOT_JUDGED] += 1
            return
        sweep = self._sweep(seen)
        if at in sweep.pages:
            self._again(sweep, at, seen)
            sweep = self._begin(seen)
        self._overlap(sweep, at, seen)
        sweep.pages[at] = seen.contacts
        sweep.ended = max(sweep.ended, seen.ended)
        sweep.exchanges = [*sweep.exchanges[-3:], seen.exchange]
        if seen.has_more:
            sweep.goes_on.add(at)
        elif seen.contacts or at == 0 or at - 1 in sweep.goes_on:
            sweep.last = at
        if sweep.is_whole:
            self._whole(sweep, seen)

    def _overlap(self, sweep: _Sweep, at: int, seen: SeenPage) -> None:
        """Judge whether a page of the list shows what another one has shown, and it is not the first."""
        ids = [each.get("contactId") for each in seen.contacts]
        if at == 0 and ids:
            self._heads.keep(seen.list_id, hash(str(ids[0])))
        head = self._heads.find(seen.list_id)
        is_within = bool(seen.limit) and at * (seen.limit or 0) < seen.total
        if at == 0 or not ids or not is_within or head in (None, hash(str(ids[0]))):
            return
        pages = {one: page for one, page in sweep.pages.items() if one not in (0, at)}
        same = [one for one, page in pages.items() if [x.get("contactId") for x in page] == ids]
        if same:
            what = "Two pages of a list show the same contacts."
            self._differs("list.every-contact-once", what, "others", "the same", seen, sweep)

    def _place(self, seen: SeenPage) -> int | None:
        """Return the place of a page from 0; ``None`` if it is not sure."""
        if seen.page is None:
            return 0
        if self._first is None:
            first = self._expected.page_first
            return 0 if seen.page == first and not seen.has_more else None
        return seen.page - self._first if seen.page >= self._first else None

    def _sweep(self, seen: SeenPage) -> _Sweep:
        sweep = self._sweeps.find((seen.list_id, seen.limit))
        if sweep is None or self._window.writes(sweep.began, seen.ended):
            return self._begin(seen)
        if sweep.total != seen.total:
            if sweep.pages and self._place(seen) not in sweep.pages:
                self._differs(
                    "list.total",
                    "`total` is another on two pages of one list.",
                    sweep.total,
                    seen.total,
                    seen,
                    sweep,
                )
            return self._begin(seen)
        if sweep.pages and sweep.pages.keys() != {self._place(seen)}:
            self._ledger.kept("list.total")
        return sweep

    def _begin(self, seen: SeenPage) -> _Sweep:
        sweep = _Sweep(seen.began, seen.ended, seen.total)
        return self._sweeps.keep((seen.list_id, seen.limit), sweep)

    def _again(self, sweep: _Sweep, at: int, seen: SeenPage) -> None:
        """Compare a page with the same one, read before."""
        if sweep.pages[at] == seen.contacts:
            self._ledger.kept("list.repeatable")
            return
        ids = [[each.get("contactId") for each in one] for one in (sweep.pages[at], seen.contacts)]
        what = "The same page, read twice, shows other contacts, or the same in another way."
        if sorted(map(str, ids[0])) == sorted(map(str, ids[1])) and ids[0] != ids[1]:
            what = "The same page, read twice, shows its contacts in another order."
        self._differs("list.repeatable", what, "the same page", "another one", seen, sweep)

    def _whole(self, sweep: _Sweep, seen: SeenPage) -> None:
        contacts = sweep.contacts
        ids = [str(each.get("contactId")) for each in contacts]
        number_of_pages = len(sweep.pages)
        if number_of_pages > 1 and seen.exchange is not None:
            repeated, missing = len(ids) - len(set(ids)), sweep.total - len(set(ids))
            if repeated or missing:
                what = (
                    f"Over {number_of_pages} pages, {repeated} contacts appear again and "
                    f"{max(0, missing)} of {sweep.total} do not appear."
                )
                about: PromiseId = "list.every-contact-once"
                self._differs(about, what, sweep.total, len(set(ids)), seen, sweep)
            else:
                self._ledger.kept("list.every-contact-once", "list.pages")
        if len(ids) == len(set(ids)) != sweep.total:
            what = f"`total` is {sweep.total}, and all pages together hold {len(ids)} contacts."
            self._differs("list.total", what, len(ids), sweep.total, seen, sweep)
        is_one = number_of_pages == 1 and len(ids) >= sweep.total
        if is_one or len(ids) == len(set(ids)) <= sweep.total:
            self._contacts.listed(seen, sweep.began, contacts)

    def _differs(
        self,
        about: PromiseId,
        what: str,
        expected: object,
        got: object,
        seen: SeenPage,
        sweep: _Sweep,
    ) -> None:
        assert seen.exchange is not None
        before = tuple(each for each in sweep.exchanges if each.operation == LIST)[-3:]
        self._ledger.doubtful(
            Difference(about, what, str(expected), str(got), seen.exchange, before, kind=about)
        )
