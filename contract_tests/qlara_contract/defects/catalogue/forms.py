"""Defects of forms: valid multipart bodies (RFC 7578) that are not read, or not read whole."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from qlara_contract.defects.defect import Group, instead, on_import, on_request
from qlara_contract.defects.imports import STRATEGY
from qlara_contract.defects.kinds import Kind
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour
    from qlara_contract.forms import FormPart, MultipartForm

_FIELDS = ("listId", "listName", STRATEGY, "tags")
_UNREADABLE = "The form cannot be read."


def _refused(is_refused: Callable[[ServedRequest], object]) -> Callable[[], Behaviour]:
    """Refuse an import whose request is not understood."""

    def response(request: ServedRequest) -> ServedResponse | None:
        if request.operation != UPLOAD or not is_refused(request):
            return None
        return fail(400, "form", _UNREADABLE)

    return instead(response)


def _typed(pattern: str) -> Callable[[ServedRequest], object]:
    """Return whether *pattern* is found in the media type of the request."""
    compiled = re.compile(pattern)
    return lambda request: compiled.search(request.header("content-type"))


def _holds(pattern: bytes) -> Callable[[ServedRequest], object]:
    """Return whether *pattern* is found in the head of a part, or between parts."""
    compiled = re.compile(pattern)
    return lambda request: compiled.search(request.body[:2000])


def _is_form(request: ServedRequest) -> bool:
    return "multipart/form-data" in request.header("content-type").lower()


def _starts_late(request: ServedRequest) -> bool:
    return _is_form(request) and not request.body.startswith(b"--")


def _goes_on(request: ServedRequest) -> bool:
    return _is_form(request) and not request.body.rstrip().endswith(b"--")


def _file_name(pattern: str) -> Callable[[ServedRequest], object]:
    compiled = re.compile(pattern)

    def is_odd(request: ServedRequest) -> object:
        form = request.form
        head = form.file_head.decode("utf-8", "replace") if form else ""
        found = re.search('filename="([^"]*)"', head)
        return found and compiled.search(found[1])

    return is_odd


def _parts(keep: Callable[[int, int], bool]) -> Callable[[MultipartForm], MultipartForm]:
    """Keep the parts for whose place, and that of the file, *keep* returns true."""

    def changed(form: MultipartForm) -> MultipartForm:
        places = [at for at, part in enumerate(form.parts) if part.name == "file"]
        if not places:
            return form
        kept = [part for at, part in enumerate(form.parts) if keep(at, places[0])]
        return replace(form, parts=tuple(kept))

    return changed


def _each_field(change: Callable[[str], str]) -> Callable[[MultipartForm], MultipartForm]:
    """Change the value of each field that a form has."""

    def changed(form: MultipartForm) -> MultipartForm:
        for name in _FIELDS:
            value = form.value(name)
            form = form if value is None else form.with_value(name, change(value))
        return form

    return changed


def _file(change: Callable[[bytes], bytes]) -> Callable[[MultipartForm], MultipartForm]:
    return lambda form: form if form.file is None else form.with_file(change(form.file))


def _as_latin_1(value: str) -> str:
    return value.encode().decode("latin-1")


def _with_list_name(name: str, value: str | None) -> Callable[[MultipartForm], MultipartForm]:
    """Give a field another value where the list is named, and not given by its id."""
    return lambda form: (
        form
        if form.value("listName") is None or form.value(name) is None
        else form.with_value(name, value)
    )


def _fields_with_a_type_lost(form: MultipartForm) -> MultipartForm:
    def is_kept(part: FormPart) -> bool:
        return part.name == "file" or b"content-type" not in part.head.lower()

    return replace(form, parts=tuple(filter(is_kept, form.parts)))


def _unread_in_chunks(request: ServedRequest) -> ServedRequest:
    return replace(request, body=b"") if request.header("transfer-encoding") else request


_form = Kind(Group.FORMS, ("upload.any-valid-form",), _refused)
_name = Kind(Group.FORMS, ("upload.file-name-free",), _refused)
_lost = Kind(Group.FORMS, ("upload.any-valid-form",), on_import)
_fields = Kind(Group.FORMS, ("tags.all-in-order",), on_import)
_sent = Kind(Group.FORMS, ("upload.any-valid-form",), partial(on_request, UPLOAD))

DEFECTS = (
    _form(
        "quoted-boundary-not-read",
        "A boundary in quotation marks is not read.",
        _typed('boundary="'),
    ),
    _form(
        "parameter-before-the-boundary",
        "A media type with a parameter before the boundary is not read.",
        _typed("data; +(?!boundary)"),
    ),
    _form(
        "media-type-in-capitals",
        "`Multipart/Form-Data` in capitals is not read.",
        _typed("^Multipart"),
    ),
    _form(
        "text-before-the-form", "Text before the first part makes a form unreadable.", _starts_late
    ),
    _form("text-after-the-form", "Text after the last part makes a form unreadable.", _goes_on),
    _form(
        "names-need-quotes",
        "The name of a part must stand in quotation marks.",
        _holds(rb'[; ]name=[^"]'),
    ),
    _form(
        "part-headers-in-lower-case",
        "Header names of a part in lower case are not read.",
        _holds(rb"content-disposition"),
    ),
    _form(
        "name-before-filename",
        "`filename` before `name` is not read.",
        _holds(rb'filename="[^"]*"; name='),
    ),
    _form(
        "part-headers-at-most-two",
        "A part with more than two headers is not read.",
        _holds(rb"X-Check: "),
    ),
    _form(
        "disposition-first",
        "A part whose first header is not `Content-Disposition` is not read.",
        _holds(rb"\r\nContent-Type: [^\r\n]+\r\nContent-Disposition"),
    ),
    _form(
        "expect-refused",
        "A request with `Expect: 100-continue` is refused with 400.",
        lambda request: request.header("expect"),
    ),
    _form(
        "length-needed",
        "A body without `Content-Length` is refused with 400.",
        lambda request: not request.header("content-length"),
    ),
    _name("file-names-with-spaces", "A file name with a space is refused.", _file_name(" ")),
    _name(
        "file-names-in-ascii-only",
        "A file name with characters outside ASCII is refused.",
        _file_name("[^\x00-\x7f]"),
    ),
    _name(
        "file-names-with-semicolons", "A file name with a semicolon is refused.", _file_name(";")
    ),
    _name(
        "file-names-of-100",
        "A file name of more than 100 characters is refused.",
        _file_name(".{101}"),
    ),
    _name(
        "file-names-with-parentheses",
        "A file name with parentheses is refused, as if it were an attack.",
        _file_name("[()&]"),
    ),
    _name(
        "file-names-with-dots",
        "A file name with more than one full stop is refused, as if it were an attack.",
        _file_name(r"\..*\."),
    ),
    _sent("chunks-not-read", "The body of a request in chunks is empty.", _unread_in_chunks),
    _lost(
        "fields-before-the-file-lost",
        "Fields that stand before the file are dropped.",
        _parts(lambda at, file: at >= file),
    ),
    _lost(
        "fields-after-the-file-lost",
        "Tags that stand after the file are dropped.",
        lambda form: (
            form
            if form.parts[-1:] and form.parts[-1].name == "file"
            else form.with_value("tags", None)
        ),
        "tags.all-in-order",
    ),
    _lost(
        "fields-with-a-type-lost",
        "A field with a media type of its own is taken for a file, and dropped.",
        _fields_with_a_type_lost,
    ),
    _fields(
        "fields-as-latin-1",
        "Fields are read as Latin-1: `città` becomes `cittÃ `.",
        _each_field(_as_latin_1),
    ),
    _fields(
        "fields-decoded-as-a-query",
        "Fields are decoded like a query: `+` becomes a space, `%41` an A.",
        _each_field(unquote_plus),
    ),
    _fields(
        "fields-percent-decoded",
        "Fields are percent-decoded: `%41` becomes an A.",
        _each_field(unquote),
    ),
    _fields(
        "fields-end-at-an-ampersand",
        "Fields end at an `&`.",
        _each_field(lambda value: value.split("&")[0]),
    ),
    _fields(
        "tags-without-a-new-list",
        "With `listName`, tags are dropped.",
        _with_list_name("tags", None),
    ),
    _fields(
        "strategy-without-a-new-list",
        "With `listName`, every strategy is SKIP.",
        _with_list_name(STRATEGY, "SKIP"),
        "duplicates.update-replaces",
    ),
    _fields(
        "files-percent-decoded",
        "A file is percent-decoded.",
        _file(lambda content: content.replace(b"%41", b"A").replace(b"%4E", b"N")),
        "cards.name-verbatim",
    ),
    _fields(
        "plus-in-files-decoded",
        "`+` in a file becomes a space, as in a form.",
        _file(lambda content: re.sub(rb"(?<=[a-z])\+(?=[A-Za-z])", b" ", content)),
        "cards.name-verbatim",
    ),
    _fields(
        "high-octets-of-files-lost",
        "Octets above 127 of a file are dropped.",
        _file(
            lambda content: (
                content
                if content[:2] in (b"\xff\xfe", b"\xfe\xff")
                else bytes(each for each in content if each < 128)
            )
        ),
        "cards.non-ascii",
    ),
)
