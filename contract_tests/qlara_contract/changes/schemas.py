"""A schema in the form in which two are compared: the same for whatever demands the same, as far as can be said.

``allOf`` is folded in, alternatives of different types are one schema of several types, and what OpenAPI 3.0
says in its own words (``nullable``, a boolean ``exclusiveMinimum``) is said in those of 3.1.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from qlara_contract.changes.keywords import (
    ANNOTATIONS,
    BRANCHES,
    LOWER_BOUNDS,
    OF_TYPES,
    UPPER_BOUNDS,
)
from qlara_contract.changes.presence import OF_PRESENCE
from qlara_contract.changes.values import Beyond, canonical, is_higher, is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_OTHERS = (
    *("propertyNames", "unevaluatedProperties", "unevaluatedItems"),
    *("contains", "minContains", "maxContains", "contentEncoding", "contentSchema"),
    *("readOnly", "writeOnly", "discriminator"),
)
# What demands nothing.
_IDLE: tuple[tuple[str, Any], ...] = (
    *((key, 0) for key in LOWER_BOUNDS if key != "minimum"),
    *((key, False) for key in ("uniqueItems", "readOnly", "writeOnly", "nullable")),
    ("required", []),
)


def normal(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema in the form that is compared; what its combinators refer to stands in it."""
    schema = _with_null(_with_plain_bounds(folded(node)))
    for key in BRANCHES:
        schema = _without_branches(schema, key)
    return {
        key: value
        for key, value in schema.items()
        if not any(key == idle and is_same(value, nothing) for idle, nothing in _IDLE)
    }


