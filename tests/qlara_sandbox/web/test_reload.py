"""Changed files are taken up between two requests, and a mistake in one changes nothing."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.web.app import assemble
from qlara_sandbox.web.reload import Reloading
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from tests.qlara_sandbox.web.calls import LIST, QUOTA, UPLOAD, vcf

if TYPE_CHECKING:
    from pathlib import Path

SPEC = resources.SPEC.read_text(encoding="utf-8")
CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Marco\nTEL:347 123 4567\nEND:VCARD\n"
FROM_A_FILE = "title: T\nstory: S\nlists: [{id: l, name: L, file: files/people.vcf}]\n"


class Folder:
    """A contract and scenarios under change; ``write`` makes sure that a change can be seen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._time = 1_000_000_000
        self.write("openapi.yaml", SPEC)
        self.write("default.yaml", "title: T\nstory: S\n")

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self._time += 1
        os.utime(file, (self._time, self._time))

    def sandbox(self) -> tuple[Reloading, TestClient]:
        settings = SandboxSettings(spec=self.path / "openapi.yaml", scenarios=self.path)
        app = Reloading(Runtime(settings), assemble)
        return app, TestClient(app, headers={"X-Api-Key": "YOUR_API_KEY"})


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def quota(client: TestClient, **headers: str) -> dict[str, Any]:
    body: dict[str, Any] = client.get(QUOTA, headers=headers).json()
    return body


def test_a_world_of_a_scenario_that_has_changed_starts_afresh(folder: Folder) -> None:
    app, client = folder.sandbox()
    assert quota(client)["total"] == 50_000

    folder.write("default.yaml", "title: T\nstory: S\naccount: {quota: {total: 7}}\n")
    asyncio.run(app.refresh())

    assert quota(client)["total"] == 7


def test_nothing_is_taken_up_where_nothing_has_changed(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    app, client = folder.sandbox()
    quota(client)
    with caplog.at_level(logging.INFO, "qlara_sandbox.web"):
        asyncio.run(app.refresh())

    assert caplog.messages == []


def test_a_file_of_contacts_counts_as_a_change_of_the_scenarios(folder: Folder) -> None:
    folder.write("files/people.vcf", CARD)
    folder.write("default.yaml", FROM_A_FILE)
    app, client = folder.sandbox()
    assert quota(client)["used"] == 1

    folder.write("files/people.vcf", CARD + CARD.replace("347", "348"))
    asyncio.run(app.refresh())

    assert quota(client)["used"] == 2


def test_a_mistake_is_logged_and_the_last_good_state_stays_in_force(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    app, client = folder.sandbox()
    folder.write("openapi.yaml", "paths: [")
    folder.write("default.yaml", "title: T\n")
    asyncio.run(app.refresh())

    assert quota(client)["total"] == 50_000
    assert [message.partition(": ")[0] for message in caplog.messages] == ["not reloaded"] * 2
    assert str(folder.path / "openapi.yaml") in caplog.text
    assert str(folder.path / "default.yaml") in caplog.text


def test_a_scenario_whose_file_is_gone_is_unknown_from_then_on(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write("other.yaml", "title: T\nstory: S\n")
    app, client = folder.sandbox()
    other = {"X-Sandbox-Scenario": "other"}
    assert quota(client, **other)["used"] == 0

    (folder.path / "other.yaml").unlink()
    asyncio.run(app.refresh())

    assert quota(client, **other)["status"] == "fail"
    assert any("other" in message for message in caplog.messages)


def test_an_import_that_is_under_way_while_the_contract_changes_still_has_its_turn(
    folder: Folder,
) -> None:
    app, _ = folder.sandbox()

    async def imports() -> list[dict[str, Any]]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", headers={"X-Api-Key": "YOUR_API_KEY"}
        ) as client:

            async def send(first: int) -> dict[str, Any]:
                people = [(f"P{n}", f"+39347{n:07}") for n in range(first, first + 1000)]
                files = {"file": ("c.vcf", vcf(*people))}
                response = await client.post(UPLOAD, files=files, data={"listName": "L"})
                body: dict[str, Any] = response.json()
                return body

            async def send_after_a_change() -> dict[str, Any]:
                folder.write("openapi.yaml", SPEC.replace("version: 1.0.0", "version: 1.0.1"))
                await app.refresh()
                return await send(5_000)

            reports = await asyncio.gather(send(1_000), send_after_a_change())
            return [*reports, (await client.get(QUOTA)).json()]

    first, second, after = asyncio.run(imports())

    assert [first["summary"]["imported"], second["summary"]["imported"]] == [1000, 1000]
    assert after["used"] == 2000


NARROW = SPEC.replace(
    "name: {type: string, description: The full name",
    "name: {type: string, maxLength: 25, description: The full name",
)
LARGE = """title: T
story: S
account: {quota: {total: 100000}}
lists: [{id: list_crm_migration, generate: 30000, tags: [%s]}]
"""
BYSTANDER = {"X-Api-Key": "sandbox_bystander"}


@pytest.mark.parametrize("name", ["openapi.yaml", "large.yaml"])
def test_others_are_served_while_a_change_is_taken_up(folder: Folder, name: str) -> None:
    folder.write("large.yaml", LARGE % "old")
    app, _ = folder.sandbox()

    async def beside() -> tuple[list[int], list[int]]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.get(QUOTA, headers={"X-Api-Key": "sandbox_large__large"})
            await client.get(QUOTA, headers=BYSTANDER)
            folder.write(name, NARROW if name == "openapi.yaml" else LARGE % "new")
            refreshing = asyncio.create_task(app.refresh())
            uploads: list[httpx2.Response] = []
            while not refreshing.done():
                people = vcf((f"A name of {len(uploads)} and many letters", "347 123 4567"))
                files, data = {"file": ("c.vcf", people)}, {"listName": "L"}
                uploads.append(await client.post(UPLOAD, files=files, data=data, headers=BYSTANDER))
                await asyncio.sleep(0)
            paths = [LIST.replace("list_crm_migration", one.json()["listId"]) for one in uploads]
            pages = [await client.get(path, headers=BYSTANDER) for path in paths]
            return [one.status_code for one in uploads], [one.status_code for one in pages]

    uploads, pages = asyncio.run(beside())

    # On the loop, at most the one that had begun before would be served, and one after it.
    assert (set(uploads), len(uploads) > 2) == ({200}, True)
    # A world that the contract does not allow any more has begun anew, with no such list.
    assert set(pages) <= {200, 404}


def test_a_contract_that_cannot_be_kept_resets_no_world(folder: Folder) -> None:
    app, client = folder.sandbox()
    files = {"file": ("c.vcf", vcf(("A name of more than 25 letters", "347 123 4567")))}
    client.post(UPLOAD, files=files, data={"listName": "L"})

    folder.write("openapi.yaml", NARROW.replace("            default: 10\n", ""))
    asyncio.run(app.refresh())

    assert quota(client)["used"] == 1
