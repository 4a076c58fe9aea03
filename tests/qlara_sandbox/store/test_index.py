"""The index of worlds knows those that there are, and by and by no others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import redis

from qlara_sandbox.state.worlds import WorldKey
from qlara_sandbox.store.engine import Engine
from qlara_sandbox.store.index import Index
from qlara_sandbox.store.names import Names, digest
from tests.qlara_sandbox.store.test_shared import engine

if TYPE_CHECKING:
    from tests.engine import EngineProcess

__all__ = ["engine"]
PREFIX = "tests:"


def key(number: int) -> WorldKey:
    return WorldKey(f"sandbox_{number}", "default", "crm-migration")


def test_worlds_whose_time_has_run_out_leave_it(engine: EngineProcess) -> None:
    number = 1_000
    with redis.Redis(port=engine.port) as there:
        for one in range(0, number, 2):
            there.set(Names.of(PREFIX, digest(*key(one))).head, "")

    async def tidy() -> list[str]:
        connection = Engine(engine.url)
        index = Index(connection, PREFIX)
        found: list[str] = []
        for one in range(number):
            await index.note(key(one))
        for _ in range(number):
            await index.tidy_some()
            if len(found := await index.digests()) == number // 2:
                break
        await connection.close()
        return found

    assert set(asyncio.run(tidy())) == {digest(*key(one)) for one in range(0, number, 2)}


def test_worlds_are_found_by_what_they_belong_to(engine: EngineProcess) -> None:
    keys = [
        WorldKey(api_key, session, scenario)
        for api_key in ("sandbox_a", "sandbox_b")
        for session in ("one", "two")
        for scenario in ("crm-migration", "default")
    ]

    async def find() -> list[int]:
        connection = Engine(engine.url)
        index = Index(connection, PREFIX)
        for each in keys:
            await index.note(each)
        found = [
            await index.digests(),
            await index.digests("sandbox_a"),
            await index.digests("sandbox_a", "two"),
            await index.digests(scenario="default"),
            await index.digests("sandbox_b", "one", "default"),
            await index.digests("sandbox_c"),
        ]
        await connection.close()
        return [len(each) for each in found]

    assert asyncio.run(find()) == [8, 4, 2, 4, 1, 0]
