"""The contract file itself: valid, sourced, and no example that breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate

from qlara_sandbox import resources
from tests.uc_020 import HEADINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT: dict[str, Any] = yaml.safe_load(resources.SPEC.read_text(encoding="utf-8"))
LIMITS = (
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "enum",
    "default",
    "x-qlara-max-bytes",
)


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target: Any = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            yield operation["operationId"], operation


def sourced() -> Iterator[tuple[str, Any]]:
    """Yield every node that must name its source."""
    for name, operation in operations():
        yield name, operation
        for rule in operation.get("x-qlara-rules", []):
            yield rule["rule"], rule
        for parameter in operation.get("parameters", []):
            yield f"{name}.{parameter['name']}", parameter
        for status, response in operation["responses"].items():
            yield f"{name}.{status}", resolved(response)
    for name, schema in DOCUMENT["components"]["schemas"].items():
        yield name, schema
        for field, node in schema.get("properties", {}).items():
            yield f"{name}.{field}", resolved(node)


def examples() -> Iterator[tuple[str, Any, Any]]:
    for name, operation in operations():
        contents = {"body": operation.get("requestBody", {}).get("content", {})}
        for status, response in operation["responses"].items():
            contents[status] = resolved(response).get("content", {})
        for place, content in contents.items():
            for media in content.values():
                shown = media.get("x-qlara-examples", {}) | media.get("examples", {})
                for label, example in shown.items():
                    yield f"{name}.{place}.{label}", media["schema"], example["value"]


def sources(node: dict[str, Any]) -> list[str]:
    source = node["x-qlara-source"]
    return [source] if isinstance(source, str) else list(source.values())


def test_the_file_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_the_operations_stand_at_the_documented_paths() -> None:
    assert {
        operation["operationId"]: (method, path)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    } == {
        "uploadVCard": ("post", "/api/partner-gateway/v1/contacts/upload/vcard"),
        "listContacts": ("get", "/api/partner-gateway/v1/contacts/list/{listId}/contacts"),
        "getContactQuota": ("get", "/api/v1/partner-gateway/subscription/contacts"),
    }


@pytest.mark.parametrize(("place", "node"), [pytest.param(*pair, id=pair[0]) for pair in sourced()])
def test_everything_names_a_heading_of_uc_020_or_an_assumption_with_its_reason(
    place: str, node: dict[str, Any]
) -> None:
    assert "x-qlara-source" in node, place
    for source in sources(node):
        kind, _, text = source.partition(": ")
        assert (kind == "UC-020" and text.startswith(tuple(HEADINGS))) or (
            kind == "assumption" and len(text.split()) >= 4
        ), source


@pytest.mark.parametrize("place", ["ListId", "VCardUpload", "listContacts"])
def test_every_limit_of_a_request_names_its_own_source(place: str) -> None:
    schemas = DOCUMENT["components"]["schemas"]
    parameters = dict(operations())["listContacts"]["parameters"]
    nodes = {
        "ListId": [schemas["ListId"]],
        "VCardUpload": [resolved(node) for node in schemas["VCardUpload"]["properties"].values()],
        "listContacts": [resolved(parameter["schema"]) for parameter in parameters],
    }[place]

    unsourced = [
        limit
        for node in nodes
        for limit in LIMITS
        if limit in node
        and not isinstance(node["x-qlara-source"], str)
        and limit not in node["x-qlara-source"]
    ]

    assert unsourced == []


@pytest.mark.parametrize(
    ("schema", "value"), [pytest.param(*rest, id=place) for place, *rest in examples()]
)
def test_every_example_keeps_its_schema(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER

    jsonschema.Draft202012Validator(whole, format_checker=checker).validate(value)


def test_every_documented_status_has_a_named_example() -> None:
    bare = [
        f"{name}.{status}"
        for name, operation in operations()
        for status, response in operation["responses"].items()
        for media in resolved(response)["content"].values()
        if not media.get("examples")
    ]

    assert bare == []


def test_extensions_carry_the_prefix_of_the_api() -> None:
    def keys(node: Any) -> Iterator[str]:
        for key, value in node.items() if isinstance(node, dict) else ():
            yield key
            if key != "properties":
                yield from keys(value)
        for item in node if isinstance(node, list) else ():
            yield from keys(item)

    assert {key for key in keys(DOCUMENT) if key.startswith("x-") and "qlara" not in key} == set()


def test_components_have_names_that_make_good_classes() -> None:
    schemas, responses = DOCUMENT["components"]["schemas"], DOCUMENT["components"]["responses"]

    assert list(schemas) == [
        "ListId",
        "VCardUpload",
        "ImportReport",
        "ImportSummary",
        "CardError",
        "ContactPage",
        "Contact",
        "ContactQuota",
        "ErrorResponse",
        "RateLimitError",
    ]
    assert list(responses) == ["Unauthorized", "Forbidden", "ListNotFound", "TooManyRequests"]


def test_a_client_sends_a_binary_file_and_either_of_two_lists() -> None:
    form = DOCUMENT["components"]["schemas"]["VCardUpload"]

    assert {key: form["properties"]["file"].get(key) for key in ("type", "format", "pattern")} == {
        "type": "string",
        "format": "binary",
        "pattern": None,
    }
    assert {key: form[key] for key in ("if", "then", "else")} == {
        "if": {"required": ["listId"]},
        "then": {"not": {"required": ["listName"]}},
        "else": {"required": ["listName"]},
    }


def test_the_examples_of_parameters_stand_in_pairs_with_those_of_responses() -> None:
    [listing] = [operation for name, operation in operations() if name == "listContacts"]
    shown = {
        label
        for response in listing["responses"].values()
        for media in resolved(response)["content"].values()
        for label in media["examples"]
    }
    given = [set(parameter["examples"]) for parameter in listing["parameters"]]

    assert given == [{"firstPage", "unknownList"}] * 3
    assert given[0] <= shown


def test_whole_forms_stand_in_pairs_with_reports() -> None:
    [upload] = [operation for name, operation in operations() if name == "uploadVCard"]
    forms = upload["requestBody"]["content"]["multipart/form-data"]
    reports = upload["responses"]["200"]["content"]["application/json"]

    assert set(forms["x-qlara-examples"]) == set(reports["examples"])
    assert "examples" not in forms  # tools would take the file for text
