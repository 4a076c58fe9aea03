"""Defects of the pages of a list: what is on them, in which order, and what they say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, accepted, asking, remembering
from qlara_contract.defects.messages import Answer, Request, fail
from qlara_contract.promises import LIST

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward

_DEFAULT_LIMIT = 10
_MOST = 1000


def _query(change: Callable[[Request], Request]) -> Callable[[], Behaviour]:
    """Change the query of each request for a page."""
    return asking(LIST, change)


async def _pages_from_0(request: Request, forward: Forward) -> Answer:
    if request.operation != LIST:
        return await forward(request)
    page = request.parameter("page") or "0"
    if not (page.isascii() and page.isdigit()):
        return await forward(request)
    answer = await forward(request.with_parameter("page", int(page) + 1))
    body = answer.json
    if answer.status != 200:
        return answer
    return answer.with_json(
        body | {"page": int(page), "hasMore": int(page) + 1 < body["totalPages"]}
    )


def _page(change: Callable[[Request, Body], Body | Answer]) -> Callable[[], Behaviour]:
    """Change each page, told the request that asked for it."""

    async def behave(request: Request, forward: Forward) -> Answer:
        answer = await forward(request)
        if request.operation != LIST or answer.status != 200:
            return answer
        changed = change(request, answer.json)
        return changed if isinstance(changed, Answer) else answer.with_json(changed)

    return lambda: behave


def _last_page_empty(request: Request, body: Body) -> Body:
    limit = request.number("limit") or _DEFAULT_LIMIT
    is_last = body["page"] == body["totalPages"] and body["page"] > 1
    return body | {"contacts": []} if is_last and body["total"] % limit else body


def _past_the_end(_: Request, body: Body) -> Body | Answer:
    is_past = body["page"] > max(1, body["totalPages"])
    return fail(404, "page", "No such page.") if is_past else body


def _empty_is_missing(_: Request, body: Body) -> Body | Answer:
    return body if body["total"] else fail(404, "listId", "The list is empty.")


async def _back_to_the_last_page(request: Request, forward: Forward) -> Answer:
    answer = await forward(request)
    if request.operation != LIST or answer.status != 200:
        return answer
    body = answer.json
    if body["page"] <= body["totalPages"] or not body["totalPages"]:
        return answer
    return await forward(request.with_parameter("page", body["totalPages"]))


async def _pages_overlap(request: Request, forward: Forward) -> Answer:
    """Begin each page but the first with the last contact of the page before."""
    answer = await forward(request)
    page = request.number("page")
    if request.operation != LIST or answer.status != 200 or not page or page < 2:
        return answer
    before = (await forward(request.with_parameter("page", page - 1))).json
    body = answer.json
    overlapping = before["contacts"][-1:] + body["contacts"]
    return answer.with_json(body | {"contacts": overlapping[: len(body["contacts"])]})


def _ordered(order: Callable[[list[Body]], list[Body]]) -> Callable[[], Behaviour]:
    """Put the whole list in another order before it is divided into pages."""

    async def behave(request: Request, forward: Forward) -> Answer:
        answer = await forward(request)
        if request.operation != LIST or answer.status != 200:
            return answer
        whole: list[Body] = []
        for page in range(1, -(-answer.json["total"] // _MOST) + 1):
            part = await forward(
                request.with_parameter("limit", _MOST).with_parameter("page", page)
            )
            whole += part.json["contacts"]
        body = answer.json
        start = (body["page"] - 1) * (request.number("limit") or _DEFAULT_LIMIT)
        contacts = order(whole)[start : start + len(body["contacts"])]
        return answer.with_json(body | {"contacts": contacts})

    return lambda: behave


def _unsteady() -> Behaviour:
    """Turn every second answer round."""
    turned = False

    async def behave(request: Request, forward: Forward) -> Answer:
        nonlocal turned
        answer = await forward(request)
        if request.operation != LIST or answer.status != 200:
            return answer
        turned = not turned
        body = answer.json
        return answer if turned else answer.with_json(body | {"contacts": body["contacts"][::-1]})

    return behave


async def _unknown_is_empty(request: Request, forward: Forward) -> Answer:
    answer = await forward(request)
    if request.operation != LIST or answer.status != 404:
        return answer
    empty = {"listId": request.path.split("/")[-2], "contacts": [], "total": 0}
    return answer.with_status(200).with_json(empty | {"page": 1, "totalPages": 0, "hasMore": False})


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
        ("list.every-contact-once",),
        _query(lambda request: request.with_parameter("page", None)),
    ),
    Defect(
        "page-not-echoed",
        _G,
        "`page` is always 1.",
        ("list.page-echoed",),
        accepted(LIST, lambda body: body | {"page": 1}),
    ),
    Defect(
        "last-page-lost",
        _G,
        "A last page that is not full is empty.",
        ("list.every-contact-once",),
        _page(_last_page_empty),
    ),
    Defect(
        "pages-overlap",
        _G,
        "The last contact of a page comes again on the next.",
        ("list.every-contact-once",),
        lambda: _pages_overlap,
    ),
    Defect(
        "last-imported-first",
        _G,
        "The contact that was imported last comes first.",
        ("list.order",),
        _ordered(lambda contacts: contacts[::-1]),
    ),
    Defect(
        "sorted-by-name",
        _G,
        "Contacts are sorted by name, as the API reference says.",
        ("list.order",),
        _ordered(lambda contacts: sorted(contacts, key=lambda each: str(each["name"]))),
    ),
    Defect(
        "order-changes",
        _G,
        "The same page comes in another order every second time.",
        ("list.repeatable",),
        remembering(_unsteady),
    ),
    Defect(
        "total-of-the-page",
        _G,
        "`total` is the number of contacts on the page.",
        ("list.total",),
        accepted(LIST, lambda body: body | {"total": len(body["contacts"])}),
    ),
    Defect(
        "total-pages-rounded-down",
        _G,
        "`totalPages` does not count a last page that is not full.",
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
        accepted(LIST, lambda body: body | {"hasMore": True}),
    ),
    Defect(
        "has-more-never",
        _G,
        "`hasMore` is always false.",
        ("list.has-more",),
        accepted(LIST, lambda body: body | {"hasMore": False}),
    ),
    Defect(
        "has-more-if-full",
        _G,
        "`hasMore` is true for every full page, also the last.",
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
        "A page past the end is 404.",
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
        accepted(LIST, lambda body: body | {"listId": "list_0000000001"}),
    ),
    Defect(
        "empty-list-missing",
        _G,
        "A list without contacts is 404.",
        ("list.empty",),
        _page(_empty_is_missing),
    ),
    Defect(
        "unknown-list-is-empty",
        _G,
        "A list that does not exist is an empty page.",
        ("list.unknown-list",),
        lambda: _unknown_is_empty,
    ),
)
