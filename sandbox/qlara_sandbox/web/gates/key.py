"""The API key: leads to the world of its account, or is refused (401)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import UnknownKey
from qlara_sandbox.web.caller import identify

if TYPE_CHECKING:
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.web.context import RequestContext

_READING = frozenset({"GET", "HEAD"})


async def key(context: RequestContext) -> Response | None:
    """Find the world of the request; an operation that needs no key has none.

    Raises:
        UnknownKey: the key is missing, unknown or not active.
        MisusedSandbox: the scenario or the session is none.
    """
    assert context.operation is not None, "routed before"
    if not context.operation.secured:
        return None
    runtime = context.runtime
    if runtime.overlaid:  # how a missing key is refused, the scenario may decide
        named = context.headers.get("x-sandbox-scenario") or runtime.worlds.default
        context.come_under(runtime.contract_of(named))
    caller = identify(context.headers, runtime.settings.keys)
    entry = await runtime.open_world(caller)
    context.use(entry, writes=context.scope["method"] not in _READING)
    if runtime.overlaid:
        context.come_under(runtime.contract_of(entry.key.scenario))
    entry.world.conventions = context.contract.conventions
    if not entry.world.account.active:
        raise UnknownKey("Unknown or inactive API key.")
    return None
