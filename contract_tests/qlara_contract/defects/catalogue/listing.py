"""Defects of what a list holds: contacts that are lost, repeated, or not there; caches."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, each_contact, on_ok, on_request, stateful
from qlara_contract.defects.imports import contacts_of
from qlara_contract.defects.kinds import Kind, shown
from qlara_contract.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward
    from qlara_contract.defects.messages import ServedRequest, ServedResponse

_DEFAULT_LIMIT = 10


def _contacts(change: Callable[[list[Body]], list[Body]]) -> Callable[[], Behaviour]:
    """Change the contacts of each page."""
    return on_ok(LIST, lambda page: page | {"contacts": change(page["contacts"])})


def _page(change: Callable[[Body], Body]) -> Callable[[], Behaviour]:
    return on_ok(LIST, change)


def _once(field: str) -> Callable[[list[Body]], list[Body]]:
    """Keep, of the contacts of a page that agree in a field, the first."""

    def kept(contacts: list[Body]) -> list[Body]:
        found: dict[str, Body] = {}
        for at, each in enumerate(contacts):
            found.setdefault(str(each.get(field) or at), each)
        return list(found.values())

    return kept


def _cached(key: Callable[[ServedRequest], str], *, until_import: bool) -> Callable[[], Behaviour]:
    """Serve a page that was read before; *until_import*: imports empty the cache."""

    def begin() -> Behaviour:
        pages: dict[tuple[object, str], ServedResponse] = {}

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            if request.operation == UPLOAD and until_import:
                pages.clear()
            if request.operation != LIST:
                return await forward(request)
            at = request.account, key(request)
            if at in pages:
                return pages[at]
            response = await forward(request)
            if response.status == 200:
                pages[at] = response
            return response

        return behave

    return begin


def _page_at_most(most: int) -> Callable[[ServedRequest], ServedRequest]:
    def changed(request: ServedRequest) -> ServedRequest:
        page = request.number("page")
        return request if page is None else request.with_parameter("page", min(page, most))

    return changed


def _offset_at_most(most: int) -> Callable[[ServedRequest], ServedRequest]:
    """Never begin a page after so many contacts."""

    def changed(request: ServedRequest) -> ServedRequest:
        page, limit = request.number("page"), request.number("limit") or _DEFAULT_LIMIT
        if not page or (page - 1) * limit <= most:
            return request
        return request.with_parameter("page", most // limit + 1)

    return changed


async def _offset_by_page(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Begin page 2 after the first contact, not after the first page."""
    response = await forward(request)
    page = request.number("page") or 1
    if request.operation != LIST or response.status != 200 or page < 2:
        return response
    body = response.json
    limit = request.number("limit") or _DEFAULT_LIMIT
    whole = await contacts_of(request, forward, body["listId"])
    return response.with_json(body | {"contacts": whole[page - 1 : page - 1 + limit]})


def _seen_before() -> Behaviour:
    """Show a contact only the first time that a list is read."""
    shown_once: dict[tuple[object, str], int] = defaultdict(int)

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if request.operation != LIST or response.status != 200:
            return response
        body = response.json
        shown_once[request.account, body["listId"]] += 1
        if shown_once[request.account, body["listId"]] % 2:
            return response
        return response.with_json(body | {"contacts": body["contacts"][:-1]})

    return behave


def _replaced_by_an_import() -> Behaviour:
    """Show of a list only what the last import into it brought."""
    before: dict[tuple[object, str], set[str]] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form if request.operation == UPLOAD else None
        list_id = (form.value("listId") if form else None) or ""
        if list_id:
            held = await contacts_of(request, forward, list_id)
            before[request.account, list_id] = {str(each.get("contactId")) for each in held}
        response = await forward(request)
        if request.operation != LIST or response.status != 200:
            return response
        body = response.json
        gone = before.get((request.account, body["listId"]), set())
        contacts = [each for each in body["contacts"] if each.get("contactId") not in gone]
        return response.with_json(body | {"contacts": contacts})

    return behave


def _joins_every_list() -> Behaviour:
    """Show the contacts of every import in every list of the account."""
    imported: dict[object, dict[str, Body]] = defaultdict(dict)

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if response.status != 200 or request.operation not in (UPLOAD, LIST):
            return response
        body, all_of = response.json, imported[request.account]
        if request.operation == UPLOAD:
            for each in await contacts_of(request, forward, body["listId"]):
                all_of[str(each.get("contactId"))] = each
            return response
        held = {str(each.get("contactId")) for each in body["contacts"]}
        others = [each for id_, each in all_of.items() if id_ not in held]
        is_last = not body["hasMore"]
        return response.with_json(
            body | {"contacts": body["contacts"] + others[:5] if is_last else body["contacts"]}
        )

    return behave


def _swapped(contact: Body) -> Body:
    return contact | {"name": contact.get("phoneNumber"), "phoneNumber": contact.get("name")}


def _renamed(old: str, new: str) -> Callable[[Body], Body]:
    return lambda contact: {new if name == old else name: value for name, value in contact.items()}


_query = Kind(Group.PAGES, ("list.every-contact-once",), partial(on_request, LIST))
_held = Kind(Group.PAGES, ("list.every-contact-once",), _contacts)
_says = Kind(Group.PAGES, ("list.total-pages",), _page)
_shape = Kind(Group.RESPONSES, ("list.page-shape",), each_contact)
_P = Group.PAGES

