"""The middle and the spread of what was measured repeatedly, and ratios of it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, with the lowest and the highest of them."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Return the spread of *values*. There must be one."""
        return cls(statistics.median(values), min(values), max(values))


def ratios(ones: Sequence[float], others: Sequence[float]) -> Spread:
    """Return how many times *others* the values of *ones* are.

    As many of both were measured in turn: each pair has seen the same of what disturbed the machine.
    Else the medians are compared, and the furthest apart.
    """
    if len(ones) == len(others):
        return Spread.of([one / other for one, other in zip(ones, others, strict=True)])
    one, other = Spread.of(ones), Spread.of(others)
    return Spread(one.median / other.median, one.lowest / other.highest, one.highest / other.lowest)
