"""Kinds: a change of a property, a card, a contact or an error, made a behaviour."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from qlara_contract.contract import contract
from qlara_contract.defects import Defect, Group
from qlara_contract.defects.errors import error_cards, error_lines
from qlara_contract.defects.kinds import (
    Kind,
    cards_lost,
    cards_refused,
    each_error,
    error_text,
    numbers_invalid,
    on_text,
    shown,
    unread,
)
from qlara_contract.defects.messages import ServedRequest, ServedResponse
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import LIST, UPLOAD
from qlara_contract.strategies import card

if TYPE_CHECKING:
    from qlara_contract.defects.defect import Forward
    from qlara_contract.defects.kinds import Begin

_MARCO = card("Marco Rossi", "TEL;TYPE=CELL:+33 1 99 00 00 01", email="marco@example.com")
_ANNA = card("Anna Neri", "TEL:+33199000002")
_ERRORS = [
    {"line": 4, "name": "Marco Rossi", "reason": "Invalid phone number format"},
    {"line": 7, "name": "Anna Neri", "reason": "Missing phone number"},
]


def _file_read(begin: Begin, content: bytes) -> bytes | None:
    """Return the file that the sandbox gets to read."""
    read: list[ServedRequest] = []

    async def forward(request: ServedRequest) -> ServedResponse:
        read.append(request)
        return ServedResponse(409, (), b"{}")

    _response(begin, _import(content), forward)
    form = read[0].form
    assert form is not None
    return form.file


def _import(content: bytes) -> ServedRequest:
    headers = (("content-type", "multipart/form-data; boundary=edge"),)
    body = ImportForm(FormFile(content)).encode("edge")
    return ServedRequest("POST", contract().path_of(UPLOAD), "", headers, body)


def _body(begin: Begin, request: ServedRequest, body: dict[str, Any]) -> Any:
    """Return the body that the client gets."""

    async def forward(_: ServedRequest) -> ServedResponse:
        return ServedResponse(200, (), b"").with_json(body)

    return _response(begin, request, forward).json


def _response(begin: Begin, request: ServedRequest, forward: Forward) -> ServedResponse:
    async def respond() -> ServedResponse:
        return await begin()(request, forward)

    return asyncio.run(respond())


def _page(begin: Begin, *contacts: dict[str, Any]) -> Any:
    request = ServedRequest("GET", contract().path_of(LIST, listId="a"), "", (), b"")
    return _body(begin, request, {"contacts": list(contacts)})["contacts"]


def _errors(begin: Begin, file: str = _MARCO + _ANNA) -> Any:
    return _body(begin, _import(file.encode()), {"summary": {}, "errors": _ERRORS})["errors"]


def test_a_kind_makes_defects_that_differ_in_their_change() -> None:
    tel = Kind(Group.NUMBERS, ("numbers.e164",), unread("TEL"))
    made = tel("tel-unread", "A TEL is not read.", lambda _: True, "cards.groups")
    assert (made.name, made.group, made.breaks) == ("tel-unread", Group.NUMBERS, ("cards.groups",))
    same = tel("no-tel", "There is no TEL.", lambda _: True)
    assert isinstance(same, Defect)
    assert same.breaks == ("numbers.e164",)


def test_text_is_changed_but_not_that_of_utf_16() -> None:
    begin = on_text(str.lower)
    utf_16 = "\ufeffFN:Marco".encode("utf-16-le")
    assert _file_read(begin, b"FN:Marco\r\n") == b"fn:marco\r\n"
    assert _file_read(begin, utf_16) == utf_16


def test_a_property_is_not_read_where_the_function_says_so() -> None:
    begin = unread("TEL")(lambda tel: "CELL" in tel.parameters)
    read = _file_read(begin, (_MARCO + _ANNA).encode())
    assert (
        read == (_MARCO.replace("TEL;TYPE=CELL:+33 1 99 00 00 01", "X-LEFT-OUT:") + _ANNA).encode()
    )


def test_a_lost_card_leaves_its_lines_behind() -> None:
    read = _file_read(cards_lost(lambda one: "Marco" in one.text), (_MARCO + _ANNA).encode())
    assert read == b"\r\n" * 6 + _ANNA.encode()


@pytest.mark.parametrize(
    "begin",
    [
        cards_refused(lambda one: "Anna" in one.text),
        numbers_invalid(lambda tel: tel.value.endswith("2")),
    ],
)
def test_a_card_is_refused_for_its_number(begin: Begin) -> None:
    read = _file_read(begin, (_MARCO + _ANNA).encode())
    assert read == (_MARCO + _ANNA.replace("+33199000002", "n/d")).encode()


def test_a_text_of_a_contact_is_shown_otherwise_or_left_out() -> None:
    contacts = {"name": "Marco", "email": "a@example.com"}, {"name": None}
    assert _page(shown("name")(str.upper), *contacts) == [
        {"name": "MARCO", "email": "a@example.com"},
        {"name": None},
    ]
    assert _page(shown("email")(lambda _: None), *contacts) == [{"name": "Marco"}, {"name": None}]


def test_an_error_is_shown_otherwise_or_left_out() -> None:
    assert _errors(each_error(lambda error: error if error["line"] > 4 else None)) == _ERRORS[1:]
    assert [each["name"] for each in _errors(error_text("name")(str.upper))] == [
        "MARCO ROSSI",
        "ANNA NERI",
    ]


def test_the_line_of_an_error_is_changed_by_the_lines_of_the_file() -> None:
    begin = error_lines(lambda lines, line: line if lines[line - 1].startswith("BEGIN") else 0)
    assert [each["line"] for each in _errors(begin)] == [0, 7]


def test_an_error_is_changed_by_its_card_if_the_file_has_any() -> None:
    begin = error_cards(lambda one, error: error | {"name": one.value("EMAIL")})
    assert [each["name"] for each in _errors(begin)] == ["marco@example.com", ""]
    assert _errors(begin, "not a vCard") == _ERRORS
