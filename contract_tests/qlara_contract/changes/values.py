"""Values as the comparison sees them: ``1`` is not ``"1"``, ``above 0`` is less than ``1``, the order of keys is nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Beyond:
    """A bound that is not itself allowed, such as that of ``exclusiveMinimum``."""

    bound: float

    def __str__(self) -> str:
        return f"beyond {self.bound}"


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are the same in JSON: ``1`` and ``1.0`` are, ``1`` and ``true`` are not."""
    if isinstance(one, bool | int | float | list | dict) or isinstance(other, bool | list | dict):
        return canonical(one) == canonical(other)
    return bool(one == other)


def canonical(value: Any) -> str:
    """Return *value* as JSON, the same for what is the same."""
    return json.dumps(_plain(value), sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def text_of(value: Any) -> str:
    """Return *value* for people: text as it is, but in quotes where it looks like another value."""
    if not isinstance(value, str):
        return canonical(value)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value, ensure_ascii=False)


def is_higher(one: float | Beyond, other: float | Beyond, *, is_least: bool) -> bool:
    """Return whether a bound is above another one; *is_least*: they are lower bounds."""
    return _place(one, is_least=is_least) > _place(other, is_least=is_least)


def _place(bound: float | Beyond, *, is_least: bool) -> tuple[float, int]:
    if isinstance(bound, Beyond):
        return bound.bound, 1 if is_least else -1
    return bound, 0


def divides(one: float, other: float) -> bool:
    """Return whether every multiple of *other* is one of *one*."""
    return one > 0 and Fraction(str(other)) % Fraction(str(one)) == 0
