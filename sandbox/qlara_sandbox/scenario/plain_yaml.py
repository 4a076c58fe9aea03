"""YAML as version 1.2 and editors read it: the core schema, and nothing that JSON has not.

PyYAML itself reads version 1.1, where ``no`` is a boolean, ``0777`` an octal number and ``1:30`` ninety.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = "tag:yaml.org,2002:"
_INTEGER_BASES = {"0o": 8, "0x": 16}
_DEEPEST = 200
# What few files have, and every file must have whose values are nested deeply.
_MANY_BRACKETS = 5_000
_LONG_INDENT = re.compile(r"^[ ?-]{500}", re.MULTILINE)
# How many values and characters aliases may add to what stands in the file.
_MOST_REPEATED = 200_000


def require_shallow(text: str) -> None:
    """Let a document pass that libyaml, which is recursive, can read without an end to its stack.

    Raises:
        yaml.YAMLError: its values are nested more than 200 deep, or it is not YAML.
    """
    brackets = text.count("[") + text.count("{")
    if brackets < _MANY_BRACKETS and not _LONG_INDENT.search(text):
        return
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            message = f"values nested more than {_DEEPEST} deep"
            raise yaml.YAMLError(message)


def explained(error: Exception, text: str) -> tuple[int | None, str]:
    """Return the 1-based line at which *text* is not YAML, if it is known, and what is wrong there."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return mark.line + 1 if mark else None, str(error.problem or error.context)
    if isinstance(error, yaml.reader.ReaderError):
        line = text.encode()[: error.position].count(b"\n") + 1
        return line, f"U+{error.character:04X}: {error.reason}"
    return None, f"not a YAML file: {error}".partition("\n")[0]


class PlainLoader(yaml.CSafeLoader):
    """The safe loader with the scalars of YAML 1.2, section 10.3.2; times stay text, too.

    A key that stands twice is an error (section 3.2.1.1); merge keys are kept from version 1.1. So are
    an alias into itself, and aliases that make a small file a large document.
    """

    def get_single_node(self) -> yaml.Node | None:
        """Return the only document as nodes, which lead to an end, or None if there is none.

        Raises:
            yaml.YAMLError: it is not YAML, there are more, or its aliases have no end.
        """
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _Sizes().measure(node)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping.

        Raises:
            yaml.constructor.ConstructorError: a key stands twice.
        """
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != f"{_TAG}merge":
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"duplicate key {key.value!r}", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


class _Sizes:
    """How large nodes are, as values and characters, with what their aliases lead to."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._within: set[int] = set()
        self._written = 0

    def measure(self, node: yaml.Node) -> int:
        """Return the size of *node*; each node is visited once, however often aliases lead to it.

        Raises:
            yaml.composer.ComposerError: it is too large, too deep, or has no end.
        """
        known = self._sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in self._within:
            raise _unusable("an alias leads into itself", node)
        if len(self._within) > _DEEPEST:
            raise _unusable(f"values nested more than {_DEEPEST} deep", node)
        own = 1 + (len(node.value) if isinstance(node, yaml.ScalarNode) else 0)
        self._written += own
        self._within.add(id(node))
        size = own + sum(map(self.measure, _nodes_in(node)))
        self._within.remove(id(node))
        if size > self._written + _MOST_REPEATED:
            raise _unusable("aliases make the document too large", node)
        self._sizes[id(node)] = size
        return size


def _nodes_in(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _unusable(problem: str, node: yaml.Node) -> yaml.composer.ComposerError:
    return yaml.composer.ComposerError(None, None, problem, node.start_mark)


def _integer(_: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text: str = node.value
    return int(text[2:], _INTEGER_BASES[text[:2]]) if text[:2] in _INTEGER_BASES else int(text, 10)


def _number(_: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    text: str = node.value.lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


PlainLoader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
):
    PlainLoader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), _first)
PlainLoader.add_constructor(f"{_TAG}int", _integer)
PlainLoader.add_constructor(f"{_TAG}float", _number)


def lines_of(text: str) -> dict[tuple[str | int, ...], int]:
    """Return the 1-based line of every value in a document, by the path that leads to it.

    What aliases repeat is there once.
    """
    node = PlainLoader(text).get_single_node()
    return dict(_lines(node, (), set())) if node is not None else {}


def _lines(
    node: yaml.Node, at: tuple[str | int, ...], seen: set[int]
) -> Iterator[tuple[tuple[str | int, ...], int]]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*at, str(key.value)), key.start_mark.line + 1
            yield from _lines(value, (*at, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*at, index), item.start_mark.line + 1
            yield from _lines(item, (*at, index), seen)
