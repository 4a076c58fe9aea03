"""Coverage is counted within a bounded amount of memory, and loses nothing of the sum."""

from __future__ import annotations

import tracemalloc

import pytest

from qlara_sandbox import resources
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.state.worlds import WorldKey
from qlara_sandbox.web.observers.coverage_counts import CoverageCounts
from qlara_sandbox.web.observers.journal import JournalEntry

CONTRACT = Contract(resources.SPEC)
MEGABYTE = 1024 * 1024


def entry(key: str, status: int = 200) -> JournalEntry:
    return JournalEntry(
        "req_00000001",
        1000.0,
        0.001,
        "GET",
        "/",
        b"",
        [(b"x-api-key", key.encode())],
        None,
        "getContactQuota",
        WorldKey(key, "default", "default"),
        status,
        [],
        b"",
        0,
        (),
        0,
    )


def test_the_first_accounts_are_only_in_the_sum_when_there_are_too_many() -> None:
    counts = CoverageCounts(lambda _: CONTRACT, most_counts=20)  # an account has 3, and weighs 5

    for number in range(5):
        counts.observe(entry(f"sandbox_{number}"))

    own = [counts.tally(f"sandbox_{number}").requests for number in range(5)]
    assert own == [0, 0, 0, 1, 1]
    assert (counts.tally().requests, counts.dropped) == (5, 3)


def test_a_key_that_nobody_can_ask_for_is_only_in_the_sum() -> None:
    counts = CoverageCounts(lambda _: CONTRACT)
    key = "sandbox_" + "x" * 1000

    counts.observe(entry(key))

    assert (counts.tally(key).requests, counts.tally().requests) == (0, 1)


@pytest.mark.parametrize("statuses", [1, 300])
def test_however_many_accounts_there_are_the_memory_is_bounded(statuses: int) -> None:
    counts = CoverageCounts(lambda _: CONTRACT)
    counts.observe(entry("sandbox_first"))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(15_000 // statuses):
            for status in range(statuses):
                counts.observe(entry(f"sandbox_{number:0150d}", 200 + status))
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert grown < 16 * MEGABYTE
    assert counts.tally().requests == 1 + 15_000 // statuses * statuses
