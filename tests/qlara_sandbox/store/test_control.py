"""What the control API does on one sandbox holds on all that share its worlds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox.store import keeper, shared
from tests.qlara_sandbox.store.test_shared import KEY, QUOTA, UPLOAD, engine, holdings, sandboxes
from tests.qlara_sandbox.web.calls import vcf

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2

    from tests.engine import EngineProcess

__all__ = ["engine"]
WHOM = {"apiKey": KEY["X-Api-Key"]}
CLOCK, STATE, FAULTS = "/__admin/clock", "/__admin/state", "/__admin/faults"
SCENARIO, RESET = "/__admin/scenario", "/__admin/reset"


def with_two(
    url: str, work: Callable[[httpx2.AsyncClient, httpx2.AsyncClient], Awaitable[Any]]
) -> Any:
    """Return what *work* does with two sandboxes that share their worlds."""

    async def run() -> Any:
        async with sandboxes(2, url) as (one, other):
            return await work(one, other)

    return asyncio.run(run())


def people(count: int, first: int = 0) -> bytes:
    numbers = range(first, first + count)
    return vcf(*((f"Person {number}", f"347 123 4{number:03d}") for number in numbers))


async def send(
    client: httpx2.AsyncClient, file: bytes, strategy: str, **headers: str
) -> httpx2.Response:
    fields = {"listId": "list_crm_migration", "duplicateStrategy": strategy}
    form = {"file": ("c.vcf", file)}
    return await client.post(UPLOAD, files=form, data=fields, headers=headers)


async def used(client: httpx2.AsyncClient, **headers: str) -> int:
    return int((await client.get(QUOTA, headers=headers)).json()["used"])


def test_a_clock_stands_still_on_all_of_them(engine: EngineProcess) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[Any]:
        frozen = {"freeze": "2026-04-09T11:00:10+02:00"}
        await one.put(CLOCK, json={**WHOM, **frozen})
        seen = [(await other.get(CLOCK, params=WHOM)).json()["now"]]
        await other.put(CLOCK, json={**WHOM, "advance": "1h"})
        seen.append((await one.get(CLOCK, params=WHOM)).json()["now"])
        end = {"freeze": "2999-12-31T00:00:00Z", "advance": "999999h"}
        too_far = await one.put(CLOCK, json={**WHOM, **end})
        seen += [too_far.status_code, (await other.get(CLOCK, params=WHOM)).json()["now"]]
        await one.put(CLOCK, json={**WHOM, "reset": True})
        return [*seen, (await other.get(CLOCK, params=WHOM)).json()["frozen"]]

    later = "2026-04-09T12:00:10+02:00"
    assert with_two(engine.url, work) == ["2026-04-09T11:00:10+02:00", later, 409, later, False]


def test_a_state_that_is_put_back_is_everywhere_with_its_faults(engine: EngineProcess) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[Any]:
        await send(one, people(5), "SKIP")
        fault = {"on": "getContactQuota", "respond": {"status": 503}, "count": 1}
        await one.post(FAULTS, json={**WHOM, "fault": fault})
        saved = (await other.get(STATE, params=WHOM)).json()
        before = await holdings(other)
        await send(other, people(9), "DUPLICATE")
        del saved["scenario"]
        await one.put(STATE, json={**WHOM, "state": saved})
        after = await holdings(other)
        return [before == after, before[0]["total"], before[1], (await used(one)), after[1]]

    same, total, *rest = with_two(engine.url, work)

    assert (same, total) == (True, 5)
    assert [one if isinstance(one, int) else one.get("status") for one in rest] == [503, 5, 503]


def test_faults_are_armed_and_disarmed_for_all(engine: EngineProcess) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[int]:
        fault = {"on": "getContactQuota", "respond": {"status": 418}}
        armed = [(await one.post(FAULTS, json={**WHOM, "fault": fault})).json()["id"]]
        statuses = [(await other.get(QUOTA)).status_code]
        armed.append((await other.post(FAULTS, json={**WHOM, "fault": fault})).json()["id"])
        removed = (await one.request("DELETE", FAULTS, params=WHOM)).json()["removed"]
        statuses.append((await other.get(QUOTA)).status_code)
        return [*armed, *statuses, removed]

    assert with_two(engine.url, work) == ["fault_1", "fault_2", 418, 200, 2]


def test_a_scenario_that_is_chosen_on_one_is_chosen_on_all(engine: EngineProcess) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[Any]:
        seen: list[Any] = [await used(other)]
        await one.put(SCENARIO, json={"scenario": "quota-exhausted"})
        seen.append(await used(other))
        await other.put(SCENARIO, json={**WHOM, "scenario": "crm-migration"})
        seen.append(await used(one))
        seen.append((await one.get(SCENARIO, params=WHOM)).json())
        seen.append((await one.get(SCENARIO)).json()["scenario"])
        await one.post(RESET)
        seen.append((await other.get(SCENARIO, params=WHOM)).json())
        return [*seen, await used(other)]

    assert with_two(engine.url, work) == [
        0,
        50000,
        0,
        {"scenario": "crm-migration", "chosenBy": "binding"},
        "quota-exhausted",
        {"scenario": "default", "chosenBy": "default"},
        0,
    ]


@pytest.mark.parametrize(
    ("reset", "expected"),
    [
        ({}, (3, [0, 0, 0])),
        (WHOM, (2, [0, 0, 4])),
        ({**WHOM, "session": "s"}, (1, [4, 0, 4])),
        ({**WHOM, "scenario": "default"}, (2, [0, 0, 4])),
    ],
    ids=["all", "of a key", "of a session", "of a scenario"],
)
def test_a_reset_on_one_is_a_reset_on_all(
    engine: EngineProcess, reset: dict[str, str], expected: tuple[int, list[int]]
) -> None:
    callers = [{}, {"X-Sandbox-Session": "s"}, {"X-Api-Key": "sandbox_other"}]

    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> tuple[int, list[int]]:
        for headers in callers:
            await send(one, people(4), "SKIP", **headers)
        count = (await other.post(RESET, json=reset)).json()["worlds"]
        return count, [await used(one, **headers) for headers in callers]

    assert with_two(engine.url, work) == expected


def test_a_scenario_that_is_chosen_during_a_reset_is_chosen_on_all(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget = shared.SharedStore._forget

    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[int]:
        async def choose_meanwhile(store: shared.SharedStore, digests: Any) -> int:
            await other.put(SCENARIO, json={"scenario": "quota-exhausted"})
            await used(one)
            return await forget(store, digests)

        monkeypatch.setattr(shared.SharedStore, "_forget", choose_meanwhile)
        await one.post(RESET, json={})
        return [await used(one), await used(other)]

    assert with_two(engine.url, work) == [50_000, 50_000]


def test_a_reset_finds_an_account_of_which_nothing_but_its_state_was_put(
    engine: EngineProcess,
) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[int]:
        await send(one, people(4), "SKIP")
        saved = (await one.get(STATE, params=WHOM)).json()
        del saved["scenario"]
        headers = {"X-Sandbox-Session": "s"}
        await one.put(STATE, json={**WHOM, "session": "s", "state": saved})
        count = (await other.post(RESET, json={})).json()["worlds"]
        return [count, await used(other, **headers), await used(one, **headers)]

    assert with_two(engine.url, work) == [2, 0, 0]


def test_no_account_begins_for_a_scenario_that_another_sandbox_has_unchosen(
    engine: EngineProcess,
) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[int]:
        counts = []
        await one.put(SCENARIO, json={**WHOM, "scenario": "quota-exhausted"})
        await used(other)  # it knows the choice, and has the world
        await one.post(RESET, json={})
        await used(other)
        counts.append((await one.post(RESET, json={})).json()["worlds"])
        await used(other)
        await one.put(SCENARIO, json={"scenario": "crm-migration"})
        for session in "ab":  # in a world that nobody has had
            headers = {"X-Sandbox-Session": session}
            await one.put(SCENARIO, json={**WHOM, "session": session, "scenario": "flaky"})
            await used(other, **headers)
            await one.post(RESET, json={**WHOM, "session": session})
            await one.put(SCENARIO, json={**WHOM, "session": session, "scenario": "slow"})
            await other.get("/__admin/world", params={**WHOM, "session": session})
        worlds = (await one.get("/__admin/worlds")).json()["worlds"]
        counts.append(len(worlds))
        counts.append((await one.post(RESET, json={})).json()["worlds"])
        return counts

    assert with_two(engine.url, work) == [1, 3, 3]


def test_events_of_one_are_told_by_the_other(engine: EngineProcess) -> None:
    async def work() -> list[str]:
        async with sandboxes(2, engine.url) as (one, other):
            here, there = (client._transport.app.state.runtime for client in (one, other))  # type: ignore[attr-defined]
            with there.events.listen() as listener:
                there.insider.beat()
                while not here.events.watched:
                    await asyncio.sleep(0.01)
                await one.get(QUOTA)
                return [(await listener.take()).decode().splitlines()[1] for _ in range(2)]

    assert asyncio.run(work()) == ["event: world", "event: request"]


def test_whoever_is_overtaken_again_and_again_gets_a_turn(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "TRIES_BEFORE_TURN", 0)

    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> tuple[set[int], int]:
        sent = [
            send(client, people(3, first), "SKIP") for client in (one, other) for first in range(9)
        ]
        statuses = {response.status_code for response in await asyncio.gather(*sent)}
        return statuses, await used(one)

    assert with_two(engine.url, work) == ({200}, 11)


def test_what_is_asked_of_others_about_a_key_does_not_tell_it(engine: EngineProcess) -> None:
    told: list[bytes] = []

    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[int]:
        there = other._transport.app.state.runtime  # type: ignore[attr-defined]
        answer = there.insider.answer

        async def overheard(question: Any) -> bytes:
            told.append(repr(question).encode())
            return bytes(await answer(question))

        there.insider.answer = overheard
        for _ in range(3):
            await other.get(QUOTA)
        await other.get(QUOTA, headers={"X-Api-Key": "sandbox_somebody"})
        count = await one.post("/__admin/requests/count", json=WHOM)
        nobody = await one.post("/__admin/requests/count", json={"apiKey": "sandbox_nobody"})
        coverage = await one.get("/__admin/coverage", params=WHOM)
        return [count.json()["count"], nobody.json()["count"], coverage.json()["requests"]]

    assert with_two(engine.url, work) == [3, 0, 3]
    assert len(told) == 3
    assert not any(KEY["X-Api-Key"].encode() in one for one in told)


def test_a_world_that_one_has_reset_is_listed_by_none(engine: EngineProcess) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[Any]:
        await used(other)
        await one.post(RESET, json={})
        shown = (await other.get("/__admin/worlds")).json()["worlds"]
        return [shown, (await one.get("/__admin/worlds")).json()["worlds"]]

    assert with_two(engine.url, work) == [[], []]


def test_a_world_that_was_reset_is_not_known_by_its_label_any_more(engine: EngineProcess) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[int]:
        await used(other)
        (shown,) = (await one.get("/__admin/worlds")).json()["worlds"]
        await one.post(RESET, json={})
        found = [await each.get(CLOCK, params={"world": shown["world"]}) for each in (one, other)]
        return [response.status_code for response in found]

    assert with_two(engine.url, work) == [404, 404]


def test_the_default_that_one_has_chosen_is_listed_by_all(engine: EngineProcess) -> None:
    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> str:
        await one.put(SCENARIO, json={"scenario": "crm-migration"})
        return str((await other.get("/__admin/scenarios")).json()["default"])

    assert with_two(engine.url, work) == "crm-migration"


def test_each_key_has_the_scenario_that_was_chosen_for_it_however_many_there_are(
    engine: EngineProcess,
) -> None:
    scenarios = ["quota-exhausted", "no-permission", "crm-migration"]

    async def work(one: httpx2.AsyncClient, other: httpx2.AsyncClient) -> list[int]:
        for number in range(30):
            chosen = {"scenario": scenarios[number % 3], "apiKey": f"sandbox_{number}"}
            await (one, other)[number % 2].put(SCENARIO, json=chosen)
        asked = [
            send(client, people(1), "SKIP", **{"X-Api-Key": f"sandbox_{number}"})
            for number in range(30)
            for client in (one, other)
        ]
        return [response.status_code for response in await asyncio.gather(*asked)]

    statuses = with_two(engine.url, work)

    assert statuses == [status for status in (409, 403, 200) for _ in range(2)] * 10
