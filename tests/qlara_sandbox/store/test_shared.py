"""Several sandboxes with one engine are one sandbox."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import redis

from qlara_sandbox.store import shared
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.runtime import SandboxSettings
from tests.engine import start_cluster, start_engine
from tests.qlara_sandbox.web.calls import vcf
from tests.server import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.engine import EngineProcess

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
KEY = {"X-Api-Key": "sandbox_shared"}
OF_KEY = {"apiKey": KEY["X-Api-Key"]}
STRATEGIES = ("SKIP", "UPDATE", "DUPLICATE")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    started = start_engine(tmp_path)
    yield started
    started.stop()


@asynccontextmanager
async def sandboxes(number: int, state: str | None) -> AsyncIterator[list[httpx2.AsyncClient]]:
    async with of_settings(number, SandboxSettings(state=state)) as clients:
        yield clients


@asynccontextmanager
async def of_settings(
    number: int, settings: SandboxSettings
) -> AsyncIterator[list[httpx2.AsyncClient]]:
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(number):
            app = create_app(settings)
            transport = httpx2.ASGITransport(app)
            client = httpx2.AsyncClient(
                transport=transport, base_url="http://localhost", headers=KEY
            )
            clients.append(await stack.enter_async_context(client))
            stack.push_async_callback(app.state.runtime.store.close)
            await app.state.runtime.join()
        yield clients


async def send(client: httpx2.AsyncClient, file: bytes, strategy: str) -> httpx2.Response:
    fields = {
        "listId": "list_crm_migration",
        "duplicateStrategy": strategy,
        "tags": strategy.lower(),
    }
    return await client.post(UPLOAD, files={"file": ("c.vcf", file)}, data=fields)


async def holdings(client: httpx2.AsyncClient) -> tuple[Any, Any]:
    page = (await client.get(LIST, params={"limit": 1000})).json()
    return page, (await client.get(QUOTA)).json()


def log_lengths(engine: EngineProcess) -> list[int]:
    with redis.Redis(port=engine.port) as client:
        return [client.llen(key) for key in client.scan_iter("*:log")]


def people(chance: random.Random, versions: count[int]) -> bytes:
    """Return a file of some of a hundred people, under names that no other file gives them."""
    drawn = chance.sample(range(100), 15)
    return vcf(*((f"Person {who} v{next(versions)}", f"347 123 4{who:03d}") for who in drawn))


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(one) for name, one in value.items() if not name.endswith("At")}
    return [without_times(one) for one in value] if isinstance(value, list | tuple) else value


def test_overlapping_imports_through_several_sandboxes_are_those_of_some_order(
    engine: EngineProcess,
) -> None:
    chance, versions = random.Random(7), count(1)
    files = [(people(chance, versions), chance.choice(STRATEGIES)) for _ in range(64)]

    async def together() -> tuple[list[Any], Any]:
        async with sandboxes(4, engine.url) as clients:
            sent = [send(clients[at % 4], *file) for at, file in enumerate(files)]
            reports = [response.json() for response in await asyncio.gather(*sent)]
            assert await holdings(clients[0]) == await holdings(clients[3])
            return reports, await holdings(clients[1])

    async def one_after_the_other(order: list[int]) -> tuple[list[Any], Any]:
        async with sandboxes(1, None) as (client,):
            reports = [(await send(client, *files[at])).json() for at in order]
            return reports, await holdings(client)

    reports, held = asyncio.run(together())
    # The ids of imports come in the order in which the imports were carried out.
    alone, _ = asyncio.run(one_after_the_other([0] * 64))
    place = {report["importId"]: number for number, report in enumerate(alone)}
    order = sorted(range(64), key=lambda at: place[reports[at]["importId"]])
    expected, expected_held = asyncio.run(one_after_the_other(order))

    assert without_times([reports[at] for at in order]) == without_times(expected)
    assert without_times(held) == without_times(expected_held)


def test_a_limit_and_a_fault_count_over_all_sandboxes(engine: EngineProcess) -> None:
    async def ask() -> list[int]:
        async with sandboxes(3, engine.url) as clients:
            limited = {"X-Sandbox-Scenario": "rate-limited"}
            sent = [clients[at % 3].get(QUOTA, headers=limited) for at in range(30)]
            return [response.status_code for response in await asyncio.gather(*sent)]

    statuses = asyncio.run(ask())

    assert (statuses.count(200), statuses.count(429)) == (10, 20)


def test_what_one_sandbox_answered_the_next_one_has_after_a_restart_of_all(
    engine: EngineProcess,
) -> None:
    file = vcf(*((f"Person {number}", f"347 12{number:05d}") for number in range(5_000)))

    async def first() -> Any:
        async with sandboxes(1, engine.url) as (client,):
            assert (await send(client, file, "SKIP")).json()["summary"]["imported"] == 5_000
            await client.put(
                "/__admin/clock",
                params={"apiKey": KEY["X-Api-Key"]},
                json={"freeze": "2026-04-09T11:00:10+02:00"},
            )
            return await holdings(client)

    async def second() -> Any:
        async with sandboxes(1, engine.url) as (client,):
            return await holdings(client)

    before = asyncio.run(first())
    engine.stop()
    engine.start()

    assert asyncio.run(second()) == before


def test_an_engine_that_is_gone_is_a_503_and_comes_back(engine: EngineProcess) -> None:
    async def ask() -> list[tuple[int, str | None]]:
        async with sandboxes(1, engine.url) as (client,):
            answered = [await client.get(QUOTA)]
            engine.stop()
            answered += [
                await client.get(QUOTA),
                await send(client, vcf(("A", "347 123 4567")), "SKIP"),
            ]
            engine.start()
            answered.append(await client.get(QUOTA))
            return [(one.status_code, one.headers.get("retry-after")) for one in answered]

    assert asyncio.run(ask()) == [(200, None), (503, "1"), (503, "1"), (200, None)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_large_imports_at_once_lose_nobody(engine: EngineProcess, strategy: str) -> None:
    file = vcf(*((f"Person {number}", f"347 12{number:05d}") for number in range(3_000)))

    async def send_all() -> tuple[list[int], int, int]:
        async with sandboxes(3, engine.url) as clients:
            sent = await asyncio.gather(*(send(client, file, strategy) for client in clients * 2))
            page, quota = await holdings(clients[0])
            return [one.status_code for one in sent], page["total"], quota["used"]

    statuses, total, used = asyncio.run(send_all())

    expected = 6 * 3_000 if strategy == "DUPLICATE" else 3_000
    assert (statuses, total, used) == ([200] * 6, expected, expected)


def test_a_long_log_becomes_one_state_and_nobody_notices(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LONGEST_LOG", 5)

    async def import_often() -> tuple[list[Any], list[Any]]:
        async with sandboxes(2, engine.url) as (writer, reader):
            before, after = [], []
            for number in range(17):
                await send(writer, vcf((f"Person {number}", f"347 123 40{number:02d}")), "SKIP")
                before.append(await holdings(writer))
                if number % 4 == 0:
                    assert await holdings(reader) == before[-1]
            async with sandboxes(1, engine.url) as (late,):
                after.append(await holdings(late))
            return before[-1:], [*after, await holdings(reader)]

    (expected,), found = asyncio.run(import_often())

    assert found == [expected, expected]
    assert max(log_lengths(engine)) < 12


def test_accounts_on_the_other_nodes_of_a_cluster_are_served_when_one_is_gone(
    tmp_path: Path,
) -> None:
    cluster = start_cluster(tmp_path)
    keys = [{"X-Api-Key": f"sandbox_{number}"} for number in range(12)]

    async def ask(client: httpx2.AsyncClient) -> list[tuple[int, int | None]]:
        found = await asyncio.gather(*(client.get(QUOTA, headers=key) for key in keys))
        return [(one.status_code, one.json().get("used")) for one in found]

    async def lose_and_find_again() -> list[list[tuple[int, int | None]]]:
        async with sandboxes(2, cluster.url) as (writer, reader):
            for key in keys:
                file = {"file": ("c.vcf", vcf(("A", "347 123 4567")))}
                fields = {"listId": "list_crm_migration"}
                assert (await writer.post(UPLOAD, files=file, data=fields, headers=key)).is_success
            seen = [await ask(reader)]
            cluster.nodes[1].stop()
            seen.append(await ask(reader))
            cluster.nodes[1].start()
            while (503, None) in (again := await ask(reader)):
                await asyncio.sleep(0.1)
            return [*seen, again]

    try:
        before, meanwhile, after = asyncio.run(lose_and_find_again())
    finally:
        cluster.stop()

    assert before == after == [(200, 1)] * 12
    assert set(meanwhile) == {(200, 1), (503, None)}


def test_each_sandbox_knows_what_all_of_them_were_asked(engine: EngineProcess) -> None:
    async def ask() -> dict[str, Any]:
        async with sandboxes(3, engine.url) as clients:
            for at in range(7):
                await clients[at % 3].get(QUOTA)
            found = (await clients[0].get("/__admin/requests", params={"limit": 5})).json()
            first = found["requests"][4]["id"]
            later = await clients[1].get("/__admin/requests", params={"since": first})
            one = await clients[2].get(f"/__admin/requests/{first}")
            count = await clients[1].post("/__admin/requests/count", json={"status": 200})
            metrics = (await clients[2].get("/__admin/metrics")).text
            coverage = (await clients[1].get("/__admin/coverage")).json()
            removed = (await clients[0].delete("/__admin/requests")).json()
            left = (await clients[2].post("/__admin/requests/count", json={})).json()
            return {
                "shown": len(found["requests"]),
                "total": found["total"],
                "ids": len({entry["id"] for entry in found["requests"]}),
                "later": len(later.json()["requests"]),
                "one": one.json()["id"] == first,
                "count": count.json(),
                "metrics": 'sandbox_requests_total{operation="getContactQuota",status="200"} 7.0'
                in metrics,
                "coverage": coverage["requests"],
                "removed": removed,
                "left": left,
            }

    assert asyncio.run(ask()) == {
        "shown": 5,
        "total": 7,
        "ids": 5,
        "later": 4,
        "one": True,
        "count": {"count": 7},
        "metrics": True,
        "coverage": 7,
        "removed": {"removed": 7},
        "left": {"count": 0},
    }


def test_a_world_has_one_label_in_all_sandboxes_which_each_of_them_understands(
    engine: EngineProcess,
) -> None:
    async def ask() -> dict[str, Any]:
        async with sandboxes(3, engine.url) as (first, second, third):
            for client in (first, second):
                await client.get(QUOTA)
            await second.get(QUOTA, headers={"X-Api-Key": "sandbox_other"})
            shown = (await third.get("/__admin/worlds")).json()["worlds"]
            label = shown[1]["world"]
            moment = {"freeze": "2026-04-09T11:00:10Z", "world": label}
            frozen = await third.put("/__admin/clock", json=moment)
            moved = await third.put("/__admin/clock", json={"advance": "1h", "world": label})
            found = await third.get("/__admin/requests", params={"world": label})
            unknown = await third.get("/__admin/world", params={"world": "world_1"})
            clock = (await first.get("/__admin/clock", params={"apiKey": KEY["X-Api-Key"]})).json()
            reset = await third.post("/__admin/reset", json={"world": label})
            return {
                "worlds": [(one["apiKey"], one["requests"]) for one in shown],
                "moved": (frozen.status_code, moved.json() == clock, clock["now"]),
                "found": found.json()["total"],
                "unknown": unknown.status_code,
                "reset": reset.json(),
            }

    assert asyncio.run(ask()) == {
        "worlds": [("sandbox_ot…", 1), ("sandbox_sh…", 2)],
        "moved": (200, True, "2026-04-09T14:00:10+02:00"),
        "found": 2,
        "unknown": 404,
        "reset": {"worlds": 1},
    }


def test_copies_that_are_only_read_count_as_memory_too(engine: EngineProcess) -> None:
    file = vcf(*((f"Person {number}", f"347 12{number:05d}") for number in range(1_000)))
    keys = [{"X-Api-Key": f"sandbox_{number}"} for number in range(4)]
    little = SandboxSettings(state=engine.url, world_bytes=2_000_000)

    async def read() -> tuple[list[int], int]:
        async with sandboxes(1, engine.url) as (writer,):
            for key in keys:
                form, fields = {"file": ("c.vcf", file)}, {"listName": "A"}
                await writer.post(UPLOAD, headers=key, files=form, data=fields)
        async with of_settings(1, little) as (reader,):
            used = [(await reader.get(QUOTA, headers=key)).json()["used"] for key in keys]
            return used, len((await reader.get("/__admin/worlds")).json()["worlds"])

    assert asyncio.run(read()) == ([1_000] * 4, 2)


def test_what_a_scenario_begins_with_is_as_old_in_all_sandboxes(
    engine: EngineProcess, tmp_path: Path
) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    people = "lists: [{id: list_a, name: A, contacts: [{name: Ada, phoneNumber: '+393471234567'}]}]"
    (folder / "running.yaml").write_text(f"title: T\nstory: S\n{people}\n")
    page = "/api/partner-gateway/v1/contacts/list/list_a/contacts"

    async def look() -> Any:
        app = create_app(SandboxSettings(state=engine.url, scenarios=folder, scenario="running"))
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", headers=KEY
        ) as client:
            shown = (await client.get(page)).json()
            await app.state.runtime.store.close()
            return shown

    first = asyncio.run(look())
    until(lambda: datetime.now(UTC).strftime("%S") not in str(first))

    assert asyncio.run(look()) == first


@pytest.fixture
def late_scenarios(tmp_path: Path) -> Path:
    """Return a folder with the scenario *late*, whose clock runs, and whose imports show after a while."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    actions = "[{target: $, update: {x-qlara-conventions: {settle: 1h, quota.settle: 2h}}}]"
    header = "overlay: 1.0.0\ninfo: {title: T, version: 1.0.0}\nextends: openapi.yaml"
    (folder / "late.overlay.yaml").write_text(f"{header}\nactions: {actions}\n")
    lists = "[{id: list_crm_migration, name: A}]"
    scenario = f"title: T\nstory: S\noverlay: late.overlay.yaml\nlists: {lists}\n"
    (folder / "late.yaml").write_text(scenario)
    return folder


