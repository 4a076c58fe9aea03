"""Defects of accepted answers as such: shapes, codes and media types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Defect,
    Group,
    accepted,
    answering,
    each_contact,
    refused,
    without,
)
from qlara_contract.defects.messages import Answer, Request
from qlara_contract.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Forward


def _in_200(_: Request, answer: Answer) -> Answer:
    return answer.with_status(201) if answer.status == 200 else answer


def _crash(request: Request) -> bool:
    form = request.form
    content = form.file if form else None
    return content is not None and any(byte >= 0xF0 for byte in content if byte != 0xFF)


async def _fails_on_emoji(request: Request, forward: Forward) -> Answer:
    if request.operation == UPLOAD and _crash(request):
        return Answer(500, (("content-type", "text/plain"),), b"Internal Server Error")
    return await forward(request)


def _as_latin_1(_: Request, answer: Answer) -> Answer:
    text = answer.body.decode("utf-8", "replace")
    return answer.with_body(text.encode("latin-1", "replace"))


def _media_type(value: str | None) -> Callable[[Request, Answer], Answer]:
    return lambda _, answer: answer.with_header("content-type", value)


_G = Group.ANSWERS

DEFECTS = (
    Defect(
        "created-instead-of-ok",
        _G,
        "An import is answered with 201 instead of 200.",
        ("upload.imports-a-file", "answers.documented-status"),
        answering(UPLOAD, _in_200),
    ),
    Defect(
        "report-in-an-envelope",
        _G,
        'The report comes as `{"status": "success", "data": …}`.',
        ("upload.imports-a-file",),
        accepted(UPLOAD, lambda body: {"status": "success", "data": body}),
    ),
    Defect(
        "page-in-an-envelope",
        _G,
        'A page of a list comes as `{"data": …}`.',
        ("list.page-shape",),
        accepted(LIST, lambda body: {"data": body}),
    ),
    Defect(
        "summary-missing",
        _G,
        "The report has its counts beside `listId` and no `summary`.",
        ("upload.imports-a-file",),
        accepted(UPLOAD, lambda body: without("summary")(body) | body["summary"]),
    ),
    Defect(
        "errors-missing-when-none",
        _G,
        "A report without errors has no `errors` instead of an empty list.",
        ("upload.report-shape",),
        accepted(UPLOAD, lambda body: body if body["errors"] else without("errors")(body)),
    ),
    Defect(
        "status-in-lower-case",
        _G,
        "The report's `status` is `completed`.",
        ("upload.report-shape",),
        accepted(UPLOAD, lambda body: body | {"status": "completed"}),
    ),
    Defect(
        "counts-as-text",
        _G,
        'The counts of the summary are text: `"250"`.',
        ("upload.summary-total", "upload.summary-imported"),
        accepted(
            UPLOAD,
            lambda body: body | {"summary": {k: str(v) for k, v in body["summary"].items()}},
        ),
    ),
    Defect(
        "has-more-missing",
        _G,
        "Pages have no `hasMore`.",
        ("list.has-more", "list.page-shape"),
        accepted(LIST, without("hasMore")),
    ),
    Defect(
        "tags-as-text",
        _G,
        "A contact's `tags` are one text instead of a list.",
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
        "A file with a character outside the basic plane is answered with 500.",
        ("cards.non-ascii", "answers.never-a-server-error"),
        lambda: _fails_on_emoji,
    ),
    Defect(
        "json-as-plain-text",
        _G,
        "Answers are JSON, but say that they are `text/plain`.",
        ("answers.json",),
        answering("", _media_type("text/plain; charset=utf-8")),
    ),
    Defect(
        "no-content-type",
        _G,
        "Answers do not say what they are.",
        ("answers.json",),
        answering("", _media_type(None)),
    ),
    Defect(
        "problem-json",
        _G,
        "Refusals are `application/problem+json`.",
        ("answers.json",),
        refused(lambda answer: answer.with_header("content-type", "application/problem+json")),
    ),
    Defect(
        "answers-in-latin-1",
        _G,
        "Answers are written in Latin-1, and what it lacks becomes a question mark.",
        ("cards.non-ascii",),
        answering("", _as_latin_1),
    ),
)