DEFECTS = (
    _query("pages-at-most-50", "Every page after the fiftieth is the fiftieth.", _page_at_most(50)),
    _query(
        "contacts-at-most-100",
        "Pages that begin after the hundredth contact begin with the hundredth.",
        _offset_at_most(100),
    ),
    Defect(
        "page-counts-contacts",
        _P,
        "Page 2 begins with the second contact.",
        ("list.every-contact-once",),
        lambda: _offset_by_page,
    ),
    _held(
        "every-contact-listed-twice",
        "Each contact is listed twice.",
        lambda contacts: [each for each in contacts for _ in range(2)],
    ),
    _held(
        "one-contact-for-each-name",
        "Of the contacts with one name, the first is listed.",
        _once("name"),
        "duplicates.by-number-only",
    ),
    _held(
        "contacts-without-email-not-listed",
        "Contacts without an address are not listed.",
        lambda contacts: [each for each in contacts if each.get("email")],
    ),
    _held(
        "contacts-of-other-countries-not-listed",
        "Only contacts of the account's country are listed.",
        lambda contacts: [
            each for each in contacts if str(each.get("phoneNumber")).startswith("+39")
        ],
        "upload.imports-a-file",
    ),
    _held(
        "last-of-a-page-not-listed",
        "The last contact of a page is not listed.",
        lambda contacts: contacts[:-1] if len(contacts) > 1 else contacts,
    ),
    _held(
        "first-of-a-page-not-listed",
        "The first contact of a page is not listed.",
        lambda contacts: contacts[1:] or contacts,
    ),
    _says(
        "total-at-most-100",
        "`total` is 100 at most.",
        lambda page: page | {"total": min(page["total"], 100)},
        "list.total",
    ),
    _says(
        "total-one-too-many",
        "`total` is one too many.",
        lambda page: page | {"total": page["total"] + 1},
        "list.total",
    ),
    _says(
        "total-of-all-lists",
        "`total` counts the contacts of the plan.",
        lambda page: page | {"total": page["total"] + 230},
        "list.total",
    ),
    _says(
        "total-pages-one-more",
        "`totalPages` is one too many.",
        lambda page: page | {"totalPages": page["totalPages"] + 1},
    ),
    _says(
        "total-pages-is-total",
        "`totalPages` is `total`.",
        lambda page: page | {"totalPages": page["total"]},
    ),
    _says(
        "total-pages-by-ten",
        "`totalPages` counts pages of ten, whatever `limit` is.",
        lambda page: page | {"totalPages": -(-page["total"] // 10)},
    ),
    _says("total-pages-1", "`totalPages` is always 1.", lambda page: page | {"totalPages": 1}),
    _says(
        "has-more-until-the-page-before",
        "`hasMore` is false on the last page but one.",
        lambda page: page | {"hasMore": page["page"] + 1 < page["totalPages"]},
        "list.has-more",
    ),
    _says(
        "has-more-as-text",
        "`hasMore` is a string.",
        lambda page: page | {"hasMore": str(page["hasMore"]).lower()},
        "list.page-shape",
    ),
    _says(
        "page-shown-from-0",
        "`page` is one less than the page that was asked for.",
        lambda page: page | {"page": page["page"] - 1},
        "list.page-echoed",
    ),
    _says(
        "page-as-text",
        "`page` is a string.",
        lambda page: page | {"page": str(page["page"])},
        "list.page-shape",
    ),
    _shape(
        "contacts-in-snake-case",
        "Fields of contacts are in snake case: `phone_number`.",
        lambda contact: _renamed("createdAt", "created_at")(
            _renamed("phoneNumber", "phone_number")(contact)
        ),
    ),
    _shape(
        "number-called-phone",
        "`phoneNumber` is called `phone`, as on other pages of the vendor.",
        _renamed("phoneNumber", "phone"),
    ),
    _shape(
        "name-as-an-object",
        "`name` is an object with `first` and `last`.",
        lambda contact: contact | {"name": {"first": contact.get("name"), "last": ""}},
    ),
    _shape(
        "tags-as-objects",
        "`tags` are objects with a `name`.",
        lambda contact: contact | {"tags": [{"name": each} for each in contact.get("tags", [])]},
    ),
    _shape(
        "tags-null",
        "`tags` are null where there are none.",
        lambda contact: contact | {"tags": contact.get("tags") or None},
        "tags.none",
    ),
    _shape(
        "tags-not-shown-when-empty",
        "A contact without tags has no `tags`.",
        lambda contact: (
            contact
            if contact.get("tags")
            else {name: value for name, value in contact.items() if name != "tags"}
        ),
        "tags.none",
    ),
    Defect(
        "name-and-number-swapped",
        _P,
        "`name` and `phoneNumber` are swapped.",
        ("list.contact-as-imported",),
        each_contact(_swapped),
    ),
    Defect(
        "names-not-shown",
        _P,
        "Names of contacts are empty.",
        ("list.contact-as-imported",),
        shown("name")(lambda _: ""),
    ),
    Defect(
        "pages-cached-for-good",
        _P,
        "A page never changes once it was read.",
        ("upload.report-names-the-list",),
        _cached(lambda request: f"{request.path}?{request.query}", until_import=False),
    ),
    Defect(
        "pages-cached-without-their-query",
        _P,
        "A page is cached by its list alone: every `page` and `limit` gives the same.",
        ("list.pages",),
        _cached(lambda request: request.path, until_import=True),
    ),
    Defect(
        "reading-loses-a-contact",
        _P,
        "Every second time that a list is read, its last contact is missing.",
        ("list.repeatable",),
        stateful(_seen_before),
    ),
    Defect(
        "imports-replace-a-list",
        Group.LISTS,
        "An import into a list replaces what the list held.",
        ("upload.report-names-the-list",),
        stateful(_replaced_by_an_import),
    ),
    Defect(
        "imports-join-every-list",
        Group.LISTS,
        "Imported contacts join every list of the account.",
        ("upload.report-names-the-list", "list.every-contact-once"),
        stateful(_joins_every_list),
    ),
)
