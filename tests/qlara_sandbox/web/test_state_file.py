"""The worlds of a sandbox outlive it in a file."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import assemble
from qlara_sandbox.web.caller import AcceptedKeys
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from qlara_sandbox.web.state_file import StateFile, UnusableState
from tests.qlara_sandbox.web.calls import LIST, QUOTA, upload, vcf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ANNA = {"X-Api-Key": "sandbox_anna"}


class Sandbox:
    """A sandbox that keeps its worlds in *path*."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.runtime = Runtime(SandboxSettings(**settings))
        self.client = TestClient(assemble(self.runtime), base_url="http://localhost", headers=ANNA)
        self.file = StateFile(path, self.runtime)
        self.restored = self.file.read()

    def save(self) -> None:
        asyncio.run(self.file.save())

    def used(self, **headers: str) -> int:
        count: int = self.client.get(QUOTA, headers=headers).json()["used"]
        return count

    def snapshot(self) -> Any:
        return self.client.get("/__admin/state", params={"apiKey": "sandbox_anna"}).json()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.jsonl"


@pytest.fixture
def filled(path: Path) -> Path:
    """Make a file that has two worlds."""
    sandbox = Sandbox(path)
    upload(sandbox.client)
    sandbox.used(**{"X-Api-Key": "YOUR_API_KEY", "X-Sandbox-Scenario": "quota-exhausted"})
    sandbox.save()
    return path


def test_what_was_there_is_there_again(path: Path) -> None:
    before = Sandbox(path)
    upload(before.client)
    before.client.put("/__admin/scenario", json={"scenario": "flaky"})
    before.client.put("/__admin/scenario", json={"apiKey": "sandbox_b", "scenario": "slow"})
    before.client.put("/__admin/clock", json={"apiKey": "sandbox_anna", "freeze": True})
    before.save()
    after = Sandbox(path)

    assert (before.restored, after.restored) == (0, len(before.runtime.worlds))
    assert after.snapshot() == before.snapshot()
    assert after.client.get(LIST).content == before.client.get(LIST).content
    assert after.runtime.worlds.default == "flaky"
    assert after.runtime.worlds.binding("sandbox_b", "default") == "slow"


def test_another_scenario_of_the_command_line_wins_over_the_one_that_was_chosen(path: Path) -> None:
    before = Sandbox(path)
    before.client.put("/__admin/scenario", json={"scenario": "flaky"})
    before.save()

    assert Sandbox(path, scenario="slow").runtime.worlds.default == "slow"


def test_a_large_world_is_kept_whole(path: Path) -> None:
    before = Sandbox(path)
    many = "".join(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:P\r\nTEL:+3934712{number:05}\r\nEND:VCARD\r\n"
        for number in range(3000)
    )
    upload(before.client, many.encode())
    before.save()

    assert Sandbox(path).snapshot() == before.snapshot()


def test_a_key_of_ones_own_is_kept(path: Path) -> None:
    keys = AcceptedKeys(any_key=True)
    before = Sandbox(path, keys=keys)
    upload(before.client, key="live 4711")
    before.save()

    assert Sandbox(path, keys=keys).used(**{"X-Api-Key": "live 4711"}) > 0


def test_the_file_is_for_its_owner_and_nothing_is_left_beside_it(filled: Path) -> None:
    assert filled.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in filled.parent.iterdir()] == [filled.name]


