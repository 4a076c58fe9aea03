"""A form whose contract asks for one of two fields is refused with both names, however the schema says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from qlara_sandbox.domain.errors import InvalidFields
from qlara_sandbox.http.alternatives import alternatives, always_required, properties_of
from qlara_sandbox.http.contract import Contract

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.http.operation import FormSchema

FILE = {"type": "string", "format": "binary", "pattern": "^BEGIN"}
TEXT = {"type": "string", "minLength": 1, "x-qlara-expected": "a name"}
FIELDS = {"file": FILE, "listId": TEXT, "listName": TEXT}
BY_ID, BY_NAME = {"required": ["listId"]}, {"required": ["listName"]}
NEITHER = {"listId": "Expected either listId or listName, found neither."}
BOTH = {
    "listId": "Expected either listId or listName, found both.",
    "listName": "Expected either listId or listName, found both.",
}
MISSING_FILE = {"file": "Missing. Expected text matching ^BEGIN."}

WAYS: dict[str, dict[str, Any]] = {
    "oneOf": {"oneOf": [BY_ID, BY_NAME]},
    "anyOf and not": {
        "anyOf": [BY_ID, BY_NAME],
        "not": {"required": ["listId", "listName"]},
    },
    "if, then not, else": {"if": BY_ID, "then": {"not": BY_NAME}, "else": BY_NAME},
    "if, then false, else": {
        "if": BY_ID,
        "then": {"properties": {"listName": False}},
        "else": BY_NAME,
    },
    "dependentSchemas": {
        "dependentSchemas": {"listId": {"not": BY_NAME}},
        "anyOf": [BY_ID, BY_NAME],
    },
    "inside allOf": {"allOf": [{"oneOf": [BY_ID, BY_NAME]}]},
    "references": {
        "oneOf": [{"$ref": "#/components/schemas/ById"}, {"$ref": "#/components/schemas/ByName"}]
    },
    "branches that forbid": {
        "oneOf": [
            {**BY_ID, "properties": {"listName": False}},
            {**BY_NAME, "properties": {"listId": False}},
        ]
    },
    "whole objects": {
        "oneOf": [
            {"required": ["file", "listId"], "properties": {"file": FILE, "listId": TEXT}},
            {"required": ["file", "listName"], "properties": {"file": FILE, "listName": TEXT}},
        ]
    },
}


def form(folder: Path, schema: dict[str, Any]) -> FormSchema:
    """Return a form that a contract file describes."""
    body = {"content": {"multipart/form-data": {"schema": schema}}}
    operation = {"operationId": "upload", "requestBody": body, "responses": {"200": {}}}
    document = {
        "info": {"title": "T", "version": "1"},
        "paths": {"/files": {"post": operation}},
        "components": {"schemas": {"ById": BY_ID, "ByName": BY_NAME}},
    }
    file = folder / "openapi.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    found = Contract(file).operations[0].form
    assert found is not None
    return found


def mistakes(schema: FormSchema, **present: str) -> dict[str, str]:
    with pytest.raises(InvalidFields) as caught:
        schema.check(present)
    return dict(caught.value.data)


@pytest.mark.parametrize("way", WAYS)
def test_either_of_two_fields_is_needed_and_not_both(tmp_path: Path, way: str) -> None:
    schema = form(
        tmp_path, {"type": "object", "required": ["file"], "properties": FIELDS} | WAYS[way]
    )

    assert schema.check({"file": "", "listId": "a"}) == {"file": "", "listId": "a"}
    assert schema.check({"file": "", "listName": "b"}) == {"file": "", "listName": "b"}
    assert mistakes(schema, file="") == NEITHER
    assert mistakes(schema, file="", listId="a", listName="b") == BOTH
    assert mistakes(schema, listId="a")["file"] == MISSING_FILE["file"]
    assert mistakes(schema, file="", listId="")["listId"] == "Expected a name."


def test_a_form_may_be_described_by_its_branches_alone(tmp_path: Path) -> None:
    schema = form(tmp_path, WAYS["whole objects"])

    assert schema.check({"file": "", "listName": "b"}) == {"file": "", "listName": "b"}
    assert mistakes(schema, file="") == NEITHER
    assert mistakes(schema, listId="a") == MISSING_FILE
    assert schema.fields["file"].is_file


def test_of_three_fields_one_is_needed(tmp_path: Path) -> None:
    choice = [{"required": [name]} for name in ("listId", "listName", "listTag")]
    schema = form(tmp_path, {"properties": FIELDS | {"listTag": TEXT}, "oneOf": choice})

    assert mistakes(schema) == {
        "listId": "Expected either listId or listName or listTag, found none."
    }
    assert mistakes(schema, listId="a", listTag="b") == dict.fromkeys(
        ("listId", "listTag"), "Expected either listId or listName or listTag, found several."
    )


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"minProperties": 3},
            {"form": "Not what the contract expects of the form (minProperties)."},
        ),
        (
            {"additionalProperties": False},
            {"extra": "Unknown field."},
        ),
        ({"additionalProperties": {"maxLength": 1}}, {"extra": "Not what the contract expects."}),
        ({"dependentRequired": {"extra": ["other"]}}, {"other": "Missing. Expected a value."}),
        ({"not": {}}, {"form": "Not what the contract expects of the form (not)."}),
    ],
)
def test_whatever_else_a_contract_demands_of_a_form_is_told(
    tmp_path: Path, schema: dict[str, Any], expected: dict[str, str]
) -> None:
    found = form(tmp_path, {"type": "object", "properties": FIELDS, **schema})

    assert mistakes(found, listId="a", extra="more") == expected


def test_what_every_branch_requires_is_no_choice() -> None:
    schema = WAYS["whole objects"]

    assert alternatives(schema) == ("listId", "listName")
    assert always_required(schema) == ("file",)
    assert list(properties_of(schema)) == ["file", "listId", "listName"]
