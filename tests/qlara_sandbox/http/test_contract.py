"""A contract file that a partner changed: what it may hold, and how its mistakes are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from qlara_sandbox.domain.errors import InvalidFields
from qlara_sandbox.http.contract import Contract, InvalidContract

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.http.operation import Operation

OK = {"200": {"description": "Done."}}


def contract(folder: Path, path: str = "/things", **operation: Any) -> Contract:
    """Return a contract with one operation, written to a file as a partner does."""
    document = {
        "info": {"title": "T", "version": "1"},
        "paths": {path: {"get": {"operationId": "getThings", "responses": OK, **operation}}},
        "components": {
            "schemas": {
                "Loop": {"$ref": "#/components/schemas/Loop"},
                "Id": {"type": "string", "pattern": "b$"},
            }
        },
    }
    file = folder / "openapi.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return Contract(file)


def query(name: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema}


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (
            {"parameters": [{"name": "id", "in": "path"}]},
            "no {id} in the path for the parameter 'id'",
        ),
        ({"x-qlara-permission": ["contacts"]}, "x-qlara-permission is text"),
        ({"parameters": [{"in": "query"}]}, "lacks 'name'"),
        (
            {"parameters": [{"$ref": "#/components/parameters/Nowhere"}]},
            "Unresolved $ref '#/components/parameters/Nowhere'",
        ),
        (
            {"parameters": [{"$ref": "#/components/schemas/Loop"}]},
            "Unresolved $ref '#/components/schemas/Loop'",
        ),
    ],
)
def test_a_mistake_in_an_operation_is_told_with_its_method_and_path(
    tmp_path: Path, operation: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidContract) as caught:
        contract(tmp_path, **operation)

    assert str(caught.value) == f"{tmp_path / 'openapi.yaml'}: GET /things: {reason}"


@pytest.mark.parametrize(
    ("end", "mistake"),
    [
        ("i: &a [*a]\n", "an alias leads into itself"),
        ("i: \x1d\n", "U+001D: control characters are not allowed"),
        ('"a\\nb\\e[31m": [&a 1, 2026-04-09, !!binary aGVsbG8=]\n', None),
        ('"' + "a" * 800 + '": {"' + "b" * 800 + '": .inf}\n', None),
    ],
)
def test_what_cannot_be_read_in_a_contract_is_told_on_one_line_with_its_place(
    tmp_path: Path, end: str, mistake: str | None
) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text("openapi: 3.1.0\n" + end, encoding="utf-8")
    with pytest.raises(InvalidContract) as refused:
        Contract(path)

    message = str(refused.value)
    assert message.startswith(f"{path}:2: {mistake or ''}")
    assert (message.isprintable(), len(message) <= 1000) == (True, True)


def test_a_contract_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidContract, match=rf"{tmp_path}.*cannot be read: .*Is a directory"):
        Contract(tmp_path)


def test_what_aliases_multiply_without_end_is_refused(tmp_path: Path) -> None:
    doubled = "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    file = tmp_path / "openapi.yaml"
    file.write_text(f"a: &a [{'x, ' * 10}]\n{doubled}", encoding="utf-8")

    with pytest.raises(
        InvalidContract, match=r"openapi\.yaml:5: aliases make the document too large"
    ):
        Contract(file)


def test_a_contract_makes_no_objects_and_calls_nothing(tmp_path: Path) -> None:
    file = tmp_path / "openapi.yaml"
    file.write_text(f"info: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n", "utf-8")

    with pytest.raises(InvalidContract, match="could not determine a constructor"):
        Contract(file)
    assert not (tmp_path / "made").exists()


def test_a_parameter_in_a_header_is_left_to_the_gates(tmp_path: Path) -> None:
    key = {"name": "X-Api-Key", "in": "header", "required": True}
    [operation] = contract(tmp_path, parameters=[key]).operations

    assert operation.parameters == ()


@pytest.fixture
def typed(tmp_path: Path) -> Operation:
    """Return an operation with a query parameter of every plain type."""
    [operation] = contract(
        tmp_path,
        parameters=[
            query("id", required=True),
            query("count", type="integer", minimum=1),
            query("share", type="number"),
            query("all", type="boolean"),
        ],
    ).operations
    return operation


def test_parameters_are_read_by_their_types(typed: Operation) -> None:
    values = typed.read_parameters({}, b"id=a&count=2&share=0.5&all=true")

    assert values == {"id": "a", "count": 2, "share": 0.5, "all": True}


def test_every_parameter_at_fault_is_told_what_was_expected(typed: Operation) -> None:
    with pytest.raises(InvalidFields) as caught:
        typed.read_parameters({}, b"count=0&share=half&all=yes&all=no")

    assert caught.value.data == {
        "id": "Missing. Expected text.",
        "count": "Expected an integer of at least 1.",
        "share": "Expected a number.",
        "all": "Given 2 times. Expected true or false.",
    }


def test_a_parameter_may_be_null_beside_its_type(tmp_path: Path) -> None:
    [operation] = contract(
        tmp_path,
        parameters=[
            query("count", type=["integer", "null"], maximum=9),
            query("note", type=["string", "null"], maxLength=1),
        ],
    ).operations

    with pytest.raises(InvalidFields) as caught:
        operation.read_parameters({}, b"count=10&note=ab")

    assert caught.value.data == {
        "count": "Expected an integer of at most 9.",
        "note": "Expected text of at most 1 characters.",
    }
    assert operation.read_parameters({}, b"count=9&note=a") == {"count": 9, "note": "a"}


def test_a_field_of_a_form_may_stand_for_a_number_or_a_boolean(tmp_path: Path) -> None:
    fields = {
        "count": {"type": "integer", "maximum": 9},
        "isVip": {"type": ["boolean", "null"]},
        "share": {"type": "number"},
        "code": {"type": ["string", "integer"]},
    }
    body = {"content": {"multipart/form-data": {"schema": {"properties": fields}}}}
    [operation] = contract(tmp_path, requestBody=body).operations
    form = operation.form
    assert form is not None

    right = {"count": "9", "isVip": "true", "share": "0.5", "code": "a1"}
    assert form.check(right) == right
    with pytest.raises(InvalidFields) as caught:
        form.check({"count": "10", "isVip": "yes", "share": "half"})
    assert caught.value.data == {
        "count": "Expected an integer of at most 9.",
        "isVip": "Expected true or false.",
        "share": "Expected a number.",
    }


def test_what_stands_beside_a_reference_is_demanded_too(tmp_path: Path) -> None:
    [operation] = contract(
        tmp_path,
        parameters=[
            {
                "name": "id",
                "in": "query",
                "schema": {"$ref": "#/components/schemas/Id", "maxLength": 2, "pattern": "^b"},
            }
        ],
    ).operations

    for query_string in (b"id=abc", b"id=cb"):
        with pytest.raises(InvalidFields):
            operation.read_parameters({}, query_string)
    assert operation.read_parameters({}, b"id=bb") == {"id": "bb"}


def test_a_boolean_has_one_spelling(typed: Operation) -> None:
    with pytest.raises(InvalidFields, match="Expected true or false"):
        typed.read_parameters({}, b"id=a&all=yes")


def test_a_response_breaks_the_contract_by_its_status_media_type_or_content(
    tmp_path: Path,
) -> None:
    schema = {"type": "object", "properties": {"used": {"type": "integer"}}}
    [operation] = contract(
        tmp_path,
        responses={
            "200": {"description": "", "content": {"application/json": {"schema": schema}}},
            "204": {"description": ""},
        },
    ).operations

    violations = [
        operation.violation(200, "application/json", {"used": 1}),
        operation.violation(204, "", b""),
        operation.violation(201, "application/json", {}),
        operation.violation(200, "text/plain", b"1"),
        operation.violation(200, "application/json", {"used": "1"}),
    ]

    assert violations == [
        None,
        None,
        "getThings: status 201 is not in the contract",
        "getThings: 200 as text/plain is not in the contract",
        'getThings: 200: used: "1" is not of type "integer"',
    ]
