"""A contract in OpenAPI 3.0, for tools that read no newer one. What 3.0 has no words for is left out: it demands less, never more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "3.0.3"
# Below these stand values that clients send or get, and extensions: no part of the contract.
_DATA = frozenset({"example", "examples", "default", "enum", "const", "value"})
_OF_NEWER_DOCUMENTS = frozenset({"webhooks", "jsonSchemaDialect"})
_OF_NEWER_SCHEMAS = frozenset(
    {"if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties"}
    | {"propertyNames", "prefixItems", "contains", "minContains", "maxContains", "contentSchema"}
    | {"unevaluatedProperties", "unevaluatedItems", "contentMediaType", "contentEncoding"}
    | {"$defs", "$comment", "$id", "$schema", "$anchor", "$dynamicRef", "$dynamicAnchor"}
)
_LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf")


def as_openapi_30(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return *document*, in OpenAPI 3.1, as OpenAPI 3.0 has it."""
    found = {key: _part(value) for key, value in document.items() if key not in _OF_NEWER_DOCUMENTS}
    components = {
        key: value for key, value in found.get("components", {}).items() if key != "pathItems"
    }
    schemas = document.get("components", {}).get("schemas", {})
    components["schemas"] = {name: _schema(each) for name, each in schemas.items()}
    found |= {"openapi": VERSION, "info": _info(document.get("info", {})), "components": components}
    return {"paths": {}, **found}


def _info(info: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in info.items() if key != "summary"}
    if "identifier" in found.get("license", {}):
        terms = dict(found["license"])
        identifier = terms.pop("identifier")
        found["license"] = {"url": f"https://spdx.org/licenses/{identifier}.html", **terms}
    return found


def _part(node: Any) -> Any:
    """Return a part of a contract that is no schema, with the schemas in it."""
    if isinstance(node, list):
        return [_part(each) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return {"$ref": node["$ref"]}
    return {
        key: value
        if key in _DATA or key.startswith("x-")
        else _schema(value)
        if key == "schema"
        else _part(value)
        for key, value in node.items()
    }


def _schema(node: Any) -> dict[str, Any]:
    if not isinstance(node, dict):
        return {} if node else {"not": {}}
    found = {
        key: value for key, value in node.items() if key not in _OF_NEWER_SCHEMAS and key != "$ref"
    }
    if "$ref" in node:
        if not found:
            return {"$ref": node["$ref"]}
        found["allOf"] = [{"$ref": node["$ref"]}, *found.get("allOf", [])]
    _say_inner(found)
    _say_values(found)
    _say_types(found)
    _say_bounds(found)
    if "contentMediaType" in node:
        found["format"] = "byte" if node.get("contentEncoding") == "base64" else "binary"
    if "patternProperties" in node:
        found.pop("additionalProperties", None)  # it would forbid what the patterns allow
    if found.get("type") == "array" and ("prefixItems" in node or "items" not in found):
        found["items"] = {}
    return found


def _say_inner(schema: dict[str, Any]) -> None:
    for key in _LISTS_OF_SCHEMAS:
        if key in schema:
            schema[key] = [_schema(each) for each in schema[key]]
    for key in ("not", "items"):
        if key in schema:
            schema[key] = _schema(schema[key])
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _schema(schema["additionalProperties"])
    if "properties" in schema:
        schema["properties"] = {name: _schema(each) for name, each in schema["properties"].items()}


def _say_values(schema: dict[str, Any]) -> None:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if "examples" in schema:
        examples = schema.pop("examples")
        if examples:
            schema.setdefault("example", examples[0])


def _say_types(schema: dict[str, Any]) -> None:
    types = schema.get("type")
    if types == "null":
        types = ["null"]
    if not isinstance(types, list):
        return
    del schema["type"]
    others = [each for each in types if each != "null"]
    if "null" in types:
        schema["nullable"] = True
    if len(others) == 1:
        schema["type"] = others[0]
    elif others:
        # There `nullable` speaks of the type beside it alone.
        kinds = [
            {"type": each, **({"nullable": True} if "null" in types else {})} for each in others
        ]
        schema.pop("nullable", None)
        schema["allOf"] = [*schema.get("allOf", []), {"anyOf": kinds}]
    else:
        schema["enum"] = [None]


def _say_bounds(schema: dict[str, Any]) -> None:
    for name, exclusive, tighter in (
        ("minimum", "exclusiveMinimum", max),
        ("maximum", "exclusiveMaximum", min),
    ):
        beyond = schema.get(exclusive)
        if beyond is None or isinstance(beyond, bool):
            continue
        bound = tighter(beyond, schema.get(name, beyond))
        schema[name] = bound
        if bound == beyond:
            schema[exclusive] = True
        else:
            del schema[exclusive]
