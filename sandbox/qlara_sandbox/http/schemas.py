"""JSON Schema as the contract uses it: references, validators, and what is expected in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema_rs

from qlara_sandbox.http.yaml_document import offline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema = dict[str, Any]

_WORDS = "x-qlara-expected"
_NOT_DEMANDED = frozenset({"title", "description", "default", "example", "examples"})
_BOUNDS = frozenset({"minLength", "maxLength", "minimum", "maximum"})
_OF_WHOLE_ARRAYS = frozenset(
    {
        "minItems",
        "maxItems",
        "uniqueItems",
        "prefixItems",
        "contains",
        "minContains",
        "maxContains",
        "unevaluatedItems",
    }
)


class Document:
    """An OpenAPI document whose local references can be followed."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root

    def resolve(self, node: Any) -> Any:
        """Return *node*, or what its ``$ref`` leads to, with what stands beside the ``$ref``.

        Raises:
            KeyError: the reference leads nowhere, or out of the document.
        """
        seen = set()
        beside = []
        while isinstance(node, dict) and "$ref" in node:
            reference = node["$ref"]
            if reference in seen or not reference.startswith("#/"):
                raise KeyError(reference)
            seen.add(reference)
            beside.append({key: value for key, value in node.items() if key != "$ref"})
            target: Any = self.root
            for step in unquote(reference[2:]).split("/"):
                try:
                    target = _step(target, step.replace("~1", "/").replace("~0", "~"))
                except (LookupError, TypeError, ValueError) as error:
                    raise KeyError(reference) from error
            node = target
        for siblings in reversed(beside):
            node = _with_siblings(node, siblings)
        return node

    def expanded(self, node: Any, within: frozenset[str] = frozenset()) -> Any:
        """Return *node* with every reference in it followed, but for those that lead into themselves."""
        if isinstance(node, list):
            return [self.expanded(item, within) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str) and reference not in within:
            return self.expanded(self.resolve(node), within | {reference})
        return {key: self.expanded(value, within) for key, value in node.items()}

    def whole_arrays(self, schema: Any) -> set[str]:
        """Return the properties in *schema* of which something is demanded as an array."""
        return set(_whole_arrays(self.expanded(schema), ""))

    def validator(self, schema: Schema) -> jsonschema_rs.Draft202012Validator:
        """Return a validator of *schema*, which may refer to the document's components."""
        whole = {**schema, "components": self.root.get("components", {})}
        return jsonschema_rs.Draft202012Validator(whole, validate_formats=True, retriever=offline)


def _step(target: Any, step: str) -> Any:
    return target[int(step)] if isinstance(target, list) else target[step]


def _with_siblings(node: Any, siblings: Schema) -> Any:
    """Return a schema that demands what *node* does and what stands beside the reference to it."""
    if not siblings or not isinstance(node, dict):
        return node
    twice = {
        key: value
        for key, value in siblings.items()
        if key not in _NOT_DEMANDED and not key.startswith("x-") and node.get(key, value) != value
    }
    together = {**node, **{key: value for key, value in siblings.items() if key not in twice}}
    return {**together, "allOf": [*together.get("allOf", []), twice]} if twice else together


def _whole_arrays(schema: Any, name: str) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _whole_arrays(item, name)
    elif isinstance(schema, dict):
        if schema.keys() & _OF_WHOLE_ARRAYS:
            yield name
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                for inner, each in value.items():
                    yield from _whole_arrays(each, inner)
            else:
                yield from _whole_arrays(value, name)


def renew_words(document: Any, shipped: Any) -> None:
    """Let ``x-qlara-expected`` in *document* say what its schemas demand, where *shipped* demands something else.

    Where a bound has changed, the words get the new one; otherwise they are removed. Words that *shipped*
    does not have were written for the schema that they stand in.
    """
    known: dict[str, list[Schema]] = {}
    for schema in _in_words(shipped):
        known.setdefault(schema[_WORDS], []).append(_demands(schema))
    for schema in _in_words(document):
        demands, before = _demands(schema), known.get(schema[_WORDS])
        if before is None or demands in before:
            continue
        words = _with_new_bounds(schema[_WORDS], before[0], demands)
        if words is None:
            del schema[_WORDS]
        else:
            schema[_WORDS] = words


def _with_new_bounds(words: str, before: Schema, demands: Schema) -> str | None:
    """Return *words* with the bounds of *demands*; None if more has changed, or the words do not name them."""
    changed = [key for key in {**before, **demands} if before.get(key) != demands.get(key)]
    if not set(changed) <= _BOUNDS or not all(key in before and key in demands for key in changed):
        return None
    for key in changed:
        words, count = re.subn(rf"\b{before[key]}\b", str(demands[key]), words)
        if count != 1:
            return None
    return words


def _in_words(node: Any) -> Iterator[Schema]:
    """Yield the schemas in *node* that say in words what they expect."""
    if isinstance(node, dict):
        if isinstance(node.get(_WORDS), str):
            yield node
        for value in list(node.values()):
            yield from _in_words(value)
    elif isinstance(node, list):
        for item in node:
            yield from _in_words(item)


def _demands(schema: Schema) -> Schema:
    return {
        key: value
        for key, value in schema.items()
        if key not in _NOT_DEMANDED and not key.startswith("x-")
    }


def expected(schema: Schema) -> str:
    """Return what *schema* expects of a plain value, as a sentence for people."""
    return f"Expected {_expectation(schema)}."


def _expectation(schema: Schema) -> str:
    if _WORDS in schema:
        return str(schema[_WORDS])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    types = plain_types(schema)
    if types in ({"integer"}, {"number"}, {"integer", "number"}):
        noun = "an integer" if types == {"integer"} else "a number"
        return noun + _range(schema.get("minimum"), schema.get("maximum"))
    if types == {"boolean"}:
        return "true or false"
    bounds = _range(schema.get("minLength"), schema.get("maxLength"))
    pattern = f" matching {schema['pattern']}" if "pattern" in schema else ""
    # " from 1 to 9" and " of at most 9" read as "of 1 to 9" and "of at most 9 characters".
    length = bounds.replace(" from", " of")
    return "text" + (f"{length} characters" if length else "") + pattern


def plain_types(schema: Schema) -> set[str]:
    """Return the types of a plain value; null is none that a form or a query can have."""
    given = schema.get("type", [])
    return {*([given] if isinstance(given, str) else given)} - {"null"}


def _range(least: object, most: object) -> str:
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f" of at least {least}"
    return f" of at most {most}" if most is not None else ""
