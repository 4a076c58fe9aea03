"""Defects of deployments that fail on valid imports, and of JSON that is none."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, instead, on_refusal, on_response
from qlara_contract.defects.files import text_of
from qlara_contract.defects.imports import strategy_of
from qlara_contract.defects.kinds import Kind
from qlara_contract.defects.messages import ServedRequest, ServedResponse
from qlara_contract.promises import LIST, QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Forward

_FAILED = ServedResponse(500, (("content-type", "text/plain"),), b"Internal Server Error")
_BLOCKED = ServedResponse(403, (("content-type", "text/html"),), b"<h1>Request blocked</h1>")
_ATTACKS = re.compile("<script|DROP TABLE|\\.\\./", re.IGNORECASE)


def _failing(is_fatal: Callable[[str], object]) -> Callable[[], Behaviour]:
    """Respond with 500 to the import of a file whose text *is_fatal* returns something true for."""

    def response(request: ServedRequest) -> ServedResponse | None:
        form = request.form if request.operation == UPLOAD else None
        if form is None or form.file is None:
            return None
        return _FAILED if is_fatal(text_of(form.file)) else None

    return instead(response)


def _with_cards(most: int) -> Callable[[str], bool]:
    return lambda text: text.count("BEGIN:VCARD") > most


def _matching(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern, re.MULTILINE).search


def _strategy_fails(strategy: str) -> Callable[[], Behaviour]:
    def response(request: ServedRequest) -> ServedResponse | None:
        form = request.form if request.operation == UPLOAD else None
        if form is None or form.value("duplicateStrategy") is None:
            return None
        return _FAILED if strategy_of(form) == strategy else None

    return instead(response)


def _blocked(request: ServedRequest) -> ServedResponse | None:
    form = request.form if request.operation == UPLOAD else None
    if form is None or not _ATTACKS.search(text_of(form.file or b"")):
        return None
    return _BLOCKED


def _every_time(number: int, operation: str) -> Callable[[], Behaviour]:
    """Do what every so-many-th request asks for, and respond with 500."""

    def begin() -> Behaviour:
        requests = 0

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            nonlocal requests
            response = await forward(request)
            if request.operation != operation or response.status != 200:
                return response
            requests += 1
            return response if requests % number else _FAILED

        return behave

    return begin


def _written(change: Callable[[bytes], bytes]) -> Callable[[], Behaviour]:
    """Write the body of each 200 otherwise, but for the quota, without which no run begins."""

    def changed(request: ServedRequest, response: ServedResponse) -> ServedResponse:
        if response.status != 200 or request.operation == QUOTA or not request.operation:
            return response
        return response.with_body(change(response.body))

    return on_response("", changed)


def _status(status: int) -> Callable[[ServedRequest, ServedResponse], ServedResponse]:
    return lambda _, response: response.with_status(status) if response.status == 200 else response


def _with_data(data: object) -> Callable[[], Behaviour]:
    """Refuse with other `data`."""
    return on_refusal(lambda response: response.with_json({"status": "fail", "data": data}))


_fails = Kind(Group.RESPONSES, ("answers.never-a-server-error",), _failing)
_body = Kind(Group.RESPONSES, ("answers.json",), _written)
_import = Kind(Group.RESPONSES, ("upload.status-200",), partial(on_response, UPLOAD))
_message = Kind(
    Group.REFUSALS,
    ("answers.refusal-shape",),
    _with_data,
)
_R = Group.RESPONSES

DEFECTS = (
    _fails(
        "apostrophe-fails",
        "An apostrophe in a name causes a 500.",
        _matching("^FN[^:]*:.*'"),
        "cards.name-verbatim",
    ),
    _fails(
        "long-name-fails",
        "A name of more than 255 characters causes a 500.",
        _matching("^FN:.{256}"),
        "cards.name-form",
    ),
    _fails(
        "long-group-fails",
        "A group of more than 32 characters causes a 500.",
        _matching(r"^[A-Za-z]{33,}\."),
        "cards.groups",
    ),
    _fails(
        "right-to-left-fails",
        "Hebrew or Arabic letters cause a 500.",
        _matching("^FN.*[\u0590-\u06ff]"),
        "cards.non-ascii",
    ),
    _fails(
        "percent-sign-fails",
        "A percent sign in a name causes a 500, as in a format.",
        _matching("^FN:.*%"),
        "cards.name-verbatim",
    ),
    _fails(
        "braces-fail",
        "Braces in a name cause a 500, as in a template.",
        _matching(r"^FN:.*\{\{"),
        "cards.name-verbatim",
    ),
    _fails("photo-fails", "A PHOTO causes a 500.", _matching("^PHOTO"), "cards.other-properties"),
    _fails(
        "unknown-code-fails",
        "A number with an unassigned country code causes a 500.",
        _matching(r"^TEL.*:\+999"),
        "numbers.numbering-plan",
    ),
    _fails(
        "long-number-fails",
        "A number of thirty digits causes a 500.",
        _matching(r"^TEL.*:\+\d{30}"),
        "upload.error-invalid-phone",
    ),
    _fails(
        "bare-carriage-returns-fail",
        "A file whose lines end with CR causes a 500.",
        lambda text: "\r" in text and "\n" not in text,
        "cards.line-ends",
    ),
    _fails(
        "many-cards-fail",
        "A file of more than 240 cards causes a 500.",
        _with_cards(240),
        "upload.imports-a-file",
    ),
    _fails(
        "no-cards-at-all-fail",
        "A file without a card causes a 500.",
        lambda text: "VCARD" not in text.upper(),
        "upload.not-a-vcard",
    ),
    Defect(
        "update-fails",
        _R,
        "UPDATE causes a 500.",
        ("duplicates.update-replaces",),
        _strategy_fails("UPDATE"),
    ),
    Defect(
        "duplicate-fails",
        _R,
        "DUPLICATE causes a 500.",
        ("duplicates.copy-creates",),
        _strategy_fails("DUPLICATE"),
    ),
    Defect(
        "attacks-blocked",
        _R,
        "A file with a name that looks like an attack gets 403 from a firewall.",
        ("cards.name-verbatim",),
        instead(_blocked),
    ),
    _body(
        "json-in-json",
        "The body is JSON in a JSON string.",
        lambda body: json.dumps(body.decode()).encode(),
        "list.page-shape",
    ),
    _body(
        "json-with-a-trailing-comma",
        "The last field of an object is followed by a comma.",
        lambda body: body.rstrip()[:-1] + b",}",
    ),
    _body(
        "json-with-single-quotes",
        "Strings stand in single quotes.",
        lambda body: body.replace(b'"', b"'"),
    ),
    _body(
        "json-after-a-warning",
        "A warning precedes the JSON.",
        lambda body: b"Warning: Undefined index in import.php\n" + body,
    ),
    _body(
        "json-in-a-callback",
        "The JSON is the argument of a callback.",
        lambda body: b"callback(" + body + b")",
    ),
    _import(
        "import-accepted",
        "An import returns 202 with the report of a finished one.",
        _status(202),
        "upload.completed-at-once",
    ),
    _import(
        "import-without-content",
        "An import returns 204 without a report.",
        lambda _, response: (
            response.with_status(204).with_body(b"") if response.status == 200 else response
        ),
        "upload.imports-a-file",
    ),
    _import(
        "import-multi-status",
        "An import with faulty cards returns 207.",
        lambda _, response: (
            response.with_status(207)
            if response.status == 200
            and isinstance(response.json, dict)
            and response.json.get("errors")
            else response
        ),
        "answers.documented-status",
    ),
    Defect(
        "page-as-a-bare-list",
        _R,
        "A page is a list of contacts without its envelope.",
        ("list.page-shape",),
        on_response(
            LIST,
            lambda _, response: (
                response.with_json(response.json["contacts"])
                if response.status == 200
                and isinstance(response.json, dict)
                and "contacts" in response.json
                else response
            ),
        ),
    ),
    Defect(
        "pages-as-partial-content",
        _R,
        "A page returns 206.",
        ("answers.documented-status",),
        on_response(LIST, _status(206)),
    ),
    Defect(
        "every-tenth-page-fails",
        _R,
        "Every tenth page returns 500.",
        ("answers.never-a-server-error",),
        _every_time(10, LIST),
    ),
    _message("refusals-without-data", "`data` of a refusal is empty.", {}),
    _message("refusals-with-text", "`data` of a refusal is a text.", "The request is not valid."),
    _message(
        "refusals-with-lists",
        "Messages of a refusal stand in lists.",
        {"error": ["The request is not valid."]},
    ),
    _message("refusals-with-null", "`data` of a refusal is null.", None),
)
