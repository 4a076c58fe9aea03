"""The pages for people: how they are sent, and the style sheets and scripts that they share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from qlara_sandbox.domain.errors import NotFound, Refusal
from qlara_sandbox.http import error_responses
from qlara_sandbox.http.request import require_bounded_head

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

FOLDER = Path(__file__).parent
ASSETS = FOLDER / "assets"
ASSETS_PATH = "/__assets"
DOCS_PATH = "/__docs"
# Stands in a rendered page for the sandbox's address: that depends on how it was reached.
BASE_URL = "{base-url}"
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]+)?")
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

# Names on cards are hostile input. Should escaping ever fail, nothing of theirs may run or load:
# no inline code, nothing from elsewhere, and no text that becomes markup by assignment.
SECURITY_HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


class PageRoute(Route):
    """The route of a page or a file: bounds the head (431), and refuses methods that are not its own (405).

    Starlette's own raises an exception there, for a middleware that the sandbox does without.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the page, or refuse the request."""
        try:
            require_bounded_head(scope)
        except Refusal as error:
            await refused(error)(scope, receive, send)
            return
        if self.methods is None or scope["method"] in self.methods:
            await super().handle(scope, receive, send)
            return
        headers = {"Allow": ", ".join(sorted(self.methods))}
        await PlainTextResponse("Method Not Allowed", 405, headers)(scope, receive, send)


def page(html: str) -> Response:
    """Return a page under a strict content security policy."""
    return Response(html, media_type="text/html", headers=SECURITY_HEADERS)


def read(name: str) -> str:
    """Return the text of a page that ships with the sandbox."""
    return (FOLDER / name).read_text(encoding="utf-8")


def asset_route() -> PageRoute:
    """Return the route that serves the shared style sheets and scripts."""
    return PageRoute(f"{ASSETS_PATH}/{{name}}", _asset, methods=["GET"])


def reached(request: Request) -> str:
    """Return the address at which a page was reached, if it is one that a shell can be given."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        host = f"127.0.0.1:{request.scope['server'][1]}"
    return f"{request.url.scheme}://{host}"


def missing(name: str) -> Response:
    """Return the refusal of a file that the pages do not have."""
    return refused(NotFound("path", f"No such file: {name[:200]}"))


def refused(error: Refusal) -> Response:
    """Return a refusal as the pages send it."""
    response = error_responses.refusal(error)
    return Response(response.body(), response.status, dict(response.headers), response.media_type)


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    # Compared with what is there, never joined to the folder: the name comes from the request.
    for path in ASSETS.iterdir():
        if path.name == name and path.suffix in _MEDIA_TYPES:
            media_type = _MEDIA_TYPES[path.suffix]
            return Response(path.read_bytes(), media_type=media_type, headers=SECURITY_HEADERS)
    return missing(name)
