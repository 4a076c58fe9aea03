"""``/__health/live`` and ``/__health/ready``: probes that need no token, whatever the address, and say nothing else.

They take any ``Host``: an orchestrator names the address of the pod.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from qlara_sandbox.domain.errors import StateUnavailable
from qlara_sandbox.web.pages import PageRoute

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from qlara_sandbox.web.runtime import Runtime

LIVE, READY = "/__health/live", "/__health/ready"
_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}


def routes(runtime: Runtime) -> list[PageRoute]:
    """Return the routes of both probes."""

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=_HEADERS)

    async def ready(request: Request) -> Response:
        if runtime.is_stopping:
            return JSONResponse({"status": "stopping"}, 503, headers=_HEADERS)
        try:
            await runtime.store.check()
        except StateUnavailable:
            return JSONResponse({"status": "unavailable"}, 503, headers=_HEADERS)
        return await live(request)

    return [PageRoute(LIVE, live, methods=["GET"]), PageRoute(READY, ready, methods=["GET"])]
