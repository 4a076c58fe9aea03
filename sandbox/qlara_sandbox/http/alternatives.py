"""Fields of which an object has exactly one, however its schema says so.

An either-or can be written as ``oneOf``, as ``anyOf`` with ``not``, as ``if``, ``then`` and ``else``, or with
``dependentSchemas``. JSON Schema tells a mistake in each of them differently; people are told the fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qlara_sandbox.http.schemas import Schema

_BRANCHES = ("oneOf", "anyOf")
_CONDITIONS = ("if", "then", "else", "not")
# The subschemas that say what a property is; those of `if` and `not` only ask.
_DESCRIBING = ("then", "else")


def alternatives(schema: Schema) -> tuple[str, ...]:
    """Return the names of which exactly one is needed, in the order of the properties; empty without a choice.

    *schema* is an object's, with its references expanded.
    """
    always = always_required(schema)
    found = dict.fromkeys(name for name in _named(schema) if name not in always)
    order = list(properties_of(schema))
    known = sorted((name for name in found if name in order), key=order.index)
    return (*known, *(name for name in found if name not in order))


def always_required(schema: Schema) -> tuple[str, ...]:
    """Return the names that *schema* requires whatever else there is, in its order."""
    found = dict.fromkeys(_names(schema.get("required")))
    for part in _subschemas(schema.get("allOf")):
        found |= dict.fromkeys(always_required(part))
    for key in _BRANCHES:
        branches = [always_required(part) for part in _subschemas(schema.get(key))]
        if branches:
            in_all = set(branches[0]).intersection(*branches)
            found |= dict.fromkeys(name for name in branches[0] if name in in_all)
    return tuple(found)


def properties_of(schema: Schema) -> dict[str, Schema]:
    """Return the properties of an object, also those that only its branches describe; the first of a name."""
    found: dict[str, Schema] = {}
    for part in _describing(schema):
        for name, node in _mapping(part.get("properties")).items():
            if isinstance(node, dict):
                found.setdefault(name, node)
    return found


def with_properties(schema: Any, replaced: Mapping[str, Schema]) -> Any:
    """Return *schema* with these properties replaced wherever it or a subschema of it describes them."""
    if isinstance(schema, list):
        return [with_properties(part, replaced) for part in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {
        key: with_properties(value, replaced)
        if key in {*_BRANCHES, *_CONDITIONS, "allOf"}
        else value
        for key, value in schema.items()
    }
    if isinstance(schema.get("dependentSchemas"), dict):
        changed["dependentSchemas"] = {
            name: with_properties(part, replaced)
            for name, part in schema["dependentSchemas"].items()
        }
    if isinstance(schema.get("properties"), dict):
        changed["properties"] = {
            name: replaced.get(name, node) if isinstance(node, dict) else node
            for name, node in schema["properties"].items()
        }
    return changed


def _describing(schema: Schema) -> Iterator[Schema]:
    yield schema
    parts = [part for key in ("allOf", *_BRANCHES) for part in _subschemas(schema.get(key))]
    parts += [schema[key] for key in _DESCRIBING if isinstance(schema.get(key), dict)]
    for part in parts:
        yield from _describing(part)


def _named(schema: Schema) -> Iterator[str]:
    """Yield the names that a subschema of *schema* requires, forbids or makes depend on each other."""
    conditions = [schema[key] for key in _CONDITIONS if isinstance(schema.get(key), dict)]
    dependent = _mapping(schema.get("dependentSchemas"))
    conditions += [part for part in dependent.values() if isinstance(part, dict)]
    yield from dependent
    branches = [part for key in _BRANCHES for part in _subschemas(schema.get(key))]
    for part in (*branches, *conditions):
        yield from _names(part.get("required"))
        properties = _mapping(part.get("properties"))
        yield from (name for name, node in properties.items() if node is False)
        yield from _named(part)
    for part in _subschemas(schema.get("allOf")):
        yield from _named(part)


def _subschemas(node: object) -> list[Schema]:
    return [part for part in node if isinstance(part, dict)] if isinstance(node, list) else []


def _names(node: object) -> list[str]:
    return [name for name in node if isinstance(name, str)] if isinstance(node, list) else []


def _mapping(node: object) -> Mapping[str, Any]:
    return node if isinstance(node, dict) else {}
