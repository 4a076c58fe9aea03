"""Multipart forms: what is not changed comes out byte for byte as it went in."""

from __future__ import annotations

import pytest

from qlara_contract.forms import (
    FormFile,
    FormPart,
    ImportForm,
    MultipartForm,
    boundary_of,
    read_form,
)

_TYPE = "multipart/form-data; boundary=edge"
_FILE = b"BEGIN:VCARD\r\n-- edge\r\n\xff\x00END:VCARD\r\n"
_BODY = (
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.vcf"\r\n'
    b"Content-Type: text/vcard\r\n\r\n" + _FILE + b"\r\n"
    b'--edge\r\nContent-Disposition: form-data; name="tags"\r\n\r\ncaf\xc3\xa9,b\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="listId"\r\n\r\nlist_a\r\n--edge--\r\n'
)


def _form() -> MultipartForm:
    form = read_form(_TYPE, _BODY)
    assert form is not None
    return form


def test_a_form_is_written_as_it_was_read() -> None:
    assert _form().encode() == _BODY


def test_file_and_fields_are_read() -> None:
    form = _form()
    assert (form.file, form.value("tags"), form.value("listName")) == (_FILE, "café,b", None)
    assert b"text/vcard" in form.file_head


def test_a_field_is_replaced_at_the_end_and_the_others_stay() -> None:
    changed = _form().with_value("tags", "x")
    assert [(each.name, each.content) for each in changed.parts] == [
        ("file", _FILE),
        ("listId", b"list_a"),
        ("tags", b"x"),
    ]


def test_a_field_can_be_taken_out() -> None:
    assert [each.name for each in _form().with_value("tags", None).parts] == ["file", "listId"]


def test_another_file_keeps_the_head_of_its_part() -> None:
    changed = _form().with_file(b"other")
    assert changed.parts[0] == FormPart(_form().parts[0].head, b"other")


def test_a_form_without_a_file_gets_one() -> None:
    form = MultipartForm("edge", ()).with_file(b"x").with_value("listId", "a")
    assert read_form(form.content_type, form.encode()) == form
    assert (form.file, form.value("listId")) == (b"x", "a")


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=edge", "edge"),
        ('Multipart/Form-Data; charset=utf-8; boundary="the edge"', "the edge"),
        ("multipart/form-data", ""),
        ("application/json; boundary=edge", ""),
        ("", ""),
    ],
)
def test_the_boundary_is_what_the_content_type_says(content_type: str, boundary: str) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/vcard", _BODY),
        ("multipart/form-data; boundary=other", _BODY),
        (_TYPE, b""),
        (_TYPE, _BODY[: len(_BODY) // 2]),
        (_TYPE, b"before" + _BODY),
        (_TYPE, b"--edge\r\nno empty line\r\n--edge--\r\n"),
        (_TYPE, _BODY + b"after"),
    ],
)
def test_what_is_not_a_whole_form_is_none(content_type: str, body: bytes) -> None:
    assert read_form(content_type, body) is None


def test_the_form_of_an_import_is_encoded_with_its_file_first() -> None:
    fields = (("tags", "café,b"), ("listId", "list_a"))
    form = ImportForm(FormFile(_FILE, "a.vcf", "text/vcard"), fields)
    assert form.encode("edge") == _BODY
