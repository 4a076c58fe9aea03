"""Defects of refusals: what is let through, refused otherwise, or refused and done all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Defect,
    Group,
    instead,
    on_file,
    on_import,
    on_refusal,
    on_request,
    refused_with,
)
from qlara_contract.defects.files import bytes_of, cards_of, text_of
from qlara_contract.defects.imports import DOCUMENTED_LIST, HIDDEN_LIST, STRATEGY
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.forms import MultipartForm, boundary_of
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Forward


def _file(change: Callable[[str], str]) -> Callable[[], Behaviour]:
    """Change the text of each file."""
    return on_file(lambda content: bytes_of(change(text_of(content))))


def _field(name: str, change: Callable[[str], str | None]) -> Callable[[], Behaviour]:
    """Change the value of a field where it is sent."""

    def changed(form: MultipartForm) -> MultipartForm:
        value = form.value(name)
        return form if value is None else form.with_value(name, change(value))

    return on_import(changed)


def _from_the_header(text: str) -> str:
    found = re.search(r"BEGIN:VCARD", text, re.IGNORECASE)
    return text[found.start() :] if found and not text.startswith("\ufeff") else text


def _closed(text: str) -> str:
    last = text.upper().rfind("BEGIN:VCARD")
    return text + "END:VCARD\r\n" if last > text.upper().rfind("END:VCARD") else text


def _known_or_none(strategy: str) -> str | None:
    return strategy if strategy in ("SKIP", "UPDATE", "DUPLICATE", "") else None


def _list_id_alone(form: MultipartForm) -> MultipartForm:
    return form if form.value("listId") is None else form.with_value("listName", None)


def _with_some_list(form: MultipartForm) -> MultipartForm:
    if form.value("listId") is None and form.value("listName") is None:
        return form.with_value("listId", DOCUMENTED_LIST)
    return form


def _unnamed(form: MultipartForm) -> MultipartForm:
    for name, other in (("listName", "Untitled"), ("listId", DOCUMENTED_LIST), (STRATEGY, "SKIP")):
        if form.value(name) == "":
            form = form.with_value(name, other)
    return form


def _cut(form: MultipartForm) -> MultipartForm:
    for name, most in (("listName", 120), ("tags", 1000)):
        value = form.value(name)
        if value is not None and len(value) > most:
            form = form.with_value(name, value[:most])
    return form


async def _raw_body_accepted(request: ServedRequest, forward: Forward) -> ServedResponse:
    if request.operation != UPLOAD or not request.header("content-type").startswith("text/vcard"):
        return await forward(request)
    form = MultipartForm("defect", ()).with_file(request.body).with_value("listName", HIDDEN_LIST)
    return await forward(request.with_form(form))


def _unsupported(request: ServedRequest) -> ServedResponse | None:
    media_type = request.header("content-type")
    if request.operation != UPLOAD or media_type.startswith("multipart/form-data"):
        return None
    return fail(415, "file", "Unsupported media type.")


def _crash_on_broken_form(request: ServedRequest) -> ServedResponse | None:
    media_type = request.header("content-type")
    is_form = request.operation == UPLOAD and media_type.startswith("multipart/form-data")
    if not is_form or request.form is not None:
        return None
    return ServedResponse(500, (("content-type", "text/plain"),), b"Internal Server Error")


def _broken_form_mended(request: ServedRequest) -> ServedRequest:
    boundary = boundary_of(request.header("content-type"))
    if request.form is not None or f"--{boundary}\r\n".encode() not in request.body:
        return request
    form = MultipartForm(boundary, ()).with_file(
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n"
    )
    return request.with_form(form.with_value("listName", HIDDEN_LIST)) if boundary else request


def _accepting_nothing(is_nothing: Callable[[MultipartForm], bool]) -> Callable[[], Behaviour]:
    """Respond to an empty import with an empty report."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form if request.operation == UPLOAD else None
        if form is None or not is_nothing(form):
            return await forward(request)
        empty = b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n"
        response = await forward(request.with_form(form.with_file(empty)))
        if response.status != 200:
            return response
        counts = dict.fromkeys(response.json["summary"], 0)
        return response.with_json(response.json | {"summary": counts, "errors": []})

    return lambda: behave


