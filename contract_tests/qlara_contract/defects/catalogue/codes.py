"""Defects of what every refusal has: its code, its body and its headers; and of the rate limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Behaviour,
    Defect,
    Group,
    answering,
    asking,
    refused,
)
from qlara_contract.defects.messages import Answer, Request, fail
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Forward


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

DEFECTS = (
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
