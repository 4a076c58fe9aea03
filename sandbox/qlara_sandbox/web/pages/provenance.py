"""Where each part of the contract comes from: a heading of UC-020, or an assumption."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ASSUMPTION = "assumption:"
_ASIDE = re.compile(r"\s*\(assumption:\s*(.+)\)\s*$")
# Steps on the way to a part of the contract that say nothing to a reader.
_SILENT = frozenset(
    [
        "paths",
        "components",
        "schemas",
        "schema",
        "properties",
        "parameters",
        "x-qlara-rules",
        "responses",
        "content",
        "examples",
        "x-qlara-examples",
        "application/json",
    ]
)
# What is shown as it stands, and never explains itself.
_VALUES = frozenset(("x-qlara-source", "value", "example", "default", "const", "enum"))


class Source(NamedTuple):
    """One origin: the heading of UC-020, or the reason of an assumption."""

    text: str
    assumed: bool


class Assumption(NamedTuple):
    """What is assumed (the way to it, and its value if it is a plain one), and why."""

    where: tuple[str, ...]
    value: str
    reason: str


def sources(text: str) -> list[Source]:
    """Return the origins that one ``x-qlara-source`` text names."""
    if text.startswith(_ASSUMPTION):
        return [Source(text[len(_ASSUMPTION) :].strip(), assumed=True)]
    aside = _ASIDE.search(text)
    if aside is None:
        return [Source(text, assumed=False)]
    return [Source(text[: aside.start()], assumed=False), Source(aside[1], assumed=True)]


def source_of(node: Mapping[str, Any], part: str = "field") -> list[Source]:
    """Return the origins of *node* itself, or of its limit *part*."""
    origin = node.get("x-qlara-source")
    if isinstance(origin, dict):
        origin = origin.get(part)
    elif part != "field":
        origin = None
    return sources(str(origin)) if origin else []


def assumptions(document: Mapping[str, Any]) -> list[Assumption]:
    """Return every assumption of the contract, in the order of the file."""
    return list(_walk(document, ()))


def _walk(node: Any, way: tuple[str, ...]) -> Iterator[Assumption]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            named = item if isinstance(item, dict) else {}
            name = named.get("name", named.get("rule", index))
            yield from _walk(item, (*way, str(name)))
    if not isinstance(node, dict):
        return
    if "operationId" in node:  # says more than the path and the method that led here
        way = (str(node["operationId"]),)
    yield from _own(node, way)
    for key, value in node.items():
        if key not in _VALUES:
            yield from _walk(value, way if key in _SILENT else (*way, str(key)))


def _own(node: Mapping[str, Any], way: tuple[str, ...]) -> Iterator[Assumption]:
    origin = node.get("x-qlara-source")
    texts = origin if isinstance(origin, dict) else {"field": origin}
    for part, text in texts.items():
        itself = part == "field"
        value = node.get("const") if itself else node.get(part)
        for source in sources(str(text)):
            if source.assumed:
                where = way if itself else (*way, part)
                yield Assumption(where, "" if value is None else str(value), source.text)
