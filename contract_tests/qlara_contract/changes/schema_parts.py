"""The schemas of a contract as parts. What a schema refers to is read when it is asked for: it may be the schema itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from qlara_contract.changes.keywords import BRANCHES, LOWER_BOUNDS, UPPER_BOUNDS
from qlara_contract.changes.parts import (
    CHOICE,
    CLOSED,
    ITEMS,
    OTHER_FIELDS,
    PATTERN,
    POSITION,
    REQUIRED,
    SENT_AS,
    Absence,
    ContractPart,
    Inner,
    PartOrigin,
    Sender,
    extension,
    source_of,
)
from qlara_contract.changes.presence import Combinations, combinations_of
from qlara_contract.changes.schemas import demanded, normal, other_keywords
from qlara_contract.changes.values import canonical, text_of
from qlara_contract.targets import Document, always_required, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Keywords that are compared each by itself; how is for `qlara_contract.changes.comparison`.
_KEYWORDS = (
    *LOWER_BOUNDS,
    *UPPER_BOUNDS,
    *("max-bytes", "pattern", "format", "default", "multipleOf", "uniqueItems"),
)
# How many references are followed from one schema into those that are combined in it.
_MOST_FOLLOWED = 300
_LONGEST_NAME = 40
# Where an alternative has taken the place of a reference to it: that reference.
_WRITTEN = "x-written"
_REFERENCE = '"$ref"'


class SchemaReader:
    """Reads the schemas of one document."""

    def __init__(self, references: Document) -> None:
        self._references = references
        self._known: dict[tuple[str, PartOrigin], ContractPart] = {}

    def part(
        self, node: Any, about: PartOrigin, encoding: Mapping[str, Any] | None = None
    ) -> ContractPart:
        """Return what a schema demands; *encoding* says how the fields of a form are sent.

        Raises:
            KeyError: a reference leads nowhere.
        """
        if isinstance(node, bool):
            return about.part({"values": None if node else frozenset()})
        if not isinstance(node, dict):
            return about.part({})
        itself = canonical(demanded(node))
        origin = itself if _REFERENCE in itself else ""
        if not origin or encoding:
            return self._read(node, about, itself, origin, encoding or {})
        if (origin, about) not in self._known:
            self._known[origin, about] = self._read(node, about, itself, origin, {})
        return self._known[origin, about]

    def _read(
        self,
        node: Mapping[str, Any],
        about: PartOrigin,
        itself: str,
        origin: str,
        encoding: Mapping[str, Any],
    ) -> ContractPart:
        schema = normal(self._together(node, [_MOST_FOLLOWED]))
        about = about.of(schema)
        choice = _choice(schema, about.sender)
        is_file = schema.get("format") == "binary" or "contentMediaType" in schema
        said: dict[str, Any] = {
            "type": frozenset(["file"]) if is_file else _types(schema),
            "values": _values(schema),
            **{key: schema.get(key) for key in _KEYWORDS},
            "max-bytes": extension(schema, "max-bytes"),
            **dict(
                other_keywords(schema, self._whole, is_file=is_file, has_choice=choice is not None)
            ),
            CLOSED: schema.get("additionalProperties") is False,
        }
        if is_file:
            said["format"] = None
        said[CHOICE] = choice
        alternatives = {} if choice else _alternatives(schema)
        for key, branches in alternatives.items():
            said[key] = frozenset(each.name for each in branches)
        return ContractPart(
            about.sender,
            about.source,
            {key: about.said(value, source_of(schema, key)) for key, value in said.items()},
            dict(self._inner(schema, about, encoding, alternatives)),
            origin,
            itself,
            {
                key: {each.written: each.name for each in branches}
                for key, branches in alternatives.items()
            },
            {*demanded(schema)} <= {"type", *alternatives},
        )

    def _together(self, node: Any, left: list[int], within: frozenset[str] = frozenset()) -> Any:
        """Return *node* with all that is combined in it, but not with what it contains.

        *left* is how many references may still be followed.
        """
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in within or not left[0]:
                return node
            left[0] -= 1
            return self._together(self._references.resolve(node), left, within | {reference})
        found = dict(node)
        for key in ("allOf", *BRANCHES):
            if isinstance(node.get(key), list):
                found[key] = [
                    _written(each, self._together(each, left, within)) for each in node[key]
                ]
        for key in ("not", "if", "then", "else"):
            if key in node:
                found[key] = self._together(node[key], left, within)
        if isinstance(node.get("dependentSchemas"), dict):
            found["dependentSchemas"] = {
                name: self._together(each, left, within)
                for name, each in node["dependentSchemas"].items()
            }
        return found

    def _whole(self, node: Any) -> Any:
        """Return *node* with what it refers to, as far as it is not large."""
        left = [_MOST_FOLLOWED]

        def whole(node: Any, within: frozenset[str]) -> Any:
            if isinstance(node, list):
                return [whole(each, within) for each in node]
            if not isinstance(node, dict):
                return node
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in within and left[0]:
                left[0] -= 1
                return whole(self._references.resolve(node), within | {reference})
            return {key: whole(value, within) for key, value in node.items()}

        return whole(node, frozenset())

    def _inner(
        self,
        schema: dict[str, Any],
        about: PartOrigin,
        encoding: Mapping[str, Any],
        alternatives: Mapping[str, Sequence[_Alternative]],
    ) -> Iterator[tuple[str, Inner]]:
        yield from self._fields(schema, about, encoding, is_whole=bool(alternatives))
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            yield OTHER_FIELDS, self._anything((OTHER_FIELDS,), others, about)
        for pattern, node in (schema.get("patternProperties") or {}).items():
            yield f"{PATTERN}{pattern}", self._anything((f"/{pattern}/",), node, about)
        for index, node in enumerate(schema.get("prefixItems") or []):
            yield f"{POSITION}{index}", self._anything((f"[{index}]",), node, about)
        if isinstance(schema.get("items"), dict | bool):
            yield ITEMS, self._anything((ITEMS,), schema["items"], about)
        for key, branches in alternatives.items():
            for each in branches:
                read = partial(self.part, each.node, about)
                yield f"{key} {each.name}", Inner((f"{key} {each.name}",), read, Absence.ELSEWHERE)

    def _anything(self, steps: tuple[str, ...], node: Any, about: PartOrigin) -> Inner:
        return Inner(steps, partial(self.part, node, about), Absence.ANYTHING)

    def _fields(
        self,
        schema: dict[str, Any],
        about: PartOrigin,
        encoding: Mapping[str, Any],
        *,
        is_whole: bool,
    ) -> Iterator[tuple[str, Inner]]:
        """Yield the fields; *is_whole*: but for those that only the alternatives describe."""
        own = schema.get("properties") or {}
        # A field that may be anything has no rules; one that may be nothing is none.
        described: dict[str, Any] = {name: node for name, node in own.items() if node is True}
        described |= properties_of({"properties": own} if is_whole else schema)
        required = schema.get(REQUIRED, ()) if is_whole else always_required(schema)
        for name in dict.fromkeys([*described, *required]):
            if own.get(name) is not False:
                yield (
                    f"field {name}",
                    self._field(
                        name, described.get(name), about, name in required, encoding.get(name)
                    ),
                )

    def _field(
        self, name: str, node: Any, about: PartOrigin, is_required: bool, encoding: Any
    ) -> Inner:
        def read() -> ContractPart:
            part = self.part(node, about)
            # OpenAPI: what is read-only is not needed in a request, what is write-only not in a response.
            idle = "readOnly" if about.sender is Sender.CLIENT else "writeOnly"
            says: dict[str, Any] = {REQUIRED: is_required and part.value(idle) is None}
            if isinstance(encoding, dict) and "contentType" in encoding:
                kinds = str(encoding["contentType"]).lower().split(",")
                says[SENT_AS] = frozenset(each.strip() for each in kinds)
            return part.but(says)

        return Inner((name,), read, is_described=node is not None)


@dataclass(frozen=True)
class _Alternative:
    name: str
    node: Any
    written: str


def _choice(schema: dict[str, Any], sender: Sender) -> Combinations | None:
    """Return which fields go together, where that is all that alternatives say.

    Those of a response are objects of different kinds, unless they choose among fields that are described
    beside them.
    """
    if sender is Sender.DEPLOYMENT and not schema.get("properties"):
        return None
    together = combinations_of(schema)
    return together if together and together.names else None


def _written(node: Any, together: Any) -> Any:
    if together is node or not isinstance(together, dict) or "$ref" not in node:
        return together
    return {**together, _WRITTEN: node}


def _as_written(node: Any) -> Any:
    return node.get(_WRITTEN, node) if isinstance(node, dict) else node


def _alternatives(schema: Mapping[str, Any]) -> dict[str, list[_Alternative]]:
    """Return the alternatives by keyword, each once and with a name of its own."""
    found: dict[str, list[_Alternative]] = {}
    for key in BRANCHES:
        known: dict[str, _Alternative] = {}
        names = Counter[str]()
        for each in schema.get(key) or []:
            node = _as_written(each)
            written = canonical(demanded(node))
            if written not in known:
                name = _name(node)
                names[name] += 1
                count = names[name]
                known[written] = _Alternative(
                    f"{name} #{count}" if count > 1 else name, node, written
                )
        if known:
            found[key] = list(known.values())
    return found


def _name(node: Any) -> str:
    """Return what an alternative is called: by its reference, its title, its values or its type."""
    if not isinstance(node, dict):
        return text_of(node)
    if isinstance(node.get("$ref"), str):
        return str(node["$ref"]).rpartition("/")[2]
    if isinstance(node.get("title"), str):
        return str(node["title"])
    if "const" in node or isinstance(node.get("enum"), list):
        values = node.get("enum", [node.get("const")])
        return " or ".join(map(text_of, values))[:_LONGEST_NAME]
    types = node.get("type", "any")
    return types if isinstance(types, str) else " or ".join(map(str, types))


def _types(schema: Mapping[str, Any]) -> frozenset[str] | None:
    types = schema.get("type")
    if types is None:
        return None
    found = {types} if isinstance(types, str) else set(types)
    return frozenset(found | ({"integer"} if "number" in found else set()))


def _values(schema: Mapping[str, Any]) -> frozenset[str] | None:
    return frozenset(map(text_of, schema["enum"])) if "enum" in schema else None
