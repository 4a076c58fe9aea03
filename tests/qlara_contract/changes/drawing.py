"""Schemas and values drawn at random, the same for the same seed."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

_NAMES = "abc"
_DEEPEST = 3
_PLAIN = [None, True, False, 0, 1, -1, 2, 3, 2.5, 0.5, "", "a", "b", "ab", "1", "abcd"]
_TYPES: list[Any] = ["string", "integer", "number", "boolean", "array", "object", "object", "null"]
_KINDS = [*_TYPES, ["string", "null"], ["integer", "string"]]


def a_schema(random: Random, depth: int = 0) -> Any:
    """Return a schema, of plain keywords or of several schemas."""
    drawn = random.random()
    if depth < _DEEPEST and drawn < 0.12:
        parts = [a_schema(random, depth + 1) for _ in range(random.randint(1, 3))]
        beside = _plain_schema(random, depth) if random.random() < 0.3 else {}
        return {random.choice(["anyOf", "allOf"]): parts, **beside}
    return True if drawn < 0.15 else _plain_schema(random, depth)


def an_edit_of(schema: Any, random: Random) -> Any:
    """Return *schema* with a keyword less, or with other ones, somewhere in it."""
    found = deepcopy(schema)
    nodes = list(_schemas_in(found))
    if not nodes:
        return a_schema(random)
    node = random.choice(nodes)
    if node and random.random() < 0.5:
        node.pop(random.choice(list(node)))
    else:
        node.update(_plain_schema(random, _DEEPEST))
    return found


def a_value(random: Random, depth: int = 0) -> Any:
    """Return a value, of names and values that the schemas speak of."""
    drawn = random.random()
    if depth < _DEEPEST and drawn < 0.35:
        names = random.sample(f"{_NAMES}d", random.randint(0, 4))
        return {name: a_value(random, depth + 1) for name in names}
    if depth < _DEEPEST and drawn < 0.5:
        return [a_value(random, depth + 1) for _ in range(random.randint(0, 3))]
    return random.choice(_PLAIN)


def _schemas_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema in a schema that can be edited, itself included."""
    if not isinstance(schema, dict):
        return
    yield schema
    inner = [schema.get("items"), schema.get("additionalProperties")]
    inner += [each for key in ("anyOf", "allOf", "prefixItems") for each in schema.get(key, [])]
    for key in ("properties", "patternProperties"):
        inner += schema.get(key, {}).values()
    for each in inner:
        yield from _schemas_in(each)


def _plain_schema(random: Random, depth: int) -> dict[str, Any]:
    kind = random.choice(_KINDS)
    found: dict[str, Any] = {"type": kind} if random.random() < 0.9 else {}
    if random.random() < 0.15:
        found["enum"] = random.sample([1, "1", True, None, "a", 2.5, [], {}], random.randint(1, 4))
    if random.random() < 0.06:
        found["const"] = random.choice([1, "1", True, None])
    for each in [kind] if isinstance(kind, str) else kind:
        found |= dict(_of_type(each, random, depth))
    return found


def _of_type(kind: str, random: Random, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield keywords that demand something of a type; each with a chance of its own."""

    def inner() -> Any:
        return a_schema(random, depth + 1) if depth < _DEEPEST else {}

    def some_names() -> list[str]:
        return random.sample(_NAMES, random.randint(0, 2))

    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    keywords: dict[str, list[tuple[str, float, Callable[[], Any]]]] = {
        "string": [
            ("minLength", 0.3, lambda: random.randint(0, 2)),
            ("maxLength", 0.3, lambda: random.randint(1, 3)),
            ("pattern", 0.1, lambda: random.choice(["^a", "b$"])),
        ],
        "integer": [(each, 0.2, lambda: random.choice([-1, 0, 1, 2])) for each in bounds],
        "number": [
            *((each, 0.2, lambda: random.choice([-1, 0, 1, 2.5])) for each in bounds),
            ("multipleOf", 0.1, lambda: random.choice([1, 2, 0.5])),
        ],
        "array": [
            ("items", 0.6, inner),
            ("minItems", 0.2, lambda: random.randint(0, 2)),
            ("maxItems", 0.2, lambda: random.randint(0, 2)),
            ("uniqueItems", 0.2, lambda: random.random() < 0.5),
            ("prefixItems", 0.15, lambda: [inner()]),
        ],
        "object": [
            ("properties", 0.8, lambda: {name: inner() for name in some_names()}),
            ("required", 0.4, some_names),
            ("additionalProperties", 0.35, lambda: random.choice([False, True, inner()])),
            ("patternProperties", 0.1, lambda: {"^a": inner()}),
            ("minProperties", 0.1, lambda: random.randint(0, 2)),
            ("dependentRequired", 0.05, lambda: {"a": ["b"]}),
        ],
    }
    for name, chance, value in keywords.get(kind, []):
        if random.random() < chance:
            yield name, value()
