"""The contract that tools read: as it is in force, and with what Schemathesis needs beside it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.http.fuzzing import for_fuzzing
from qlara_sandbox.http.yaml_document import read_document
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.contacts import Terms
from qlara_sandbox.web.runtime import SandboxSettings

if TYPE_CHECKING:
    from pathlib import Path

HERE = "http://localhost:8080"
FUZZING = "/openapi.fuzzing.yaml"
FUZZER = {"User-Agent": "schemathesis/4.32.5"}
BOTH_FORMS = pytest.mark.parametrize("path", ["/openapi.yaml", "/openapi.json"])


def client(**settings: Any) -> TestClient:
    app = create_app(SandboxSettings(**settings))
    return TestClient(app, base_url=HERE, follow_redirects=False)


def edited(folder: Path, *changes: tuple[str, str]) -> Path:
    text = resources.SPEC.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@BOTH_FORMS
def test_schemathesis_is_led_to_the_document_for_fuzzing(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "qlara_sandbox.web"):
        response = client().get(path, headers=FUZZER)

    assert (response.status_code, response.headers["vary"]) == (307, "User-Agent")
    assert response.next_request is not None
    assert str(response.next_request.url) == f"{HERE}{FUZZING}"
    assert caplog.messages == [f"Schemathesis is led from {path} to {FUZZING}."]


@BOTH_FORMS
@pytest.mark.parametrize("agent", ["curl/8.5.0", "python-requests/2 schemathesis/4", ""])
def test_others_get_the_contract_itself(path: str, agent: str) -> None:
    response = client().get(path, headers={"User-Agent": agent})

    assert (response.status_code, response.headers["vary"]) == (200, "User-Agent")
    document = read_document(resources.SPEC.read_text("utf-8"))
    here = {**document["servers"][0], "url": HERE}
    assert yaml.safe_load(response.text) == {
        **document,
        "servers": [here, *document["servers"][1:]],
    }


def test_nothing_but_the_address_of_the_sandbox_is_another_than_in_the_file() -> None:
    shipped = resources.SPEC.read_bytes()
    there = TestClient(create_app(), base_url="http://127.0.0.1:8080").get("/openapi.yaml")
    elsewhere = TestClient(create_app(), base_url="https://sandbox.example").get("/openapi.yaml")

    assert there.content == shipped
    assert elsewhere.content == shipped.replace(
        b"http://127.0.0.1:8080", b"https://sandbox.example", 1
    )


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("servers: [{url: 'http://[::1]:1/'}]", 'servers: [{url: "http://localhost:8080"}]'),
        (
            "servers:\n  - description: é😀\n    url: http://localhost:9000   # ours\n  - {url: /v1}",
            'servers:\n  - description: é😀\n    url: "http://localhost:8080"   # ours\n  - {url: /v1}',
        ),
        ("servers: [{url: 'https://{region}.live.example'}, {}]", None),
        ("servers: []", None),
        ("x-none: 1", None),
    ],
)
def test_of_the_servers_of_another_contract_those_on_this_machine_are_the_sandbox(
    written: str, served: str | None, tmp_path: Path
) -> None:
    text = resources.SPEC.read_text("utf-8")
    begin, end = text.index("servers:"), text.index("\nsecurity:")
    spec = edited(tmp_path, (text[begin:end], written))
    client_of_it = client(spec=spec)

    found = client_of_it.get("/openapi.yaml").text
    assert (served or written) in found
    assert client_of_it.get("/openapi.json").json().get("servers") == yaml.safe_load(found).get(
        "servers"
    )


def test_a_contract_in_json_is_served_with_the_address_of_the_sandbox(tmp_path: Path) -> None:
    spec = tmp_path / "openapi.json"
    spec.write_text(json.dumps(read_document(resources.SPEC.read_text("utf-8"))), encoding="utf-8")

    assert json.loads(client(spec=spec).get("/openapi.yaml").text)["servers"][0]["url"] == HERE


def test_its_requests_are_for_the_sandbox_that_serves_it_alone() -> None:
    response = client().get(FUZZING)

    document = for_fuzzing(read_document(resources.SPEC.read_text("utf-8")))
    assert response.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(response.text) == {**document, "servers": [{"url": HERE}]}


def test_paths_and_operations_name_no_other_server_either(tmp_path: Path) -> None:
    elsewhere = "servers: [{url: 'https://live.example'}]"
    quota = "  /api/v1/partner-gateway/subscription/contacts:\n    get:\n"
    changed = f"{quota.replace('    get', f'    {elsewhere}{chr(10)}    get')}      {elsewhere}\n"
    response = client(spec=edited(tmp_path, (quota, changed))).get(FUZZING)

    assert response.status_code == 200
    assert "live.example" not in response.text


def test_it_has_what_an_overlay_changes() -> None:
    overlaid = client(overlay=resources.OVERLAYS / "api-reference.yaml")

    document = yaml.safe_load(overlaid.get(FUZZING).text)
    assert document["x-qlara-conventions"]["order"] == "name"
    assert "oneOf" in document["components"]["schemas"]["VCardUpload"]


@BOTH_FORMS
def test_a_contract_of_other_components_is_served_as_it_is(path: str, tmp_path: Path) -> None:
    spec = edited(tmp_path, ("schemas/VCardUpload", "schemas/Upload"), ("VCardUpload:", "Upload:"))
    other = client(spec=spec)

    assert other.get(path, headers=FUZZER).status_code == 200
    missing = other.get(FUZZING)
    assert (missing.status_code, missing.json()["data"]) == (
        404,
        {"path": "The contract in use lacks what generated requests need."},
    )


def test_what_has_no_operation_in_a_path_is_passed_over(tmp_path: Path) -> None:
    quota = "  /api/v1/partner-gateway/subscription/contacts:\n"
    spec = edited(tmp_path, (quota, f"{quota}    summary: Quota\n    parameters: []\n"))

    assert client(spec=spec).get(FUZZING).status_code == 200


def test_its_server_is_the_address_at_which_it_was_reached() -> None:
    app = create_app(SandboxSettings())
    first = TestClient(app, base_url=HERE).get(FUZZING).text
    second = TestClient(app, base_url="http://sandbox.test:9000").get(FUZZING).text

    assert first.replace(HERE, "http://sandbox.test:9000") == second


def test_it_follows_the_contract_in_force(tmp_path: Path) -> None:
    here = client()
    before = yaml.safe_load(here.get(FUZZING).text)
    changed = Contract(edited(tmp_path, ("maximum: 1000\n", "maximum: 70\n")))
    asyncio.run(here.app.state.runtime.use_contract(Terms.of(changed)))  # type: ignore[attr-defined]
    after = yaml.safe_load(here.get(FUZZING).text)

    def limits(document: dict[str, Any]) -> list[Any]:
        path = document["paths"]["/api/partner-gateway/v1/contacts/list/{listId}/contacts"]
        return [one["schema"].get("maximum") for one in path["get"]["parameters"]]

    assert 1000 in limits(before)
    assert 1000 not in limits(after)
    assert 70 in limits(after)