def folded(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with its ``allOf`` folded in, as far as that can be said without one.

    A single alternative is none, and folded in as well.
    """
    schema = _with_plain_bounds({key: value for key, value in node.items() if key != "allOf"})
    if "const" in schema:
        value = [schema.pop("const")]
        schema["enum"] = _common(value, schema["enum"]) if "enum" in schema else value
    parts = list(node.get("allOf") or [])
    for key in BRANCHES:
        branches = schema.get(key)
        if isinstance(branches, list) and len(branches) == 1:
            parts += schema.pop(key)
    left = []
    for part in parts:
        together = _both(schema, folded(part)) if isinstance(part, dict) else None
        if together is None:
            left.append(part)
        else:
            schema = together
    return {**schema, "allOf": left} if left else schema


def _with_plain_bounds(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema whose ``minimum`` and ``maximum`` say also what the exclusive ones do."""
    schema = dict(node)
    for name, exclusive, is_least in (
        ("minimum", "exclusiveMinimum", True),
        ("maximum", "exclusiveMaximum", False),
    ):
        beyond, bound = schema.pop(exclusive, False), schema.get(name)
        if isinstance(beyond, bool):
            if beyond and isinstance(bound, int | float):
                schema[name] = _reached(schema, bound, is_least=is_least)
        elif isinstance(beyond, int | float):
            found = _reached(schema, beyond, is_least=is_least)
            if bound is None or is_higher(found, bound, is_least=is_least) is is_least:
                schema[name] = found
    return schema


def _reached(schema: Mapping[str, Any], bound: float, *, is_least: bool) -> float | Beyond:
    """Return the first value beyond *bound*, if these are integers."""
    if schema.get("type") == "integer" and float(bound).is_integer():
        return int(bound) + (1 if is_least else -1)
    return Beyond(bound)


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that says as a type, and as a value, what ``nullable`` says."""
    found = dict(schema)
    if found.pop("nullable", False) is not True:
        return found
    if "type" in found:
        found["type"] = list(dict.fromkeys([*_listed(found["type"]), "null"]))
    if isinstance(found.get("enum"), list) and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    return found


def _without_branches(schema: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a schema whose alternatives are types, if each of them is of types of its own.

    Otherwise it has the types that its alternatives have together.
    """
    nodes = schema.get(key)
    if not isinstance(nodes, list) or not all(isinstance(each, dict) for each in nodes):
        return schema
    branches = [normal(each) for each in nodes]
    together = _of_types(branches)
    base = {name: value for name, value in schema.items() if name != key}
    whole = _both(base, together) if together is not None else None
    if whole is not None:
        return whole
    types = [_types_of(each) for each in branches]
    if "type" in schema or not all(types):
        return schema
    return {**schema, "type": list(dict.fromkeys(chain.from_iterable(types)))}


def _of_types(branches: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return one schema of several types in place of alternatives; None if they are not of different types."""
    found: dict[str, Any] = {}
    types: list[str] = []
    for branch in branches:
        own, values = _types_of(branch), branch.get("enum")
        demands = {
            name: value
            for name, value in branch.items()
            if name not in {"type", "enum", *ANNOTATIONS} and not name.startswith("x-")
        }
        others = [each for each in branches if each is not branch]
        if (
            not own
            or not demands.keys() <= {key for each in own for key in OF_TYPES.get(each, ())}
            or demands.keys() & found.keys()
            or _numbers_alike(own) & _numbers_alike(types)
            or (
                values not in (None, [None]) and any(_types_of(each) != ["null"] for each in others)
            )
        ):
            return None
        if values not in (None, [None]):
            found["enum"] = [*values, None]
        types += own
        found |= demands
    return {**found, "type": types}


def _numbers_alike(types: Sequence[str]) -> set[str]:
    return {"number" if each == "integer" else each for each in types}


def _types_of(schema: Mapping[str, Any]) -> list[str]:
    """Return the types that a schema names; of one that allows null alone, that."""
    types = _listed(schema.get("type", []))
    if schema.get("enum") == [None]:
        return ["null"] if not types or "null" in types else []
    return types


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a schema that demands what two demand; None if no keywords can say it."""
    found = dict(one)
    for key, value in other.items():
        if key not in found or key in ANNOTATIONS or key.startswith("x-"):
            found.setdefault(key, value)
        elif not is_same(found[key], value):
            merge = _merge_of(key)
            merged = merge(found[key], value) if merge else None
            if merged is None:
                return None
            found[key] = merged
    return found


def _merge_of(key: str) -> Callable[[Any, Any], Any] | None:
    bounds: dict[str, Callable[[Any, Any], Any]] = {
        **dict.fromkeys(LOWER_BOUNDS, _higher),
        **dict.fromkeys(UPPER_BOUNDS, _lower),
    }
    others: dict[str, Callable[[Any, Any], Any]] = {
        "required": _union,
        "properties": _properties,
        "enum": _common,
        "type": _type,
        "nullable": _and,
        **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly"), _or),
    }
    return bounds.get(key) or others.get(key)


def _higher(one: float | Beyond, other: float | Beyond) -> float | Beyond:
    return one if is_higher(one, other, is_least=True) else other


def _lower(one: float | Beyond, other: float | Beyond) -> float | Beyond:
    return other if is_higher(one, other, is_least=False) else one


def _and(one: bool, other: bool) -> bool:
    return one and other


def _or(one: bool, other: bool) -> bool:
    return one or other


def _union(one: list[str], other: list[str]) -> list[str]:
    return list(dict.fromkeys([*one, *other]))


def _common(one: list[Any], other: list[Any]) -> list[Any]:
    return [each for each in one if any(is_same(each, known) for known in other)]


def _type(one: Any, other: Any) -> list[str]:
    known = [_with_integers(each) for each in (one, other)]
    found = _common(*known)
    return [each for each in found if each != "integer" or "number" not in found]


def _with_integers(types: Any) -> list[str]:
    found = _listed(types)
    return [*found, "integer"] if "number" in found and "integer" not in found else found


def _properties(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    found = dict(one)
    for name, node in other.items():
        found[name] = {"allOf": [found[name], node]} if name in found else node
    return found


def other_keywords(
    schema: Mapping[str, Any], whole: Callable[[Any], Any], *, is_file: bool, has_choice: bool
) -> Iterator[tuple[str, Any]]:
    """Yield each keyword that is compared as it is written, with its value as JSON (None: it is not there).

    *whole* puts into a value what it refers to. Alternatives are none of these keywords; where they are
    told as a choice of fields (*has_choice*), neither is any other that may say one.
    """
    of_presence = () if has_choice else (*OF_PRESENCE, "allOf")
    keywords = (*of_presence, *_OTHERS, *(() if is_file else ("contentMediaType",)))
    for key in keywords:
        if key not in BRANCHES:
            value = demanded(whole(schema.get(key)))
            yield key, None if value is None else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value)


def demanded(node: Any) -> Any:
    """Return a part of a schema without what demands nothing; the names of fields are no keywords."""
    if isinstance(node, list):
        return [demanded(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: demanded(each) for name, each in value.items()}
        if key in {"properties", "patternProperties", "dependentSchemas"}
        and isinstance(value, dict)
        else demanded(value)
        for key, value in node.items()
        if key not in ANNOTATIONS and not key.startswith("x-")
    }