def test_an_import_settles_at_the_same_time_in_all_sandboxes(
    engine: EngineProcess, late_scenarios: Path
) -> None:
    async def settle() -> tuple[list[Any], list[Any]]:
        settings = SandboxSettings(state=engine.url, scenarios=late_scenarios, scenario="late")
        async with of_settings(2, settings) as (one, other):
            await send(one, vcf(("A", "347 123 4567")), "SKIP")
            await send(one, vcf(("B", "347 123 4568")), "SKIP")
            states = [await client.get("/__admin/state", params=OF_KEY) for client in (one, other)]
            quotas = []
            for by in ("1h", "1h"):
                await other.put("/__admin/clock", json={**OF_KEY, "advance": by})
                pages = [await holdings(client) for client in (one, other)]
                quotas.append([(page["total"], quota["used"]) for page, quota in pages])
            return [state.json()["settling"] for state in states], quotas

    (mine, its), quotas = asyncio.run(settle())

    assert mine == its
    assert quotas == [[(2, 0)] * 2, [(2, 2)] * 2]


def test_what_has_shown_on_one_sandbox_shows_on_all_though_the_clock_is_set_back(
    engine: EngineProcess, late_scenarios: Path
) -> None:
    async def set_back() -> list[tuple[int, int]]:
        settings = SandboxSettings(state=engine.url, scenarios=late_scenarios, scenario="late")
        async with of_settings(3, settings) as (one, two, three):
            for moment in ("2026-04-09T11:00:00Z", "2026-04-09T14:00:00Z", "2026-04-09T11:00:00Z"):
                await one.put("/__admin/clock", json={**OF_KEY, "freeze": moment})
                if not (await one.get(QUOTA)).json()["used"]:
                    await send(two, vcf(("A", "347 123 4567")), "SKIP")
            pages = [await holdings(client) for client in (one, two, three)]
            return [(page["total"], quota["used"]) for page, quota in pages]

    assert asyncio.run(set_back()) == [(1, 1)] * 3


