"""What one exchange shows by itself: the checks of the suite on any exchange, refusals, and ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract import checks
from qlara_contract.client import is_from_gateway
from qlara_contract.promises import LIST
from qlara_proxy.judging.imports import ReportChecks
from qlara_proxy.judging.ledger import Difference
from qlara_proxy.judging.limits import IDS, LISTS, Kept
from qlara_proxy.judging.refusals import RefusalChecks
from qlara_proxy.judging.seen import SeenImport, SeenPage

if TYPE_CHECKING:
    from qlara_contract.conventions import Conventions
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.ledger import TrafficLedger
    from qlara_proxy.judging.seen import Seen

_USUAL_LIMIT = 10
_BOUNDS = (1, 1000)
_NOT_FOUND = 404
# What rests on the place of a page in its list, which is known once the number of the first page is.
_OF_PLACE = frozenset({"list.limit-obeyed", "list.has-more", "list.page-echoed"})


class SingleChecks:
    """Judges exchanges one by one, by what was learnt of the deployment's pages so far."""

    def __init__(self, ledger: TrafficLedger, conventions: Conventions) -> None:
        self._ledger = ledger
        self._expected = conventions
        self._pages = _KnownPages(conventions)
        self._ids: Kept[int, int] = Kept(IDS)
        self._reports = ReportChecks(ledger, conventions)
        self._refusals = RefusalChecks(ledger, conventions, self._reports)

    def judge(self, seen: Seen, api: ApiExchange) -> None:
        """Judge one exchange. *api* is all of it, ``seen.exchange`` what is kept of it."""
        if is_from_gateway(api.response):
            return
        if isinstance(seen, SeenPage):
            self._pages.learn(seen)
            if self._pages.repeats_the_first(seen):
                what = "The parameter `page` leads to no other page."
                self._ledger.broken(
                    Difference(
                        "list.pages", what, "another page", "the first", api, by=("page.parameter",)
                    )
                )
        is_placed = self._pages.knows_place_of(seen)
        is_cut = api.response.is_cut
        for each in checks.check(api, self._pages.paging, self._expected):
            if (each.promise in _OF_PLACE and not is_placed) or (
                is_cut and each.promise != "answers.documented-status"
            ):
                continue
            if not each.broken:
                self._ledger.kept(each.promise)
                continue
            self._ledger.broken(
                Difference(
                    each.promise,
                    each.what,
                    each.expected,
                    each.got,
                    api,
                    by=each.by,
                    value=each.value,
                )
            )
        if api.operation == LIST and api.response.status == _NOT_FOUND:
            self._missing_page(api)
        self._judge_ids(seen, api)
        self._refusals.judge(seen, api)
        if isinstance(seen, SeenImport):
            self._reports.judge(seen, api)
        elif api.operation == LIST and isinstance(seen, SeenPage):
            self._judge_page(seen, api)

    def _missing_page(self, api: ApiExchange) -> None:
        """Judge a page that is not there, of a list that is."""
        query = dict(api.request.query)
        list_id = checks.contract_list_id(api)
        if query.get("page", "0") in ("0", "1") or not self._pages.has_seen(list_id):
            return
        what = "A page past the end is not there, instead of empty."
        by = ("page.past-the-end",)
        self._ledger.broken(
            Difference(
                "list.page-past-the-end", what, "an empty page", "404", api, by=by, value=404
            )
        )

    def _judge_ids(self, seen: Seen, api: ApiExchange) -> None:
        """Check that no id of this response stood for something else before, in the same account."""
        for promise, one, meaning in checks.ids(api):
            key = hash((seen.account, one))
            value = hash(meaning)
            known = self._ids.find(key)
            self._ids.keep(key, value)
            if known is None:
                if promise == "upload.import-id-unique":
                    self._ledger.kept(promise)
                continue
            difference = Difference(
                promise,
                f"The id {one} stands for another thing than before.",
                "an id of its own",
                one,
                api,
            )
            if promise == "upload.import-id-unique":
                self._ledger.broken(difference)
            elif known == value:
                self._ledger.kept(promise)
            else:  # somebody may have given the contact another number
                self._ledger.doubtful(difference)

    def _judge_page(self, seen: SeenPage, api: ApiExchange) -> None:
        expected = self._expected
        if seen.is_plain and seen.limit is None and seen.has_more and seen.contacts:
            self._decided("list.limit-default", len(seen.contacts), expected.limit_default, api)
        if "page" not in dict(api.request.query) and seen.is_plain and seen.told_page is not None:
            self._decided("list.pages-from-1", seen.told_page, expected.page_first, api)
        if seen.total == 0 and not seen.contacts:
            what = "More pages are said to follow an empty list."
            empty = Difference("list.empty", what, "no more", "more", api)
            self._ledger.check(empty, holds=not seen.has_more)
        told = seen.told_page
        is_other = told is not None and seen.page not in (None, told)
        if seen.is_plain and is_other and seen.has_more and seen.page and told and told > 1:
            what = "A page that others follow is shown with another number than it was asked for."
            due, got = str(seen.page), str(told)
            self._ledger.broken(Difference("list.page-echoed", what, due, got, api))
        if seen.is_plain and seen.limit in _BOUNDS:
            is_less = seen.has_more and len(seen.contacts) < seen.limit
            what = f"With a `limit` of {seen.limit}, a page holds fewer though more follow."
            got = f"{len(seen.contacts)} contacts"
            bounds = Difference(
                "list.limit-bounds", what, f"{seen.limit} contacts", got, api, by=("limit.maximum",)
            )
            self._ledger.check(bounds, holds=not is_less)
        if "%" in api.request.path:
            self._ledger.kept("list.id-encoded")
        self._past_the_end(seen, api)

    def _past_the_end(self, seen: SeenPage, api: ApiExchange) -> None:
        first = self._pages.first
        if not seen.is_plain or first is None or seen.page is None or not self._pages.has_pages:
            return
        if not seen.limit or not seen.total or (seen.page - first) * seen.limit < seen.total:
            return
        what = f"Page {seen.page} of {seen.total} contacts is past the end, and is not empty."
        got = f"{len(seen.contacts)} contacts"
        past = Difference("list.page-past-the-end", what, "no contacts", got, api)
        self._ledger.check(past, holds=not seen.contacts)

    def _decided(self, promise: PromiseId, got: int, expected: int, api: ApiExchange) -> None:
        self._ledger.check(
            Difference(
                promise, "Decided otherwise than the contract says.", str(expected), str(got), api
            ),
            holds=got == expected,
        )