def test_a_link_stays_a_link(filled: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(filled)
    sandbox = Sandbox(link)
    upload(sandbox.client, vcf(("Zoe", "+393479999999")))
    sandbox.save()

    assert link.is_symlink()
    assert Sandbox(filled).snapshot() == sandbox.snapshot()


def test_an_empty_file_is_one_that_is_to_be_filled(path: Path) -> None:
    path.touch()
    sandbox = Sandbox(path)
    sandbox.used()
    sandbox.save()

    assert sandbox.restored == 0
    assert Sandbox(path).restored == 1


def test_nothing_is_written_while_nothing_changes(filled: Path) -> None:
    sandbox, before = Sandbox(filled), filled.stat()
    sandbox.save()

    assert filled.stat() == before


def test_who_changes_the_file_meanwhile_keeps_it(
    filled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = Sandbox(filled)
    upload(sandbox.client)
    filled.write_text("mine\n")
    sandbox.save()

    assert filled.read_text() == "mine\n"
    assert sandbox.file.has_failed
    assert "has been changed by somebody else meanwhile" in caplog.text


def _head(change: Callable[[dict[str, Any]], None]) -> Callable[[list[str]], None]:
    def edit(lines: list[str]) -> None:
        head = json.loads(lines[0])
        change(head)
        lines[0] = json.dumps(head)

    return edit


def _world(change: Callable[[dict[str, Any]], None]) -> Callable[[list[str]], None]:
    def edit(lines: list[str]) -> None:
        world = json.loads(lines[1])
        change(world)
        lines[1] = json.dumps(world)

    return edit


def _cut(lines: list[str]) -> None:
    lines[2] = lines[2][:-20]


def _lost(lines: list[str]) -> None:
    del lines[2]


def _twice(lines: list[str]) -> None:
    lines[2] = lines[1]


DAMAGES: list[tuple[Callable[[list[str]], None], int, str]] = [
    (_cut, 3, "body: Expected JSON: "),
    (_lost, 2, "expected the 2 worlds that line 1 names; found 1"),
    (_twice, 3, "the same world as on a line before"),
    (lambda lines: lines.insert(0, "title: T"), 1, "is not JSON: "),
    (lambda lines: lines.insert(0, "{}"), 1, "is no state of a sandbox: "),
    (_head(lambda head: head.update(version=2)), 1, "is of another version: "),
    (_head(lambda head: head.update(worlds="2")), 1, "worlds: missing, or of another type"),
    (_head(lambda head: head.update(bindings=[["a"]])), 1, "bindings: expected arrays"),
    (_head(lambda head: head.update(default="nope")), 1, "Unknown scenario 'nope'"),
    (_world(lambda world: world.update(scenario="nope")), 2, "Unknown scenario 'nope'"),
    (_world(lambda world: world.pop("session")), 2, "body: Expected apiKey, session, scenario"),
    (_world(lambda world: world["state"].pop("clock")), 2, "state.clock: Missing."),
    (
        _world(lambda world: world["state"]["account"].update(region="XX")),
        2,
        "state.account.region: Expected a country",
    ),
    (
        _world(lambda world: world["state"]["lists"][0]["members"].append("cnt_999")),
        2,
        "state.lists[0].members: Expected ids of contacts",
    ),
]


@pytest.mark.parametrize(("damage", "line", "message"), DAMAGES)
def test_a_damaged_file_is_refused_with_its_line_and_left_alone(
    filled: Path, damage: Callable[[list[str]], None], line: int, message: str
) -> None:
    lines = filled.read_text().splitlines()
    damage(lines)
    damaged = "\n".join(lines) + "\n"
    filled.write_text(damaged)
    with pytest.raises(UnusableState) as refused:
        Sandbox(filled)

    assert str(refused.value).startswith(f"{filled}:{line}: {message}")
    assert filled.read_text() == damaged


def test_a_refused_file_shows_no_key(filled: Path) -> None:
    lines = filled.read_text().splitlines()
    _world(lambda world: world.update(apiKey="sécret"))(lines)
    filled.write_text("\n".join(lines))
    with pytest.raises(UnusableState) as refused:
        Sandbox(filled)

    assert str(refused.value) == f"{filled}:2: apiKey: Expected an API key of ASCII characters."


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableState, match=r"there is no folder .*/none"):
        Sandbox(tmp_path / "none" / "accounts.jsonl")
    with pytest.raises(UnusableState, match="is no file"):
        Sandbox(tmp_path)
