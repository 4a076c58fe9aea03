"""Defects of refusals: what is let through, refused otherwise, or refused and done all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Defect,
    Group,
    asking,
    importing,
    in_words,
    instead,
    reading,
    refused,
)
from qlara_contract.defects.files import bytes_of, cards_of, text_of
from qlara_contract.defects.forms import Form, boundary_of
from qlara_contract.defects.imports import DOCUMENTED_LIST, HIDDEN_LIST, STRATEGY
from qlara_contract.defects.messages import Answer, Request, fail
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Forward


def _file(change: Callable[[str], str]) -> Callable[[], Behaviour]:
    """Change the text of each file."""
    return reading(lambda content: bytes_of(change(text_of(content))))


def _field(name: str, change: Callable[[str], str | None]) -> Callable[[], Behaviour]:
    """Change the value of a field where it is sent."""

    def changed(form: Form) -> Form:
        value = form.value(name)
        return form if value is None else form.with_value(name, change(value))

    return importing(changed)


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
        return form.with_value("listId", DOCUMENTED_LIST)
    return form


def _unnamed(form: Form) -> Form:
    for name, other in (("listName", "Untitled"), ("listId", DOCUMENTED_LIST), (STRATEGY, "SKIP")):
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
    form = Form("defect", ()).with_file(request.body).with_value("listName", HIDDEN_LIST)
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
    return request.with_form(form.with_value("listName", HIDDEN_LIST)) if boundary else request


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

DEFECTS = (
    Defect(
        "message-for-no-vcard-differs",
        _G,
        "A file that is not a vCard is refused in other words.",
        ("upload.not-a-vcard",),
        in_words("file", "Cannot parse file.", 400),
    ),
    Defect(
        "wrong-field",
        _G,
        "A refused import has its message in `vcard`.",
        ("upload.not-a-vcard", "upload.no-footer", "upload.empty-file", "upload.file-required"),
        in_words("vcard", "Invalid VCard format. Expected BEGIN:VCARD header.", 400),
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
        importing(_with_some_list),
    ),
    Defect(
        "two-lists-accepted",
        _G,
        "Of `listId` and `listName`, the first is taken.",
        ("upload.one-list-only",),
        importing(_list_id_alone),
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
        importing(_unnamed),
    ),
    Defect(
        "long-values-cut",
        _G,
        "An over-long name or tags are cut without a word.",
        ("upload.over-long-value",),
        importing(_cut),
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
