"""The permission that an operation needs (403)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import NotPermitted

if TYPE_CHECKING:
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.web.context import RequestContext


async def permission(context: RequestContext) -> Response | None:
    """Let an account pass that has the permission.

    Raises:
        NotPermitted: it does not.
    """
    assert context.operation is not None, "routed before"
    needed = context.operation.permission
    if (
        needed is not None
        and context.entry is not None
        and needed not in context.entry.world.account.permissions
    ):
        raise NotPermitted(needed)
    return None
