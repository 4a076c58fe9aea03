"""An agent for tests: it calls the tools with the client of the ``mcp`` package, in this process."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from anyio.from_thread import start_blocking_portal
from mcp import Client
from mcp_types import TextContent

from qlara_mcp.sandbox_client import SandboxClient
from qlara_mcp.server import build_server
from qlara_mcp.toolkit import Toolkit
from qlara_sandbox.testing import running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from anyio.from_thread import BlockingPortal
    from mcp_types import CallToolResult

    from qlara_sandbox.testing import Sandbox


class Agent:
    """Calls tools of *sandbox*, over one connection."""

    def __init__(self, sandbox: Sandbox, client: Client, portal: BlockingPortal) -> None:
        self.sandbox = sandbox
        self._client = client
        self._portal = portal

    def run(self, work: Callable[[Client], Awaitable[Any]]) -> Any:
        """Do *work* with the connected client, and return what it returns."""
        return self._portal.call(work, self._client)

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that works, and return its structured result."""
        result = self._call(tool, arguments)
        assert not result.is_error, said(result)
        assert json.loads(said(result)) == result.structured_content, "both forms say the same"
        return result.structured_content or {}

    def refused(self, tool: str, **arguments: Any) -> str:
        """Call a tool that refuses, and return what it says."""
        result = self._call(tool, arguments)
        assert result.is_error, result.structured_content
        return said(result)

    def _call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        result: CallToolResult = self.run(lambda client: client.call_tool(tool, arguments))
        return result


def said(result: CallToolResult) -> str:
    """Return the text of a result."""
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


@contextmanager
def agent(*, overlay: Path | None = None, **toolkit: Any) -> Iterator[Agent]:
    """Start a sandbox for an agent."""
    with running(overlay=overlay) as sandbox, start_blocking_portal() as portal:
        tools = build_server(Toolkit(SandboxClient(sandbox.base_url), **toolkit))
        with portal.wrap_async_context_manager(Client(tools)) as client:
            yield Agent(sandbox, client, portal)
