"""Stories about reading lists: pages, order, bounds and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.spec_variants import SpecVariant
from qlara_contract.story import ListPage, exercises
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story

_CONTACTS = 23
_FEW = 3
_MANY = 250
_NAMES = ("Zita", "Anna", "Marco", "Elena", "Yuri", "Bruno", "Nina")


def _some_list(story: Story) -> str:
    """Return a list that can be read: one that the run created, or an existing one; empty if none."""
    story.run.paged_list = story.run.paged_list or _made_list(story)
    if story.run.paged_list:
        return story.run.paged_list
    exchange = story.get_list(story.run.list_id, ("limit", "1"))
    return story.run.list_id if exchange.response.status == 200 else ""


def _made_list(story: Story) -> str:
    """Import a few contacts into a new list; empty if the run may not, or if that fails."""
    run = story.run
    most = min(run.writes_left, _FEW + 1 if run.quota_left is None else run.quota_left)
    if not story.may_send_unsafe or run.imports_fail or most <= _FEW:
        return ""
    cards = [card(f"{name} Rossi", f"TEL:{run.numbers.take()}") for name in _NAMES[:_FEW]]
    exchange = story.post(story.form("".join(cards)))
    body = exchange.response.json
    if exchange.response.status != 200 or not isinstance(body, dict):
        return ""
    return str(body.get("listId") or "")


def _list_or_leave(story: Story) -> str:
    list_id = _some_list(story)
    if not list_id:
        for promise in story.promises:
            story.not_exercised(promise, f"no list can be read: {story.run.list_id} does not exist")
    return list_id


@exercises(
    "list.every-contact-once",
    "list.order",
    "list.limit-obeyed",
    "list.total",
    "list.total-pages",
    "list.has-more",
    "list.pages-from-1",
    "list.page-echoed",
    "list.limit-default",
    "list.contact-ids-unique",
    creates=_CONTACTS,
)
def test_all_pages_together_hold_each_contact_once_in_order_of_import(story: Story) -> None:
    numbers = [story.run.numbers.take() for _ in range(_CONTACTS)]
    cards = [
        card(f"{_NAMES[at % len(_NAMES)]} Rossi {at}", f"TEL:{number}")
        for at, number in enumerate(numbers)
    ]
    # Two imports, so that the order is that of import and not of one file.
    list_id = story.upload("".join(cards[:9])).list_id
    story.upload("".join(cards[9:]), list_id=list_id)
    story.run.paged_list = list_id
    whole = story.read(list_id)
    story.expect(
        "list.total",
        whole.body.get("total"),
        _CONTACTS,
        whole.exchange,
        "`total` of the list is wrong.",
    )
    for limit in (7, 10, _CONTACTS):
        _walk(story, list_id, limit, numbers)
    _first_page(story, list_id, numbers)


@exercises("upload.imports-a-file", "list.limit-obeyed", "list.every-contact-once", creates=_MANY)
def test_a_file_of_250_cards_is_imported_and_listed_whole(story: Story) -> None:
    numbers = [story.run.numbers.take() for _ in range(_MANY)]
    text = "".join(card("Marco Rossi", f"TEL:{number}") for number in numbers)
    report = story.upload(text)
    counts = {name: report.summary.get(name) for name in ("total", "imported")}
    story.expect(
        "upload.imports-a-file",
        counts,
        {"total": _MANY, "imported": _MANY},
        report.exchange,
        "A file of 250 cards is not imported completely.",
    )
    page = story.read(report.list_id)
    story.expect(
        "list.limit-obeyed",
        len(page.contacts),
        _MANY,
        page.exchange,
        "A list of 250 contacts does not fit on a page with limit 1000.",
    )
    story.expect(
        "list.every-contact-once",
        sorted(map(str, page.numbers)),
        sorted(numbers),
        page.exchange,
        "One page of 1000 does not hold each of 250 contacts once.",
    )


def _walk(story: Story, list_id: str, limit: int, numbers: list[str]) -> None:
    pages = -(-len(numbers) // limit)
    seen: list[Any] = []
    ids: list[Any] = []
    page: ListPage | None = None
    for at in range(1, pages + 1):
        page = story.page(list_id, ("limit", str(limit)), ("page", str(at)))
        seen += page.numbers
        ids += [each.get("contactId") for each in page.contacts]
        due = numbers[(at - 1) * limit : at * limit]
        expected: dict[PromiseId, tuple[object, object]] = {
            "list.limit-obeyed": (len(page.contacts), len(due)),
            "list.total": (page.body.get("total"), len(numbers)),
            "list.total-pages": (page.body.get("totalPages"), pages),
            "list.has-more": (page.body.get("hasMore"), at < pages),
            "list.page-echoed": (page.body.get("page"), at),
        }
        for promise, (got, want) in expected.items():
            story.expect(
                promise,
                got,
                want,
                page.exchange,
                f"Page {at} of {pages} with limit {limit} is wrong.",
            )
    assert page is not None
    shifted = seen == numbers[limit:] and pages > 1
    story.expect(
        "list.every-contact-once",
        sorted(map(str, seen)),
        sorted(numbers),
        page.exchange,
        f"With limit {limit}, all pages together do not hold each contact once.",
        variant=SpecVariant.PAGES_FROM_0 if shifted else None,
    )
    if sorted(map(str, seen)) == sorted(numbers):
        story.expect(
            "list.contact-ids-unique",
            len(set(map(repr, ids))),
            len(numbers),
            page.exchange,
            f"With limit {limit}, two contacts over all pages have the same `contactId`.",
        )
        story.expect(
            "list.order",
            seen,
            numbers,
            page.exchange,
            "The contacts are not in the order in which they were imported.",
            variant=_sorted_by_name(story, list_id),
        )


def _sorted_by_name(story: Story, list_id: str) -> SpecVariant | None:
    names = [str(each.get("name")) for each in story.read(list_id).contacts]
    return SpecVariant.SORTED_BY_NAME if names == sorted(names) else None


def _first_page(story: Story, list_id: str, numbers: list[str]) -> None:
    default = story.page(list_id)
    story.expect(
        "list.limit-default",
        len(default.contacts),
        10,
        default.exchange,
        "A page without `limit` does not hold 10 contacts.",
    )
    first = story.page(list_id, ("limit", "10"), ("page", "1"))
    shifted = first.numbers == numbers[10:20]
    story.expect(
        "list.pages-from-1",
        first.numbers == default.numbers and first.body.get("page") == 1,
        True,
        first.exchange,
        "Page 1 differs from the page returned without `page`.",
        variant=SpecVariant.PAGES_FROM_0 if shifted or default.body.get("page") == 0 else None,
    )


@exercises("list.limit-bounds", "list.names-itself", "list.page-shape")
def test_the_smallest_and_the_largest_limit_are_accepted(story: Story) -> None:
    list_id = _list_or_leave(story)
    if not list_id:
        return
    for limit in ("1", "1000"):
        exchange = story.get_list(list_id, ("limit", limit))
        story.expect(
            "list.limit-bounds",
            exchange.response.status,
            200,
            exchange,
            f"limit={limit} is refused.",
        )
        body = exchange.response.json
        story.expect(
            "list.names-itself",
            str(body.get("listId")) if isinstance(body, dict) else None,
            list_id,
            exchange,
            "The page names a different list.",
        )


@exercises("list.limit-out-of-range")
def test_a_limit_out_of_range_is_refused(story: Story) -> None:
    list_id = _list_or_leave(story)
    for limit in ("0", "1001", "-1", "99999999999999999999") if list_id else ():
        exchange = story.get_list(list_id, ("limit", limit))
        story.refused("list.limit-out-of-range", exchange, 400, "limit")


@exercises("list.page-out-of-range")
def test_a_page_out_of_range_is_refused(story: Story) -> None:
    list_id = _list_or_leave(story)
    for page in ("0", "-1") if list_id else ():
        exchange = story.get_list(list_id, ("page", page))
        if page == "0" and exchange.response.status == 200:
            story.breaks(
                "list.page-out-of-range",
                "Page 0 is accepted.",
                400,
                200,
                exchange,
                variant=SpecVariant.PAGES_FROM_0,
            )
            continue
        story.refused("list.page-out-of-range", exchange, 400, "page")


@exercises("list.plain-integers")
def test_a_parameter_that_is_not_a_plain_integer_is_refused(story: Story) -> None:
    list_id = _list_or_leave(story)
    for name in ("limit", "page") if list_id else ():
        for value in ("ten", "1.5", "", "1e1", "0x0A", " 5", "٥"):
            exchange = story.get_list(list_id, (name, value))
            story.refused("list.plain-integers", exchange, 400, name)


@exercises("list.given-twice")
def test_a_parameter_that_is_given_twice_is_refused(story: Story) -> None:
    list_id = _list_or_leave(story)
    for name in ("limit", "page") if list_id else ():
        exchange = story.get_list(list_id, (name, "1"), (name, "2"))
        story.refused("list.given-twice", exchange, 400, name)


@exercises("list.page-past-the-end")
def test_a_page_past_the_end_is_empty(story: Story) -> None:
    list_id = _list_or_leave(story)
    if not list_id:
        return
    total = story.page(list_id, ("limit", "1000")).body.get("total")
    past = str(total + 1 if isinstance(total, int) else 1_000_000)
    for page in (past, "1000000"):
        exchange = story.get_list(list_id, ("limit", "1"), ("page", page))
        body = exchange.response.json
        story.expect(
            "list.page-past-the-end",
            (exchange.response.status, body.get("contacts") if isinstance(body, dict) else None),
            (200, []),
            exchange,
            f"Page {page} of a list of {total} with limit 1 is not empty.",
        )


@exercises("list.repeatable", "list.contact-ids-unique")
def test_the_same_page_read_twice_is_the_same(story: Story) -> None:
    list_id = _list_or_leave(story)
    if not list_id:
        return
    first, second = (story.page(list_id, ("limit", "100")) for _ in range(2))
    story.expect(
        "list.repeatable",
        second.body,
        first.body,
        second.exchange,
        "The same page, read twice, differs.",
    )
    ids = [each.get("contactId") for each in first.contacts]
    story.expect(
        "list.contact-ids-unique",
        len(set(ids)),
        len(ids),
        first.exchange,
        "Two contacts have the same `contactId`.",
    )


@exercises("list.unknown-list")
def test_an_unknown_list_is_not_found(story: Story) -> None:
    exchange = story.get_list("contract-check-no-such-list")
    story.refused("list.unknown-list", exchange, 404, "listId")
