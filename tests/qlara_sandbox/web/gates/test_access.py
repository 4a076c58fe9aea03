"""Who reaches the control API, and who does not."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.gates.access import is_local
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.web.calls import QUOTA, fail

TOKEN = "handed-out-once"  # noqa: S105 - of this test only
HEALTH = "/__admin/health"


def client(base_url: str = "http://127.0.0.1:8080", **settings: Any) -> TestClient:
    return TestClient(create_app(SandboxSettings(**settings)), base_url=base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "http://[::1]:8080",
        "http://localhost.:8080",
    ],
)
def test_a_local_caller_needs_nothing(base_url: str) -> None:
    assert client(base_url).get(HEALTH).status_code == 200


def test_a_page_of_the_sandbox_itself_may_call() -> None:
    response = client().get(
        HEALTH, headers={"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
    )

    assert response.status_code == 200


@pytest.mark.parametrize("host", ["rebound.example", "127.0.0.1.example.com", "10.0.0.5", ""])
def test_a_host_name_that_is_not_local_is_refused(host: str) -> None:
    response = client().get(HEALTH, headers={"Host": host})

    assert response.status_code == 403
    assert response.json() == fail(
        host=f"Expected a local name such as 127.0.0.1 or localhost; found {host!r}."
    )


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://127.0.0.1:3000", "https://127.0.0.1:8080", "null"],
)
def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    response = client().post("/__admin/reset", headers={"Origin": origin})

    assert response.status_code == 403
    assert response.json() == fail(origin=f"Expected http://127.0.0.1:8080; found {origin!r}.")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_foreign_page_embeds_is_refused(site: str) -> None:
    response = client().get(HEALTH, headers={"Sec-Fetch-Site": site})

    assert response.status_code == 403
    assert list(response.json()["data"]) == ["sec-fetch-site"]


def test_a_form_of_a_foreign_page_cannot_pass_for_a_call() -> None:
    response = client().post(
        "/__admin/faults", content=b"{}", headers={"Content-Type": "text/plain"}
    )

    assert response.status_code == 400
    assert response.json() == fail(
        **{"content-type": "Expected application/json; found text/plain."}
    )


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, "none"),
        ({"Authorization": "Bearer wrong"}, "another one"),
        ({"Authorization": f"Basic {TOKEN}"}, "another one"),
        ({"Authorization": "Bearer"}, "none"),
    ],
)
def test_beyond_the_machine_a_call_without_the_token_is_refused(
    headers: dict[str, str], found: str
) -> None:
    open_client = client("http://sandbox.example", loopback=False, admin_token=TOKEN)
    response = open_client.get(HEALTH, headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="sandbox"'
    assert response.json() == fail(
        authorization=f"Expected Authorization: Bearer with the admin token; found {found}."
    )


def test_beyond_the_machine_the_token_opens_every_host() -> None:
    open_client = client("http://sandbox.example", loopback=False, admin_token=TOKEN)

    assert open_client.get(HEALTH, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_beyond_the_machine_there_is_no_way_in_without_a_token_at_all() -> None:
    assert client(loopback=False).get(HEALTH).status_code == 403


def test_a_token_that_was_asked_for_counts_on_a_loopback_bind_too() -> None:
    assert client(admin_token=TOKEN).get(HEALTH).status_code == 401


def test_pages_of_any_origin_may_call_the_api_but_never_the_control_api() -> None:
    origin = {"Origin": "https://partner.example"}
    preflight = {**origin, "Access-Control-Request-Method": "GET"}
    sandbox = client()

    assert sandbox.options(QUOTA, headers=preflight).headers["access-control-allow-origin"] == "*"
    allowed = sandbox.get(QUOTA, headers={**origin, "X-Api-Key": "YOUR_API_KEY"})
    assert allowed.headers["access-control-allow-origin"] == "*"
    for response in (
        sandbox.options(HEALTH, headers=preflight),
        sandbox.get(HEALTH, headers=origin),
        sandbox.get("/__admin/nothing", headers=origin),
    ):
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.8.9.1:80",
        "[::1]",
        "localhost.",
        "LocalHost.:8080",
        "127.0.0.1.",
        "[::1]:65535",
        "localhost:",
    ],
)
def test_names_of_this_machine_are_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "example.com",
        "localhost.example",
        "evil.localhost",
        "evil.localhost.",
        "evil.localhost:8080",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "127.0.0.1.nip.io.",
        "localhost..",
        "notlocalhost",
        "xlocalhost:8080",
        "localhost:8080.evil.example",
        "localhost:80x",
        "localhost/evil.example",
        "localhost#evil.example",
        "evil.example@localhost",
        "localhost\\evil.example",
        " localhost",
        "0x7f.1",
        "[::1",
        "a@b",
        "[::]",
        "[127.0.0.1.nip.io]",
        "::1:x",
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert not is_local(host)