async def _half_done(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Refuse a file whose last card is not closed, and import the cards before it."""
    response = await forward(request)
    form = request.form
    if response.status != 400 or form is None or form.file is None:
        return response
    text = text_of(form.file)
    whole = text[: text.upper().rfind("END:VCARD") + len("END:VCARD")]
    if _closed(text) != text and cards_of(bytes_of(whole)):
        await forward(request.with_form(form.with_file(bytes_of(whole))))
    return response


def _file_name_asked_for(request: ServedRequest) -> ServedResponse | None:
    form = request.form if request.operation == UPLOAD else None
    if form is None or form.file is not None:
        return None
    return fail(400, "fileName", "Expected fileName.")


_G = Group.REFUSALS

DEFECTS = (
    Defect(
        "message-for-no-vcard-differs",
        _G,
        "A file that is not a vCard is refused with a different message.",
        ("upload.not-a-vcard-text",),
        refused_with("file", "Cannot parse file.", 400),
    ),
    Defect(
        "wrong-field",
        _G,
        "The message of a refused import is in `vcard`.",
        ("upload.not-a-vcard", "upload.no-footer", "upload.empty-file", "upload.file-required"),
        refused_with("vcard", "Invalid VCard format. Expected BEGIN:VCARD header.", 400),
    ),
    Defect(
        "header-anywhere",
        _G,
        "Anything before BEGIN:VCARD is skipped.",
        ("upload.header-first",),
        _file(_from_the_header),
    ),
    Defect(
        "footer-not-asked-for",
        _G,
        "A last card without END:VCARD is imported.",
        ("upload.no-footer",),
        _file(_closed),
    ),
    Defect(
        "empty-file-accepted",
        _G,
        "An empty file is accepted.",
        ("upload.empty-file",),
        _accepting_nothing(lambda form: form.file is not None and not form.file.strip()),
    ),
    Defect(
        "no-file-accepted",
        _G,
        "An import without a file is accepted.",
        ("upload.file-required",),
        _accepting_nothing(lambda form: form.file is None),
    ),
    Defect(
        "file-name-asked-for",
        _G,
        "An import without a file is refused for lack of `fileName`, as the API reference says.",
        ("upload.file-required",),
        instead(_file_name_asked_for),
    ),
    Defect(
        "no-list-accepted",
        _G,
        "An import that names no list is accepted.",
        ("upload.list-required",),
        on_import(_with_some_list),
    ),
    Defect(
        "two-lists-accepted",
        _G,
        "With both `listId` and `listName`, the first is used.",
        ("upload.one-list-only",),
        on_import(_list_id_alone),
    ),
    Defect(
        "unknown-strategy-accepted",
        _G,
        "An unknown `duplicateStrategy` is ignored.",
        ("upload.unknown-strategy",),
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
        "An empty field is treated as absent.",
        ("upload.empty-value",),
        on_import(_unnamed),
    ),
    Defect(
        "long-values-cut",
        _G,
        "An over-long list name or tags are silently cut.",
        ("upload.over-long-value",),
        on_import(_cut),
    ),
    Defect(
        "raw-body-accepted",
        _G,
        "A vCard sent as the raw body is imported.",
        ("upload.multipart-required",),
        lambda: _raw_body_accepted,
    ),
    Defect(
        "unsupported-media-type",
        _G,
        "A body that is not a form gets 415 instead of 400.",
        ("upload.multipart-required",),
        instead(_unsupported),
    ),
    Defect(
        "server-error-on-a-broken-form",
        _G,
        "A malformed form causes a 500.",
        ("upload.malformed-multipart", "answers.never-a-server-error"),
        instead(_crash_on_broken_form),
    ),
    Defect(
        "broken-form-accepted",
        _G,
        "A truncated form is imported as far as it goes.",
        ("upload.malformed-multipart",),
        on_request(UPLOAD, _broken_form_mended),
    ),
    Defect(
        "refused-and-half-done",
        _G,
        "A file whose last card is not closed is refused, but the cards before it are imported.",
        ("upload.refusal-changes-nothing",),
        lambda: _half_done,
    ),
    Defect(
        "unknown-list-as-400",
        _G,
        "An unknown list gets 400 instead of 404.",
        ("upload.unknown-list", "list.unknown-list"),
        on_refusal(
            lambda response: (
                response.with_status(400) if "listId" in response.json["data"] else response
            ),
            404,
        ),
    ),
)
