"""What a change of the contract means: each kind of change, and whether it can break a client."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from qlara_contract.changes.comparison import Change, ChangeKind, changes
from qlara_contract.contract import contract, load_document
from qlara_contract.targets import SPEC, apply_overlay

if TYPE_CHECKING:
    from collections.abc import Callable

    Edit = Callable[[dict[str, Any]], object]

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/{listId}/contacts"


def edited(edit: Edit) -> dict[str, Any]:
    document = load_document(SPEC)
    edit(document)
    return document


def told(edit: Edit) -> list[tuple[ChangeKind, str, str, bool]]:
    """Return the changes that *edit* makes of the contract: kind, place, aspect, whether it breaks."""
    found = changes(contract().document, edited(edit))
    return [(each.kind, " ".join(each.place), each.aspect, each.breaks) for each in found]


def form(document: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = document["components"]["schemas"]["VCardUpload"]
    return schema


def upload(document: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"][UPLOAD]["post"]
    return operation


def report(document: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = document["components"]["schemas"]["ImportReport"]
    return schema


def test_a_contract_does_not_differ_from_itself() -> None:
    assert changes(contract().document, load_document(SPEC)) == []


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            lambda each: form(each)["properties"]["tags"].update(maxLength=500),
            (ChangeKind.NARROWER, "uploadVCard form tags", "maxLength", True),
        ),
        (
            lambda each: form(each)["properties"]["tags"].update(maxLength=5000),
            (ChangeKind.WIDER, "uploadVCard form tags", "maxLength", False),
        ),
        (
            lambda each: form(each)["properties"]["listName"].update(minLength=3),
            (ChangeKind.NARROWER, "uploadVCard form listName", "minLength", True),
        ),
        (
            lambda each: form(each)["properties"]["tags"].pop("pattern"),
            (ChangeKind.WIDER, "uploadVCard form tags", "pattern", False),
        ),
        (
            lambda each: form(each)["properties"]["file"].update({"x-qlara-max-bytes": 5_000_000}),
            (ChangeKind.NARROWER, "uploadVCard form file", "max-bytes", True),
        ),
        (
            lambda each: form(each)["properties"]["duplicateStrategy"]["enum"].remove("DUPLICATE"),
            (ChangeKind.NARROWER, "uploadVCard form duplicateStrategy", "values", True),
        ),
        (
            lambda each: form(each)["properties"]["duplicateStrategy"].update(default="UPDATE"),
            (ChangeKind.CHANGED, "uploadVCard form duplicateStrategy", "default", True),
        ),
        (
            lambda each: form(each)["properties"].update(note={"type": "string", "maxLength": 9}),
            (ChangeKind.NEW, "uploadVCard form note", "exists", False),
        ),
        (
            lambda each: form(each).update(required=["file", "tags"]),
            (ChangeKind.NARROWER, "uploadVCard form tags", "required", True),
        ),
        (
            lambda each: form(each)["properties"].pop("tags"),
            (ChangeKind.GONE, "uploadVCard form tags", "exists", True),
        ),
        (
            lambda each: [form(each).pop(key) for key in ("if", "then", "else")],
            (ChangeKind.WIDER, "uploadVCard form", "exactly one of", False),
        ),
        (
            lambda each: upload(each)["responses"].pop("413"),
            (ChangeKind.GONE, "uploadVCard 413", "exists", False),
        ),
        (
            lambda each: upload(each)["responses"].update({"423": {"description": "Locked."}}),
            (ChangeKind.NEW, "uploadVCard 423", "exists", False),
        ),
        (
            lambda each: upload(each)["responses"].update({"202": {"description": "Later."}}),
            (ChangeKind.NEW, "uploadVCard 202", "exists", True),
        ),
        (
            lambda each: report(each)["properties"]["status"]["enum"].append("PARTIAL"),
            (ChangeKind.WIDER, "uploadVCard 200 status", "values", True),
        ),
        (
            lambda each: report(each)["required"].remove("errors"),
            (ChangeKind.WIDER, "uploadVCard 200 errors", "required", True),
        ),
        (
            lambda each: report(each)["properties"].update(note={"type": "string"}),
            (ChangeKind.NEW, "uploadVCard 200 note", "exists", False),
        ),
        (
            lambda each: report(each)["properties"].pop("errors"),
            (ChangeKind.GONE, "uploadVCard 200 errors", "exists", True),
        ),
        (
            lambda each: each["components"]["schemas"]["CardError"]["properties"]["line"].update(
                minimum=5
            ),
            (ChangeKind.NARROWER, "uploadVCard 200 errors [] line", "minimum", False),
        ),
        (
            lambda each: (
                each["paths"][LIST]["get"].pop("security", None)
                or each["paths"][LIST]["get"].update(security=[])
            ),
            (ChangeKind.WIDER, "listContacts", "needs a key", False),
        ),
        (
            lambda each: upload(each).update({"x-qlara-permission": "billing"}),
            (ChangeKind.CHANGED, "uploadVCard", "permission", True),
        ),
        (lambda each: each["paths"].pop(LIST), (ChangeKind.GONE, "listContacts", "exists", True)),
        (
            lambda each: each["x-qlara-conventions"].update(order="name"),
            (ChangeKind.CHANGED, "convention order", "value", True),
        ),
    ],
)
def test_a_change_has_a_kind_and_can_break_a_client_or_not(
    edit: Edit, expected: tuple[ChangeKind, str, str, bool]
) -> None:
    assert told(edit) == [expected]


def test_a_new_field_that_every_request_needs_breaks_clients() -> None:
    def edit(document: dict[str, Any]) -> None:
        form(document)["properties"]["fileName"] = {"type": "string"}
        form(document)["required"].append("fileName")

    assert told(edit) == [(ChangeKind.NEW, "uploadVCard form fileName", "required", True)]


def test_a_rule_in_other_words_is_a_new_one() -> None:
    def edit(document: dict[str, Any]) -> None:
        upload(document)["x-qlara-rules"][0]["rule"] = "Any file is read."

    kinds = [
        (each.kind, each.place[:2], each.breaks)
        for each in changes(contract().document, edited(edit))
    ]
    assert kinds == [
        (ChangeKind.GONE, ("uploadVCard", "rule"), True),
        (ChangeKind.NEW, ("uploadVCard", "rule"), False),
    ]


def test_an_either_or_that_is_written_otherwise_is_no_change() -> None:
    def edit(document: dict[str, Any]) -> None:
        for key in ("if", "then", "else"):
            del form(document)[key]
        form(document)["oneOf"] = [{"required": ["listId"]}, {"required": ["listName"]}]

    assert told(edit) == []


def contact(document: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = document["components"]["schemas"]["Contact"]
    return schema


def either_or(document: dict[str, Any], **keywords: Any) -> None:
    for key in ("if", "then", "else"):
        del form(document)[key]
    form(document).update(keywords)


ONE_OF_TWO = [{"required": ["listId"]}, {"required": ["listName"]}]
NOT_BOTH = {"not": {"required": ["listId", "listName"]}}


@pytest.mark.parametrize(
    "keywords",
    [
        {"oneOf": ONE_OF_TWO},
        {"anyOf": ONE_OF_TWO, **NOT_BOTH},
        {"allOf": [{"anyOf": ONE_OF_TWO}, NOT_BOTH]},
        {
            "anyOf": ONE_OF_TWO,
            "dependentSchemas": {"listId": {"properties": {"listName": False}}},
        },
    ],
)
def test_an_either_or_in_any_form_is_the_same(keywords: dict[str, Any]) -> None:
    assert told(lambda each: either_or(each, **keywords)) == []


@pytest.mark.parametrize(
    ("keywords", "kind", "breaks"),
    [
        ({"anyOf": ONE_OF_TWO}, ChangeKind.WIDER, False),
        (NOT_BOTH, ChangeKind.WIDER, False),
        ({"oneOf": [ONE_OF_TWO[0], {"required": ["tags"]}]}, ChangeKind.CHANGED, True),
        (
            {"oneOf": ONE_OF_TWO, "dependentRequired": {"tags": ["duplicateStrategy"]}},
            ChangeKind.NARROWER,
            True,
        ),
    ],
)
def test_an_either_or_that_allows_other_fields_together_is_a_change(
    keywords: dict[str, Any], kind: ChangeKind, *, breaks: bool
) -> None:
    found = told(lambda document: either_or(document, **keywords))

    assert (kind, "uploadVCard form", "exactly one of", breaks) in found


def test_schemas_that_are_put_together_otherwise_are_no_change() -> None:
    def edit(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        schemas["Person"] = {key: contact(document).pop(key) for key in ("required", "properties")}
        contact(document)["allOf"] = [{"$ref": "#/components/schemas/Person"}]
        form(document)["properties"]["listId"] = {
            "allOf": [{"$ref": "#/components/schemas/ListId"}]
        }

    assert told(edit) == []


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            lambda each: form(each)["properties"].update(
                listId={"$ref": "#/components/schemas/ListId", "maxLength": 8}
            ),
            (ChangeKind.NARROWER, "uploadVCard form listId", "maxLength", True),
        ),
        (
            lambda each: form(each)["properties"]["tags"].update({"not": {"const": "vip"}}),
            (ChangeKind.NARROWER, "uploadVCard form tags", "not", True),
        ),
        (
            lambda each: form(each).update(propertyNames={"maxLength": 20}),
            (ChangeKind.NARROWER, "uploadVCard form", "propertyNames", True),
        ),
        (
            lambda each: contact(each)["properties"]["name"].update(
                anyOf=[{"minLength": 1}, {"const": ""}]
            ),
            (ChangeKind.NARROWER, "listContacts 200 contacts [] name", "anyOf", False),
        ),
        (
            lambda each: each["components"]["securitySchemes"]["ApiKey"].update(name="X-Key"),
            (ChangeKind.CHANGED, "getContactQuota", "credentials", True),
        ),
        (
            lambda each: each.update(security=[{"ApiKey": []}, {}]),
            (ChangeKind.WIDER, "getContactQuota", "needs a key", False),
        ),
    ],
)
def test_whatever_a_schema_or_the_security_demands_is_compared(
    edit: Edit, expected: tuple[ChangeKind, str, str, bool]
) -> None:
    assert expected in told(edit)


def test_alternatives_of_a_value_can_become_more_or_fewer() -> None:
    def with_types(*types: str) -> dict[str, Any]:
        choice = [{"type": each, "description": f"As {each}."} for each in types]
        return edited(lambda each: contact(each)["properties"].update(note={"oneOf": choice}))

    one, two = with_types("string"), with_types("string", "integer")

    assert [(each.kind, each.breaks) for each in changes(one, two)] == [(ChangeKind.WIDER, True)]
    assert [(each.kind, each.breaks) for each in changes(two, one)] == [
        (ChangeKind.NARROWER, False)
    ]


def test_parameters_of_a_media_type_are_no_change() -> None:
    def edit(document: dict[str, Any]) -> None:
        content = document["paths"][LIST]["get"]["responses"]["200"]["content"]
        content["application/json; charset=utf-8"] = content.pop("application/json")

    assert told(edit) == []


def test_the_earlier_names_of_extensions_are_no_change() -> None:
    def old(node: Any) -> Any:
        if isinstance(node, dict):
            return {key.replace("x-qlara-", "x-"): old(value) for key, value in node.items()}
        return [old(each) for each in node] if isinstance(node, list) else node

    assert changes(old(deepcopy(contract().document)), contract().document) == []


def test_what_can_break_a_client_comes_first_and_names_its_source() -> None:
    overlay = {
        "overlay": "1.0.0",
        "info": {"title": "T", "version": "1"},
        "actions": [
            {
                "target": "$.components.schemas.VCardUpload.properties.tags",
                "update": {"maxLength": 2000},
            },
            {
                "target": "$.components.schemas.VCardUpload.properties.file",
                "update": {"x-qlara-max-bytes": 5},
            },
        ],
    }
    found = changes(contract().document, apply_overlay(contract().document, overlay))

    assert found == [
        Change(
            ChangeKind.NARROWER,
            ("uploadVCard", "form", "file"),
            "max-bytes",
            10_485_760,
            5,
            breaks=True,
            source="UC-020: 413 Payload Too Large — File too large (assumption: 10 MB are 10 485 760 bytes)",
        ),
        Change(
            ChangeKind.WIDER,
            ("uploadVCard", "form", "tags"),
            "maxLength",
            1000,
            2000,
            breaks=False,
            source="assumption: UC-020 names no bound",
        ),
    ]
