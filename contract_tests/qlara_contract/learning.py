"""Learns a deployment's conventions with a few requests, before anything is judged by them.

What UC-020 leaves open and every story depends on: page size and bounds, the first page, how long an import
takes to be seen, which numbers are contacts, the region, whether list names must be unique. What only one
story depends on is observed by that story.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_contract.exchange import ApiRequest
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.numbers import NumberKind, region_of
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.results import NO_ROOM
from qlara_contract.run import TAG
from qlara_contract.settings import Mode
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.run import SuiteRun

STORY = "learning"

_LONGEST_SETTLE = 15.0
_POLLS = (*[0.05] * 20, *[0.1] * 10, 0.25)
_OF_FIELDS = (400, 422)  # statuses that refuse a field
_FEW, _MANY = 12, 120
_ROOM = 40  # contacts that learning may bring
_SAMPLES = 4
_PAUSES_AT_MOST = 40  # of those below
_BUDGET_FOR_MANY = 600
_LIMITS = (500, 250, 200, 100, 50, 25, 20, 10)
_MOST = 1000
_NAMES = ("Zita", "Anna", "Marco", "Elena", "Yuri", "Bruno", "Nina")


def learn(run: SuiteRun, quota: ApiExchange) -> None:
    """Learn what the stories depend on. What cannot be learnt stays as the contract expects it.

    *quota* is the exchange that the run began with.
    """
    run.begin_story(STORY)
    run.is_learning = True
    try:
        _Learning(run).everything(quota)
    finally:
        run.is_learning = False


class _Learning:
    """One deployment, asked step by step; each step uses what the earlier ones found."""

    def __init__(self, run: SuiteRun) -> None:
        self._run = run
        self._known = run.conventions

    def everything(self, quota: ApiExchange) -> None:
        run = self._run
        self._key()
        body = quota.response.json
        if isinstance(body, dict) and "totalLimit" in body and "total" not in body:
            self._known.observe("quota.fields", "limits", "planLimit, totalLimit, …", quota)
        if run.settings.effective_mode is not Mode.FULL or run.writes_left < _FEW:
            self._pages(run.list_id, 0)
            return
        self._other_accounts()
        if not run.ledger.fits(_ROOM):
            run.imports_fail = NO_ROOM
        if run.imports_fail or not self._first_import():
            self._pages(run.list_id, 0)
            return
        self._list_names()
        self._scope()
        most = min(run.writes_left, _MOST if run.ledger.room is None else run.ledger.room)
        cards = _MANY if most >= _BUDGET_FOR_MANY else _FEW
        name = run.new_list_name(STORY)
        list_id, numbers = self._list_of(cards, name)
        if list_id:
            run.paged_list, run.paged_list_name = list_id, name
            self._pages(list_id, len(numbers))
            self._order(list_id, numbers)

    # --- steps ---------------------------------------------------------------------------------

    def _key(self) -> None:
        """Learn what happens without a key."""
        exchange = self._get(contract().path_of(QUOTA), key="")
        status, body = exchange.response.status, exchange.response.json
        if status in (400, 401, 403):
            self._known.observe("key.missing", status, f"{status} without a key", exchange)
        data = body.get("data") if isinstance(body, dict) else None
        if status in (401, 403) and isinstance(data, dict) and len(data) == 1:
            field = next(iter(data))
            self._known.observe("key.field", field, f"a refusal in {field}", exchange)

    def _other_accounts(self) -> None:
        """Note what other accounts have used: no import of this run may change it."""
        settings = self._run.settings
        for key in {settings.exhausted_key, settings.nearly_exhausted_key} - {settings.api_key, ""}:
            used = self._get(contract().path_of(QUOTA), key=key).response.value("used")
            if isinstance(used, int):
                self._run.used_by_others[key] = used

    def _first_import(self) -> bool:
        """Import a number of each kind; return whether lists can be made and read."""
        for _ in range(_SAMPLES):
            done = self._import_samples()
            if done is not None:
                return done
        self._run.imports_fail = "the account holds the numbers already that the suite begins with"
        return False

    def _import_samples(self) -> bool | None:
        """Import a number of each kind; return ``None`` if the account holds them all already."""
        run = self._run
        kinds = {kind: run.numbers.sample(kind) for kind in NumberKind}
        national = run.numbers.take_national()
        text = "".join(
            card(f"Contract Check {kind.value}", f"TEL;TYPE=CELL:{number}")
            for kind, number in kinds.items()
        ) + card("Contract Check national", f"TEL;TYPE=CELL:{national}")
        used = self._used()
        exchange = self._import(text)
        if exchange.response.status in _OF_FIELDS and not self._run.needs_file_name:
            exchange = self._with_a_file_name(text, exchange)
        status, body = exchange.response.status, exchange.response.json
        if not 200 <= status < 300:
            self._no_lists(exchange)
            return False
        if status in (200, 201, 202):
            self._known.observe("import.status", status, f"{status} for an import", exchange)
        list_id = str(body.get("listId") or "") if isinstance(body, dict) else ""
        if not list_id:
            run.imports_fail = "an import does not say in `listId` where its contacts are"
            return False
        reported = _imported(body)
        if reported == 0 and _count(exchange, "duplicates"):
            return None
        contacts = self._settled(list_id, reported)
        if contacts is None:
            return False
        self._kinds(kinds, contacts, exchange)
        self._region(contacts, exchange)
        self._quota_settles(used, len(contacts), exchange)
        completed = body.get("completedAt")
        if isinstance(completed, str) and completed[:4].isdigit():
            value = "utc" if completed.endswith("Z") else "offset"
            self._known.observe("times", value, f"such as {completed[-6:]}", exchange)
        return True

    def _with_a_file_name(self, text: str, refused: ApiExchange) -> ApiExchange:
        """Import *text* with the field `fileName` beside; return that if it is accepted, else *refused*."""
        self._run.needs_file_name = True
        exchange = self._import(text)
        if not 200 <= exchange.response.status < 300:
            self._run.needs_file_name = False
            return refused
        what = f"without the field `fileName` an import is refused with {refused.response.status}"
        self._known.observe("file-name", "required", what, refused)
        return exchange

    def _no_lists(self, exchange: ApiExchange) -> None:
        data = exchange.response.json
        fields = data.get("data") if isinstance(data, dict) else None
        if (isinstance(fields, dict) and "listName" in fields) or exchange.response.status == 403:
            self._known.observe("list-names.create", "no", "a `listName` is refused", exchange)
            status = exchange.response.status
            if status in (400, 403):
                self._known.observe("list-names.create-status", status, f"{status}", exchange)
            self._run.imports_fail = (
                "lists cannot be made: an import with `listName` is refused with "
                f"{exchange.response.status}"
            )
        else:
            self._run.imports_fail = f"an import is refused with {exchange.response.status}"

    def _settled(self, list_id: str, reported: int | None) -> list[dict[str, Any]] | None:
        """Wait until an import is seen in its list; return its contacts, ``None`` if it never is."""
        started = time.monotonic()
        for at, pause in enumerate(_pauses()):
            page = self._page(list_id)
            contacts = _contacts(page)
            took = time.monotonic() - started
            # Nothing says how many there will be where the report does not: then some must do.
            if contacts and (reported is None or len(contacts) >= min(reported, 10)):
                if at:
                    seen = f"seen after {max(1, round(took * 1000))}ms"
                    self._known.observe("settle", _milliseconds(took), seen, page)
                else:
                    self._known.observe("settle", "0s", "seen at once", page)
                return contacts
            if reported == 0:
                self._run.imports_fail = "none of the numbers that the suite may use is imported"
                return None
            if took > _LONGEST_SETTLE:
                break
            self._run.client.wait(pause)
        self._run.imports_fail = (
            f"an import is not seen in its list within {_LONGEST_SETTLE:.0f} s "
            "(`--assume settle=1m`, if it takes longer)"
        )
        return None

    def _kinds(
        self, kinds: dict[NumberKind, str], contacts: list[dict[str, Any]], exchange: ApiExchange
    ) -> None:
        """Learn which kinds of number become contacts: fixed lines, or mobile ones only."""
        seen = {each.get("phoneNumber") for each in contacts}
        accepted = [kind for kind, number in kinds.items() if number in seen]
        if NumberKind.FIXED in accepted:
            self._known.observe("numbers", "any", "a fixed-line number is a contact", exchange)
        elif accepted:
            self._known.observe("numbers", "mobile", "a fixed-line number is an error", exchange)
            self._run.numbers.use(accepted[0])

    def _region(self, contacts: list[dict[str, Any]], exchange: ApiExchange) -> None:
        """Learn the region whose prefix a national number gets."""
        if self._known.is_assumed("region"):
            return
        found = [each for each in contacts if each.get("name") == "Contract Check national"]
        number = str(found[0].get("phoneNumber")) if found else self._other_region()
        region = region_of(number)
        if region:
            self._known.observe("region", region, f"a national number became {number}", exchange)

    def _other_region(self) -> str:
        """Import national numbers of other regions; return the first that became a contact."""
        typed = self._run.numbers.national_of_others()
        text = "".join(
            card(f"Contract Check {region}", f"TEL;TYPE=CELL:{number}")
            for region, number in typed.items()
        )
        exchange = self._import(text)
        body = exchange.response.json
        if not 200 <= exchange.response.status < 300 or not isinstance(body, dict):
            return ""
        self._run.settle(self._run.actual.settle.total_seconds())
        found = {
            str(each.get("name")): str(each.get("phoneNumber"))
            for each in _contacts(self._page(str(body.get("listId"))))
        }
        # Another region may read a number of its own in it: the number must be that of its card.
        return next(
            (
                number
                for region, number in (
                    (name.removeprefix("Contract Check "), each) for name, each in found.items()
                )
                if region_of(number) == region
            ),
            next(iter(found.values()), ""),
        )

    def _quota_settles(self, used: int | None, created: int, exchange: ApiExchange) -> None:
        """Learn how long the quota takes to move: from an import on that was not waited for otherwise."""
        if used is None or not created:
            return
        if self._known.actual.settle:
            for pause in islice(_pauses(), _PAUSES_AT_MOST):
                now = self._used()
                if now is None or now >= used + created:
                    break
                self._run.client.wait(pause)
            used, created = self._used(), 1
            exchange = self._import(card("Contract Check", f"TEL:{self._run.numbers.take()}"))
        if used is not None and 200 <= exchange.response.status < 300:
            self._quota(used, created, exchange)

    def _quota(self, used: int, created: int, exchange: ApiExchange) -> None:
        started = time.monotonic()
        for at, pause in enumerate(_pauses()):
            now = self._used()
            took = time.monotonic() - started
            if now is not None and now >= used + created:
                moved = f"moved after {max(1, round(took * 1000))}ms" if at else "moved at once"
                settle = _milliseconds(took) if at else "0s"
                self._known.observe("quota.settle", settle, moved, exchange)
                return
            if took > _LONGEST_SETTLE / 3:
                return
            self._run.client.wait(pause)

    def _list_names(self) -> None:
        """Learn what a list name that is taken does."""
        name = self._run.new_list_name("twice")
        ids, last = [], None
        for _ in range(2):
            text = card("Contract Check twice", f"TEL:{self._run.numbers.take()}")
            last = self._import(text, name)
            body = last.response.json
            ids.append(body.get("listId") if isinstance(body, dict) else None)
        assert last is not None
        status = last.response.status
        if 400 <= status < 500 and not _is_about_quota(last):
            self._known.observe("list-names", "unique", f"{status} for a name that is taken", last)
            if status in (400, 409):
                self._known.observe("list-names.status", status, f"{status}", last)
        elif None not in ids:
            reused = ids[0] == ids[1]
            value = "reused" if reused else "free"
            what = "the same list" if reused else "another list"
            self._known.observe("list-names", value, f"a name that is taken is {what}", last)

    def _scope(self) -> None:
        """Learn whether a contact on another list makes a card a duplicate."""
        text = card("Contract Check scope", f"TEL:{self._run.numbers.take()}")
        first = self._import(text).response.json
        self._run.settle(self._run.actual.settle.total_seconds())
        elsewhere = self._import(text)
        list_id = first.get("listId") if isinstance(first, dict) else None
        duplicates = _count(elsewhere, "duplicates")
        if duplicates == 1:
            self._known.observe("duplicates.scope", "account", "on another list", elsewhere)
            counted = [_count(elsewhere, name) for name in ("imported", "skipped")]
            if counted == [1, 0]:
                what = "a duplicate is imported without a strategy, which is SKIP"
                self._known.observe("duplicates.strategy", "update", what, elsewhere)
        elif duplicates == 0 and isinstance(list_id, str):
            again = self._import(text, list_id=list_id)
            if _count(again, "duplicates") == 1:
                self._known.observe("duplicates.scope", "list", "on the same list only", again)

    def _list_of(self, cards: int, name: str) -> tuple[str, list[str]]:
        """Import a list of so many cards; return its id and numbers, in order of import."""
        taken = [self._run.numbers.take() for _ in range(cards)]
        numbers = taken[1::2] + taken[::2]  # so that they stand in no order but that of the import
        text = "".join(
            card(f"{_NAMES[at % len(_NAMES)]} Rossi {at}", f"TEL:{number}")
            for at, number in enumerate(numbers)
        )
        exchange = self._import(text, name)
        body = exchange.response.json
        if not 200 <= exchange.response.status < 300 or not isinstance(body, dict):
            return "", []
        self._run.settle(self._run.actual.settle.total_seconds())
        return str(body.get("listId") or ""), numbers

    def _pages(self, list_id: str, total: int) -> None:
        """Learn default and maximum of `limit`, the first page, and whether `page` is read at all."""
        default = self._page(list_id)
        if default.response.status != 200:
            return
        shown = len(_contacts(default))
        body = default.response.json
        if not isinstance(body, dict):
            return
        listed = body.get("total")
        total = total or (listed if isinstance(listed, int) else 0)
        if 0 < shown < total:
            self._known.observe(
                "limit.default", shown, f"{shown} contacts without `limit`", default
            )
        self._maximum(list_id, total)
        self._first_page(list_id, total)

    def _maximum(self, list_id: str, total: int) -> None:
        most = self._page(list_id, ("limit", str(_MOST)))
        if most.response.status == 200:
            shown = len(_contacts(most))
            if 0 < shown < total and shown < _MOST:
                if self._ignored(list_id, total, shown, most):
                    return
                self._known.observe("limit.maximum", shown, f"at most {shown} on a page", most)
                self._known.observe("limit.above", "clamped", "a larger `limit` is clamped", most)
                self._run.page_size = shown
                return
            self._run.page_size = min(_MOST, max(self._run.page_size, shown))
            above = self._page(list_id, ("limit", str(_MOST + 1)))
            value = self._treated(above, shown)
            self._known.observe("limit.above", value, f"limit={_MOST + 1}", above)
            return
        for limit in _LIMITS:
            page = self._page(list_id, ("limit", str(limit)))
            if page.response.status == 200:
                self._known.observe("limit.maximum", limit, f"limit={limit} is accepted", page)
                self._known.observe("limit.above", "refused", f"limit={_MOST} is refused", most)
                self._run.page_size = max(self._run.page_size, len(_contacts(page)))
                return

    def _treated(self, above: ApiExchange, shown: int) -> str:
        """Return what happens to a `limit` above the largest one, with which *shown* contacts are shown."""
        if above.response.status != 200:
            return "refused"
        if len(_contacts(above)) < shown:
            return "ignored"
        # A list no longer than a page without `limit` does not tell.
        expected, is_short = (
            self._known.expected.limit_above,
            shown <= self._run.actual.limit_default,
        )
        return expected if is_short and expected != "refused" else "clamped"

    def _ignored(self, list_id: str, total: int, shown: int, most: ApiExchange) -> bool:
        """Learn whether a `limit` above the maximum is ignored: then some that is less gives more."""
        if not self._is_obeyed(list_id, shown + 1, total):
            return False
        more = (each for each in _LIMITS if each > shown)
        limit = next((each for each in more if self._is_obeyed(list_id, each, total)), shown + 1)
        self._known.observe("limit.maximum", limit, f"limit={limit} is obeyed", most)
        self._known.observe("limit.above", "ignored", f"{shown} with limit={_MOST}", most)
        self._run.page_size = max(self._run.page_size, min(limit, total))
        return True

    def _is_obeyed(self, list_id: str, limit: int, total: int) -> bool:
        page = self._page(list_id, ("limit", str(limit)))
        return len(_contacts(page)) == min(limit, total)

    def _first_page(self, list_id: str, total: int) -> None:
        size = 5 if total >= _FEW else max(1, total // 2)
        limit = ("limit", str(size))
        start = self._page(list_id, limit)
        asked = {at: self._page(list_id, limit, ("page", str(at))) for at in (0, 1, 2)}
        pages = {at: _ids(each) for at, each in asked.items()}
        first = _ids(start)
        if not first:
            return
        if pages[1] == first and pages[2] != first:
            value, what = 1, "page=1 is the page without `page`"
        elif pages[0] == first and pages[1] not in (first, None):
            value, what = 0, "page=0 is the page without `page`"
        elif (
            pages[1] == pages[2] == first
            and total > size
            and asked[2].response.value("page") == start.response.value("page")
        ):
            self._known.observe("page.parameter", "ignored", "`page` is ignored", start)
            return
        else:
            return
        self._known.observe("page.parameter", "read", what, start)
        self._known.observe("page.first", value, what, start)

    def _order(self, list_id: str, numbers: list[str]) -> None:
        """Learn the order of a list."""
        page = self._page(list_id, ("limit", str(self._run.safe_limit)))
        contacts = _contacts(page)
        shown = [str(each.get("phoneNumber")) for each in contacts]
        names = [str(each.get("name")) for each in contacts]
        ids = [str(each.get("contactId")) for each in contacts]
        size = len(shown)
        if size < 2:
            return
        orders = {
            "import": shown == numbers[:size],
            "newest": shown == numbers[::-1][:size],
            "name": names == sorted(names),
            "id": ids == sorted(ids),
            "number": shown == sorted(shown),
        }
        seen = [order for order, holds in orders.items() if holds]
        expected = self._known.expected.order
        value = expected if expected in seen else next(iter(seen), None)
        what = f"by {value}" if value else "in an order of its own"
        self._known.observe("order", value, what, page)

    # --- requests ------------------------------------------------------------------------------

    def _import(self, text: str, name: str = "", *, list_id: str = "") -> ApiExchange:
        name = name or self._run.new_list_name(STORY)
        into = ("listId", list_id) if list_id else ("listName", name)
        fields = (into, ("tags", TAG))
        form = ImportForm(FormFile(text.encode()), fields)
        request = ApiRequest("POST", contract().path_of(UPLOAD), form=form)
        return self._run.client.send_or_look(request)

    def _get(self, path: str, *query: tuple[str, str], key: str | None = None) -> ApiExchange:
        return self._run.client.send(ApiRequest("GET", path, query), key=key)

    def _page(self, list_id: str, *query: tuple[str, str]) -> ApiExchange:
        return self._get(contract().path_of(LIST, listId=list_id), *query)

    def _used(self) -> int | None:
        used = self._get(contract().path_of(QUOTA)).response.value("used")
        return used if isinstance(used, int) and not isinstance(used, bool) else None


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _pauses() -> Iterator[float]:
    yield from _POLLS
    while True:
        yield _POLLS[-1]


def _contacts(exchange: ApiExchange) -> list[dict[str, Any]]:
    contacts = exchange.response.value("contacts")
    if not isinstance(contacts, list):
        return []
    return [each for each in contacts if isinstance(each, dict)]


def _ids(exchange: ApiExchange) -> list[str] | None:
    """Return the contact ids of a page, ``None`` if it is refused."""
    if exchange.response.status != 200:
        return None
    return [str(each.get("contactId")) for each in _contacts(exchange)]


def _is_about_quota(exchange: ApiExchange) -> bool:
    data = exchange.response.value("data")
    return isinstance(data, dict) and "contacts" in data


def _imported(body: object) -> int | None:
    """Return how many contacts a report says were imported, ``None`` if it does not say."""
    if not isinstance(body, dict) or body.get("status") not in (None, "COMPLETED"):
        return None
    return _counted(body, "imported")


def _count(exchange: ApiExchange, name: str) -> int | None:
    """Return one count of the report that a response holds, ``None`` if there is none."""
    body = exchange.response.json
    return _counted(body, name) if isinstance(body, dict) else None


def _counted(body: dict[str, Any], name: str) -> int | None:
    summary = body.get("summary")
    value = summary.get(name) if isinstance(summary, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
