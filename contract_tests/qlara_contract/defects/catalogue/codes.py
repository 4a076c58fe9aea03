"""Defects of every refusal: code, body and headers; and of the rate limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Behaviour,
    Defect,
    Group,
    on_refusal,
    on_request,
    on_response,
)
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Forward


def _too_many(change: Callable[[ServedResponse], ServedResponse]) -> Callable[[], Behaviour]:
    return on_response(
        "", lambda _, response: change(response) if response.status == 429 else response
    )


async def _plain_names_only(request: ServedRequest, forward: Forward) -> ServedResponse:
    form = request.form if request.operation == UPLOAD else None
    name = (form.value("listName") if form else None) or ""
    if name and not name.replace(" ", "").replace("-", "").isalnum():
        return fail(400, "listName", "Only letters, digits, hyphens and spaces.")
    return await forward(request)


def _printable_tags(request: ServedRequest) -> ServedRequest:
    form = request.form
    tags = form.value("tags") if form else None
    if form is None or tags is None:
        return request
    kept = "".join(each for each in tags if each.isprintable())
    return request.with_form(form.with_value("tags", kept))


_G = Group.RESPONSES

DEFECTS = (
    Defect(
        "error-text",
        _G,
        'Refusals are `{"error": MESSAGE}`.',
        ("upload.not-a-vcard", "list.unknown-list", "answers.refusal-shape"),
        on_refusal(
            lambda response: response.with_json({"error": "The request cannot be processed."})
        ),
    ),
    Defect(
        "error-as-on-the-platform-pages",
        _G,
        "Refusals are `{status: CODE, error: TEXT, message: TEXT}`, as the vendor's platform pages say.",
        ("upload.not-a-vcard", "list.unknown-list"),
        on_refusal(
            lambda response: response.with_json(
                {"status": response.status, "error": "Refused", "message": "Not accepted."}
            )
        ),
    ),
    Defect(
        "data-as-list",
        _G,
        "`data` of a refusal is a list of fields and messages.",
        ("upload.not-a-vcard", "list.unknown-list"),
        on_refusal(
            lambda response: response.with_json(
                {
                    "status": "fail",
                    "data": [{"field": k, "message": v} for k, v in response.json["data"].items()],
                }
            )
        ),
    ),
    Defect(
        "status-error",
        _G,
        'Refusals say `"status": "error"`.',
        ("answers.refusal-shape",),
        on_refusal(lambda response: response.with_json(response.json | {"status": "error"})),
    ),
    Defect(
        "refusals-with-200",
        _G,
        "Refusals keep their body but have status 200.",
        ("upload.not-a-vcard", "list.unknown-list", "access.unknown-key"),
        on_refusal(lambda response: response.with_status(200)),
    ),
    Defect(
        "unprocessable-instead-of-bad-request",
        _G,
        "Refusals with 400 become 422.",
        ("upload.not-a-vcard", "list.limit-out-of-range", "answers.documented-status"),
        on_refusal(lambda response: response.with_status(422), 400),
    ),
    Defect(
        "method-not-found",
        _G,
        "A method outside the contract gets 404 instead of 405.",
        ("answers.unknown-method",),
        on_refusal(lambda response: response.with_status(404), 405),
    ),
    Defect(
        "no-allow",
        _G,
        "A 405 has no `Allow`.",
        ("answers.unknown-method",),
        on_refusal(lambda response: response.with_header("allow", None), 405),
    ),
    Defect(
        "method-refused-by-the-server",
        _G,
        "A 405 is the web server's HTML page.",
        ("answers.unknown-method",),
        on_refusal(
            lambda response: response.with_body(b"<h1>405 Not Allowed</h1>", "text/html"), 405
        ),
    ),
    Defect(
        "unknown-path-as-page",
        _G,
        "An unknown path gets the web server's HTML page.",
        ("answers.unknown-path",),
        on_refusal(
            lambda response: response.with_body(b"<h1>404 Not Found</h1>", "text/html"), 404
        ),
    ),
    Defect(
        "unknown-path-accepted",
        _G,
        "An unknown path is answered with 200 and an empty object.",
        ("answers.unknown-path",),
        on_response(
            "",
            lambda request, response: (
                response.with_status(200).with_json({})
                if response.status == 404 and not request.operation
                else response
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
        on_request(UPLOAD, _printable_tags),
    ),
    Defect(
        "no-retry-after",
        Group.RATE,
        "A 429 has no `Retry-After`.",
        ("rate-limit.retry-after",),
        _too_many(lambda response: response.with_header("retry-after", None)),
    ),
    Defect(
        "retry-after-as-date",
        Group.RATE,
        "`Retry-After` of a 429 is a date instead of a number of seconds.",
        ("rate-limit.retry-after",),
        _too_many(
            lambda response: response.with_header("retry-after", "Thu, 09 Apr 2026 09:00:15 GMT")
        ),
    ),
    Defect(
        "rate-limit-as-503",
        Group.RATE,
        "A rate-limited request gets 503.",
        ("rate-limit.answer",),
        _too_many(lambda response: response.with_status(503)),
    ),
    Defect(
        "rate-limit-without-body",
        Group.RATE,
        "The body of a 429 is an empty object.",
        ("rate-limit.answer", "rate-limit.retry-after"),
        _too_many(lambda response: response.with_json({})),
    ),
)
