"""Contracts that others have written, in both dialects of OpenAPI 3: what a change of one means."""

from __future__ import annotations

from typing import Any

import pytest

from qlara_contract.changes.comparison import ChangeKind, changes

JSON = "application/json"
TEXT = {"type": "string"}
Document = dict[str, Any]
Schema = dict[str, Any]
Told = list[tuple[ChangeKind, str, str, bool]]


def contract(
    *, path: str = "/x", method: str = "post", beside: Document | None = None, **said: Any
) -> Document:
    """Return a contract of one operation, with *said* of it, and *beside* in the document."""
    operation = {"operationId": "x", "responses": {"200": {"description": "."}}, **said}
    info = {"title": "T", "version": "1"}
    return {
        "openapi": "3.0.3",
        "info": info,
        "paths": {path: {method: operation}},
        **(beside or {}),
    }


def request(schema: Any, media_type: str = JSON, **more: Any) -> Document:
    return contract(requestBody={"content": {media_type: {"schema": schema}}, **more})


def response(schema: Any, **beside: Any) -> Document:
    content = {JSON: {"schema": schema}}
    return contract(responses={"200": {"description": ".", "content": content}}, beside=beside)


def parameters(*found: Document, **more: Any) -> Document:
    return contract(parameters=list(found), **more)


def parameter(name: str, place: str, **more: Any) -> Document:
    return {"name": name, "in": place, "schema": TEXT, **more}


def fields(properties: Schema, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, **more}


def secured(*ways: Document, **schemes: Document) -> Document:
    return contract(security=list(ways), beside={"components": {"securitySchemes": schemes}})


KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
OAUTH = {"type": "oauth2", "flows": {}}
PET = {"components": {"schemas": {"Pet": fields({"name": TEXT}), "Toy": fields({"size": TEXT})}}}
PET_REFERENCE, TOY_REFERENCE = ({"$ref": f"#/components/schemas/{each}"} for each in ("Pet", "Toy"))


def told(old: Document, new: Document) -> Told:
    return [
        (each.kind, " ".join(each.place), each.aspect, each.breaks) for each in changes(old, new)
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": ["string", "null"]}, {"anyOf": [TEXT, {"type": "null"}]}),
        ({"type": ["string", "null"]}, {"oneOf": [{"const": None}, TEXT]}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"anyOf": [{"type": "string", "const": "a"}, {"type": "null"}]},
        ),
        (
            {"allOf": [fields({"a": TEXT})], "nullable": True},
            {"anyOf": [fields({"a": TEXT}), {"type": "null"}]},
        ),
        (
            {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            {"type": "number", "exclusiveMinimum": 0},
        ),
        ({"type": "integer", "exclusiveMaximum": 10}, {"type": "integer", "maximum": 9}),
        (
            {"allOf": [{"exclusiveMinimum": 0}, {"minimum": 5}], "type": "number"},
            {"type": "number", "minimum": 5},
        ),
        ({"type": "string"}, {"type": "string", "minLength": 0, "nullable": False}),
        ({"type": "array"}, {"type": "array", "uniqueItems": False, "minItems": 0, "items": {}}),
        (fields({"a": TEXT}), fields({"a": {**TEXT, "readOnly": False}}, required=[])),
        (fields({"a": TEXT}), fields({"a": TEXT}, additionalProperties={})),
        (TEXT, {"anyOf": [TEXT]}),
        (
            {"oneOf": [{"type": "string", "minLength": 2}, {"type": "integer", "minimum": 1}]},
            {"type": ["string", "integer"], "minLength": 2, "minimum": 1},
        ),
        ({"const": {"a": 1, "b": 2}}, {"const": {"b": 2.0, "a": 1}}),
        ({"maximum": 10}, {"maximum": 10.0}),
    ],
)
def test_a_schema_in_other_words_is_no_change(one: Schema, other: Schema) -> None:
    for make in (request, response):
        assert told(make(one), make(other)) == []
        assert told(make(other), make(one)) == []


