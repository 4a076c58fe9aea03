"""Defects of successful responses as such: shapes, codes and media types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Defect,
    Group,
    each_contact,
    on_ok,
    on_refusal,
    on_response,
    without,
)
from qlara_contract.defects.messages import ServedRequest, ServedResponse
from qlara_contract.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Forward


def _in_200(_: ServedRequest, response: ServedResponse) -> ServedResponse:
    return response.with_status(201) if response.status == 200 else response


def _crash(request: ServedRequest) -> bool:
    form = request.form
    content = form.file if form else None
    return content is not None and any(byte >= 0xF0 for byte in content if byte != 0xFF)


async def _fails_on_emoji(request: ServedRequest, forward: Forward) -> ServedResponse:
    if request.operation == UPLOAD and _crash(request):
        return ServedResponse(500, (("content-type", "text/plain"),), b"Internal Server Error")
    return await forward(request)


def _as_latin_1(_: ServedRequest, response: ServedResponse) -> ServedResponse:
    text = response.body.decode("utf-8", "replace")
    return response.with_body(text.encode("latin-1", "replace"))


def _media_type(value: str | None) -> Callable[[ServedRequest, ServedResponse], ServedResponse]:
    return lambda _, response: response.with_header("content-type", value)


_G = Group.RESPONSES

DEFECTS = (
    Defect(
        "created-instead-of-ok",
        _G,
        "An import returns 201 instead of 200.",
        ("upload.status-200",),
        on_response(UPLOAD, _in_200),
    ),
    Defect(
        "report-in-an-envelope",
        _G,
        'The report comes as `{"status": "success", "data": …}`.',
        ("upload.imports-a-file",),
        on_ok(UPLOAD, lambda body: {"status": "success", "data": body}),
    ),
    Defect(
        "page-in-an-envelope",
        _G,
        'A page of a list comes as `{"data": …}`.',
        ("list.page-shape",),
        on_ok(LIST, lambda body: {"data": body}),
    ),
    Defect(
        "summary-missing",
        _G,
        "The report has its counts at the top level, without `summary`.",
        ("upload.imports-a-file",),
        on_ok(UPLOAD, lambda body: without("summary")(body) | body["summary"]),
    ),
    Defect(
        "errors-missing",
        _G,
        "The report has no `errors`, even where cards are at fault.",
        ("upload.report-shape",),
        on_ok(UPLOAD, without("errors")),
    ),
    Defect(
        "status-in-lower-case",
        _G,
        "The report's `status` is `completed`.",
        ("upload.report-shape",),
        on_ok(UPLOAD, lambda body: body | {"status": "completed"}),
    ),
    Defect(
        "counts-as-text",
        _G,
        'The counts of the summary are strings: `"250"`.',
        ("upload.summary-total", "upload.summary-imported"),
        on_ok(
            UPLOAD,
            lambda body: body | {"summary": {k: str(v) for k, v in body["summary"].items()}},
        ),
    ),
    Defect(
        "has-more-missing",
        _G,
        "Pages have no `hasMore`.",
        ("list.has-more", "list.page-shape"),
        on_ok(LIST, without("hasMore")),
    ),
    Defect(
        "tags-as-text",
        _G,
        "A contact's `tags` are one string instead of a list.",
        ("tags.all-in-order",),
        each_contact(lambda each: each | {"tags": ",".join(each["tags"])}),
    ),
    Defect(
        "email-null",
        _G,
        'A contact without email has `"email": null`.',
        ("cards.email-absent",),
        each_contact(lambda each: {"email": None} | each),
    ),
    Defect(
        "server-error-on-emoji",
        _G,
        "A file with an emoji causes a 500.",
        ("cards.non-ascii", "answers.never-a-server-error"),
        lambda: _fails_on_emoji,
    ),
    Defect(
        "json-as-plain-text",
        _G,
        "Responses are JSON, but declared as `text/plain`.",
        ("answers.json",),
        on_response("", _media_type("text/plain; charset=utf-8")),
    ),
    Defect(
        "no-content-type",
        _G,
        "Responses have no `Content-Type`.",
        ("answers.json",),
        on_response("", _media_type(None)),
    ),
    Defect(
        "problem-json",
        _G,
        "Refusals are `application/problem+json`.",
        ("answers.refusal-shape",),
        on_refusal(
            lambda response: response.with_header("content-type", "application/problem+json")
        ),
    ),
    Defect(
        "answers-in-latin-1",
        _G,
        "Responses are encoded in Latin-1, and other characters become question marks.",
        ("answers.json",),
        on_response("", _as_latin_1),
    ),
)
