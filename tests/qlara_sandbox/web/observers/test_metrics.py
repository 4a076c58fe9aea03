from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.observers.exposition import exposition
from qlara_sandbox.web.observers.metrics import Metrics
from tests.qlara_sandbox.web.calls import QUOTA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

SAMPLE = re.compile(
    r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\.)*"(,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? [0-9.e+-]+'
)


def lines(metrics: Metrics) -> list[str]:
    return exposition(metrics, {}, "1.0")[0].decode().splitlines()


def test_requests_are_counted_by_operation_and_status() -> None:
    metrics = Metrics()
    for status in (200, 200, 409):
        metrics.count("uploadVCard", status, 0.003)
    metrics.count(None, 404, 0.001)

    assert [line for line in lines(metrics) if line.startswith("sandbox_requests_total{")] == [
        'sandbox_requests_total{operation="none",status="404"} 1.0',
        'sandbox_requests_total{operation="uploadVCard",status="200"} 2.0',
        'sandbox_requests_total{operation="uploadVCard",status="409"} 1.0',
    ]


def test_buckets_hold_all_that_took_no_longer() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.003, 0.003, 99.0):
        metrics.count("listContacts", 200, seconds)
    name = "sandbox_request_duration_seconds"
    found = dict(line.rsplit(" ", 1) for line in lines(metrics) if line.startswith(name))

    def bucket(bound: str) -> str:
        return found[f'{name}_bucket{{le="{bound}",operation="listContacts"}}']

    assert [bucket(bound) for bound in ("0.0005", "0.0025", "0.005", "10.0", "+Inf")] == [
        *("1.0", "1.0", "3.0", "3.0", "4.0")
    ]
    assert found[f'{name}_count{{operation="listContacts"}}'] == "4.0"
    assert found[f'{name}_sum{{operation="listContacts"}}'] == "99.0065"


def test_labels_are_escaped() -> None:
    metrics = Metrics()
    metrics.count('a"b\\c\nd', 200, 0.1)

    assert r'sandbox_requests_total{operation="a\"b\\c\nd",status="200"} 1.0' in lines(metrics)


@pytest.fixture
def client() -> TestClient:
    """Return the client of a sandbox that has had two requests and a fault."""
    client = TestClient(
        create_app(), base_url="http://localhost", headers={"X-Api-Key": "YOUR_API_KEY"}
    )
    fault = {"on": "*", "count": 1, "respond": {"status": 503}}
    client.post("/__admin/faults", json={"fault": fault})
    for _ in range(2):
        client.get(QUOTA)
    return client


@pytest.fixture
def scraped(client: TestClient) -> str:
    """Return what a scraper reads that names no format."""
    response = client.get("/__admin/metrics")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return response.text


def test_every_line_is_of_the_text_format_and_every_sample_has_a_type(scraped: str) -> None:
    assert scraped.endswith("\n")
    typed = set(re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram)$", scraped, re.MULTILINE))
    for line in scraped.splitlines():
        if not line.startswith("# "):
            assert SAMPLE.fullmatch(line), line
            name = line.partition("{")[0].partition(" ")[0]
            assert name in typed or re.sub("_(bucket|sum|count)$", "", name) in typed


def test_faults_and_what_is_kept_are_shown(scraped: str) -> None:
    shown = scraped.splitlines()

    assert 'sandbox_faults_total{fault="respond"} 1.0' in shown
    assert 'sandbox_requests_total{operation="getContactQuota",status="503"} 1.0' in shown
    assert "sandbox_worlds 1.0" in shown
    assert "sandbox_journal_entries 2.0" in shown


PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "text/plain;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


def samples(families: Iterable[Metric]) -> set[tuple[str, str, float]]:
    return {
        (sample.name, str(sample.labels), sample.value)
        for family in families
        for sample in family.samples
        if "duration" not in sample.name and not sample.name.startswith("sandbox_start")
    }


def test_both_formats_are_read_alike_by_the_parsers_of_prometheus(client: TestClient) -> None:
    plain = client.get("/__admin/metrics")
    asked = client.get("/__admin/metrics", headers={"Accept": PROMETHEUS})

    media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert asked.headers["content-type"] == media_type
    assert asked.text.endswith("# EOF\n")
    found = samples(text_string_to_metric_families(plain.text))
    assert found == samples(openmetrics_families(asked.text))  # type: ignore[no-untyped-call]
    assert ("sandbox_faults_total", "{'fault': 'respond'}", 1.0) in found


def test_a_head_request_gets_the_head_of_a_scrape(client: TestClient) -> None:
    response = client.head("/__admin/metrics")

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
