"""A scenario may name an overlay: its worlds are under a contract of their own."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.http.conventions import overlay_for
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.web.app import assemble, create_app
from qlara_sandbox.web.reload import Reloading
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from tests.qlara_sandbox.overlays import overlay_file, overlay_of
from tests.qlara_sandbox.web.calls import LIST, MARCO, QUOTA, UPLOAD, fail, upload, vcf

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "title: T\nstory: S\nlists: [{id: list_crm_migration}]\n"
KEY = {"X-Api-Key": "YOUR_API_KEY"}
OTHER = {"X-Sandbox-Scenario": "other"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the scenarios ``default`` and, under an overlay, ``other``."""
    (tmp_path / "default.yaml").write_text(HEAD, encoding="utf-8")
    (tmp_path / "other.yaml").write_text(f"{HEAD}overlay: overlay.yaml\n", encoding="utf-8")
    overlay_file(
        tmp_path,
        overlay_for(
            {"key.missing": 403, "key.unknown": 403, "limit.maximum": 2, "order": "newest"}
        ),
    )
    return tmp_path


def client_of(**settings: Any) -> TestClient:
    app = create_app(SandboxSettings(**settings))
    return TestClient(app, base_url="http://localhost", headers=KEY)


def listed(client: TestClient, **query: str) -> list[str]:
    return [contact["name"] for contact in client.get(LIST, params=query).json()["contacts"]]


def test_its_worlds_are_under_the_overlay_and_others_are_not(folder: Path) -> None:
    client = client_of(scenarios=folder)
    people = vcf(("A", "347 123 4561"), ("B", "347 123 4562"), ("C", "347 123 4563"))
    upload(client, people)
    assert listed(client, limit="3") == ["A", "B", "C"]

    client.headers.update(OTHER)
    upload(client, people)
    assert listed(client) == ["C", "B"]
    assert client.get(LIST, params={"limit": "3"}).json() == fail(
        limit="Expected an integer from 1 to 2."
    )
    assert client.get(QUOTA, headers={"X-Api-Key": "nobody's"}).status_code == 403


def test_the_default_scenario_decides_what_a_missing_key_gets(folder: Path) -> None:
    client = client_of(scenarios=folder, scenario="other")

    assert client.get(QUOTA, headers={"X-Api-Key": ""}).status_code == 403
    named = {"X-Api-Key": "", "X-Sandbox-Scenario": "default"}
    assert client.get(QUOTA, headers=named).status_code == 401


def test_a_key_chooses_the_overlay_with_its_scenario(folder: Path) -> None:
    client = client_of(scenarios=folder)
    client.headers["X-Api-Key"] = "sandbox_a__other"

    assert client.get(LIST, params={"limit": "3"}).status_code == 400


def test_an_example_is_that_of_the_scenarios_contract(folder: Path) -> None:
    overlay_file(folder, overlay_for({"import.status": 201}))
    client = client_of(scenarios=folder)
    prefer = {"Prefer": "example=completed"}

    assert client.post(UPLOAD, headers=prefer).status_code == 200
    assert client.post(UPLOAD, headers=prefer | OTHER).status_code == 201


def test_the_overlay_of_a_scenario_takes_the_place_of_the_servers(folder: Path) -> None:
    path = folder / "server" / "overlay.yaml"
    path.parent.mkdir()
    overlay_file(path.parent, overlay_for({"import.status": 202}))
    client = client_of(scenarios=folder, overlay=path)

    assert upload(client).status_code == 202
    client.headers.update(OTHER)
    assert upload(client).status_code == 200


def test_a_shipped_overlay_is_known_by_its_name(folder: Path) -> None:
    (folder / "other.yaml").write_text(f"{HEAD}overlay: api-reference\n", encoding="utf-8")
    client = client_of(scenarios=folder)

    assert sorted(client.get(QUOTA, headers=OTHER).json()) == [
        "extraLimit",
        "planLimit",
        "remaining",
        "totalLimit",
        "used",
    ]
    assert sorted(client.get(QUOTA).json()) == ["total", "used"]


