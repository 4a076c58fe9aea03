"""Counters of the sandbox: what is counted while requests pass, as cheaply as can be."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qlara_sandbox.web.observers.journal import JournalEntry

# Upper bounds of the buckets in seconds; what took longer goes into one more.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NO_OPERATION = "none"


class Metrics:
    """What has been counted so far.

    ``requests`` are by operation and status, ``buckets`` how many requests of an operation took how
    long (none of them cumulative), ``seconds`` how long they took together, ``faults`` are by kind.
    """

    def __init__(self) -> None:
        self.requests: dict[tuple[str, int], int] = {}
        self.buckets: dict[str, list[int]] = {}
        self.seconds: dict[str, float] = {}
        self.faults: dict[str, int] = {}

    def observe(self, entry: JournalEntry) -> None:
        """Count a request that is over."""
        self.count(entry.operation, entry.status, entry.seconds)
        self.count_faults(entry.faults)

    def count(self, operation: str | None, status: int, seconds: float) -> None:
        """Count one request; *status* is 0 where no response was sent."""
        name = operation or _NO_OPERATION
        key = (name, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        buckets = self.buckets.get(name)
        if buckets is None:
            buckets = self.buckets[name] = [0] * (len(BUCKETS) + 1)
            self.seconds[name] = 0.0
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds[name] += seconds

    def count_faults(self, kinds: Iterable[str]) -> None:
        """Count faults that took place."""
        for kind in kinds:
            self.faults[kind] = self.faults.get(kind, 0) + 1

    def as_json(self) -> dict[str, Any]:
        """Return everything as a JSON value, for ``add``."""
        return {
            "requests": [[*key, count] for key, count in self.requests.items()],
            "buckets": self.buckets,
            "seconds": self.seconds,
            "faults": self.faults,
        }

    def add(self, other: Mapping[str, Any]) -> None:
        """Count what another sandbox has counted, too."""
        for operation, status, count in other["requests"]:
            key = (operation, status)
            self.requests[key] = self.requests.get(key, 0) + count
        for operation, buckets in other["buckets"].items():
            mine = self.buckets.get(operation) or [0] * len(buckets)
            self.buckets[operation] = [sum(both) for both in zip(mine, buckets, strict=True)]
            seconds = other["seconds"][operation]
            self.seconds[operation] = self.seconds.get(operation, 0.0) + seconds
        for kind, count in other["faults"].items():
            self.faults[kind] = self.faults.get(kind, 0) + count
