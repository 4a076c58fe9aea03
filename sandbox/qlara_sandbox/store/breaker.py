"""A circuit breaker for what a request can do without: the nodes of a cluster that its world is not on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from qlara_sandbox.domain.errors import StateUnavailable

if TYPE_CHECKING:
    from qlara_sandbox.store.engine import Engine
    from qlara_sandbox.store.scripts import Command

_SECONDS = 0.5  # that a request waits for such a node
_AWAY_SECONDS = 5.0  # that nothing more is sent to one that did not respond


class Breaker:
    """Sends commands to one node of a cluster, unless it has not responded a moment ago."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._away_until = 0.0

    async def send(self, command: Command) -> list[Any] | None:
        """Return the replies; None if the node is away."""
        now = asyncio.get_running_loop().time
        if now() < self._away_until:
            return None
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._engine.send(command)
        except (StateUnavailable, TimeoutError):
            self._away_until = now() + _AWAY_SECONDS
            return None
