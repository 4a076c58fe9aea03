"""Defects of dates and ids in responses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Behaviour,
    Defect,
    Group,
    each_contact,
    on_ok,
    on_response,
    without,
)
from qlara_contract.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Body, Forward
    from qlara_contract.defects.messages import ServedRequest, ServedResponse


def _every_date(change: Callable[[str], object]) -> Callable[[], Behaviour]:
    """Change ``completedAt`` of reports and ``createdAt`` of contacts."""

    def changed(request: ServedRequest, response: ServedResponse) -> ServedResponse:
        body = response.json
        if response.status != 200 or not isinstance(body, dict):
            return response
        if request.operation == UPLOAD:
            return response.with_json(body | {"completedAt": change(body["completedAt"])})
        if request.operation == LIST:
            contacts = [
                each | {"createdAt": change(each["createdAt"])} for each in body["contacts"]
            ]
            return response.with_json(body | {"contacts": contacts})
        return response

    return on_response("", changed)


def _naive(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=None).isoformat()


def _an_hour_before(text: str) -> str:
    return (datetime.fromisoformat(text) - timedelta(hours=1)).isoformat()


def _numbered_on_the_page(page: Body) -> Body:
    contacts = [
        each | {"contactId": f"cnt_{at:03d}"} for at, each in enumerate(page["contacts"], 1)
    ]
    return page | {"contacts": contacts}


def _integer_list_ids() -> Behaviour:
    known: list[str] = []

    def number(list_id: str) -> int:
        if list_id not in known:
            known.append(list_id)
        return known.index(list_id) + 1

    def named(text: str) -> str:
        return known[int(text) - 1] if text.isdigit() and 0 < int(text) <= len(known) else text

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        if request.operation == LIST:
            before, list_id, after = request.path.rsplit("/", 2)
            request = replace(request, path=f"{before}/{named(list_id)}/{after}")
        form = request.form
        if form is not None and (list_id := form.value("listId") or ""):
            request = request.with_form(form.with_value("listId", named(list_id)))
        response = await forward(request)
        body = response.json
        if response.status != 200 or not isinstance(body, dict) or "listId" not in body:
            return response
        return response.with_json(body | {"listId": number(body["listId"])})

    return behave


_D = Group.DATES_AND_IDS

DEFECTS = (
    Defect(
        "naive-dates",
        _D,
        "Dates have no offset: `2026-04-09T11:00:15`.",
        ("upload.completed-after-created",),
        _every_date(_naive),
    ),
    Defect(
        "dates-with-a-space",
        _D,
        "Dates have a space where RFC 3339 has a T.",
        ("upload.report-shape",),
        _every_date(lambda text: text.replace("T", " ")),
    ),
    Defect(
        "dates-as-epoch",
        _D,
        "Dates are seconds since 1970.",
        ("upload.completed-after-created",),
        _every_date(lambda text: int(datetime.fromisoformat(text).timestamp())),
    ),
    Defect(
        "completed-before-created",
        _D,
        "`completedAt` has the wrong offset: it is an hour too early.",
        ("upload.completed-after-created",),
        on_ok(UPLOAD, lambda body: body | {"completedAt": _an_hour_before(body["completedAt"])}),
    ),
    Defect(
        "import-ids-reused",
        _D,
        "Every import has the same `importId`.",
        ("upload.import-id-unique",),
        on_ok(UPLOAD, lambda body: body | {"importId": "imp_0000000001"}),
    ),
    Defect(
        "import-id-missing",
        _D,
        "The report has no `importId`.",
        ("upload.import-id-unique",),
        on_ok(UPLOAD, without("importId")),
    ),
    Defect(
        "contact-ids-by-the-second",
        _D,
        "Contacts created in the same second have the same `contactId`.",
        ("list.contact-ids-unique",),
        each_contact(lambda each: each | {"contactId": f"cnt_{each['createdAt'][:19]}"}),
    ),
    Defect(
        "contact-ids-count-the-page",
        _D,
        "`contactId` is the position on the page, so it is repeated on the next page.",
        ("list.contact-ids-unique",),
        on_ok(LIST, _numbered_on_the_page),
    ),
    Defect(
        "integer-list-ids",
        _D,
        "Lists have integer ids, as other pages of the vendor show.",
        ("upload.report-shape", "list.page-shape"),
        _integer_list_ids,
    ),
)
