"""Repeated measurements have a middle and a spread, and ratios are taken pair by pair."""

from __future__ import annotations

from statistics import StatisticsError

import pytest

from benchmarks.statistics import Spread, ratios


def test_a_spread_is_the_median_between_the_lowest_and_the_highest() -> None:
    assert Spread.of([3, 1, 8]) == Spread(3, 1, 8)


def test_what_was_measured_in_turn_is_compared_round_by_round() -> None:
    # The machine was slow in the second round, for both.
    assert ratios([100, 20, 90], [50, 10, 45]) == Spread(2, 2, 2)


def test_what_was_not_measured_in_turn_is_compared_by_medians_and_extremes() -> None:
    assert ratios([40], [2, 4, 8]) == Spread(10, 5, 20)


def test_without_a_measurement_there_is_no_spread() -> None:
    with pytest.raises(StatisticsError):
        Spread.of([])