@pytest.mark.parametrize(
    ("wide", "narrow", "aspect"),
    [
        ({"type": "string", "nullable": True}, TEXT, "type"),
        ({"minimum": 0, "type": "number"}, {"exclusiveMinimum": 0, "type": "number"}, "minimum"),
        ({"maximum": 9, "type": "number"}, {"exclusiveMaximum": 9, "type": "number"}, "maximum"),
        ({"multipleOf": 0.01}, {"multipleOf": 0.1}, "multipleOf"),
        ({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"}, "format"),
        ({"enum": [1, "1", True]}, {"enum": ["1", True]}, "values"),
        (fields({}), fields({}, additionalProperties=False), "only these fields"),
        (
            fields({"a": TEXT}, additionalProperties=TEXT),
            fields({"a": TEXT}, additionalProperties=False),
            "only these fields",
        ),
        ({"type": ["string", "integer"]}, {"oneOf": [TEXT]}, "type"),
    ],
)
def test_a_schema_is_wider_or_narrower(wide: Schema, narrow: Schema, aspect: str) -> None:
    place = f"x {JSON}"
    assert told(request(wide), request(narrow)) == [(ChangeKind.NARROWER, place, aspect, True)]
    assert told(request(narrow), request(wide)) == [(ChangeKind.WIDER, place, aspect, False)]
    assert told(response(wide), response(narrow)) == [(ChangeKind.NARROWER, "x 200", aspect, False)]
    assert told(response(narrow), response(wide)) == [(ChangeKind.WIDER, "x 200", aspect, True)]


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (True, "True"), (True, 1), (None, "None"), (None, "null")]
)
def test_a_value_of_another_type_is_another_value(one: Any, other: Any) -> None:
    found = told(request({"enum": [one]}), request({"enum": [other]}))

    assert found == [(ChangeKind.CHANGED, f"x {JSON}", "values", True)]


def test_one_schema_that_becomes_one_of_several_is_wider() -> None:
    alone = response(PET_REFERENCE, **PET)
    several = response({"oneOf": [PET_REFERENCE, TOY_REFERENCE]}, **PET)

    [change] = changes(alone, several)
    assert (change.kind, change.aspect, change.breaks) == (ChangeKind.WIDER, "oneOf", True)
    assert (change.old, change.new) == ({"Pet"}, {"Pet", "Toy"})
    assert told(several, alone) == [(ChangeKind.NARROWER, "x 200", "oneOf", False)]


def test_what_changes_within_one_of_several_is_told_there() -> None:
    several = {"oneOf": [PET_REFERENCE, {"type": "array", "items": TOY_REFERENCE}]}
    either = {"anyOf": [PET_REFERENCE, TOY_REFERENCE]}
    needed = {"Pet": fields({"name": TEXT}, required=["name"]), "Toy": fields({"size": TEXT})}
    changed = {"components": {"schemas": needed}}

    assert told(response(either, **changed), response(either, **PET)) == [
        (ChangeKind.WIDER, "x 200 anyOf Pet name", "required", True)
    ]
    assert told(response(several, **changed), response(several, **PET)) == [
        (ChangeKind.WIDER, "x 200 name", "required", True)
    ]


def test_what_is_read_only_is_not_needed_in_a_request() -> None:
    known = fields({"a": TEXT})
    new = fields({"a": TEXT, "id": {**TEXT, "readOnly": True}}, required=["id"])

    assert told(request(known), request(new)) == [(ChangeKind.NEW, f"x {JSON} id", "exists", False)]


