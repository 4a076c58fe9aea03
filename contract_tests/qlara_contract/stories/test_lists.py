"""Stories about reading lists: pages, order, bounds and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_contract.exchange import ApiRequest
from qlara_contract.promises import LIST
from qlara_contract.story import TAG, ListPage, exercises, known_part, lasting_part
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.story import Story

# An UPDATE may write a name by another way than an import: as it stands in the file, or as HTML.
_UPDATED = (
    "Conti, Aldo",
    "Aldo; Conti",
    "Aldo \\ Conti",
    "Àldo D'Çonti",
    "Aldo & <Conti>",
    "阿尔多",
)
_CONTACTS = 21
_FEW = 3
_MANY = 250
_SMALL = 3
_FAMILIES = ("Rossi", "D'Angelo", "Müller", "De Luca")
_WIDE = "山田太郎佐藤花子鈴木一郎高橋美咲伊藤健二"
_NAMES = ("Zita", "Anna", "Marco", "Elena", "Yuri", "Bruno", "Nina")
_FULL_PAGE = 100
_NO_PAGES = "`page` is ignored: only the first page of a list can be read"


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
    is_possible = story.may_send_unsafe and not run.imports_fail and run.ledger.fits(_FEW)
    if not is_possible or run.writes_left <= _FEW:
        return ""
    cards = [card(f"{name} Rossi", f"TEL:{run.numbers.take()}") for name in _NAMES[:_FEW]]
    exchange = story.post(story.form("".join(cards)))
    body = exchange.response.json
    if not 200 <= exchange.response.status < 300 or not isinstance(body, dict):
        return ""
    run.settle(run.actual.settle.total_seconds())
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
    "list.page-echoed",
    "list.contact-ids-unique",
    creates=_CONTACTS,
)
def test_all_pages_together_hold_each_contact_once(story: Story) -> None:
    numbers = [story.run.numbers.take() for _ in range(_CONTACTS)]
    cards = [
        card(f"{_NAMES[at % len(_NAMES)]} Rossi", f"TEL:{number}")  # three have one name each
        for at, number in enumerate(numbers)
    ]
    # Two imports, so that the order is that of import and not of one file.
    list_id = story.upload("".join(cards[:9])).list_id
    story.upload("".join(cards[9:]), list_id=list_id)
    whole = story.read(list_id, count=_CONTACTS)
    story.expect(
        "list.total",
        whole.body.get("total"),
        _CONTACTS,
        whole.exchange,
        "`total` of the list is wrong.",
    )
    if not story.run.conventions.has_pages:
        for promise in story.promises:
            story.not_exercised(promise, _NO_PAGES)
        return
    most = story.actual.limit_maximum
    for limit in dict.fromkeys(min(each, most) for each in (7, 10, _CONTACTS)):
        _walk(story, list_id, limit, numbers)
    story.run.remember(list_id, whole.contacts)


@exercises(
    "upload.imports-a-file",
    "list.limit-obeyed",
    "list.every-contact-once",
    "list.contact-as-imported",
    "duplicates.by-number",
    "duplicates.update-replaces",
    creates=_MANY + _FEW,
)
def test_a_file_of_250_cards_is_imported_and_listed_whole(story: Story) -> None:
    numbers = [story.run.numbers.take() for _ in range(_MANY)]
    cards = [_one_of_many(at, number) for at, number in enumerate(numbers)]
    report = story.upload("".join(text for text, _ in cards))
    counts = {name: report.summary.get(name) for name in ("total", "imported")}
    story.expect(
        "upload.imports-a-file",
        counts,
        {"total": _MANY, "imported": _MANY},
        report.exchange,
        "A file of 250 cards is not imported completely.",
    )
    page = story.read(report.list_id, count=_MANY)
    if not story.run.conventions.has_pages and page.body.get("hasMore"):
        story.not_exercised("list.every-contact-once", _NO_PAGES)
        return
    story.expect(
        "list.every-contact-once",
        sorted(map(str, page.numbers)),
        sorted(numbers),
        page.exchange,
        "The pages of a list of 250 contacts do not hold each of them once.",
    )
    _expect_as_imported(story, page, {one["phoneNumber"]: one for _, one in cards})
    _largest_page(story, report.list_id)
    _far_page(story, report.list_id, sorted(numbers))
    _old_duplicates(story, report.list_id, [cards[at][0] for at in (0, 1, _MANY // 2)])
    _many_updates(story, report.list_id, numbers)


def _one_of_many(at: int, number: str) -> tuple[str, dict[str, Any]]:
    """Return a card of a large file, and its contact; some share an address, some have none."""
    # So wide that a reader that takes a file piece by piece cuts some letters in two.
    name = f"{_NAMES[at % len(_NAMES)]} {_FAMILIES[at % len(_FAMILIES)]} {at} {_WIDE}"
    email = f"contact.{at // 2}@example.com" if at % 5 else ""
    contact = {"name": name, "phoneNumber": number, "email": email or None, "tags": [TAG]}
    return card(name, f"TEL:{number}", email=email), contact


def _expect_as_imported(story: Story, page: ListPage, due: dict[str, dict[str, Any]]) -> None:
    """Compare each contact of a large list with its card, wherever it stands."""
    shown = [known_part(each) for each in page.contacts]
    wrong = [each for each in shown if each != due.get(str(each["phoneNumber"]), each)]
    story.expect(
        "list.contact-as-imported",
        wrong[:_FEW],
        [due[str(each["phoneNumber"])] for each in wrong[:_FEW]],
        page.exchange,
        f"{len(wrong)} of {len(due)} contacts are not what was imported.",
    )


def _old_duplicates(story: Story, list_id: str, cards: list[str]) -> None:
    """Import the oldest contacts of a large list again: they are duplicates, however old."""
    report = story.upload("".join(cards), list_id=list_id, strategy="SKIP")
    names = ("total", "imported", "duplicates")
    updated = len(cards) if story.expected.duplicates_strategy == "update" else 0
    story.expect(
        "duplicates.by-number",
        {name: report.summary.get(name) for name in names},
        dict(zip(names, (len(cards), updated, len(cards)), strict=True)),
        report.exchange,
        f"Contacts that were followed by {_MANY // 2} and more are not found as duplicates.",
    )


def _many_updates(story: Story, list_id: str, numbers: list[str]) -> None:
    """Update each contact of a large list: none keeps its name, however many there are."""
    if not story.run.may_write(len(numbers)):
        return
    due = {each: f"{_UPDATED[at % len(_UPDATED)]} {at}" for at, each in enumerate(numbers)}
    text = "".join(card(name, f"TEL:{number}") for number, name in due.items())
    story.upload(text, list_id=list_id, strategy="UPDATE", about="duplicates.update-replaces")
    page = story.read(list_id)
    names = {str(each.get("phoneNumber")): each.get("name") for each in page.contacts}
    wrong = [number for number, name in names.items() if name != due.get(number, name)]
    story.expect(
        "duplicates.update-replaces",
        [names[each] for each in wrong[:_FEW]],
        [due[each] for each in wrong[:_FEW]],
        page.exchange,
        f"An UPDATE of {len(numbers)} contacts did not give {len(wrong)} of them their new names.",
    )


@exercises("upload.imports-a-file", "list.total", creates=600)
def test_files_of_many_hundred_cards_are_imported_whole(story: Story) -> None:
    for cards in (600, 1100, 2500):
        if story.run.writes_left < 3 * cards or not story.run.ledger.fits(cards):
            break
        numbers = [story.run.numbers.take() for _ in range(cards)]
        text = "".join(card("Marco Rossi", f"TEL:{number}") for number in numbers)
        report = story.upload(text)
        story.expect(
            "upload.imports-a-file",
            report.summary.get("imported"),
            cards,
            report.exchange,
            f"A file of {cards} cards is not imported completely.",
        )
        story.run.settle(story.actual.settle.total_seconds())
        page = story.page(report.list_id, ("limit", "1"))
        story.expect(
            "list.total",
            page.body.get("total"),
            cards,
            page.exchange,
            f"`total` of a list of {cards} contacts is wrong.",
        )


def _far_page(story: Story, list_id: str, numbers: list[str]) -> None:
    """Read the last pages of many: they are neither empty nor the first ones again."""
    if not story.run.conventions.has_pages:
        return
    first, pages = story.actual.page_first, -(-_MANY // _SMALL)
    limit = ("limit", str(_SMALL))
    before = story.page(list_id, limit, ("page", str(pages - 2 + first)))
    page = story.page(list_id, limit, ("page", str(pages - 1 + first)))
    seen = [*before.numbers, *page.numbers]
    due = _MANY - (pages - 2) * _SMALL
    story.expect(
        "list.every-contact-once",
        len({each for each in seen if each in numbers}),
        due,
        page.exchange,
        f"The last two of {pages} pages do not hold {due} contacts of the list.",
    )


def _largest_page(story: Story, list_id: str) -> None:
    """Learn from a list of 250 whether a page of 1000 is clamped, which a shorter list does not show."""
    run = story.run
    if "limit.maximum" in run.conventions.observations or run.page_size < _FULL_PAGE:
        return
    page = story.page(list_id, ("limit", "1000"))
    shown = len(page.contacts)
    if _FULL_PAGE <= shown < _MANY and page.body.get("hasMore") is True:
        story.observe("limit.maximum", shown, page.exchange, f"at most {shown} on a page")
        run.page_size = shown
        return
    run.page_size = max(run.page_size, shown)
    story.expect(
        "list.limit-obeyed",
        shown,
        _MANY,
        page.exchange,
        "A list of 250 contacts does not fit on a page with limit 1000, and no page follows.",
    )


def _walk(story: Story, list_id: str, limit: int, numbers: list[str]) -> None:
    pages = -(-len(numbers) // limit)
    seen: list[Any] = []
    ids: list[Any] = []
    page: ListPage | None = None
    first = story.actual.page_first
    for at in range(1, pages + 1):
        page = story.page(list_id, ("limit", str(limit)), ("page", str(at - 1 + first)))
        seen += page.numbers
        ids += [each.get("contactId") for each in page.contacts]
        due = max(0, min(limit, len(numbers) - (at - 1) * limit))
        expected: dict[PromiseId, tuple[object, object]] = {
            "list.limit-obeyed": (len(page.contacts), due),
            "list.total": (page.body.get("total"), len(numbers)),
            "list.total-pages": (page.body.get("totalPages"), pages),
            "list.has-more": (page.body.get("hasMore"), at < pages),
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
    story.expect(
        "list.every-contact-once",
        sorted(map(str, seen)),
        sorted(numbers),
        page.exchange,
        f"With limit {limit}, all pages together do not hold each contact once.",
    )
    if sorted(map(str, seen)) == sorted(numbers):
        story.expect(
            "list.contact-ids-unique",
            len(set(map(repr, ids))),
            len(numbers),
            page.exchange,
            f"With limit {limit}, two contacts over all pages have the same `contactId`.",
        )
        if story.expected.order == "import":
            story.expect(
                "list.order",
                seen,
                numbers,
                page.exchange,
                "The contacts are not in the order in which they were imported.",
                by="order",
            )


@exercises(
    "list.limit-default", "list.pages-from-1", "list.pages", "list.order", "list.page-echoed"
)
def test_the_pages_of_a_list_are_as_expected(story: Story) -> None:
    observations = story.run.conventions.observations
    conventions: dict[PromiseId, tuple[str, str]] = {
        "list.pages": ("page.parameter", "The parameter `page` is treated otherwise."),
        "list.limit-default": ("limit.default", "A page without `limit` holds another number."),
        "list.pages-from-1": ("page.first", "The first page has another number."),
        "list.order": ("order", "A list is in another order."),
    }
    expected = story.expected.values()
    for promise, (name, what) in conventions.items():
        observed = observations.get(name)
        if observed is None:
            story.not_exercised(promise, "the list that could be read was too short to tell")
            continue
        value = observed.value if observed.value is not None else observed.what
        story.expect(promise, value, expected[name], observed.exchange, what, by=name)


@exercises("list.id-encoded")
def test_a_list_id_may_be_encoded_in_the_path(story: Story) -> None:
    list_id = _list_or_leave(story)
    if not list_id:
        return
    encoded = "".join(f"%{octet:02X}" for octet in list_id.encode())
    path = contract().path_of(LIST, listId="-").replace("/-/", f"/{encoded}/")
    exchange = story.send(ApiRequest("GET", path, (("limit", "1"),)))
    story.expect(
        "list.id-encoded",
        exchange.response.status,
        200,
        exchange,
        f"The list {list_id} is not found if its id is percent-encoded.",
    )


@exercises("list.limit-bounds", "list.limit-obeyed", "list.names-itself", "list.page-shape")
def test_the_smallest_and_the_largest_limit_are_accepted(story: Story) -> None:
    list_id = _list_or_leave(story)
    if not list_id:
        return
    most = story.expected.limit_maximum
    for limit in (1, most):
        exchange = story.get_list(list_id, ("limit", str(limit)))
        status, body = exchange.response.status, exchange.response.json
        obeyed = min(limit, story.actual.limit_maximum) if status == 200 else 0
        story.expect(
            "list.limit-bounds",
            obeyed == limit,
            True,
            exchange,
            f"limit={limit} is refused, or no page holds so many.",
            by="limit.maximum" if limit == most else "",
        )
        if status != 200:
            continue
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
    most = story.expected.limit_maximum
    for limit in ("0", str(most + 1), "-1", "99999999999999999999") if list_id else ():
        exchange = story.get_list(list_id, ("limit", limit))
        above, status = story.expected.limit_above, exchange.response.status
        if limit == str(most + 1) and above != "refused":
            got = story.actual.limit_above if status == 200 else f"{status}"
            what = f"limit={limit} is not {above}."
            story.expect("list.limit-out-of-range", got, above, exchange, what, by="limit.above")
            continue
        if limit == str(most + 1) and status == 200:
            what = f"limit={limit} is not refused."
            story.breaks("list.limit-out-of-range", what, 400, "200", exchange, by="limit.above")
            continue
        _input_refused(story, "list.limit-out-of-range", exchange, "limit")


def _input_refused(story: Story, promise: PromiseId, exchange: ApiExchange, field: str) -> None:
    story.refused_as(promise, exchange, "invalid-input", field)


@exercises("list.page-out-of-range")
def test_a_page_out_of_range_is_refused(story: Story) -> None:
    list_id = _list_or_leave(story)
    if not story.run.conventions.has_pages:
        story.not_exercised("list.page-out-of-range", _NO_PAGES)
        return
    below = story.expected.page_first - 1
    for page in dict.fromkeys((str(below), "-1")) if list_id else ():
        exchange = story.get_list(list_id, ("page", page))
        if page == "0" and exchange.response.status == 200:
            is_first = story.actual.page_first == 0
            story.breaks(
                "list.page-out-of-range",
                "Page 0 is accepted.",
                "400",
                "200",
                exchange,
                by="page.first" if is_first else "",
            )
            continue
        _input_refused(story, "list.page-out-of-range", exchange, "page")


@exercises("list.plain-integers")
def test_a_parameter_that_is_not_a_plain_integer_is_refused(story: Story) -> None:
    list_id = _list_or_leave(story)
    values = {"limit": ("ten", "1.5", "", " 5", "٥"), "page": ("ten", "1.5")}
    for name in _read_parameters(story) if list_id else ():
        wrong = values[name]
        for value in wrong:
            exchange = story.get_list(list_id, (name, value))
            _input_refused(story, "list.plain-integers", exchange, name)


@exercises("list.given-twice")
def test_a_parameter_that_is_given_twice_is_refused(story: Story) -> None:
    list_id = _list_or_leave(story)
    expected = story.expected.given_twice
    for name in _read_parameters(story) if list_id else ():
        exchange = story.get_list(list_id, (name, "1"), (name, "2"))
        used = _which(exchange, name)
        if used and name == "limit":
            story.observe("given-twice", used, exchange, f"the {used} `{name}` counts")
        if expected == "refused" and used:
            what = f"`{name}` may be given twice."
            story.breaks("list.given-twice", what, expected, used, exchange, by="given-twice")
        elif expected == "refused":
            story.refused_as("list.given-twice", exchange, "invalid-input", name)
        elif used:
            what = f"Another `{name}` counts."
            story.expect("list.given-twice", used, expected, exchange, what, by="given-twice")


def _read_parameters(story: Story) -> tuple[str, ...]:
    """Return the parameters of a list that the deployment reads."""
    return ("limit", "page") if story.run.conventions.has_pages else ("limit",)


def _which(exchange: ApiExchange, name: str) -> str:
    """Return which of two values, 1 and 2, was used: first or last; empty if that cannot be seen."""
    body = exchange.response.json
    if exchange.response.status != 200 or not isinstance(body, dict):
        return ""
    used = len(body.get("contacts") or ()) if name == "limit" else body.get("page")
    return {"1": "first", "2": "last"}.get(str(used), "")


@exercises("list.page-past-the-end")
def test_a_page_past_the_end_is_empty(story: Story) -> None:
    list_id = _list_or_leave(story)
    if not list_id:
        return
    if not story.run.conventions.has_pages:
        story.not_exercised("list.page-past-the-end", _NO_PAGES)
        return
    total = story.page(list_id, ("limit", "1")).body.get("total")
    past = str(total + 1 if isinstance(total, int) else 1_000_000)
    for page in (past, "1000000"):
        exchange = story.get_list(list_id, ("limit", "1"), ("page", page))
        status, body = exchange.response.status, exchange.response.json
        contacts = body.get("contacts") if isinstance(body, dict) else None
        value: int | str | None = 404 if status == 404 else None
        if status == 200 and isinstance(contacts, list):
            value = "last" if contacts else "empty"
        what = f"Page {page} of a list of {total} with limit 1 is another one."
        story.decides("list.page-past-the-end", "page.past-the-end", value, exchange, what)


@exercises("list.repeatable", "list.contact-ids-unique")
def test_the_same_page_read_twice_is_the_same(story: Story) -> None:
    list_id = _list_or_leave(story)
    if not list_id:
        return
    first, second = (story.page(list_id, ("limit", str(story.run.safe_limit))) for _ in range(2))
    story.expect(
        "list.repeatable",
        [lasting_part(each) for each in second.contacts],
        [lasting_part(each) for each in first.contacts],
        second.exchange,
        "The same page, read twice, differs.",
    )
    ids = [repr(each.get("contactId")) for each in first.contacts]
    story.expect(
        "list.contact-ids-unique",
        len(set(ids)),
        len(ids),
        first.exchange,
        "Two contacts have the same `contactId`.",
    )


@exercises("list.unknown-list")
def test_an_unknown_list_is_not_found(story: Story) -> None:
    exchange = story.get_list("contract-check-never-made")
    if story.expected.unknown_list == "created":
        story.refused("list.unknown-list", exchange, 404, "listId")
    else:
        story.refused_as("list.unknown-list", exchange, "unknown-list", "listId")
