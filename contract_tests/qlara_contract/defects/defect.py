"""What a defect is: one way in which a deployment breaks promises, as a step between client and sandbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from qlara_contract.defects.messages import Answer, Request
from qlara_contract.promises import LIST, QUOTA, UPLOAD, promise

if TYPE_CHECKING:
    from qlara_contract.defects.forms import Form

Forward = Callable[[Request], Awaitable[Answer]]
Behaviour = Callable[[Request, Forward], Awaitable[Answer]]
Body = dict[str, Any]


class Group(StrEnum):
    """What a defect is about; the order is that of the table.

    Where several defects are switched on, those of an earlier group change an answer later: what
    changes its shape has the last word.
    """

    ANSWERS = "shapes, codes and media types"
    DATES_AND_IDS = "dates and ids"
    SUMMARY = "summary arithmetic"
    ERRORS = "errors of single cards"
    STRATEGIES = "strategies"
    REPEATS = "duplicates"
    NUMBERS = "telephone numbers"
    CARDS = "reading of vCard files"
    TAGS = "tags"
    LISTS = "lists of an import"
    PAGES = "pages of a list"
    QUOTA = "quota"
    ACCESS = "access"
    REFUSALS = "refusals"
    RATE = "rate limit"


@dataclass(frozen=True)
class Defect:
    """One named way to be wrong.

    ``breaks`` are the promises that a run of the suite must find broken, each of them. ``begin``
    returns the behaviour with a memory of its own, for one start of a deployment.
    """

    name: str
    group: Group
    sentence: str
    breaks: tuple[str, ...]
    begin: Callable[[], Behaviour]

    def __post_init__(self) -> None:
        for each in self.breaks:
            promise(each)


# A field without which the body of a 200 is not of the documented shape.
_HELD = {UPLOAD: "summary", LIST: "contacts", QUOTA: "used"}


def asking(operation: str, change: Callable[[Request], Request]) -> Callable[[], Behaviour]:
    """Change each request to *operation* (empty: every request) before the sandbox sees it."""

    async def behave(request: Request, forward: Forward) -> Answer:
        if operation in ("", request.operation):
            request = change(request)
        return await forward(request)

    return lambda: behave


def answering(
    operation: str, change: Callable[[Request, Answer], Answer]
) -> Callable[[], Behaviour]:
    """Change each answer to *operation* (empty: every answer)."""

    async def behave(request: Request, forward: Forward) -> Answer:
        answer = await forward(request)
        return change(request, answer) if operation in ("", request.operation) else answer

    return lambda: behave


def accepted(operation: str, change: Callable[[Body], Body]) -> Callable[[], Behaviour]:
    """Change the body of each 200 to *operation*, unless another defect has changed its shape."""

    def changed(_: Request, answer: Answer) -> Answer:
        body = answer.json
        if answer.status != 200 or not isinstance(body, dict) or _HELD[operation] not in body:
            return answer
        return answer.with_json(change(body))

    return answering(operation, changed)


def each_contact(change: Callable[[Body], Body]) -> Callable[[], Behaviour]:
    """Change each contact of each page."""
    return accepted(
        LIST, lambda page: page | {"contacts": [change(each) for each in page["contacts"]]}
    )


def without(name: str) -> Callable[[Body], Body]:
    """Return the change of a body that leaves one field out."""
    return lambda body: {key: value for key, value in body.items() if key != name}


def refused(
    change: Callable[[Answer], Answer], *statuses: int, operation: str = ""
) -> Callable[[], Behaviour]:
    """Change each refusal, or those with one of *statuses*."""

    def changed(_: Request, answer: Answer) -> Answer:
        concerned = answer.status in statuses if statuses else _is_refusal(answer.status)
        has_fields = isinstance(answer.json, dict) and "data" in answer.json
        return change(answer) if concerned and has_fields else answer

    return answering(operation, changed)


def _is_refusal(status: int) -> bool:
    return 400 <= status < 500 and status != 429


def in_words(field: str, message: str, *statuses: int) -> Callable[[], Behaviour]:
    """Give another message, in another field, to an import that is refused with one of *statuses*."""
    return refused(
        lambda answer: answer.with_json({"status": "fail", "data": {field: message}}),
        *statuses,
        operation=UPLOAD,
    )


def importing(change: Callable[[Form], Form]) -> Callable[[], Behaviour]:
    """Change the form of each import before the sandbox sees it."""

    def changed(request: Request) -> Request:
        form = request.form
        return request if form is None else request.with_form(change(form))

    return asking(UPLOAD, changed)


def reading(change: Callable[[bytes], bytes]) -> Callable[[], Behaviour]:
    """Change the file of each import before the sandbox reads it."""
    return importing(lambda form: form if form.file is None else form.with_file(change(form.file)))


def instead(answer: Callable[[Request], Answer | None]) -> Callable[[], Behaviour]:
    """Answer without asking the sandbox, where *answer* gives one."""

    async def behave(request: Request, forward: Forward) -> Answer:
        return answer(request) or await forward(request)

    return lambda: behave


def remembering(begin: Callable[[], Behaviour]) -> Callable[[], Behaviour]:
    """Return *begin*: it reads as what it is in a table, a behaviour with a memory."""
    return begin
