"""The store of one process: the worlds are its own, and nobody else's."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from qlara_sandbox.services.importing import OwnKeeper

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldEntry, WorldKey, Worlds
    from qlara_sandbox.store.peers import Insider

T = TypeVar("T")


class MemoryStore:
    """Keeps worlds in memory. *load* loads a scenario, so that a world of it can be built at once."""

    def __init__(self, worlds: Worlds, load: Callable[[str], Awaitable[None]]) -> None:
        self._worlds = worlds
        self._load = load

    async def key(self, caller: tuple[str, str, str | None]) -> WorldKey:
        return self._worlds.key(*caller)

    async def open(self, caller: tuple[str, str, str | None]) -> WorldEntry:
        worlds, now = self._worlds, perf_counter()
        entry = worlds.find(worlds.key(*caller), now)
        if entry is not None:
            return entry
        await self._load(worlds.key(*caller).scenario)
        # Another scenario may be bound to the caller meanwhile.
        return worlds.get_or_create(worlds.key(*caller), now)

    async def count(self, entry: WorldEntry, step: Callable[[World], T]) -> T:
        return step(entry.world)

    async def move_clock(self, entry: WorldEntry, step: Callable[[World], None]) -> None:
        step(entry.world)

    def keeper(self, entry: WorldEntry) -> OwnKeeper:
        return OwnKeeper(entry.world)

    async def put(self, key: WorldKey, world: World) -> WorldEntry:
        self._worlds.put(key, world)
        return self._worlds.get_or_create(key, perf_counter())

    async def reset(self, key: WorldKey | None = None) -> int:
        return self._worlds.reset(key)

    async def reset_scenario(self, scenario: str) -> None:
        self._worlds.reset_scenario(scenario)

    async def forget(self, keys: Sequence[WorldKey]) -> None:
        """Do nothing: it has been done."""

    async def let_go(self) -> None:
        """Do nothing: nobody else resets these worlds."""

    async def reset_of(self, api_key: str, session: str | None, scenario: str | None) -> int:
        return self._worlds.reset_of(api_key, session, scenario)

    async def bind(self, api_key: str, session: str, scenario: str) -> None:
        self._worlds.bind(api_key, session, scenario)

    async def choose(self, scenario: str) -> None:
        self._worlds.default = scenario

    async def choice(self, whom: tuple[str, str] | None) -> Mapping[str, str]:
        bound = self._worlds.binding(*whom) if whom is not None else None
        return {
            "scenario": bound or self._worlds.default,
            "chosenBy": "binding" if bound else "default",
        }

    async def prepare(self) -> None:
        """Do nothing: memory is there."""

    async def check(self) -> None:
        """Do nothing: memory responds."""

    async def join(self, insider: Insider) -> None:
        """Do nothing: nobody else has these worlds."""

    async def ask(self, question: Any) -> list[bytes]:  # noqa: ARG002
        return []

    def tell(self, news: Any) -> None:
        """Do nothing: there is nobody to be told."""

    async def close(self) -> None:
        """Do nothing: nothing is held open."""
