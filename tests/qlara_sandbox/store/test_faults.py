"""What an engine, or the way to it, does wrong, is never a wrong response."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2
import pytest
import redis

from qlara_sandbox.store import scripts, shared
from qlara_sandbox.store.errors import UnusableEngine
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.runtime import SandboxSettings
from tests.engine import start_engine
from tests.qlara_sandbox.store.test_shared import (
    KEY,
    LIST,
    OF_KEY,
    QUOTA,
    UPLOAD,
    holdings,
    sandboxes,
    send,
)
from tests.qlara_sandbox.web.calls import vcf

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from qlara_sandbox.state.worlds import WorldEntry
    from tests.engine import EngineProcess


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    started = start_engine(tmp_path)
    yield started
    started.stop()


class Way:
    """A way to an engine that once loses a reply, and the connection with it: that to the first command with *word*.

    Every reply takes some *seconds*.
    """

    def __init__(self, engine: EngineProcess) -> None:
        self._engine = engine
        self.word = b""
        self.lost = 0
        self.seconds = 0.0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._engine.port)
        cut = asyncio.Event()

        async def return_replies() -> None:
            while data := await there.read(1 << 20):
                if cut.is_set():
                    break
                await asyncio.sleep(self.seconds)
                writer.write(data)
            writer.close()

        task = asyncio.create_task(return_replies())
        with suppress(ConnectionError):
            while data := await reader.read(1 << 20):
                if self.word and self.word in data:
                    self.word = b""
                    self.lost += 1
                    cut.set()
                back.write(data)
        back.close()
        await task


def many(number: int) -> bytes:
    return vcf(*((f"Person {one}", f"347 12{one:05d}") for one in range(number)))


@pytest.mark.parametrize("strategy", ["SKIP", "DUPLICATE"])
@pytest.mark.parametrize("number", [5, 3_000])
def test_an_import_whose_commit_is_answered_into_a_lost_connection_is_carried_out_once(
    engine: EngineProcess, strategy: str, number: int
) -> None:
    way = Way(engine)

    async def lose_a_reply() -> tuple[int, int, int]:
        async with way.open() as url, sandboxes(1, url) as (client,):
            await client.get(QUOTA)
            way.word = scripts.COMMIT.digest.encode()
            report = (await send(client, many(number), strategy)).json()
            page, quota = await holdings(client)
            return report["summary"]["imported"], page["total"], quota["used"]

    assert asyncio.run(lose_a_reply()) == (number, number, number)
    assert way.lost == 1


def test_a_piece_of_an_import_that_is_there_twice_spoils_no_account(engine: EngineProcess) -> None:
    way = Way(engine)

    async def lose_a_reply() -> tuple[int, int, int]:
        async with way.open() as url, sandboxes(2, url) as (client, other):
            await client.get(QUOTA)
            way.word = b"RPUSH"
            refused = await send(client, many(3_000), "SKIP")
            again = await send(client, many(3_000), "SKIP")
            page, _ = await holdings(other)
            return refused.status_code, again.status_code, page["total"]

    assert asyncio.run(lose_a_reply()) == (503, 200, 3_000)


def test_a_request_whose_count_is_lost_with_the_connection_counts_once(
    engine: EngineProcess,
) -> None:
    way = Way(engine)
    limited = {"X-Sandbox-Scenario": "rate-limited"}

    async def ask() -> list[int]:
        async with way.open() as url, sandboxes(1, url) as (client,):
            way.word = scripts.COUNT.digest.encode()
            return [(await client.get(QUOTA, headers=limited)).status_code for _ in range(11)]

    assert asyncio.run(ask()) == [200] * 10 + [429]
    assert way.lost == 1


def test_a_reset_finds_the_accounts_that_began_anew_after_another_one(
    engine: EngineProcess,
) -> None:
    async def reset_twice() -> list[int]:
        async with sandboxes(2, engine.url) as (first, second):
            used = []
            for _ in range(3):
                await send(second, vcf(("A", "347 123 4567")), "SKIP")
                await first.post("/__admin/reset", json={})
                used.append((await second.get(QUOTA)).json()["used"])
            return used

    assert asyncio.run(reset_twice()) == [0, 0, 0]


@pytest.mark.parametrize("lost", ["*:part:*", "*:log"])
def test_an_account_of_which_the_engine_has_lost_something_begins_anew_and_says_so(
    engine: EngineProcess, lost: str
) -> None:
    async def lose() -> tuple[list[tuple[int, str | None]], int]:
        async with sandboxes(1, engine.url) as (client,):
            await send(client, many(3_000), "SKIP")
        with redis.Redis(port=engine.port) as there:
            there.delete(*there.keys(lost))
        async with sandboxes(2, engine.url) as (client, other):
            found = [await client.get(QUOTA), await other.get(QUOTA)]
            report = await send(client, many(10), "SKIP")
            shown = [(one.json()["used"], one.headers.get("x-sandbox-world")) for one in found]
            assert (await holdings(other))[0]["total"] == 10
            return shown, report.json()["summary"]["imported"]

    shown, imported = asyncio.run(lose())

    assert [used for used, _ in shown] == [0, 0]
    assert shown[0][1] is not None
    assert imported == 10


@pytest.mark.parametrize("changed_by", ["an import", "its clock", "a state"])
def test_an_account_whose_log_is_lost_begins_anew_with_the_next_change_though_copies_are_whole(
    engine: EngineProcess, changed_by: str
) -> None:
    async def change(client: httpx2.AsyncClient) -> httpx2.Response:
        if changed_by == "an import":
            return await send(client, many(10), "SKIP")
        if changed_by == "its clock":
            return await client.put("/__admin/clock", json={**OF_KEY, "advance": "1s"})
        state = (await client.get("/__admin/state", params=OF_KEY)).json()
        del state["scenario"]
        return await client.put("/__admin/state", json={**OF_KEY, "state": state})

    async def lose() -> tuple[int, list[int]]:
        async with sandboxes(2, engine.url) as (client, other):
            await send(client, many(30), "SKIP")
            with redis.Redis(port=engine.port) as there:
                there.delete(*there.keys("*:log"))
            async with asyncio.timeout(60):
                changed = await change(client)
            return changed.status_code, [
                (await holdings(one))[0]["total"] for one in (client, other)
            ]

    total = {"an import": 10, "its clock": 0, "a state": 30}[changed_by]
    assert asyncio.run(lose()) == (200, [total, total])


def test_an_account_whose_counters_are_lost_begins_anew(engine: EngineProcess) -> None:
    limited = {"X-Sandbox-Scenario": "rate-limited"}

    async def lose() -> list[tuple[str | None, bool]]:
        async with sandboxes(1, engine.url) as (client,):
            for _ in range(3):
                await client.get(QUOTA, headers=limited)
        with redis.Redis(port=engine.port) as there:
            there.delete(*there.keys("*:counters"))
        async with sandboxes(2, engine.url) as clients:
            found = [await client.get(QUOTA, headers=limited) for client in clients]
            return [
                (one.headers["x-ratelimit-remaining"], "x-sandbox-world" in one.headers)
                for one in found
            ]

    assert asyncio.run(lose()) == [("9", True), ("8", False)]


def test_an_account_whose_time_has_run_out_leaves_nothing_to_the_next(
    engine: EngineProcess,
) -> None:
    async def expire() -> tuple[int, list[int], str | None]:
        async with sandboxes(2, engine.url) as (client, other):
            await send(client, vcf(("A", "347 123 4567")), "SKIP")
            with redis.Redis(port=engine.port) as there:
                there.delete(*there.keys("*:head"))  # its log lives a little longer
            response = await other.get(QUOTA)
            metrics = (await client.get("/__admin/metrics")).text
            assert "sandbox_worlds_rebuilt_total 1.0" in metrics
            await send(other, vcf(("B", "347 123 4568"), ("C", "347 123 4569")), "SKIP")
            totals = [(await holdings(one))[0]["total"] for one in (client, other)]
            return response.json()["used"], totals, response.headers.get("x-sandbox-world")

    used, totals, told = asyncio.run(expire())

    assert (used, totals) == (0, [2, 2])
    assert told is not None


def test_a_copy_that_one_sandbox_gives_up_is_no_account_that_began_anew(
    engine: EngineProcess, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SandboxSettings(state=engine.url, worlds=2)
    keys = [{"X-Api-Key": f"sandbox_{number}"} for number in range(5)] * 2

    async def use() -> tuple[list[tuple[int, str | None]], str]:
        app = create_app(settings)
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for key in keys[:5]:
                file = {"file": ("c.vcf", vcf(("A", "347 123 4567")))}
                fields = {"listId": "list_crm_migration"}
                await client.post(UPLOAD, files=file, data=fields, headers=key)
            found = [await client.get(QUOTA, headers=key) for key in keys]
            metrics = (await client.get("/__admin/metrics")).text
            await app.state.runtime.store.close()
        return [(one.json()["used"], one.headers.get("x-sandbox-world")) for one in found], metrics

    found, metrics = asyncio.run(use())

    assert found == [(1, None)] * 10
    assert "sandbox_worlds_rebuilt_total 0.0" in metrics
    assert "sandbox_worlds_expired_total 0.0" in metrics
    assert "evicted" not in caplog.text


def test_a_large_account_that_is_reset_while_it_is_opened_is_shown_whole(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = {"X-Sandbox-Scenario": "large-account"}
    open_it = shared.SharedStore._open

    async def reset_meanwhile(
        store: shared.SharedStore, entry: WorldEntry, *, depends_on_choices: bool
    ) -> bool:
        is_there = await open_it(store, entry, depends_on_choices=depends_on_choices)
        store._worlds.reset(entry.key)
        await asyncio.sleep(0.5)
        return is_there

    async def look() -> tuple[int, int]:
        async with sandboxes(1, engine.url) as (client,):
            await client.get(QUOTA, headers=large)
            monkeypatch.setattr(shared.SharedStore, "_open", reset_meanwhile)
            page = await client.get(LIST, headers=large, params={"limit": 1000})
            return page.status_code, page.json().get("total")

    assert asyncio.run(look()) == (200, 49_000)


def test_all_who_wait_for_an_engine_that_hangs_are_told_in_time(engine: EngineProcess) -> None:
    async def ask() -> tuple[set[int], bool, int]:
        async with sandboxes(1, engine.url) as (client,):
            await client.get(QUOTA)
            pid = engine.pid
            os.kill(pid, signal.SIGSTOP)
            try:
                async with asyncio.timeout(60):
                    sent = await asyncio.gather(*(client.get(QUOTA) for _ in range(600)))
            finally:
                os.kill(pid, signal.SIGCONT)
            after = await client.get(QUOTA)
            return {one.status_code for one in sent}, True, after.status_code

    assert asyncio.run(ask()) == ({503}, True, 200)


def test_an_import_in_whose_middle_the_engine_hangs_is_told_in_time_and_can_be_sent_again(
    engine: EngineProcess,
) -> None:
    async def hang_and_go_on() -> tuple[int, int, int]:
        async with sandboxes(2, engine.url) as (client, other):
            importing = asyncio.create_task(send(client, many(9_000), "SKIP"))
            with redis.Redis(port=engine.port) as there:
                while not await asyncio.to_thread(there.keys, "*:part:*"):
                    await asyncio.sleep(0.001)
            os.kill(engine.pid, signal.SIGSTOP)
            try:
                async with asyncio.timeout(60):
                    told = await importing
            finally:
                os.kill(engine.pid, signal.SIGCONT)
            left = (await other.get(QUOTA)).json()["used"]
            again = await send(other, many(9_000), "SKIP")
            assert again.is_success
            return told.status_code, left, (await client.get(QUOTA)).json()["used"]

    status, left, used = asyncio.run(hang_and_go_on())

    # It may hang before it has got everything, after that, or after it has said so.
    assert (status, left) in {(503, 0), (503, 9_000), (200, 9_000)}
    assert used == 9_000


def test_what_a_full_engine_holds_can_still_be_read_and_the_log_says_that_it_is_full(
    engine: EngineProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async def fill() -> list[int]:
        async with sandboxes(1, engine.url) as (client,):
            await send(client, many(3_000), "SKIP")
            with redis.Redis(port=engine.port) as there:
                there.config_set("maxmemory", 1)
                found = [
                    await client.get(QUOTA),
                    await client.get(LIST),
                    await send(client, vcf(("A", "347 123 9999")), "SKIP"),
                ]
                await send(client, vcf(("A", "347 123 9999")), "SKIP")
                there.config_set("maxmemory", 0)
            found.append(await send(client, vcf(("A", "347 123 9999")), "SKIP"))
            return [one.status_code for one in found]

    assert asyncio.run(fill()) == [200, 200, 503, 200]
    told = [one.getMessage() for one in caplog.records if one.name == "qlara_sandbox.store"]
    assert len(told) == 1
    assert told[0].startswith(f"the engine {engine.url} refuses: ")
    assert "maxmemory" in told[0]


def test_scripts_that_an_engine_has_forgotten_are_sent_again(engine: EngineProcess) -> None:
    async def forget() -> list[int]:
        async with sandboxes(2, engine.url) as clients:
            statuses = []
            for client in clients * 2:
                with redis.Redis(port=engine.port) as there:
                    there.script_flush()
                response = await send(client, vcf(("A", "347 123 4567")), "DUPLICATE")
                statuses.append(response.status_code)
            return [*statuses, (await clients[0].get(QUOTA)).json()["used"]]

    assert asyncio.run(forget()) == [200, 200, 200, 200, 4]


def test_what_strangers_publish_is_ignored(engine: EngineProcess) -> None:
    async def publish() -> int:
        async with sandboxes(2, engine.url) as (first, second):
            with redis.Redis(port=engine.port) as there:
                for message in (b"", b"\xff", b"7", b"{}", b'{"by":1,"answered":[]}'):
                    there.publish("qlara-sandbox:news", message)
            await first.get(QUOTA)
            found = await second.post("/__admin/requests/count", json={})
            return int(found.json()["count"])

    assert asyncio.run(publish()) == 1


def test_a_world_of_another_seed_begins_anew_and_says_so(engine: EngineProcess) -> None:
    async def with_seed(seed: int) -> tuple[int, str | None]:
        app = create_app(SandboxSettings(state=engine.url, seed=seed))
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", headers=KEY
        ) as client:
            before = await client.get(QUOTA)
            await send(client, vcf(("A", "347 123 4567")), "DUPLICATE")
            await app.state.runtime.store.close()
            return before.json()["used"], before.headers.get("x-sandbox-world")

    first, again, other = (asyncio.run(with_seed(seed)) for seed in (1, 1, 2))

    assert (first, again) == ((0, None), (1, None))
    assert other[0] == 0
    assert other[1] is not None


def prepared(settings: SandboxSettings) -> str:
    """Return what stands in the way of a sandbox that starts."""
    store = create_app(settings).state.runtime.store

    async def prepare() -> None:
        try:
            await store.prepare()
        finally:
            await store.close()

    try:
        asyncio.run(prepare())
    except UnusableEngine as error:
        return str(error)
    return ""


def test_a_sandbox_that_begins_differently_is_refused_while_others_are_there(
    engine: EngineProcess,
) -> None:
    alike, other = (SandboxSettings(state=engine.url, seed=seed) for seed in (0, 1))
    elsewhere = replace(alike, scenario="crm-migration")

    async def beside() -> list[str]:
        async with sandboxes(1, engine.url):
            return [
                await asyncio.to_thread(prepared, settings)
                for settings in (alike, other, replace(other, state_prefix="apart:"), elsewhere)
            ]

    refused = (
        f"Sandboxes that use {engine.url} now, or did so less than 5 s ago, have another %s. "
        "Start this one with the same, or apart from them: --state-prefix TEXT."
    )
    assert asyncio.run(beside()) == ["", refused % "seed", "", refused % "default scenario"]
    assert prepared(other) == ""


@pytest.mark.parametrize("command", ["lrange", "pexpire", "unlink", "hscan", "ltrim"])
def test_a_user_of_the_engine_who_may_not_do_all_that_is_needed_is_refused_at_the_start(
    engine: EngineProcess, command: str
) -> None:
    with redis.Redis(port=engine.port) as there:
        rules = ["reset", "on", ">hush", "~*", "&*", "+@all", f"-{command}"]
        there.execute_command("ACL", "SETUSER", "somebody", *rules)
    url = engine.url.replace("127", "somebody:hush@127")

    refused = prepared(SandboxSettings(state=url))

    assert refused.startswith(f"{engine.url.replace('127', '…@127')} cannot be used: ")
    assert "hush" not in refused


def test_a_start_leaves_nothing_in_the_engine_but_what_it_begins_with(
    engine: EngineProcess,
) -> None:
    assert prepared(SandboxSettings(state=engine.url)) == ""

    with redis.Redis(port=engine.port) as there:
        assert there.keys() == [b"qlara-sandbox:{peers}:origin"]


def test_an_engine_that_is_far_away_is_used(engine: EngineProcess) -> None:
    way = Way(engine)
    way.seconds = 0.3

    async def start_and_ask() -> tuple[str, int]:
        async with way.open() as url:
            why_not = await asyncio.to_thread(prepared, SandboxSettings(state=url))
            async with sandboxes(1, url) as (client,):
                return why_not, (await client.get(QUOTA)).status_code

    assert asyncio.run(start_and_ask()) == ("", 200)


def test_an_engine_that_only_reads_is_refused_at_the_start(engine: EngineProcess) -> None:
    with redis.Redis(port=engine.port) as there:
        there.config_set("min-replicas-to-write", 1)

    assert prepared(SandboxSettings(state=engine.url)) == (
        f"{engine.url} cannot be used: NOREPLICAS Not enough good replicas to write."
    )
