"""Defects of tags, and of the lists that imports go into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import (
    Defect,
    Group,
    each_contact,
    instead,
    on_import,
    on_ok,
    stateful,
)
from qlara_contract.defects.imports import DOCUMENTED_LIST, into_list
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Forward
    from qlara_contract.forms import MultipartForm


def _tags(change: Callable[[str], str | None]) -> Callable[[], Behaviour]:
    """Change the tags of each import that has some."""

    def changed(form: MultipartForm) -> MultipartForm:
        tags = form.value("tags")
        return form if tags is None else form.with_value("tags", change(tags))

    return on_import(changed)


def _shown(change: Callable[[list[str]], list[str]]) -> Callable[[], Behaviour]:
    """Show the tags of each contact otherwise than they are stored."""
    return each_contact(lambda each: each | {"tags": change(each["tags"])})


def _tags_as_sent() -> Behaviour:
    """Show the tags of a list's contacts as the import into it sent them: blanks, repeats and all."""
    sent: dict[str, list[str]] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        body, form = response.json, request.form
        if response.status != 200 or request.operation not in (UPLOAD, LIST):
            return response
        if request.operation == UPLOAD and form is not None:
            sent[body["listId"]] = (form.value("tags") or "").split(",")
            return response
        raw = sent.get(body["listId"], [])
        tidy = list(dict.fromkeys(each.strip() for each in raw if each.strip()))
        contacts = [
            one | {"tags": raw} if tidy and one["tags"] == tidy else one for one in body["contacts"]
        ]
        return response.with_json(body | {"contacts": contacts})

    return behave


def _into_the_documented_list(form: MultipartForm) -> MultipartForm:
    return form if form.value("listName") is None else into_list(form, DOCUMENTED_LIST)


def _same_name_same_list() -> Behaviour:
    known: dict[tuple[tuple[str, str], str], str] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form if request.operation == UPLOAD else None
        name = form.value("listName") if form else None
        if form is None or not name or form.value("listId") is not None:
            return await forward(request)
        place = (request.account, name)
        if place in known:
            request = request.with_form(into_list(form, known[place]))
        response = await forward(request)
        if response.status == 200:
            known[place] = response.json["listId"]
        return response

    return behave


def _readable_later() -> Behaviour:
    """Respond with 404 when a new list is first read."""
    fresh: set[str] = set()

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        if request.operation == LIST and (list_id := request.path.split("/")[-2]) in fresh:
            fresh.remove(list_id)
            return fail(404, "listId", "No such list.")
        response = await forward(request)
        form = request.form
        if response.status == 200 and form is not None and form.value("listName"):
            fresh.add(response.json["listId"])
        return response

    return behave


async def _unknown_list_created(request: ServedRequest, forward: Forward) -> ServedResponse:
    response = await forward(request)
    form = request.form if request.operation == UPLOAD else None
    if form is None or response.status != 404:
        return response
    name = form.value("listId")
    return await forward(
        request.with_form(form.with_value("listId", None).with_value("listName", name))
    )


def _refusing(
    is_refused: Callable[[MultipartForm], bool], field: str, message: str
) -> Callable[[], Behaviour]:
    def response(request: ServedRequest) -> ServedResponse | None:
        form = request.form if request.operation == UPLOAD else None
        return fail(400, field, message) if form is not None and is_refused(form) else None

    return instead(response)


def _has_further_fields(form: MultipartForm) -> bool:
    known = {"file", "listId", "listName", "duplicateStrategy", "tags"}
    return any(part.name not in known for part in form.parts)


_T = Group.TAGS
_G = Group.LISTS

DEFECTS = (
    Defect(
        "tags-lost",
        _T,
        "Tags are dropped.",
        ("tags.all-in-order", "list.contact-as-imported"),
        _tags(lambda _: None),
    ),
    Defect(
        "only-the-first-tag",
        _T,
        "Only the first tag is kept.",
        ("tags.all-in-order",),
        _tags(lambda tags: tags.split(",")[0]),
    ),
    Defect(
        "ten-tags-at-most",
        _T,
        "Only the first ten tags are kept.",
        ("tags.of-any-kind",),
        _shown(lambda tags: tags[:10]),
    ),
    Defect("tags-sorted", _T, "Tags are sorted.", ("tags.order",), _shown(sorted)),
    Defect(
        "tags-not-divided",
        _T,
        "Tags are not split at commas.",
        ("tags.all-in-order",),
        _shown(lambda tags: [",".join(tags)] if tags else []),
    ),
    Defect(
        "tags-in-upper-case",
        _T,
        "Tags are stored in upper case.",
        ("tags.all-in-order",),
        _tags(str.upper),
    ),
    Defect(
        "tags-not-tidied",
        _T,
        "Tags are not trimmed; empty and repeated ones are kept.",
        ("tags.tidied",),
        stateful(_tags_as_sent),
    ),
    Defect(
        "a-tag-made-up",
        _T,
        "An import without tags adds the tag `imported`.",
        ("tags.none",),
        on_import(
            lambda form: form if form.value("tags") else form.with_value("tags", "imported"),
        ),
    ),
    Defect(
        "report-names-another-list",
        _G,
        "The report names the account's first list instead of the requested one.",
        ("upload.report-names-the-list", "upload.new-list"),
        on_ok(UPLOAD, lambda body: body | {"listId": DOCUMENTED_LIST}),
    ),
    Defect(
        "new-list-not-created",
        _G,
        "`listName` is ignored: the contacts go to an existing list.",
        ("upload.new-list",),
        on_import(_into_the_documented_list),
    ),
    Defect(
        "list-name-taken-up-again",
        _G,
        "A `listName` that was used before selects the same list.",
        ("upload.new-list-each-time",),
        stateful(_same_name_same_list),
    ),
    Defect(
        "new-list-readable-later",
        _G,
        "A new list gets 404 at first.",
        ("list.visible-at-once",),
        stateful(_readable_later),
    ),
    Defect(
        "list-names-in-ascii-only",
        _G,
        "A `listName` with non-ASCII characters is refused.",
        ("upload.list-name-non-ascii",),
        _refusing(
            lambda form: not (form.value("listName") or "").isascii(), "listName", "Expected ASCII."
        ),
    ),
    Defect(
        "unknown-list-created",
        _G,
        "An import into an unknown `listId` creates a list.",
        ("upload.unknown-list",),
        lambda: _unknown_list_created,
    ),
    Defect(
        "unknown-fields-refused",
        _G,
        "A form field that the contract does not name is refused.",
        ("upload.unknown-fields-ignored",),
        _refusing(_has_further_fields, "form", "Unknown field."),
    ),
    Defect(
        "file-extension-required",
        _G,
        "A file whose name does not end with `.vcf` is refused.",
        ("upload.part-headers-free",),
        _refusing(
            lambda form: b".vcf" not in form.file_head.lower() and form.file is not None,
            "file",
            "Expected a .vcf file.",
        ),
    ),
    Defect(
        "media-type-required",
        _G,
        "A file whose part is not `text/vcard` is refused.",
        ("upload.part-headers-free",),
        _refusing(
            lambda form: b"text/vcard" not in form.file_head.lower() and form.file is not None,
            "file",
            "Expected text/vcard.",
        ),
    ),
)
