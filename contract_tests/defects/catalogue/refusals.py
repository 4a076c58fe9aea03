"""Defects of refusals: what is let through, refused otherwise, or refused and done all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from contract_tests.defects.defect import Defect, Group, asking, instead, refused
from contract_tests.defects.files import bytes_of, cards_of, text_of
from contract_tests.defects.forms import Form, boundary_of
from contract_tests.defects.imports import STRATEGY
from contract_tests.defects.messages import Answer, Request, fail
from contract_tests.promises import QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.defects.defect import Behaviour, Forward

_LIMIT = 10_485_760
_TOO_LARGE = "File size exceeds maximum allowed (10 MB)"
_DOCUMENTED = "list_crm_migration"
_HIDDEN = "defect-hidden"


def _form(change: Callable[[Form], Form]) -> Callable[[], Behaviour]:
    """Change the form of each import."""

    def changed(request: Request) -> Request:
        form = request.form
        return request if form is None else request.with_form(change(form))

    return asking(UPLOAD, changed)


def _file(change: Callable[[str], str]) -> Callable[[], Behaviour]:
    """Change the text of each file."""
    return _form(
        lambda form: (
            form if form.file is None else form.with_file(bytes_of(change(text_of(form.file))))
        )
    )


def _field(name: str, change: Callable[[str], str | None]) -> Callable[[], Behaviour]:
    """Change the value of a field where it is sent."""

    def changed(form: Form) -> Form:
        value = form.value(name)
        return form if value is None else form.with_value(name, change(value))

    return _form(changed)


def _message(field: str, message: str, *statuses: int) -> Callable[[], Behaviour]:
    """Give another body to an import that is refused with one of *statuses*."""
    return refused(
        lambda answer: answer.with_json({"status": "fail", "data": {field: message}}),
        *statuses,
        operation=UPLOAD,
    )


def _from_the_header(text: str) -> str:
    found = re.search(r"BEGIN:VCARD", text, re.IGNORECASE)
    return text[found.start() :] if found and not text.startswith("\ufeff") else text


def _closed(text: str) -> str:
    last = text.upper().rfind("BEGIN:VCARD")
    return text + "END:VCARD\r\n" if last > text.upper().rfind("END:VCARD") else text


def _known_or_none(strategy: str) -> str | None:
    return strategy if strategy in ("SKIP", "UPDATE", "DUPLICATE", "") else None


def _list_id_alone(form: Form) -> Form:
    return form if form.value("listId") is None else form.with_value("listName", None)


def _with_some_list(form: Form) -> Form:
    if form.value("listId") is None and form.value("listName") is None:
        return form.with_value("listId", _DOCUMENTED)
    return form


def _unnamed(form: Form) -> Form:
    for name, other in (("listName", "Untitled"), ("listId", _DOCUMENTED), (STRATEGY, "SKIP")):
        if form.value(name) == "":
            form = form.with_value(name, other)
    return form


def _cut(form: Form) -> Form:
    for name, most in (("listName", 120), ("tags", 1000)):
        value = form.value(name)
        if value is not None and len(value) > most:
            form = form.with_value(name, value[:most])
    return form


async def _raw_body_accepted(request: Request, forward: Forward) -> Answer:
    if request.operation != UPLOAD or not request.header("content-type").startswith("text/vcard"):
        return await forward(request)
    form = Form("defect", ()).with_file(request.body).with_value("listName", _HIDDEN)
    return await forward(request.with_form(form))


def _unsupported(request: Request) -> Answer | None:
    media_type = request.header("content-type")
    if request.operation != UPLOAD or media_type.startswith("multipart/form-data"):
        return None
    return fail(415, "file", "Unsupported media type.")


def _crash_on_broken_form(request: Request) -> Answer | None:
    media_type = request.header("content-type")
    is_form = request.operation == UPLOAD and media_type.startswith("multipart/form-data")
    if not is_form or request.form is not None:
        return None
    return Answer(500, (("content-type", "text/plain"),), b"Internal Server Error")


def _broken_form_mended(request: Request) -> Request:
    boundary = boundary_of(request.header("content-type"))
    if request.form is not None or f"--{boundary}\r\n".encode() not in request.body:
        return request
    form = Form(boundary, ()).with_file(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n")
    return request.with_form(form.with_value("listName", _HIDDEN)) if boundary else request


def _accepting_nothing(is_nothing: Callable[[Form], bool]) -> Callable[[], Behaviour]:
    """Answer an import of nothing with a report of nothing."""

    async def behave(request: Request, forward: Forward) -> Answer:
        form = request.form if request.operation == UPLOAD else None
        if form is None or not is_nothing(form):
            return await forward(request)
        empty = b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n"
        answer = await forward(request.with_form(form.with_file(empty)))
        if answer.status != 200:
            return answer
        counts = dict.fromkeys(answer.json["summary"], 0)
        return answer.with_json(answer.json | {"summary": counts, "errors": []})

    return lambda: behave


async def _limit_twice_as_large(request: Request, forward: Forward) -> Answer:
    answer = await forward(request)
    form = request.form
    if answer.status != 413 or form is None or form.file is None or len(form.file) > 2 * _LIMIT:
        return answer
    short = re.sub(rb"(?m)^NOTE:.*(\r\n[ \t].*)*\r\n", b"", form.file)
    return await forward(request.with_form(form.with_file(short)))


def _smaller_limit(limit: int) -> Callable[[], Behaviour]:
    """Refuse files of *limit* bytes and more."""

    def answer(request: Request) -> Answer | None:
        form = request.form if len(request.body) >= limit else None
        is_large = form is not None and len(form.file or b"") >= limit
        return fail(413, "file", _TOO_LARGE) if is_large else None

    return instead(answer)


async def _quota_of(request: Request, forward: Forward) -> tuple[int, int]:
    body = (await forward(request.asking(QUOTA))).json
    return body["used"], body["total"]


def _exceeded(used: int, total: int) -> Answer:
    message = f"Contact quota exceeded. Current: {used}/{total}."
    return fail(409, "contacts", f"{message} Upgrade your plan to import more contacts.")


async def _as_many_as_fit(request: Request, forward: Forward) -> Answer | None:
    """Import the first cards of a file, as many as the quota has room for."""
    form = request.form
    if form is None or form.file is None:
        return None
    used, total = await _quota_of(request, forward)
    first = b"".join(card.content for card in cards_of(form.file)[: total - used])
    return await forward(request.with_form(form.with_file(first))) if first else None


async def _part_before_409(request: Request, forward: Forward) -> Answer:
    answer = await forward(request)
    if answer.status == 409:
        await _as_many_as_fit(request, forward)
    return answer


async def _part_instead_of_409(request: Request, forward: Forward) -> Answer:
    answer = await forward(request)
    if answer.status != 409:
        return answer
    return await _as_many_as_fit(request, forward) or answer


async def _nothing_at_a_full_quota(request: Request, forward: Forward) -> Answer:
    if request.operation == UPLOAD and request.key:
        quota = (await forward(request.asking(QUOTA))).json
        if quota.get("used") is not None and quota["used"] >= quota["total"]:
            return _exceeded(quota["used"], quota["total"])
    return await forward(request)


async def _every_card_counts(request: Request, forward: Forward) -> Answer:
    form = request.form if request.operation == UPLOAD else None
    cards = cards_of(form.file) if form and form.file else []
    if cards:
        quota = (await forward(request.asking(QUOTA))).json
        used = quota.get("used")
        if used is not None and used < quota["total"] < used + len(cards):
            return _exceeded(used, quota["total"])
    return await forward(request)


async def _half_done(request: Request, forward: Forward) -> Answer:
    """Refuse a file whose last card is not closed, and import the cards before it."""
    answer = await forward(request)
    form = request.form
    if answer.status != 400 or form is None or form.file is None:
        return answer
    text = text_of(form.file)
    whole = text[: text.upper().rfind("END:VCARD") + len("END:VCARD")]
    if _closed(text) != text and cards_of(bytes_of(whole)):
        await forward(request.with_form(form.with_file(bytes_of(whole))))
    return answer


def _file_name_asked_for(request: Request) -> Answer | None:
    form = request.form if request.operation == UPLOAD else None
    if form is None or form.file is not None:
        return None
    return fail(400, "fileName", "Expected fileName.")


_G = Group.REFUSALS
_HTML = "<html><h1>413 Request Entity Too Large</h1></html>"

DEFECTS = (
    Defect(
        "message-for-no-vcard-differs",
        _G,
        "A file that is not a vCard is refused in other words.",
        ("upload.not-a-vcard",),
        _message("file", "Cannot parse file.", 400),
    ),
    Defect(
        "wrong-field",
        _G,
        "A refused import has its message in `vcard`.",
        ("upload.not-a-vcard", "upload.no-footer", "upload.empty-file", "upload.file-required"),
        _message("vcard", "Invalid VCard format. Expected BEGIN:VCARD header.", 400),
    ),
    Defect(
        "header-anywhere",
        _G,
        "What comes before BEGIN:VCARD is skipped.",
        ("upload.not-a-vcard",),
        _file(_from_the_header),
    ),
    Defect(
        "footer-not-asked-for",
        _G,
        "A last card without END:VCARD is imported.",
        ("upload.no-footer", "upload.refusal-changes-nothing"),
        _file(_closed),
    ),
    Defect(
        "empty-file-accepted",
        _G,
        "An empty file is imported: nothing of nothing.",
        ("upload.empty-file",),
        _accepting_nothing(lambda form: form.file is not None and not form.file.strip()),
    ),
    Defect(
        "no-file-accepted",
        _G,
        "An import without a file is accepted: nothing of nothing.",
        ("upload.file-required",),
        _accepting_nothing(lambda form: form.file is None),
    ),
    Defect(
        "file-name-asked-for",
        _G,
        "An import without a file is refused for the lack of `fileName`, as in the API reference.",
        ("upload.file-required",),
        instead(_file_name_asked_for),
    ),
    Defect(
        "no-list-accepted",
        _G,
        "An import that names no list is accepted.",
        ("upload.list-required",),
        _form(_with_some_list),
    ),
    Defect(
        "two-lists-accepted",
        _G,
        "Of `listId` and `listName`, the first is taken.",
        ("upload.one-list-only",),
        _form(_list_id_alone),
    ),
    Defect(
        "unknown-strategy-accepted",
        _G,
        "An unknown `duplicateStrategy` is ignored.",
        ("upload.unknown-strategy", "upload.refusal-changes-nothing"),
        _field(STRATEGY, _known_or_none),
    ),
    Defect(
        "strategy-in-any-letter-case",
        _G,
        "`skip` is read as SKIP.",
        ("upload.unknown-strategy",),
        _field(STRATEGY, str.upper),
    ),
    Defect(
        "empty-values-accepted",
        _G,
        "An empty field is read as if it were not there.",
        ("upload.empty-value",),
        _form(_unnamed),
    ),
    Defect(
        "long-values-cut",
        _G,
        "An over-long name or tags are cut without a word.",
        ("upload.over-long-value",),
        _form(_cut),
    ),
    Defect(
        "raw-body-accepted",
        _G,
        "A vCard that is sent as the body itself is imported.",
        ("upload.multipart-required",),
        lambda: _raw_body_accepted,
    ),
    Defect(
        "unsupported-media-type",
        _G,
        "A body that is not a form is 415 instead of 400.",
        ("upload.multipart-required",),
        instead(_unsupported),
    ),
    Defect(
        "server-error-on-a-broken-form",
        _G,
        "A form that cannot be read is answered with 500.",
        ("upload.malformed-multipart", "answers.never-a-server-error"),
        instead(_crash_on_broken_form),
    ),
    Defect(
        "broken-form-accepted",
        _G,
        "A form that breaks off is imported as far as it goes.",
        ("upload.malformed-multipart",),
        asking(UPLOAD, _broken_form_mended),
    ),
    Defect(
        "too-large-as-page",
        _G,
        "A 413 is the page of the web server in front.",
        ("upload.file-too-large",),
        refused(lambda answer: answer.with_body(_HTML.encode(), "text/html"), 413),
    ),
    Defect(
        "too-large-as-400",
        _G,
        "A file that is too large is 400 instead of 413.",
        ("upload.file-too-large",),
        refused(lambda answer: answer.with_status(400), 413),
    ),
    Defect(
        "limit-of-20-mb",
        _G,
        "A file of up to 20 MB is accepted.",
        ("upload.file-too-large",),
        lambda: _limit_twice_as_large,
    ),
    Defect(
        "exactly-10-mb-refused",
        _G,
        "A file of exactly 10 485 760 bytes is refused.",
        ("upload.largest-file",),
        _smaller_limit(_LIMIT),
    ),
    Defect(
        "decimal-megabytes",
        _G,
        "10 MB are 10 000 000 bytes.",
        ("upload.largest-file",),
        _smaller_limit(10_000_001),
    ),
    Defect(
        "quota-as-400",
        _G,
        "An import over the quota is 400 instead of 409.",
        ("upload.quota-exceeded",),
        refused(lambda answer: answer.with_status(400), 409),
    ),
    Defect(
        "quota-without-figures",
        _G,
        "A 409 does not say how much is used.",
        ("upload.quota-exceeded",),
        _message("contacts", "Contact quota exceeded.", 409),
    ),
    Defect(
        "part-imported-before-409",
        _G,
        "An import over the quota is refused after it imported what fitted.",
        ("upload.quota-all-or-nothing",),
        lambda: _part_before_409,
    ),
    Defect(
        "part-imported-instead-of-409",
        _G,
        "An import over the quota is cut off where the quota ends, with 200.",
        ("upload.quota-exceeded",),
        lambda: _part_instead_of_409,
    ),
    Defect(
        "duplicates-refused-at-a-full-quota",
        _G,
        "At a full quota, every import is refused.",
        ("upload.duplicates-pass-at-full-quota",),
        lambda: _nothing_at_a_full_quota,
    ),
    Defect(
        "every-card-counts-before-the-import",
        _G,
        "An import with more cards than the quota has room for is refused, though some are duplicates.",
        ("upload.quota-exceeded",),
        lambda: _every_card_counts,
    ),
    Defect(
        "refused-and-half-done",
        _G,
        "A file whose last card is not closed is refused, and the cards before it are imported.",
        ("upload.refusal-changes-nothing",),
        lambda: _half_done,
    ),
    Defect(
        "unknown-list-as-400",
        _G,
        "An unknown list is 400 instead of 404.",
        ("upload.unknown-list", "list.unknown-list"),
        refused(
            lambda answer: answer.with_status(400) if "listId" in answer.json["data"] else answer,
            404,
        ),
    ),
)
