"""Defects: one way each in which a deployment breaks promises, as a step between client and sandbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from qlara_contract.defects.messages import ServedRequest, ServedResponse
from qlara_contract.promises import LIST, QUOTA, UPLOAD, promise

if TYPE_CHECKING:
    from qlara_contract.forms import MultipartForm
    from qlara_contract.promise_ids import PromiseId

Forward = Callable[[ServedRequest], Awaitable[ServedResponse]]
Behaviour = Callable[[ServedRequest, Forward], Awaitable[ServedResponse]]
Body = dict[str, Any]


class Group(StrEnum):
    """What a defect is about; the order is that of the table.

    With several defects switched on, those of an earlier group change a response later, so that
    changes of its shape come last.
    """

    RESPONSES = "shapes, codes and media types"
    DATES_AND_IDS = "dates and ids"
    SUMMARY = "summary arithmetic"
    ERRORS = "errors of single cards"
    STRATEGIES = "strategies"
    REPEATS = "duplicates"
    NUMBERS = "telephone numbers"
    CARDS = "reading of vCard files"
    NAMES = "names"
    EMAILS = "email addresses"
    TAGS = "tags"
    FORMS = "forms"
    LISTS = "lists of an import"
    PAGES = "pages of a list"
    QUOTA = "quota"
    ACCESS = "access"
    REFUSALS = "refusals"
    RATE = "rate limit"


@dataclass(frozen=True)
class Defect:
    """One named way to be wrong.

    ``breaks`` are the promises that a run of the suite must find broken, all of them. ``begin``
    returns the behaviour with a state of its own, for one start of a deployment.
    """

    name: str
    group: Group
    sentence: str
    breaks: tuple[PromiseId, ...]
    begin: Callable[[], Behaviour]

    def __post_init__(self) -> None:
        for each in self.breaks:
            promise(each)


# A field without which the body of a 200 is not of the documented shape.
_REQUIRED = {UPLOAD: "summary", LIST: "contacts", QUOTA: "used"}


def on_request(
    operation: str, change: Callable[[ServedRequest], ServedRequest]
) -> Callable[[], Behaviour]:
    """Change each request to *operation* (empty: every request) before the sandbox sees it."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        if operation in ("", request.operation):
            request = change(request)
        return await forward(request)

    return lambda: behave


def on_response(
    operation: str, change: Callable[[ServedRequest, ServedResponse], ServedResponse]
) -> Callable[[], Behaviour]:
    """Change each response to *operation* (empty: every response)."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        return change(request, response) if operation in ("", request.operation) else response

    return lambda: behave


def on_ok(operation: str, change: Callable[[Body], Body]) -> Callable[[], Behaviour]:
    """Change the body of each 200 to *operation*, unless another defect has changed its shape."""

    def changed(_: ServedRequest, response: ServedResponse) -> ServedResponse:
        body = response.json
        if response.status != 200 or not isinstance(body, dict) or _REQUIRED[operation] not in body:
            return response
        return response.with_json(change(body))

    return on_response(operation, changed)


def each_contact(change: Callable[[Body], Body]) -> Callable[[], Behaviour]:
    """Change each contact of each page."""
    return on_ok(
        LIST, lambda page: page | {"contacts": [change(each) for each in page["contacts"]]}
    )


def without(name: str) -> Callable[[Body], Body]:
    """Return the change of a body that leaves one field out."""
    return lambda body: {key: value for key, value in body.items() if key != name}


def on_refusal(
    change: Callable[[ServedResponse], ServedResponse], *statuses: int, operation: str = ""
) -> Callable[[], Behaviour]:
    """Change each refusal, or those with one of *statuses*."""

    def changed(_: ServedRequest, response: ServedResponse) -> ServedResponse:
        concerned = response.status in statuses if statuses else _is_refusal(response.status)
        has_fields = isinstance(response.json, dict) and "data" in response.json
        return change(response) if concerned and has_fields else response

    return on_response(operation, changed)


def _is_refusal(status: int) -> bool:
    return 400 <= status < 500 and status != 429


def refused_with(field: str, message: str, *statuses: int) -> Callable[[], Behaviour]:
    """Change message and field of an import that is refused with one of *statuses*."""
    return on_refusal(
        lambda response: response.with_json({"status": "fail", "data": {field: message}}),
        *statuses,
        operation=UPLOAD,
    )


def on_import(change: Callable[[MultipartForm], MultipartForm]) -> Callable[[], Behaviour]:
    """Change the form of each import before the sandbox sees it."""

    def changed(request: ServedRequest) -> ServedRequest:
        form = request.form
        return request if form is None else request.with_form(change(form))

    return on_request(UPLOAD, changed)


def on_file(change: Callable[[bytes], bytes]) -> Callable[[], Behaviour]:
    """Change the file of each import before the sandbox reads it."""
    return on_import(lambda form: form if form.file is None else form.with_file(change(form.file)))


def instead(response: Callable[[ServedRequest], ServedResponse | None]) -> Callable[[], Behaviour]:
    """Respond without asking the sandbox, where *response* returns something."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        return response(request) or await forward(request)

    return lambda: behave


def stateful(begin: Callable[[], Behaviour]) -> Callable[[], Behaviour]:
    """Return *begin*; the name says, in a table, that the behaviour keeps state."""
    return begin
