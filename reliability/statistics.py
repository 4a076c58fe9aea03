"""Percentiles and slopes of what was sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that *percent* of *values* do not exceed. There must be one."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(int(rank), 1) - 1]


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Return by how much *values* grow per unit of time: the line of least squares."""
    count = len(times)
    middle = sum(times) / count
    spread = sum((time - middle) ** 2 for time in times)
    if not spread:
        return 0.0
    mean = sum(values) / count
    pairs = zip(times, values, strict=True)
    return sum((time - middle) * (value - mean) for time, value in pairs) / spread
