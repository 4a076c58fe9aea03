"""The faults that a scenario orders: a delay, or a response in place of the real one."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from qlara_sandbox.http.response import JSON, Response

if TYPE_CHECKING:
    from qlara_sandbox.state.faults import MatchedFaults, Respond
    from qlara_sandbox.state.world import World
    from qlara_sandbox.web.context import RequestContext

# Stands for the response that a network fault leaves out.
NO_RESPONSE = Response(0, b"")
_NO_CONTENT = frozenset({204, 205, 304})
_TEXT = "text/plain; charset=utf-8"


async def faults(context: RequestContext) -> Response | None:
    """Meet the faults that are due: wait as ordered, and respond where one takes the handler's place."""
    entry = context.entry
    if entry is None or not entry.world.faults.active:
        return None
    assert context.operation is not None, "routed before"
    operation = context.operation.operation_id

    def match(world: World) -> MatchedFaults | None:
        return world.faults.match(operation, world.clock.now())

    matched = await context.runtime.store.count(entry, match)
    context.faults = matched
    return await _before(matched) if matched is not None else None


async def _before(matched: MatchedFaults) -> Response | None:
    if matched.delay:
        await asyncio.sleep(matched.delay)
    if matched.respond is not None:
        return ordered(matched.respond)
    return NO_RESPONSE if matched.network is not None and not matched.after else None


def ordered(respond: Respond) -> Response:
    """Return the response that a rule orders."""
    body, status = respond.body, respond.status
    headers = {name.lower(): value for name, value in respond.headers.items()}
    media_type = headers.pop("content-type", _TEXT if isinstance(body, str) else JSON)
    if status in _NO_CONTENT:
        return Response(status, b"", headers, media_type)
    if isinstance(body, str):
        return Response(status, body.encode("utf-8"), headers, media_type)
    return Response(status, _default(status) if body is None else body, headers, media_type)


def _default(status: int) -> dict[str, Any]:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unassigned"
    return {"status": status, "error": phrase, "message": "Response ordered by the scenario."}
