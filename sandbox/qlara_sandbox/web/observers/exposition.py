"""The counters in the text formats of Prometheus and OpenMetrics; imported with the first scrape."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from qlara_sandbox.web.observers.metrics import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric

    from qlara_sandbox.web.observers.metrics import Metrics

_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


def exposition(
    metrics: Metrics,
    readings: Mapping[str, tuple[str, str, float]],
    version: str,
    accept: str = "",
) -> tuple[bytes, str]:
    """Return everything that a scraper reads, in the format that its ``Accept`` prefers, and the media type.

    *readings* were taken just now: metric name to (``counter`` or ``gauge``, help, value).
    """
    collector = SandboxCollector(metrics, readings, version)
    if choose_encoder(accept)[1].startswith("application/openmetrics-text"):
        text: bytes = openmetrics.generate_latest(collector, version="1.0.0")  # type: ignore[no-untyped-call]
        return text, _OPENMETRICS
    return generate_latest(collector), CONTENT_TYPE_PLAIN_0_0_4


class SandboxCollector(Collector):
    """The metrics of one sandbox, outside prometheus_client's registry of the process."""

    def __init__(
        self, metrics: Metrics, readings: Mapping[str, tuple[str, str, float]], version: str
    ) -> None:
        self._metrics = metrics
        self._readings = readings
        self._version = version

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with its samples."""
        yield self._requests()
        yield self._durations()
        yield self._faults()
        info = GaugeMetricFamily("sandbox_info", "The version that runs.", labels=["version"])
        info.add_metric([self._version], 1)
        yield info
        for name, (kind, help_, value) in self._readings.items():
            yield _FAMILIES[kind](name, help_, value)

    def _requests(self) -> Metric:
        family = CounterMetricFamily(
            "sandbox_requests_total",
            "Requests by operation and status; status 0: no response was sent.",
            labels=["operation", "status"],
        )
        for (operation, status), count in sorted(self._metrics.requests.items()):
            family.add_metric([operation, str(status)], count)
        return family

    def _durations(self) -> Metric:
        family = HistogramMetricFamily(
            "sandbox_request_duration_seconds",
            "From the head of a request to the end of its response.",
            labels=["operation"],
        )
        bounds = [*map(str, BUCKETS), "+Inf"]
        for operation, buckets in sorted(self._metrics.buckets.items()):
            cumulative = list(zip(bounds, map(float, accumulate(buckets)), strict=True))
            family.add_metric([operation], cumulative, round(self._metrics.seconds[operation], 6))
        return family

    def _faults(self) -> Metric:
        family = CounterMetricFamily(
            "sandbox_faults_total", "Faults that took place.", labels=["fault"]
        )
        for kind, count in sorted(self._metrics.faults.items()):
            family.add_metric([kind], count)
        return family
