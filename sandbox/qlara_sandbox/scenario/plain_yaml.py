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


class PlainLoader(yaml.CSafeLoader):
    """The safe loader with the scalars of YAML 1.2, section 10.3.2; times stay text, too.

    A key that stands twice is an error (section 3.2.1.1); merge keys are kept from version 1.1.
    """

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
