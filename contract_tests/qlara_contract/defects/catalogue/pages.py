"""Defects of the pages of a list: what is on them, in which order, and what they say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_ok, on_request, stateful
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import LIST

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward

_DEFAULT_LIMIT = 10
_MOST = 1000
_WINDOW = 500


def _query(change: Callable[[ServedRequest], ServedRequest]) -> Callable[[], Behaviour]:
    """Change the query of each request for a page."""
    return on_request(LIST, change)


async def _pages_from_0(request: ServedRequest, forward: Forward) -> ServedResponse:
    if request.operation != LIST:
        return await forward(request)
    page = request.parameter("page") or "0"
    if not (page.isascii() and page.isdigit()):
        return await forward(request)
    response = await forward(request.with_parameter("page", int(page) + 1))
    body = response.json
    if response.status != 200:
        return response
    return response.with_json(
        body | {"page": int(page), "hasMore": int(page) + 1 < body["totalPages"]}
    )


def _page(
    change: Callable[[ServedRequest, Body], Body | ServedResponse],
) -> Callable[[], Behaviour]:
    """Change each page; *change* also gets the request."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if request.operation != LIST or response.status != 200:
            return response
        changed = change(request, response.json)
        return changed if isinstance(changed, ServedResponse) else response.with_json(changed)

    return lambda: behave


def _last_page_empty(request: ServedRequest, body: Body) -> Body:
    limit = request.number("limit") or _DEFAULT_LIMIT
    is_last = body["page"] == body["totalPages"] and body["page"] > 1
    return body | {"contacts": []} if is_last and body["total"] % limit else body


def _past_the_end(_: ServedRequest, body: Body) -> Body | ServedResponse:
    is_past = body["page"] > max(1, body["totalPages"])
    return fail(404, "page", "No such page.") if is_past else body


def _empty_is_missing(_: ServedRequest, body: Body) -> Body | ServedResponse:
    return body if body["total"] else fail(404, "listId", "The list is empty.")


async def _back_to_the_last_page(request: ServedRequest, forward: Forward) -> ServedResponse:
    response = await forward(request)
    if request.operation != LIST or response.status != 200:
        return response
    body = response.json
    if body["page"] <= body["totalPages"] or not body["totalPages"]:
        return response
    return await forward(request.with_parameter("page", body["totalPages"]))


