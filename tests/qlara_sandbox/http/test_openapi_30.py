"""The contract in OpenAPI 3.0: the same but for what 3.0 has no words for, and nothing that 3.0 does not know."""

from __future__ import annotations

from typing import Any

import pytest

from qlara_contract.changes.comparison import ChangeKind, changes
from qlara_sandbox import resources
from qlara_sandbox.http.openapi_30 import as_openapi_30
from qlara_sandbox.http.overlay import apply_file
from qlara_sandbox.http.yaml_document import read_document

SHIPPED = read_document(resources.SPEC.read_text(encoding="utf-8"))
# OpenAPI 3.0.3, Schema Object: what a schema may say.
KNOWN = frozenset(
    {
        "title",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
    }
    | {"minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "required"}
    | {"minProperties", "enum", "type", "allOf", "oneOf", "anyOf", "not", "items", "properties"}
    | {"additionalProperties", "description", "format", "default", "nullable", "discriminator"}
    | {"readOnly", "writeOnly", "xml", "externalDocs", "example", "deprecated", "$ref"}
)


def one(schema: Any) -> Any:
    """Return what becomes of a schema."""
    document = {"openapi": "3.1.0", "paths": {}, "components": {"schemas": {"One": schema}}}
    return as_openapi_30(document)["components"]["schemas"]["One"]


@pytest.mark.parametrize("overlay", [None, *sorted(resources.OVERLAYS.glob("*.yaml"))])
def test_it_says_the_same_but_for_the_either_or(overlay: Any) -> None:
    document = apply_file(SHIPPED, overlay) if overlay else SHIPPED
    found = [
        (each.kind, each.place, each.aspect) for each in changes(document, as_openapi_30(document))
    ]

    assert found in ([], [(ChangeKind.WIDER, ("uploadVCard", "form"), "exactly one of")])


def test_its_schemas_have_no_keyword_that_is_new() -> None:
    schemas = as_openapi_30(SHIPPED)["components"]["schemas"]

    assert schemas
    for name, schema in schemas.items():
        for each in (schema, *schema.get("properties", {}).values()):
            assert {key for key in each if not key.startswith("x-")} <= KNOWN, name


def test_its_document_has_no_word_that_is_new() -> None:
    document = as_openapi_30({**SHIPPED, "webhooks": {}, "jsonSchemaDialect": "x"})

    assert document["openapi"] == "3.0.3"
    assert document["info"]["license"] == {
        "name": "Apache-2.0",
        "url": "https://spdx.org/licenses/Apache-2.0.html",
    }
    assert "summary" not in document["info"]
    assert not {"webhooks", "jsonSchemaDialect"} & document.keys()
    assert as_openapi_30({"openapi": "3.1.0", "info": {}})["paths"] == {}


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        (True, {}),
        (False, {"not": {}}),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": "null"}, {"nullable": True, "enum": [None]}),
        (
            {"type": ["string", "integer", "null"]},
            {
                "allOf": [
                    {
                        "anyOf": [
                            {"type": "string", "nullable": True},
                            {"type": "integer", "nullable": True},
                        ]
                    }
                ]
            },
        ),
        ({"const": "fail"}, {"enum": ["fail"]}),
        ({"examples": ["a", "b"]}, {"example": "a"}),
        ({"exclusiveMinimum": 0}, {"minimum": 0, "exclusiveMinimum": True}),
        ({"exclusiveMaximum": 9, "maximum": 5}, {"maximum": 5}),
        ({"$ref": "#/x", "maxLength": 3}, {"maxLength": 3, "allOf": [{"$ref": "#/x"}]}),
        (
            {"type": "string", "contentMediaType": "image/png", "contentEncoding": "base64"},
            {"type": "string", "format": "byte"},
        ),
        (
            {"type": "array", "prefixItems": [{"type": "string"}], "items": False},
            {"type": "array", "items": {}},
        ),
        (
            {"type": "object", "patternProperties": {"^x": True}, "additionalProperties": False},
            {"type": "object"},
        ),
        (
            {
                "properties": {"const": {"const": 1}},
                "additionalProperties": {"type": ["null", "number"]},
            },
            {
                "properties": {"const": {"enum": [1]}},
                "additionalProperties": {"type": "number", "nullable": True},
            },
        ),
        (
            {"default": {"const": 1}, "x-note": {"const": 1}},
            {"default": {"const": 1}, "x-note": {"const": 1}},
        ),
    ],
)
def test_a_schema_is_said_in_the_words_of_3_0(newer: Any, older: Any) -> None:
    assert one(newer) == older
