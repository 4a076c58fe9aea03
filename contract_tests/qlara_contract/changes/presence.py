"""Which fields of an object may be there together, however its schema says so."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

from qlara_contract.changes.keywords import ANNOTATIONS, BRANCHES
from qlara_contract.targets import always_required, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Keywords that may say which fields go together.
OF_PRESENCE = (
    *BRANCHES,
    *("not", "if", "then", "else", "dependentRequired", "dependentSchemas"),
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


def combinations_of(schema: Mapping[str, Any]) -> Combinations | None:
    """Return which fields go together by *schema*; None if its either-or says more of them than that."""
    parts = {key: schema[key] for key in (*OF_PRESENCE, "allOf") if key in schema}
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
    for key in (*BRANCHES, "allOf"):
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
        if key in ANNOTATIONS or key.startswith("x-") or (key, value) == ("type", "object"):
            continue
        if key not in {*OF_PRESENCE, "allOf", "required", "properties"}:
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
