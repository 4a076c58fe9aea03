"""What is chosen is kept for as many keys and sessions as a store in memory would keep it for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import redis

from qlara_sandbox.state.worlds import Worlds
from qlara_sandbox.store import choices
from qlara_sandbox.store.choices import Choices
from qlara_sandbox.store.engine import Engine
from qlara_sandbox.store.scripts import SCRIPTS
from tests.qlara_sandbox.store.test_shared import engine

if TYPE_CHECKING:
    import pytest

    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldKey
    from tests.engine import EngineProcess

__all__ = ["engine"]
PREFIX = "tests:"


def no_world(key: WorldKey) -> World:
    raise AssertionError(key)


def test_of_too_many_bindings_any_other_gives_way_but_not_the_default(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choices, "MOST_BINDINGS", 5)

    async def bind() -> list[str]:
        connection = Engine(engine.url, SCRIPTS)
        chosen = Choices(connection, PREFIX, Worlds(no_world, "crm-migration"))
        await chosen.choose("plan-full")
        found = []
        for number in range(20):
            whom = (f"sandbox_{number}", "default")
            await chosen.choose("rate-limited", whom)
            found.append((await chosen.chosen(whom))["scenario"])
        found.append((await chosen.chosen(None))["scenario"])
        await connection.close()
        return found

    assert asyncio.run(bind()) == ["rate-limited"] * 20 + ["plan-full"]
    with redis.Redis(port=engine.port) as there:
        assert there.hlen(f"{PREFIX}choices") == 5 + 1
