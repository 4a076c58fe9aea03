"""What a proxy in front says of its client, looked at only where one says something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_SAID = frozenset({b"x-forwarded-proto", b"x-forwarded-for"})


class ForwardedHeaders:
    """Passes requests through uvicorn's middleware for these headers, those without any past it.

    Whether to trust whoever sends them takes a tenth of the time of a request to find out.
    """

    def __init__(self, app: ASGIApp, trusted: list[str] | str) -> None:
        self._app = app
        self._heeding = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        for name, _ in scope.get("headers", ()):
            if name in _SAID:
                app = self._heeding  # type: ignore[assignment]
                break
        await app(scope, receive, send)
