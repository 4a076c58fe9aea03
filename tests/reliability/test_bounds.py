"""What grows, and what takes too long, is told apart from noise."""

from __future__ import annotations

from typing import Any

import pytest

from reliability import pauses
from reliability.bystander import Sample
from reliability.load import is_within_bounds
from reliability.soak import judge
from reliability.statistics import percentile, slope

FAST = [0.002] * 100


def samples(
    memory: float = 100.0, growth: float = 0.0, descriptors: float = 20.0, more: float = 0.0
) -> list[Sample]:
    """Return a sample a second for a minute; *growth* and *more* are per second, after some noise."""
    return [
        Sample(second, memory + second * growth + second % 3, int(descriptors + second * more))
        for second in range(60)
    ]


def test_what_stays_as_it_is_passes() -> None:
    assert judge(samples(), FAST)["failures"] == []


def test_memory_that_grows_is_found() -> None:
    assert judge(samples(growth=1.0), FAST)["failures"] == ["memory grew by 29.3 MB in 29 s"]


def test_what_is_taken_up_in_the_beginning_is_no_growth() -> None:
    warm = [sample._replace(memory_mb=min(sample.at * 50, 600)) for sample in samples()]

    assert judge(warm, FAST)["failures"] == []


def test_descriptors_that_stay_open_are_found() -> None:
    assert judge(samples(more=1.0), FAST)["failures"] == ["29 more descriptors after 29 s"]


def test_bystanders_that_wait_too_long_are_found() -> None:
    slow = [*FAST[:95], *[0.3] * 5]

    assert judge(samples(), slow)["failures"] == ["the p99 of a list request is 300 ms"]


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({}, True),
        ({"peakMb": 500}, False),
        ({"bystanderP99Ms": 200.0}, False),
        ({"failures": ["a 500"]}, False),
    ],
)
def test_the_bounds_of_a_load_are_held(change: dict[str, Any], passes: bool) -> None:
    row = {"peakMb": 120, "bystanderP99Ms": 30.0, "failures": []}

    assert is_within_bounds({**row, **change}) is passes


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile(range(1, 101), percent) for percent in (0, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([3.0], 99) == 3.0


def test_a_slope_is_that_of_the_line_through_the_values() -> None:
    assert slope([0, 1, 2], [5, 7, 9]) == 2
    assert slope([1, 1], [5, 7]) == 0


ROW: dict[str, Any] = {"failures": [], "bystanderP99Ms": 5, "bystanderWorstMs": 40, "leftMb": 20}


@pytest.mark.parametrize(
    ("change", "is_within"),
    [
        ({}, True),
        ({"failures": ["a 500 after 1 s"]}, False),
        ({"bystanderP99Ms": 60}, False),
        ({"bystanderWorstMs": 120}, False),
        ({"leftMb": 900}, False),
    ],
)
def test_a_large_request_that_others_wait_for_is_found(
    change: dict[str, Any], is_within: bool
) -> None:
    assert pauses.is_within_bounds({**ROW, **change}) is is_within
