"""An eviction is told: to the client whose world it was, to the metrics, and to the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.evictions import EvictionLog
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.web.calls import QUOTA
from tests.server import serving

if TYPE_CHECKING:
    from tests.server import Running

HEADER = "X-Sandbox-World"
TOLD = "new, the previous one was evicted"


def quota_header(server: Running, key: str) -> str | None:
    request = Request(server.url + QUOTA, None, {"X-Api-Key": key})  # noqa: S310 - our own server
    with urlopen(request, timeout=10) as response:  # noqa: S310 - as above
        found: str | None = response.headers[HEADER]
        return found


def told(client: TestClient, *labels: str) -> list[str | None]:
    return [
        client.get(QUOTA, headers={"X-Api-Key": f"sandbox_{label}"}).headers.get(HEADER)
        for label in labels
    ]


def test_the_first_response_after_an_eviction_says_so_and_no_other() -> None:
    with serving("--worlds", "1") as server:
        keys = ("sandbox_a", "sandbox_b", "sandbox_a", "sandbox_a")

        assert [quota_header(server, key) for key in keys] == [None, None, TOLD, None]


@pytest.mark.in_memory
def test_the_control_api_does_not_use_up_what_the_client_is_told() -> None:
    client = TestClient(create_app(SandboxSettings(worlds=1)), base_url="http://localhost")
    told(client, "a", "b")
    client.get("/__admin/clock?apiKey=sandbox_a").raise_for_status()

    assert told(client, "a") == [TOLD]


def test_without_sandbox_headers_it_is_left_out() -> None:
    settings = SandboxSettings(worlds=1, sandbox_headers=False)

    assert told(TestClient(create_app(settings)), "a", "b", "a") == [None, None, None]


def test_a_world_that_was_reset_is_new_because_somebody_wanted_it() -> None:
    client = TestClient(create_app(SandboxSettings(worlds=1)), base_url="http://localhost")
    told(client, "a", "b")
    client.post("/__admin/reset")

    assert told(client, "a") == [None]


def test_evictions_and_worlds_that_began_anew_are_counted() -> None:
    client = TestClient(create_app(SandboxSettings(worlds=1)), base_url="http://localhost")
    told(client, "a", "b", "a")
    metrics = client.get("/__admin/metrics").text.splitlines()

    assert "sandbox_worlds_expired_total 2.0" in metrics
    assert "sandbox_worlds_rebuilt_total 1.0" in metrics


def test_the_log_has_one_line_a_minute_with_their_number_and_the_remedy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    times = iter((100.0, 101.0, 159.0, 160.0, 161.0))
    log = EvictionLog(lambda: next(times))
    for _ in range(5):
        log.count()

    remedy = (
        "least recently used first; their next request begins with a fresh one. "
        "To keep more, raise --worlds or --world-memory"
    )
    assert caplog.messages == [f"evicted 1 world, {remedy}", f"evicted 3 worlds, {remedy}"]


def test_pages_of_other_origins_may_read_it() -> None:
    client = TestClient(create_app())
    response = client.get(QUOTA, headers={"X-Api-Key": "sandbox_a", "Origin": "http://a.example"})

    assert HEADER in json.dumps(response.headers["access-control-expose-headers"])
