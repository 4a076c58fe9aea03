"""The trace of a request, as W3C Trace Context reads it, and where it shows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.observers.trace_context import trace_id
from tests.qlara_sandbox.web.calls import QUOTA

if TYPE_CHECKING:
    from collections.abc import Mapping

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"{TRACE}-00f067aa0ba902b7"
VALID = f"00-{PARENT}-01"


@pytest.mark.parametrize(
    "value",
    [
        VALID,
        f"00-{PARENT}-ff",
        f" \t{VALID} ",
        f"01-{PARENT}-01",
        f"cc-{PARENT}-01-what-the-future-will-be-like",
        f"cc-{PARENT}-01-",
    ],
)
def test_the_trace_id_is_that_of_a_valid_traceparent(value: str) -> None:
    assert trace_id([(b"traceparent", value.encode())]) == TRACE


@pytest.mark.parametrize(
    "value",
    [
        "",
        TRACE,
        f"ff-{PARENT}-01",
        f"0-{PARENT}-01",
        f"00-{PARENT}",
        f"00-{PARENT}-1",
        f"00-{PARENT}-01-more",
        f"00-{PARENT}-01-",
        f"cc-{PARENT}-01.more",
        VALID.upper(),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-00f067aa0ba902b7-01",
        f"00-{TRACE[:-1]}x-00f067aa0ba902b7-01",
        f"{VALID}\n",
        f"{VALID},{VALID}",
    ],
)
def test_an_invalid_traceparent_is_ignored(value: str) -> None:
    assert trace_id([(b"traceparent", value.encode())]) is None


def test_several_are_ignored_even_if_they_are_the_same() -> None:
    assert trace_id([(b"traceparent", VALID.encode())] * 2) is None


@pytest.fixture
def client() -> TestClient:
    return TestClient(
        create_app(), base_url="http://localhost", headers={"X-Api-Key": "sandbox_anna"}
    )


def traced(client: TestClient, *values: str) -> Mapping[str, str]:
    """Send a request with each of these, and return the headers of the last response."""
    headers: Mapping[str, str] = {}
    for value in values:
        headers = client.get(QUOTA, headers={"traceparent": value}).headers
    return headers


def test_the_journal_tells_the_trace_and_is_searched_by_it(client: TestClient) -> None:
    traced(client, VALID, "nonsense", f"00-{'a' * 32}-00f067aa0ba902b7-01")

    entries = client.get("/__admin/requests").json()["requests"]
    found = client.get(f"/__admin/requests?traceId={TRACE}").json()["requests"]
    counted = client.post("/__admin/requests/count", json={"traceId": TRACE}).json()
    assert [entry["traceId"] for entry in entries] == ["a" * 32, None, TRACE]
    assert [entry["id"] for entry in found] == ["req_00000001"]
    assert counted == {"count": 1}


def test_a_trace_id_that_is_none_is_no_filter(client: TestClient) -> None:
    response = client.get("/__admin/requests?traceId=nonsense")

    expected = "Expected a trace id: 32 digits from 0 to f."
    assert response.status_code == 400
    assert response.json()["data"] == {"traceId": expected}


def test_the_response_says_nothing_of_the_trace(client: TestClient) -> None:
    assert {"traceparent", "tracestate", "traceresponse"}.isdisjoint(traced(client, VALID))


def test_the_access_log_has_the_trace(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "qlara_sandbox.access"):
        traced(client, VALID, "nonsense")

    assert [record.__dict__["traceId"] for record in caplog.records] == [TRACE, None]
