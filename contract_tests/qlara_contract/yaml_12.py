"""YAML as version 1.2 reads it (core schema, section 10.3.2): ``no``, ``1:30`` and dates are text."""

from __future__ import annotations

import re
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
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
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader


class _Loader(yaml.CSafeLoader):
    pass


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