def test_a_log_that_became_one_state_does_not_hold_what_the_scenario_begins_with(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LONGEST_LOG", 3)
    large = {"X-Sandbox-Scenario": "large-account"}

    async def import_often() -> tuple[Any, Any]:
        async with sandboxes(2, engine.url) as (writer, reader):
            for number in range(4):
                file = {"file": ("c.vcf", vcf((f"Person {number}", f"347 123 40{number:02d}")))}
                fields = {"listName": f"List {number}"}
                await writer.post(UPLOAD, files=file, data=fields, headers=large)
            while not parts(engine):
                await asyncio.sleep(0.01)
            asked = [client.get(QUOTA, headers=large) for client in (writer, reader)]
            return tuple(response.json() for response in await asyncio.gather(*asked))

    written, read = asyncio.run(import_often())

    assert read == written
    assert sum(parts(engine)) < 4_000  # bytes


def parts(engine: EngineProcess) -> list[int]:
    """Return the length of each piece of a world that is kept apart from its log, in bytes."""
    with redis.Redis(port=engine.port) as client:
        return [
            len(piece)
            for key in client.scan_iter("*:part:*")
            for piece in client.lrange(key, 0, -1)
        ]


def test_large_copies_that_are_given_up_while_others_are_opened_are_never_half_there(
    engine: EngineProcess,
) -> None:
    page = LIST + "?limit=1"
    large = {"X-Sandbox-Scenario": "large-account"}
    keys = [{"X-Api-Key": f"sandbox_{number}", **large} for number in range(6)]

    async def open_all() -> set[tuple[int, int]]:
        app = create_app(SandboxSettings(state=engine.url, worlds=2))
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            found = []
            for _ in range(6):
                found += await asyncio.gather(*(client.get(page, headers=key) for key in keys))
            await app.state.runtime.store.close()
        return {(one.status_code, one.json()["total"]) for one in found}

    assert asyncio.run(open_all()) == {(200, 49_000)}


def test_a_log_is_shortened_after_its_copy_could_have_been_given_up(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LONGEST_LOG", 1)
    large = {"X-Sandbox-Scenario": "large-account"}

    async def import_each() -> list[int]:
        app = create_app(SandboxSettings(state=engine.url, worlds=1))
        transport = httpx2.ASGITransport(app)
        keys = [{"X-Api-Key": f"sandbox_{number}", **large} for number in range(3)]
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for key in keys:
                file = {"file": ("c.vcf", vcf(("A", "347 123 4567")))}
                fields = {"listName": "New"}
                await client.post(UPLOAD, files=file, data=fields, headers=key)
            while len(parts(engine)) < len(keys):
                await asyncio.sleep(0.01)
            found = [(await client.get(QUOTA, headers=key)).json()["used"] for key in keys]
            await app.state.runtime.store.close()
        return found

    assert asyncio.run(import_each()) == [49_001] * 3
