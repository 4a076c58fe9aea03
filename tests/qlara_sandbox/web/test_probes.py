"""Probes: open to everybody, and silent about everything but whether the sandbox serves."""

from __future__ import annotations

import http.client
import json

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.web.calls import QUOTA
from tests.server import serving

PROBES = ["/__health/live", "/__health/ready"]


def sandbox(**settings: object) -> TestClient:
    options = SandboxSettings(**settings)  # type: ignore[arg-type]
    return TestClient(create_app(options), base_url="http://10.1.2.3:8080")


@pytest.mark.parametrize("path", PROBES)
def test_a_probe_says_ok_and_nothing_else(path: str) -> None:
    response = sandbox().get(path)

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert dict(response.headers) == {
        "content-type": "application/json",
        "content-length": "15",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }


@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize("settings", [{"admin_token": "t"}, {"loopback": False}])
def test_no_token_is_needed_where_the_control_api_asks_for_one(
    path: str, settings: dict[str, object]
) -> None:
    client = sandbox(**settings)

    assert client.get("/__admin/health").status_code in {401, 403}
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("host", ["10.1.2.3:8080", "attacker.example", "[fd00::1]:8080", ""])
def test_any_host_is_taken(host: str) -> None:
    assert sandbox().get(PROBES[1], headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", PROBES)
def test_a_probe_is_asked_with_get_or_head(path: str) -> None:
    client = sandbox()

    assert (client.head(path).status_code, client.post(path).status_code) == (200, 405)
    assert client.post(path).headers["allow"] == "GET, HEAD"


def test_no_page_of_another_origin_reads_a_probe() -> None:
    response = sandbox().get(PROBES[1], headers={"Origin": "https://attacker.example"})

    assert "access-control-allow-origin" not in response.headers


def test_a_probe_leaves_no_trace() -> None:
    client = TestClient(create_app(), base_url="http://localhost")
    for path in PROBES:
        client.get(path)

    assert client.get("/__admin/requests").json()["requests"] == []
    assert client.get("/__admin/worlds").json()["worlds"] == []


def test_a_sandbox_that_stops_is_live_and_not_ready() -> None:
    client = sandbox()
    client.app.state.runtime.stop()  # type: ignore[attr-defined]

    answers = {path: client.get(path) for path in PROBES}
    assert {path: (one.status_code, one.json()) for path, one in answers.items()} == {
        PROBES[0]: (200, {"status": "ok"}),
        PROBES[1]: (503, {"status": "stopping"}),
    }


def test_beyond_this_machine_a_probe_is_open_over_the_network() -> None:
    with serving("--host", "0.0.0.0") as running:  # noqa: S104
        connection = http.client.HTTPConnection("127.0.0.1", running.port)
        connection.request("GET", PROBES[1], headers={"Host": "10.1.2.3"})
        response = connection.getresponse()

        assert (response.status, json.loads(response.read())) == (200, {"status": "ok"})
        names = {name.lower() for name, _ in response.getheaders()}
        assert names - {"date"} == {
            *("content-type", "content-length", "cache-control"),
            *("x-content-type-options", "cross-origin-resource-policy"),
        }
        connection.close()


def test_the_server_tells_the_sandbox_when_it_begins_to_stop() -> None:
    from qlara_sandbox.http.server import configure
    from qlara_sandbox.http.threaded import ThreadedServer

    told: list[str] = []
    with ThreadedServer(configure(create_app(), on_stop=lambda: told.append("stop"))) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.ports[0])
        connection.request("GET", QUOTA)
        connection.getresponse().read()
        assert told == []
        connection.close()

    assert told == ["stop"]
