"""The head of a request: at most 64 KB (431)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_sandbox.http.request import require_bounded_head

if TYPE_CHECKING:
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.web.context import RequestContext


async def head(context: RequestContext) -> Response | None:
    """Weigh the head, and let it pass if it is short enough.

    Raises:
        HeadTooLarge: path, query and headers together are longer.
    """
    context.head_bytes = require_bounded_head(context.scope)
    return None