def test_contacts_of_a_scenario_are_read_as_its_contract_reads_them(folder: Path) -> None:
    (folder / "people.vcf").write_bytes(MARCO + vcf(("Fixed", "02 1234 5678")))
    lists = "lists: [{id: list_crm_migration, file: people.vcf}]\n"
    text = HEAD.replace("lists: [{id: list_crm_migration}]\n", lists)
    for name, more in (("default", ""), ("other", "overlay: overlay.yaml\n")):
        (folder / f"{name}.yaml").write_text(text + more, encoding="utf-8")
    overlay_file(folder, overlay_for({"numbers": "mobile"}))
    client = client_of(scenarios=folder)

    assert client.get(QUOTA).json()["used"] == 2
    assert client.get(QUOTA, headers=OTHER).json()["used"] == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "overlay: unknown overlay 'none'; expected a file, or one of api-reference"),
        ("none.yaml", "overlay: file 'none.yaml' not found beside the scenario"),
        (
            "../x.yaml",
            "overlay: '../x.yaml' is outside the folder of the scenario; --allow-outside",
        ),
        ("default.yaml", "overlay: expected version 1.0.0; found None"),
    ],
)
def test_an_overlay_that_cannot_be_used_is_a_mistake_of_the_scenario(
    folder: Path, name: str, message: str
) -> None:
    (folder / "other.yaml").write_text(f"{HEAD}overlay: {name}\n", encoding="utf-8")
    with pytest.raises(InvalidScenario) as error:
        client_of(scenarios=folder, scenario="other")

    assert message in str(error.value)
    assert str(error.value).startswith(str(folder / "other.yaml"))


def test_an_overlay_of_a_scenario_cannot_add_paths(folder: Path) -> None:
    path = {"/more": {"get": {"operationId": "more", "responses": {"200": {"description": ""}}}}}
    overlay_file(folder, overlay_of({"target": "$.paths", "update": path}))
    client = client_of(scenarios=folder)

    message = client.get(QUOTA, headers=OTHER).json()["data"]["X-Sandbox-Scenario"]
    assert "the overlay of a scenario cannot add, remove or move operations: more" in message


class Changing:
    """A sandbox that takes up changes; ``write`` makes sure that a change can be seen."""

    def __init__(self, folder: Path, overlay: Path | None = None) -> None:
        self._time = 1_000_000_000
        settings = SandboxSettings(scenarios=folder, overlay=overlay)
        self.app = Reloading(Runtime(settings), assemble)
        self.client = TestClient(self.app, base_url="http://localhost", headers=KEY)

    def write(self, folder: Path, values: dict[str, Any]) -> None:
        path = overlay_file(folder, overlay_for(values))
        self._time += 1
        os.utime(path, (self._time, self._time))
        asyncio.run(self.app.refresh())


def test_a_changed_overlay_of_a_scenario_is_taken_up(folder: Path) -> None:
    sandbox = Changing(folder)
    client = sandbox.client
    assert client.get(LIST, params={"limit": "3"}, headers=OTHER).status_code == 400

    sandbox.write(folder, {"limit.maximum": 3})
    assert client.get(LIST, params={"limit": "3"}, headers=OTHER).status_code == 200
    assert client.get(LIST, params={"limit": "4"}, headers=OTHER).status_code == 400


def test_a_changed_overlay_of_the_server_is_taken_up(folder: Path) -> None:
    server = folder / "server"
    server.mkdir()
    sandbox = Changing(folder, overlay_file(server, overlay_for({"import.status": 201})))
    client = sandbox.client
    assert upload(client).status_code == 201
    assert upload(client, key="sandbox_a__other").status_code == 200

    sandbox.write(server, {"import.status": 202})
    assert upload(client).status_code == 202
    assert upload(client, key="sandbox_a__other").status_code == 200


def test_a_mistake_in_a_changed_overlay_leaves_what_there_was(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = Changing(folder)
    assert sandbox.client.get(LIST, params={"limit": "3"}, headers=OTHER).status_code == 400
    (folder / "overlay.yaml").write_text("overlay: 7", encoding="utf-8")
    asyncio.run(sandbox.app.refresh())

    assert sandbox.client.get(LIST, params={"limit": "3"}, headers=OTHER).status_code == 400
    assert "overlay: expected version 1.0.0; found 7" in caplog.text
