"""The server: every tool and every resource, over standard input and output or over HTTP."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from qlara_mcp.resources import all_resources
from qlara_mcp.tools import all_tools
from qlara_sandbox import __version__
from qlara_sandbox.domain.errors import Refusal
from qlara_sandbox.http.request import headers_of
from qlara_sandbox.web.gates.access import require_access
from qlara_sandbox.web.pages import refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from qlara_mcp.toolkit import Toolkit
    from qlara_sandbox.web.gates.access import AccessRules

MCP_PATH = "/mcp"
_MOST_SESSIONS = 100
_LARGEST_REQUEST = 32 * 1024 * 1024  # a file that is too large for the API can be tried, too
INSTRUCTIONS = """\
A sandbox of the Qlara contact API: it imports vCard files, lists contacts and counts the quota, as the \
API does, and nothing leaves this machine. Call get_sandbox for the base URL and key that the code under \
test should use; run that code; then list_requests shows what it sent and explain_refusal why something \
was refused. choose_scenario and order_fault set up errors to handle, reset_world starts over, and \
read_contract is the authority on what the API promises."""


def build_server(toolkit: Toolkit) -> MCPServer[Toolkit]:
    """Return the server of these tools. It closes the client of *toolkit* when it ends."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[Toolkit]) -> AsyncIterator[Toolkit]:
        try:
            yield toolkit
        finally:
            await toolkit.sandbox.close()

    return MCPServer(
        "qlara-sandbox",
        title="Qlara contact API sandbox",
        instructions=INSTRUCTIONS,
        version=__version__,
        tools=[each.build() for each in all_tools()],
        resources=all_resources(toolkit.sandbox),
        log_level="WARNING",
        lifespan=lifespan,
    )


def http_application(server: MCPServer[Toolkit], rules: AccessRules) -> ASGIApp:
    """Return *server* as an ASGI application at ``/mcp``, for those whom *rules* let pass."""
    # Its own checks let every port of this machine pass as an origin; the gate asks for more.
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(
        streamable_http_path=MCP_PATH,
        transport_security=unchecked,
        max_sessions=_MOST_SESSIONS,
        max_request_body_size=_LARGEST_REQUEST,
    )
    return AccessGate(app, rules)


class AccessGate:
    """Lets those pass who may use the control API, and refuses all others as that does."""

    def __init__(self, app: ASGIApp, rules: AccessRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                require_access(self._rules, headers_of(scope), scope["scheme"])
            except Refusal as error:
                await refused(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)
