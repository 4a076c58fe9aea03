"""Counters of the sandbox, in the text format 0.0.4 of Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qlara_sandbox.web.observers.journal import JournalEntry

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NO_OPERATION = "none"


class Metrics:
    """What is counted while requests pass. Times are in seconds."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], int] = {}
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._faults: dict[str, int] = {}

    def observe(self, entry: JournalEntry) -> None:
        """Count a request that is over."""
        self.count(entry.operation, entry.status, entry.seconds)
        self.count_faults(entry.faults)

    def count(self, operation: str | None, status: int, seconds: float) -> None:
        """Count one request; *status* is 0 where there was no answer."""
        name = operation or _NO_OPERATION
        key = (name, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        buckets = self._buckets.get(name)
        if buckets is None:
            buckets = self._buckets[name] = [0] * (len(BUCKETS) + 1)
            self._seconds[name] = 0.0
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds[name] += seconds

    def count_faults(self, kinds: Iterable[str]) -> None:
        """Count faults that took place."""
        for kind in kinds:
            self._faults[kind] = self._faults.get(kind, 0) + 1

    def text(self, gauges: Mapping[str, tuple[str, str, float]], version: str) -> str:
        """Return everything; *gauges* are name to (type, help, value), measured just now."""
        lines = [*self._request_lines(), *self._duration_lines(), *self._fault_lines()]
        lines += _head("sandbox_info", "gauge", "The version that runs.")
        lines.append(_line("sandbox_info", {"version": version}, 1))
        for name, (type_, help_, value) in gauges.items():
            lines += [*_head(name, type_, help_), _line(name, {}, value)]
        return "\n".join(lines) + "\n"

    def _request_lines(self) -> Iterator[str]:
        name = "sandbox_requests_total"
        help_ = "Requests by operation and status; status 0: no answer was sent."
        yield from _head(name, "counter", help_)
        for (operation, status), count in sorted(self._requests.items()):
            yield _line(name, {"operation": operation, "status": str(status)}, count)

    def _duration_lines(self) -> Iterator[str]:
        name = "sandbox_request_duration_seconds"
        yield from _head(name, "histogram", "From the head of a request to the end of its answer.")
        for operation, buckets in sorted(self._buckets.items()):
            bounds = [*map(str, BUCKETS), "+Inf"]
            for bound, count in zip(bounds, accumulate(buckets), strict=True):
                yield _line(f"{name}_bucket", {"operation": operation, "le": bound}, count)
            labels = {"operation": operation}
            yield _line(f"{name}_sum", labels, round(self._seconds[operation], 6))
            yield _line(f"{name}_count", labels, sum(buckets))

    def _fault_lines(self) -> Iterator[str]:
        name = "sandbox_faults_total"
        yield from _head(name, "counter", "Faults that took place.")
        for kind, count in sorted(self._faults.items()):
            yield _line(name, {"fault": kind}, count)


def _head(name: str, type_: str, help_: str) -> tuple[str, str]:
    return f"# HELP {name} {help_}", f"# TYPE {name} {type_}"


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{shown}}} {value}" if shown else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
