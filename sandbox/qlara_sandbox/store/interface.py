"""What a store of worlds does for the web layer, wherever it keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qlara_sandbox.services.importing import Keeper
    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldEntry, WorldKey
    from qlara_sandbox.store.peers import Insider, Introduction

T = TypeVar("T")


class Store(Protocol):
    """Keeps worlds, and which scenario is chosen for whom.

    Every method raises `StateUnavailable` if what keeps the worlds does not respond.
    """

    async def key(self, caller: tuple[str, str, str | None]) -> WorldKey:
        """Return the key of the world of an API key, session and scenario (None: the one that is chosen)."""
        ...

    async def open(self, caller: tuple[str, str, str | None]) -> WorldEntry:
        """Return the world of a caller, as in ``key``, as it stands now."""
        ...

    async def count(self, entry: WorldEntry, step: Callable[[World], T]) -> T:
        """Carry out a step that changes only what requests count: the rate limit and the faults."""
        ...

    async def move_clock(self, entry: WorldEntry, step: Callable[[World], None]) -> None:
        """Carry out a step that changes only the clock."""
        ...

    def keeper(self, entry: WorldEntry) -> Keeper:
        """Return who commits imports into a world."""
        ...

    async def put(self, key: WorldKey, world: World) -> WorldEntry:
        """Put a world in place of what there is."""
        ...

    async def reset(self, key: WorldKey | None = None) -> int:
        """Forget a world; or all of them, every binding and the chosen default. Return how many there were."""
        ...

    async def reset_scenario(self, scenario: str) -> None:
        """Forget the worlds of a scenario."""
        ...

    async def forget(self, keys: Sequence[WorldKey]) -> None:
        """Forget worlds that this process has forgotten already."""
        ...

    async def reset_of(self, api_key: str, session: str | None, scenario: str | None) -> int:
        """Forget the worlds of a key, those of one session or scenario only if given."""
        ...

    async def let_go(self) -> None:
        """Let go of worlds that are no more, as another sandbox has reset them, or their time has run out."""
        ...

    async def bind(self, api_key: str, session: str, scenario: str) -> None:
        """Choose the scenario for every later request of this key and session that chooses none."""
        ...

    async def choose(self, scenario: str) -> None:
        """Choose the scenario for everybody who chooses none."""
        ...

    async def choice(self, whom: tuple[str, str] | None) -> Mapping[str, str]:
        """Return the scenario that is chosen for an API key and session (None: for everybody), and what chose it."""
        ...

    async def prepare(self) -> None:
        """See that what keeps the worlds is there and can be used.

        Raises:
            UnusableEngine: it cannot, as long as its operator changes nothing.
        """
        ...

    async def check(self) -> None:
        """See that what keeps the worlds responds."""
        ...

    async def join(self, insider: Insider) -> Introduction | None:
        """Be there for other sandboxes with the same worlds, if there can be any."""
        ...

    async def ask(self, question: Any) -> list[bytes]:
        """Return what the other sandboxes answer."""
        ...

    def tell(self, news: Any) -> None:
        """Tell the other sandboxes something."""
        ...

    async def close(self) -> None:
        """Let go of what is held open."""
        ...