def _have_pages(expected: Conventions) -> bool:
    """Return whether there is more of a list than its first page."""
    return expected.page_parameter == "read"


class _KnownPages:
    """What the traffic has shown of how lists are divided into pages."""

    def __init__(self, expected: Conventions) -> None:
        self._expected = expected
        self.first: int | None = expected.page_first if expected.page_first != 1 else None
        self._obeyed = _USUAL_LIMIT
        self.has_pages = _have_pages(expected)
        self._firsts: Kept[str, tuple[int, ...]] = Kept(LISTS)

    @property
    def paging(self) -> checks.Paging:
        first = self._expected.page_first if self.first is None else self.first
        most = min(self._obeyed, self._expected.limit_maximum)
        return checks.Paging(most, None, first, self.has_pages)

    def learn(self, page: SeenPage) -> None:
        if page.limit is not None and len(page.contacts) == page.limit:
            self._obeyed = max(self._obeyed, page.limit)
        if page.is_plain and page.page in (None, self.first):
            self._firsts.keep(page.list_id, _ids(page))
        if page.page == page.told_page == 0 and page.contacts:
            self.first = 0
        elif (
            page.page is None and page.is_plain and page.told_page in (0, 1) and self.first is None
        ):
            self.first = page.told_page

    def repeats_the_first(self, page: SeenPage) -> bool:
        """Return whether another page was asked for, and the first one has come once more."""
        is_other = page.page is not None and page.page != self.first == page.told_page
        before = self._firsts.find(page.list_id)
        known = min(len(before), len(page.contacts)) if before else 0
        again = (
            is_other and known > 0 and before is not None and before[:known] == _ids(page)[:known]
        )
        self.has_pages = self.has_pages and not again
        return again

    def has_seen(self, list_id: str) -> bool:
        """Return whether the first page of a list has been read."""
        return list_id in self._firsts

    def knows_place_of(self, seen: Seen) -> bool:
        """Return whether it is known which page of its list this is, and that it is not just the first."""
        if not isinstance(seen, SeenPage) or seen.page is None:
            return True
        is_told_first = seen.page != self.first == seen.told_page
        is_known = not is_told_first or self._firsts.find(seen.list_id) is not None
        return self.first is not None and self.has_pages and is_known


def _ids(page: SeenPage) -> tuple[int, ...]:
    return tuple(hash(str(each.get("contactId"))) for each in page.contacts)
