"""Defects of answers as such: shapes, codes and media types, dates and ids, and the rate limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from contract_tests.defects.defect import (
    Behaviour,
    Defect,
    Group,
    accepted,
    answering,
    asking,
    refused,
)
from contract_tests.defects.messages import Answer, Request, fail
from contract_tests.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.defects.defect import Body, Forward


def _contacts(change: Callable[[Body], Body]) -> Callable[[Body], Body]:
    """Return the change of a page that makes *change* of each of its contacts."""
    return lambda page: page | {"contacts": [change(each) for each in page["contacts"]]}


def _without(name: str) -> Callable[[Body], Body]:
    return lambda body: {key: value for key, value in body.items() if key != name}


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


def _every_date(change: Callable[[str], object]) -> Callable[[], Behaviour]:
    """Change ``completedAt`` of reports and ``createdAt`` of contacts."""

    def changed(request: Request, answer: Answer) -> Answer:
        body = answer.json
        if answer.status != 200 or not isinstance(body, dict):
            return answer
        if request.operation == UPLOAD:
            return answer.with_json(body | {"completedAt": change(body["completedAt"])})
        if request.operation == LIST:
            dated = _contacts(lambda each: each | {"createdAt": change(each["createdAt"])})
            return answer.with_json(dated(body))
        return answer

    return answering("", changed)


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

    async def behave(request: Request, forward: Forward) -> Answer:
        if request.operation == LIST:
            before, list_id, after = request.path.rsplit("/", 2)
            request = replace(request, path=f"{before}/{named(list_id)}/{after}")
        form = request.form
        if form is not None and (list_id := form.value("listId") or ""):
            request = request.with_form(form.with_value("listId", named(list_id)))
        answer = await forward(request)
        body = answer.json
        if answer.status != 200 or not isinstance(body, dict) or "listId" not in body:
            return answer
        return answer.with_json(body | {"listId": number(body["listId"])})

    return behave


def _too_many(change: Callable[[Answer], Answer]) -> Callable[[], Behaviour]:
    return answering("", lambda _, answer: change(answer) if answer.status == 429 else answer)


async def _plain_names_only(request: Request, forward: Forward) -> Answer:
    form = request.form if request.operation == UPLOAD else None
    name = (form.value("listName") if form else None) or ""
    if name and not name.replace(" ", "").replace("-", "").isalnum():
        return fail(400, "listName", "Only letters, digits, hyphens and spaces.")
    return await forward(request)


def _printable_tags(request: Request) -> Request:
    form = request.form
    tags = form.value("tags") if form else None
    if form is None or tags is None:
        return request
    kept = "".join(each for each in tags if each.isprintable())
    return request.with_form(form.with_value("tags", kept))


_G = Group.ANSWERS
_D = Group.DATES_AND_IDS

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
        accepted(UPLOAD, lambda body: _without("summary")(body) | body["summary"]),
    ),
    Defect(
        "errors-missing-when-none",
        _G,
        "A report without errors has no `errors` instead of an empty list.",
        ("upload.report-shape",),
        accepted(UPLOAD, lambda body: body if body["errors"] else _without("errors")(body)),
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
        accepted(LIST, _without("hasMore")),
    ),
    Defect(
        "tags-as-text",
        _G,
        "A contact's `tags` are one text instead of a list.",
        ("tags.all-in-order",),
        accepted(LIST, _contacts(lambda each: each | {"tags": ",".join(each["tags"])})),
    ),
    Defect(
        "email-null",
        _G,
        'A contact without email has `"email": null`.',
        ("cards.email-absent",),
        accepted(LIST, _contacts(lambda each: {"email": None} | each)),
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
    Defect(
        "error-text",
        _G,
        'Refusals are `{"error": MESSAGE}`.',
        ("upload.not-a-vcard", "list.unknown-list", "answers.refusal-shape"),
        refused(lambda answer: answer.with_json({"error": "The request cannot be processed."})),
    ),
    Defect(
        "error-as-on-the-platform-pages",
        _G,
        "Refusals are `{status: CODE, error: TEXT, message: TEXT}`, as other pages of the vendor say.",
        ("upload.not-a-vcard", "list.unknown-list"),
        refused(
            lambda answer: answer.with_json(
                {"status": answer.status, "error": "Refused", "message": "Not accepted."}
            )
        ),
    ),
    Defect(
        "data-as-list",
        _G,
        "`data` of a refusal is a list of fields and messages.",
        ("upload.not-a-vcard", "list.unknown-list"),
        refused(
            lambda answer: answer.with_json(
                {
                    "status": "fail",
                    "data": [{"field": k, "message": v} for k, v in answer.json["data"].items()],
                }
            )
        ),
    ),
    Defect(
        "status-error",
        _G,
        'Refusals say `"status": "error"`.',
        ("answers.refusal-shape",),
        refused(lambda answer: answer.with_json(answer.json | {"status": "error"})),
    ),
    Defect(
        "refusals-with-200",
        _G,
        "Refusals keep their body, but come with 200.",
        ("upload.not-a-vcard", "list.unknown-list", "access.unknown-key"),
        refused(lambda answer: answer.with_status(200)),
    ),
    Defect(
        "unprocessable-instead-of-bad-request",
        _G,
        "What should be 400 is 422.",
        ("upload.not-a-vcard", "list.limit-out-of-range", "answers.documented-status"),
        refused(lambda answer: answer.with_status(422), 400),
    ),
    Defect(
        "method-not-found",
        _G,
        "A method outside the contract is 404 instead of 405.",
        ("answers.unknown-method",),
        refused(lambda answer: answer.with_status(404), 405),
    ),
    Defect(
        "no-allow",
        _G,
        "A 405 does not say which methods there are.",
        ("answers.unknown-method",),
        refused(lambda answer: answer.with_header("allow", None), 405),
    ),
    Defect(
        "method-refused-by-the-server",
        _G,
        "A 405 is the page of the web server.",
        ("answers.unknown-method",),
        refused(lambda answer: answer.with_body(b"<h1>405 Not Allowed</h1>", "text/html"), 405),
    ),
    Defect(
        "unknown-path-as-page",
        _G,
        "An unknown path is the 404 page of the web server.",
        ("answers.unknown-path",),
        refused(lambda answer: answer.with_body(b"<h1>404 Not Found</h1>", "text/html"), 404),
    ),
    Defect(
        "unknown-path-accepted",
        _G,
        "An unknown path is answered with 200 and an empty object.",
        ("answers.unknown-path",),
        answering(
            "",
            lambda request, answer: (
                answer.with_status(200).with_json({})
                if answer.status == 404 and not request.operation
                else answer
            ),
        ),
    ),
    Defect(
        "valid-list-names-refused",
        _G,
        "A `listName` with a character other than letters, digits and spaces is refused.",
        ("answers.valid-requests-accepted",),
        lambda: _plain_names_only,
    ),
    Defect(
        "control-characters-accepted",
        _G,
        "Control characters in `tags` are dropped instead of refused.",
        ("answers.invalid-requests-refused",),
        asking(UPLOAD, _printable_tags),
    ),
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
        "`completedAt` is in another time zone and says that it is not: an hour too early.",
        ("upload.completed-after-created",),
        accepted(UPLOAD, lambda body: body | {"completedAt": _an_hour_before(body["completedAt"])}),
    ),
    Defect(
        "import-ids-reused",
        _D,
        "Every import has the same `importId`.",
        ("upload.import-id-unique",),
        accepted(UPLOAD, lambda body: body | {"importId": "imp_0000000001"}),
    ),
    Defect(
        "import-id-missing",
        _D,
        "The report has no `importId`.",
        ("upload.import-id-unique",),
        accepted(UPLOAD, _without("importId")),
    ),
    Defect(
        "contact-ids-by-the-second",
        _D,
        "Contacts that are created in the same second have the same `contactId`.",
        ("list.contact-ids-unique",),
        accepted(
            LIST, _contacts(lambda each: each | {"contactId": f"cnt_{each['createdAt'][:19]}"})
        ),
    ),
    Defect(
        "contact-ids-count-the-page",
        _D,
        "`contactId` is the contact's place on the page: unique there, and repeated on the next.",
        ("list.contact-ids-unique",),
        accepted(LIST, _numbered_on_the_page),
    ),
    Defect(
        "integer-list-ids",
        _D,
        "Lists have integer ids, as other pages of the vendor show them.",
        ("upload.report-shape", "list.page-shape"),
        _integer_list_ids,
    ),
    Defect(
        "no-retry-after",
        Group.RATE,
        "A 429 does not say when to come back.",
        ("rate-limit.retry-after",),
        _too_many(lambda answer: answer.with_header("retry-after", None)),
    ),
    Defect(
        "retry-after-as-date",
        Group.RATE,
        "A 429 says in `Retry-After` at what time to come back instead of in how many seconds.",
        ("rate-limit.retry-after",),
        _too_many(
            lambda answer: answer.with_header("retry-after", "Thu, 09 Apr 2026 09:00:15 GMT")
        ),
    ),
    Defect(
        "rate-limit-as-503",
        Group.RATE,
        "A request too many is answered with 503.",
        ("rate-limit.answer",),
        _too_many(lambda answer: answer.with_status(503)),
    ),
    Defect(
        "rate-limit-without-body",
        Group.RATE,
        "A 429 has an empty object for its body.",
        ("rate-limit.answer", "rate-limit.retry-after"),
        _too_many(lambda answer: answer.with_json({})),
    ),
)
