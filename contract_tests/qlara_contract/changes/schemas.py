"""A schema as the comparison reads it: ``allOf`` folded in, which fields go together, and every other keyword."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

from qlara_contract.targets import always_required, properties_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
# Keywords whose values are alternatives: one more is wider.
_BRANCHES = ("anyOf", "oneOf")
# Keywords that may say which fields go together.
_OF_PRESENCE = (
    *_BRANCHES,
    *("not", "if", "then", "else", "dependentRequired", "dependentSchemas"),
)
_OTHERS = (
    *("patternProperties", "propertyNames", "unevaluatedProperties", "unevaluatedItems"),
    *("prefixItems", "contains", "minContains", "maxContains", "contentEncoding", "contentSchema"),
    *("readOnly", "writeOnly", "nullable", "discriminator"),
)
_ANNOTATIONS = frozenset(
    {"title", "description", "example", "examples", "deprecated", "externalDocs", "$comment"}
)
# More fields than these in one either-or are compared as they are written.
_MOST_NAMES = 10


@dataclass(frozen=True)
class Combinations:
    """Which of some fields may be there together: every set of *names* that is *allowed*."""

    names: frozenset[str] = frozenset()
    allowed: frozenset[frozenset[str]] = frozenset({frozenset()})

    def over(self, names: frozenset[str]) -> frozenset[frozenset[str]]:
        """Return what is allowed of more names, of which nothing is said here."""
        return frozenset(
            each | set(others) for each in self.allowed for others in _subsets(names - self.names)
        )

    def texts(self) -> list[str]:
        """Return each allowed set in words."""
        return sorted(" and ".join(sorted(each)) or "none" for each in self.allowed)


class _OfMore(Exception):
    """A subschema speaks of more than which fields are there."""


def folded(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with its ``allOf`` folded in, as far as that can be said without one."""
    schema = {key: value for key, value in node.items() if key != "allOf"}
    left = []
    for part in node.get("allOf") or []:
        together = _both(schema, folded(part)) if isinstance(part, dict) else None
        if together is None:
            left.append(part)
        else:
            schema = together
    return {**schema, "allOf": left} if left else schema


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a schema that demands what two demand; None if no keywords can say it."""
    found = dict(one)
    for key, value in other.items():
        if key not in found or key in _ANNOTATIONS or key.startswith("x-"):
            found.setdefault(key, value)
        elif found[key] != value:
            merge = _merge_of(key)
            merged = merge(found[key], value) if merge else None
            if merged is None:
                return None
            found[key] = merged
    return found


def _merge_of(key: str) -> Callable[[Any, Any], Any] | None:
    bounds: dict[str, Callable[[Any, Any], Any]] = {
        **dict.fromkeys(LOWER_BOUNDS, max),
        **dict.fromkeys(UPPER_BOUNDS, min),
    }
    others: dict[str, Callable[[Any, Any], Any]] = {
        "required": _union,
        "properties": _properties,
        "enum": _common,
        "type": _type,
    }
    return bounds.get(key) or others.get(key)


def _union(one: list[str], other: list[str]) -> list[str]:
    return list(dict.fromkeys([*one, *other]))


def _common(one: list[Any], other: list[Any]) -> list[Any]:
    return [each for each in one if each in other]


def _type(one: Any, other: Any) -> list[str]:
    return _common(*([each] if isinstance(each, str) else each for each in (one, other)))


def _properties(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    found = dict(one)
    for name, node in other.items():
        found[name] = {"allOf": [found[name], node]} if name in found else node
    return found


def combinations_of(schema: Mapping[str, Any]) -> Combinations | None:
    """Return which fields go together by *schema*; None if its either-or says more of them than that."""
    parts = {key: schema[key] for key in (*_OF_PRESENCE, "allOf") if key in schema}
    try:
        names = frozenset(_names(parts)) - set(always_required(dict(schema)))
        described = properties_of(dict(schema))
        if len(names) > _MOST_NAMES:
            return None
        always = frozenset(schema.get("required", []))
        allowed = frozenset(
            frozenset(each)
            for each in _subsets(names)
            if _holds(parts, always | set(each), described)
        )
    except (_OfMore, TypeError, AttributeError):
        return None
    found = Combinations(names, allowed)
    return Combinations() if found.allowed == Combinations().over(names) else found


def _subsets(names: frozenset[str]) -> Iterator[tuple[str, ...]]:
    ordered = sorted(names)
    return chain.from_iterable(combinations(ordered, size) for size in range(len(ordered) + 1))


def _names(schema: Any) -> Iterator[str]:
    """Yield the names that a schema and its subschemas require, forbid or make depend on each other."""
    if not isinstance(schema, dict):
        return
    yield from schema.get("required", [])
    yield from (name for name, node in schema.get("properties", {}).items() if node is False)
    for name, needed in schema.get("dependentRequired", {}).items():
        yield from (name, *needed)
    for name, part in schema.get("dependentSchemas", {}).items():
        yield name
        yield from _names(part)
    for key in (*_BRANCHES, "allOf"):
        for part in schema.get(key, []):
            yield from _names(part)
    for key in ("not", "if", "then", "else"):
        yield from _names(schema.get(key))


def _holds(schema: Any, present: frozenset[str], described: Mapping[str, Any]) -> bool:
    """Return whether an object with these fields is valid.

    Raises:
        _OfMore: that depends on more than the fields that are there.
    """
    if isinstance(schema, bool):
        return schema
    said = []
    for key, value in schema.items():
        if key in _ANNOTATIONS or key.startswith("x-") or (key, value) == ("type", "object"):
            continue
        if key not in {*_OF_PRESENCE, "allOf", "required", "properties"}:
            raise _OfMore
        said.append(_keyword_holds(schema, key, present, described))
    return all(said)


def _keyword_holds(
    schema: Mapping[str, Any], key: str, present: frozenset[str], described: Mapping[str, Any]
) -> bool:
    def holds(part: Any) -> bool:
        return _holds(part, present, described)

    value = schema[key]
    match key:
        case "required":
            return present >= set(value)
        case "properties":
            return _properties_hold(value, present, described)
        case "anyOf" | "allOf" | "oneOf":
            count = sum([holds(part) for part in value])
            least = len(value) if key == "allOf" else 1
            return count == 1 if key == "oneOf" else count >= least
        case "not":
            return not holds(value)
        case "if":
            branches = [schema.get("else", True), schema.get("then", True)]
            return [holds(part) for part in branches][holds(value)]
        case "dependentRequired":
            return all(present >= set(needed) for name, needed in value.items() if name in present)
        case "dependentSchemas":
            held = {name: holds(part) for name, part in value.items()}
            return all(held[name] for name in held if name in present)
        case _:  # then and else, which `if` has asked
            return True


def _properties_hold(
    properties: Mapping[str, Any], present: frozenset[str], described: Mapping[str, Any]
) -> bool:
    for name, node in properties.items():
        # What a field must be is told of the field itself, where it is the same in every case.
        if not isinstance(node, bool) and node != described.get(name):
            raise _OfMore
    return not any(node is False and name in present for name, node in properties.items())


def other_keywords(schema: Mapping[str, Any], *, is_file: bool) -> Iterator[tuple[str, Any]]:
    """Yield each keyword that is compared as it is written, with its value as JSON.

    The value of a keyword with alternatives is the set of them.
    """
    of_presence = () if combinations_of(schema) else (*_OF_PRESENCE, "allOf")
    for key in (*of_presence, *_OTHERS, *(() if is_file else ("contentMediaType",))):
        value = _without_annotations(schema.get(key))
        if isinstance(value, list) and key in _BRANCHES:
            yield key, frozenset(map(_canonical, value))
        else:
            yield key, None if value is None else _canonical(value)


def _canonical(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _without_annotations(node: Any) -> Any:
    """Return a part of a schema without what demands nothing; the names of fields are no keywords."""
    if isinstance(node, list):
        return [_without_annotations(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _without_annotations(each) for name, each in value.items()}
        if key in {"properties", "patternProperties", "dependentSchemas"}
        and isinstance(value, dict)
        else _without_annotations(value)
        for key, value in node.items()
        if key not in _ANNOTATIONS and not key.startswith("x-")
    }
