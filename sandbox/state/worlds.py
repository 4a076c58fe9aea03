"""The registry of worlds: one per API key, session and scenario; they never see each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.state.world import World


class WorldKey(NamedTuple):
    """What tells one world from another."""

    api_key: str
    session: str
    scenario: str


class Worlds:
    """Grows a world when it is first asked for, and keeps it.

    ``grow`` makes a fresh world; ``default`` names the scenario of whoever chooses none.
    """

    def __init__(self, grow: Callable[[WorldKey], World], default: str) -> None:
        self._grow = grow
        self._worlds: dict[WorldKey, World] = {}
        self._bound: dict[tuple[str, str], str] = {}
        self.default = default

    def key(self, api_key: str, session: str, scenario: str | None) -> WorldKey:
        """Return the key of the world that a request means.

        *scenario* is what the request itself chose; without it the binding of its key and session
        counts, then the default.
        """
        chosen = scenario or self._bound.get((api_key, session)) or self.default
        return WorldKey(api_key, session, chosen)

    def at(self, key: WorldKey) -> World:
        """Return the world, grown on first use."""
        world = self._worlds.get(key)
        if world is None:
            world = self._worlds[key] = self._grow(key)
        return world

    def bind(self, api_key: str, session: str, scenario: str) -> None:
        """Choose the scenario for every later request of this key and session that chooses none."""
        self._bound[(api_key, session)] = scenario

    def put(self, key: WorldKey, world: World) -> None:
        """Replace a world."""
        self._worlds[key] = world

    def reset(self, key: WorldKey | None = None) -> int:
        """Forget one world, or all of them with every binding; return how many there were."""
        if key is not None:
            return 0 if self._worlds.pop(key, None) is None else 1
        count = len(self._worlds)
        self._worlds.clear()
        self._bound.clear()
        return count

    def reset_scenario(self, scenario: str) -> None:
        """Forget every world of a scenario."""
        for key in [key for key in self._worlds if key.scenario == scenario]:
            del self._worlds[key]

    def __iter__(self) -> Iterator[tuple[WorldKey, World]]:
        return iter(list(self._worlds.items()))

    def __len__(self) -> int:
        return len(self._worlds)
