from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from tests.qlara_sandbox.web.calls import LIST, QUOTA, upload

if TYPE_CHECKING:
    import httpx2

KEY = "sandbox_a__rate-limited"


@pytest.fixture
def client() -> TestClient:
    """Make a sandbox whose clock, for the key of these tests, stands still."""
    client = TestClient(create_app(), base_url="http://localhost", headers={"X-Api-Key": KEY})
    client.put("/__admin/clock", json={"apiKey": KEY, "freeze": "2026-04-09T11:00:10+02:00"})
    return client


def standing(response: httpx2.Response) -> tuple[str, ...]:
    names = ("limit", "remaining", "reset")
    return tuple(response.headers[f"x-ratelimit-{name}"] for name in names)


RESET = "1775725270"  # a minute after the first request


def test_every_answer_says_how_many_requests_are_left(client: TestClient) -> None:
    assert standing(client.get(QUOTA)) == ("10", "9", RESET)
    assert standing(upload(client)) == ("10", "8", RESET)
    assert standing(client.get(f"{LIST}?limit=0")) == ("10", "7", RESET)


def test_the_eleventh_request_is_refused_with_the_seconds_to_wait(client: TestClient) -> None:
    statuses = [client.get(QUOTA).status_code for _ in range(10)]
    client.put("/__admin/clock", json={"apiKey": KEY, "advance": "48s"})
    response = upload(client)

    assert statuses == [200] * 10
    assert response.status_code == 429
    assert response.headers["retry-after"] == "12"
    assert standing(response) == ("10", "0", RESET)
    assert response.json() == {
        "status": 429,
        "error": "Too Many Requests",
        "message": "Rate limit exceeded. Please retry after 12 seconds.",
        "retryAfter": 12,
    }


def test_after_the_wait_the_next_ten_pass(client: TestClient) -> None:
    for _ in range(11):
        client.get(QUOTA)
    client.put("/__admin/clock", json={"apiKey": KEY, "advance": "60s"})

    assert [client.get(QUOTA).status_code for _ in range(11)] == [200] * 10 + [429]


def test_every_key_has_a_limit_of_its_own(client: TestClient) -> None:
    for _ in range(11):
        client.get(QUOTA)

    assert client.get(QUOTA, headers={"X-Api-Key": "sandbox_b__rate-limited"}).status_code == 200


def test_a_refused_key_and_a_forced_answer_cost_nothing(client: TestClient) -> None:
    client.get(QUOTA, headers={"X-Api-Key": "unknown"})
    forced = client.get(LIST, headers={"Prefer": "code=404"})

    assert forced.headers["x-ratelimit-remaining"] == "10"


def test_a_world_without_a_limit_says_nothing_of_one(client: TestClient) -> None:
    response = client.get(QUOTA, headers={"X-Api-Key": "YOUR_API_KEY"})

    assert not [name for name in response.headers if name.startswith("x-ratelimit")]
