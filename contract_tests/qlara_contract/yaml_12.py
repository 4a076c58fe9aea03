"""YAML as version 1.2 reads it (core schema, section 10.3.2): ``no``, ``1:30`` and dates are text."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
# How many values aliases may add to those that are written.
_MOST_REPEATED = 100_000
_BASES = {"0o": 8, "0x": 16}
_SCALARS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
}


def read(text: str) -> Any:
    """Return the value of a document.

    Raises:
        yaml.YAMLError: it is not YAML, or its aliases make it large or lead into themselves.
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader


def mistake(error: yaml.YAMLError) -> tuple[int, str]:
    """Return the 1-based line of what is not YAML (1 if it is not known), and what is wrong, on one line."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return (mark.line + 1 if mark else 1), problem


class _Loader(yaml.CSafeLoader):
    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _measure(node, {})
        return node


def _measure(node: yaml.Node, sizes: dict[int, int | None]) -> int:
    """Return how many values *node* stands for; *sizes* has those of other nodes, None while they are open."""
    if id(node) in sizes:
        size = sizes[id(node)]
        if size is None:
            raise yaml.composer.ComposerError(
                None, None, "an alias leads into itself", node.start_mark
            )
        return size
    sizes[id(node)] = None
    inner = () if isinstance(node, yaml.ScalarNode) else node.value
    pairs = chain.from_iterable(inner) if isinstance(node, yaml.MappingNode) else inner
    size = sizes[id(node)] = 1 + sum(_measure(each, sizes) for each in pairs)
    if size > len(sizes) + _MOST_REPEATED:
        raise yaml.composer.ComposerError(
            None, None, "aliases make the document too large", node.start_mark
        )
    return size


def _integer(_: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    base = _BASES.get(node.value[:2], 10)
    return int(node.value if base == 10 else node.value[2:], base)


def _number(_: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return float(node.value)


_Loader.yaml_implicit_resolvers = {}
for _name, _pattern in _SCALARS.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), None)
_Loader.add_constructor(f"{_TAG}int", _integer)
_Loader.add_constructor(f"{_TAG}float", _number)
