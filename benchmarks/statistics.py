"""Percentiles, and the middle and spread of what was measured repeatedly."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that *percent* of *values* do not exceed. There must be one."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(int(rank), 1) - 1]


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
    Else the medians are compared.
    """
    if len(ones) == len(others):
        return Spread.of([one / other for one, other in zip(ones, others, strict=True)])
    return Spread.of([statistics.median(ones) / statistics.median(others)])