async def _pages_overlap(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Begin each page but the first with the last contact of the page before."""
    response = await forward(request)
    page = request.number("page")
    if request.operation != LIST or response.status != 200 or not page or page < 2:
        return response
    before = (await forward(request.with_parameter("page", page - 1))).json
    body = response.json
    overlapping = before["contacts"][-1:] + body["contacts"]
    return response.with_json(body | {"contacts": overlapping[: len(body["contacts"])]})


def _windowed(request: ServedRequest, body: Body) -> Body:
    limit = request.number("limit") or _DEFAULT_LIMIT
    return body | {"contacts": []} if body["page"] * limit > _WINDOW else body


def _ordered(order: Callable[[list[Body], int], list[Body]]) -> Callable[[], Behaviour]:
    """Put the whole list in another order, given it and the page, before it is divided into pages."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if request.operation != LIST or response.status != 200:
            return response
        whole: list[Body] = []
        for page in range(1, -(-response.json["total"] // _MOST) + 1):
            part = await forward(
                request.with_parameter("limit", _MOST).with_parameter("page", page)
            )
            whole += part.json["contacts"]
        body = response.json
        start = (body["page"] - 1) * (request.number("limit") or _DEFAULT_LIMIT)
        contacts = order(whole, body["page"])[start : start + len(body["contacts"])]
        return response.with_json(body | {"contacts": contacts})

    return lambda: behave


def _by_name_alone(contacts: list[Body], page: int) -> list[Body]:
    """Sort by name; nothing orders contacts of one name, so they are turned on every second page."""
    turned = contacts[::-1] if page % 2 else contacts
    return sorted(turned, key=lambda each: str(each["name"]))


def _unsteady() -> Behaviour:
    """Reverse every second response."""
    turned = False

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        nonlocal turned
        response = await forward(request)
        if request.operation != LIST or response.status != 200:
            return response
        turned = not turned
        body = response.json
        return (
            response if turned else response.with_json(body | {"contacts": body["contacts"][::-1]})
        )

    return behave


async def _unknown_is_empty(request: ServedRequest, forward: Forward) -> ServedResponse:
    response = await forward(request)
    if request.operation != LIST or response.status != 404:
        return response
    empty = {"listId": request.path.split("/")[-2], "contacts": [], "total": 0}
    return response.with_status(200).with_json(
        empty | {"page": 1, "totalPages": 0, "hasMore": False}
    )


_G = Group.PAGES

DEFECTS = (
    Defect(
        "pages-from-0",
        _G,
        "Pages count from 0, as the API reference says.",
        ("list.pages-from-1", "list.page-out-of-range"),
        lambda: _pages_from_0,
    ),
    Defect(
        "page-ignored",
        _G,
        "Every page is the first.",
        ("list.pages",),
        _query(lambda request: request.with_parameter("page", None)),
    ),
    Defect(
        "page-not-echoed",
        _G,
        "`page` is always 1.",
        ("list.page-echoed",),
        on_ok(LIST, lambda body: body | {"page": 1}),
    ),
    Defect(
        "last-page-lost",
        _G,
        "A last page that is not full comes back empty.",
        ("list.every-contact-once",),
        _page(_last_page_empty),
    ),
    Defect(
        "pages-overlap",
        _G,
        "The last contact of a page is repeated on the next.",
        ("list.every-contact-once",),
        lambda: _pages_overlap,
    ),
    Defect(
        "last-imported-first",
        _G,
        "The contact that was imported last comes first.",
        ("list.order",),
        _ordered(lambda contacts, _: contacts[::-1]),
    ),
    Defect(
        "sorted-by-name",
        _G,
        "Contacts are sorted by name, as the API reference says.",
        ("list.order",),
        _ordered(lambda contacts, _: sorted(contacts, key=lambda each: str(each["name"]))),
    ),
    Defect(
        "window-of-500",
        _G,
        "A page that ends behind the 500th place of a list is empty, even if the list is short.",
        ("list.limit-obeyed",),
        _page(_windowed),
    ),
    Defect(
        "same-names-in-any-order",
        _G,
        "Pages are sorted by name, and contacts of one name stand on any page in another order.",
        ("list.every-contact-once",),
        _ordered(_by_name_alone),
    ),
    Defect(
        "order-changes",
        _G,
        "The order of a page changes every second time.",
        ("list.repeatable",),
        stateful(_unsteady),
    ),
    Defect(
        "total-of-the-page",
        _G,
        "`total` is the number of contacts on the page.",
        ("list.total",),
        on_ok(LIST, lambda body: body | {"total": len(body["contacts"])}),
    ),
    Defect(
        "total-pages-rounded-down",
        _G,
        "`totalPages` is rounded down.",
        ("list.total-pages",),
        _page(
            lambda request, body: (
                body | {"totalPages": body["total"] // (request.number("limit") or _DEFAULT_LIMIT)}
            )
        ),
    ),
    Defect(
        "has-more-always",
        _G,
        "`hasMore` is always true.",
        ("list.has-more", "list.empty"),
        on_ok(LIST, lambda body: body | {"hasMore": True}),
    ),
    Defect(
        "has-more-never",
        _G,
        "`hasMore` is always false.",
        ("list.has-more",),
        on_ok(LIST, lambda body: body | {"hasMore": False}),
    ),
    Defect(
        "has-more-if-full",
        _G,
        "`hasMore` is true for every full page, even the last.",
        ("list.has-more",),
        _page(
            lambda request, body: (
                body
                | {"hasMore": len(body["contacts"]) == (request.number("limit") or _DEFAULT_LIMIT)}
            )
        ),
    ),
    Defect(
        "page-past-the-end-missing",
        _G,
        "A page past the end gets 404.",
        ("list.page-past-the-end",),
        _page(_past_the_end),
    ),
    Defect(
        "page-past-the-end-is-the-last",
        _G,
        "A page past the end is the last page.",
        ("list.page-past-the-end",),
        lambda: _back_to_the_last_page,
    ),
    Defect(
        "page-names-another-list",
        _G,
        "`listId` of a page is always the same.",
        ("list.names-itself",),
        on_ok(LIST, lambda body: body | {"listId": "list_0000000001"}),
    ),
    Defect(
        "empty-list-missing",
        _G,
        "An empty list gets 404.",
        ("list.empty",),
        _page(_empty_is_missing),
    ),
    Defect(
        "unknown-list-is-empty",
        _G,
        "A list that does not exist is returned as an empty page.",
        ("list.unknown-list",),
        lambda: _unknown_is_empty,
    ),
)