def test_a_request_needs_also_what_is_required_and_not_described() -> None:
    found = told(request(fields({"a": TEXT})), request(fields({"a": TEXT}, required=["b"])))

    assert found == [(ChangeKind.NEW, f"x {JSON} b", "required", True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            parameters(parameter("id", "path", required=True), path="/x/{id}/y"),
            parameters(parameter("key", "path"), path="/x/{key}/y"),
        ),
        (
            parameters(parameter("X-Trace", "header", required=True)),
            parameters(parameter("x-trace", "header", required=True)),
        ),
        (
            parameters(),
            parameters(parameter("Accept", "header", required=True)),
        ),
        (
            contract(responses={"200": {"headers": {"ETag": {"schema": TEXT}}}}),
            contract(responses={"200": {"headers": {"etag": {"schema": TEXT}}}}),
        ),
        (secured({"A": []}, A=KEY), secured({"B": []}, B={**KEY, "name": "x-key"})),
        (
            secured({"A": []}, A={"type": "http", "scheme": "Bearer"}),
            secured({"A": []}, A={"type": "http", "scheme": "bearer"}),
        ),
        (
            contract(responses={"default": {"description": "."}, "x-note": "1"}),
            contract(responses={"default": {"description": "."}}),
        ),
    ],
)
def test_what_is_the_same_on_the_wire_is_no_change(one: Document, other: Document) -> None:
    assert told(one, other) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            request(TEXT, required=True),
            contract(
                requestBody={"required": True, "content": {JSON: {"schema": TEXT}, "text/csv": {}}}
            ),
            [(ChangeKind.NEW, "x text/csv", "exists", False)],
        ),
        (
            request(TEXT, JSON, required=True),
            request(TEXT, "text/csv", required=True),
            [
                (ChangeKind.GONE, f"x {JSON}", "exists", True),
                (ChangeKind.NEW, "x text/csv", "exists", False),
            ],
        ),
        (
            contract(),
            request(TEXT, required=True),
            [(ChangeKind.NEW, f"x {JSON}", "required", True)],
        ),
        (
            response(TEXT),
            contract(),
            [(ChangeKind.GONE, "x 200", "media type", True)],
        ),
        (
            secured({"A": ["read"]}, A=OAUTH),
            secured({"A": ["read", "write"]}, A=OAUTH),
            [(ChangeKind.CHANGED, "x", "credentials", True)],
        ),
        (
            contract(beside={"servers": [{"url": "https://a.example/v1"}]}),
            contract(beside={"servers": [{"url": "https://a.example/v2"}]}),
            [
                (ChangeKind.GONE, "server https://a.example/v1", "exists", True),
                (ChangeKind.NEW, "server https://a.example/v2", "exists", False),
            ],
        ),
        (
            contract(operationId="one"),
            contract(operationId="other"),
            [(ChangeKind.CHANGED, "other", "operationId", True)],
        ),
        (
            contract(operationId="one", method="get"),
            contract(operationId="one", method="put"),
            [(ChangeKind.CHANGED, "one", "request line", True)],
        ),
    ],
)
def test_what_a_change_of_an_operation_means(old: Document, new: Document, expected: Told) -> None:
    assert told(old, new) == expected


def test_the_media_type_of_a_part_of_a_form_is_compared() -> None:
    def form(**encoding: Any) -> Document:
        media = {"schema": fields({"file": {"type": "string", "format": "binary"}}), **encoding}
        return contract(requestBody={"content": {"multipart/form-data": media}})

    typed = form(encoding={"file": {"contentType": "text/vcard, text/x-vcard"}})

    assert told(form(), typed) == [(ChangeKind.NARROWER, "x form file", "sent as", True)]


def test_an_operation_with_another_id_is_compared_all_the_same() -> None:
    old = parameters(parameter("q", "query"), operationId="one")
    new = parameters(parameter("q", "query", required=True), operationId="other")

    assert told(old, new) == [
        (ChangeKind.CHANGED, "other", "operationId", True),
        (ChangeKind.NARROWER, "other query q", "required", True),
    ]


def mesh(count: int, **last: Any) -> Document:
    """Return a contract of schemas that refer to each other and to themselves, all to all."""
    names = [f"S{number}" for number in range(count)]
    links = {name: {"$ref": f"#/components/schemas/{name}"} for name in names}
    schemas: dict[str, Any] = {name: fields(links) for name in names}
    schemas[names[-1]] |= last
    return response(links["S0"], components={"schemas": schemas})


def test_schemas_that_lead_into_each_other_by_very_many_ways_are_compared() -> None:
    assert told(mesh(30), mesh(30)) == []

    found = changes(mesh(30, required=["S0"]), mesh(30))
    assert {(each.kind, each.place[-1], each.aspect, each.breaks) for each in found} == {
        (ChangeKind.WIDER, "S0", "required", True)
    }
    assert all(each.place[-2] == "S29" for each in found)


def test_a_reference_may_be_percent_encoded_and_lead_into_a_list() -> None:
    said = parameters(parameter("a b", "query"), path="/x/{id}")
    said["paths"]["/y"] = {
        "get": {
            "operationId": "y",
            "parameters": [{"$ref": "#/paths/~1x~1%7Bid%7D/post/parameters/0"}],
            "responses": {},
        }
    }

    assert told(said, said) == []
