"""The registry of worlds: one per API key, session and scenario; they never see each other."""

from __future__ import annotations

from collections import OrderedDict
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.state.world import World

MOST_WORLDS = 1000
MOST_BYTES = 1024 * 1024 * 1024


class WorldKey(NamedTuple):
    """What tells one world from another."""

    api_key: str
    session: str
    scenario: str


class Bounds(NamedTuple):
    """How many worlds are kept at most, and about how many bytes they may take together."""

    worlds: int = MOST_WORLDS
    bytes: int = MOST_BYTES


class Held:
    """A world that is kept, and how it is used.

    ``label`` names it without naming its key. ``last_used`` is a moment of ``perf_counter``. A world
    with ``in_use`` requests under way is never given up.
    """

    __slots__ = ("bytes", "in_use", "key", "label", "last_used", "requests", "world")

    def __init__(self, key: WorldKey, world: World, label: str, now: float) -> None:
        self.key = key
        self.world = world
        self.label = label
        self.last_used = now
        self.in_use = 0
        self.requests = 0
        self.bytes = world.estimated_bytes()


def _nobody(_: str, __: Held) -> None:
    """Tell nobody."""


class Worlds:
    """Grows a world when it is first asked for, and keeps it while there is room.

    ``grow`` makes a fresh world; ``default`` names the scenario of whoever chooses none. Past the
    bounds, the worlds that have been idle longest are given up; ``tell`` hears of every world that
    comes (``grown``, ``restored``) or goes (``expired``, ``reset``).
    """

    def __init__(
        self,
        grow: Callable[[WorldKey], World],
        default: str,
        bounds: Bounds | None = None,
        tell: Callable[[str, Held], None] = _nobody,
    ) -> None:
        self._grow = grow
        self._held: OrderedDict[WorldKey, Held] = OrderedDict()
        self._bound: dict[tuple[str, str], str] = {}
        self._first_default = default
        self._named = 0
        self._tell = tell
        self.default = default
        self.bounds = bounds or Bounds()
        self.bytes = 0
        self.expired = 0

    def key(self, api_key: str, session: str, scenario: str | None) -> WorldKey:
        """Return the key of the world that a request means.

        *scenario* is what the request itself chose; without it the binding of its key and session
        counts, then the default.
        """
        chosen = scenario or self._bound.get((api_key, session)) or self.default
        return WorldKey(api_key, session, chosen)

    def visit(self, key: WorldKey, now: float) -> Held:
        """Return the world with its place in the registry, grown on first use, as used *now*."""
        held = self._held.get(key)
        if held is None:
            return self._take_in(key, self._grow(key), "grown")
        self._held.move_to_end(key)
        held.last_used = now
        return held

    def at(self, key: WorldKey) -> World:
        """Return the world, grown on first use."""
        return self.visit(key, perf_counter()).world

    def settle(self, held: Held) -> None:
        """Weigh a world that may have changed, and keep to the bounds."""
        if self._held.get(held.key) is held:
            before, held.bytes = held.bytes, held.world.estimated_bytes()
            self.bytes += held.bytes - before
            self._keep_to_bounds()

    def binding(self, api_key: str, session: str) -> str | None:
        """Return the scenario that is bound to a key and session."""
        return self._bound.get((api_key, session))

    def bind(self, api_key: str, session: str, scenario: str) -> None:
        """Choose the scenario for every later request of this key and session that chooses none."""
        self._bound[(api_key, session)] = scenario

    def put(self, key: WorldKey, world: World) -> None:
        """Replace a world."""
        self._give_up(key)
        self._take_in(key, world, "restored")

    def labelled(self, label: str) -> Held | None:
        """Return the world of this label."""
        return next((held for held in self._held.values() if held.label == label), None)

    def reset(self, key: WorldKey | None = None) -> int:
        """Forget one world; or all of them, every binding and the chosen default.

        Returns how many worlds there were.
        """
        if key is None:
            self._bound.clear()
            self.default = self._first_default
        return self._reset(list(self._held) if key is None else [key])

    def reset_of(self, api_key: str, session: str | None, scenario: str | None) -> int:
        """Forget the worlds of a key, those of one session or scenario only if given."""
        return self._reset(
            [
                key
                for key in self._held
                if key.api_key == api_key
                and session in {None, key.session}
                and scenario in {None, key.scenario}
            ]
        )

    def reset_scenario(self, scenario: str) -> None:
        """Forget every world of a scenario."""
        self._reset([key for key in self._held if key.scenario == scenario])

    def held(self) -> list[Held]:
        """Return every world with its place, the one that was used last at the end."""
        return list(self._held.values())

    def __iter__(self) -> Iterator[tuple[WorldKey, World]]:
        return iter([(key, held.world) for key, held in self._held.items()])

    def __len__(self) -> int:
        return len(self._held)

    def _take_in(self, key: WorldKey, world: World, how: str) -> Held:
        self._named += 1
        held = Held(key, world, f"world_{self._named}", perf_counter())
        self._held[key] = held
        self.bytes += held.bytes
        self._keep_to_bounds()
        self._tell(how, held)
        return held

    def _give_up(self, key: WorldKey) -> Held | None:
        held = self._held.pop(key, None)
        if held is not None:
            self.bytes -= held.bytes
        return held

    def _reset(self, keys: list[WorldKey]) -> int:
        gone = [held for key in keys if (held := self._give_up(key)) is not None]
        for held in gone:
            self._tell("reset", held)
        return len(gone)

    def _keep_to_bounds(self) -> None:
        if len(self._held) <= self.bounds.worlds and self.bytes <= self.bounds.bytes:
            return
        *idle, _ = self._held.values()  # the last one has only just been asked for
        for held in idle:
            if len(self._held) <= self.bounds.worlds and self.bytes <= self.bounds.bytes:
                return
            if not held.in_use:
                self._give_up(held.key)
                self.expired += 1
                self._tell("expired", held)
