"""The scenario's rate limit (429)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.state.world import World
    from qlara_sandbox.web.context import RequestContext


async def rate_limit(context: RequestContext) -> Response | None:
    """Count the request, where the world has a limit.

    Raises:
        RateLimited: the limit is used up.
    """
    if context.entry is not None and context.entry.world.rate_limit is not None:
        await context.runtime.store.count(context.entry, _take)
    return None


def _take(world: World) -> None:
    if world.rate_limit is not None:
        world.rate_limit.take(world.clock.now())
