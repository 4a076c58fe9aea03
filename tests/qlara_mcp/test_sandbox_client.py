"""What the tools say of a server that is no sandbox, whatever it sends."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver.exceptions import ToolError

from qlara_mcp.sandbox_client import SandboxClient
from qlara_mcp.server import build_server
from qlara_mcp.toolkit import Toolkit
from qlara_mcp.tools import all_tools
from tests.qlara_mcp.asking import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp_types import CallToolResult

NEEDED: dict[str, dict[str, Any]] = {
    "choose_scenario": {"scenario": "default"},
    "upload_vcard": {"vcard": "BEGIN:VCARD", "listId": "l"},
    "list_contacts": {"listId": "l"},
    "get_request": {"requestId": "req_1"},
    "set_clock": {"freeze": True},
    "order_fault": {"fault": {}},
}
TOOLS = [name for each in all_tools() if (name := each.function.__name__) != "verify"]
RESPONSES = {
    "a page": (200, "text/html", b"<p>Hello</p>"),
    "other JSON": (200, "application/json", b'{"paths": {}, "default": 1}'),
    "a list": (200, "application/json", b"[1]"),
    "nothing": (204, "text/plain", b""),
    "not found": (404, "text/html", b"<p>None</p>"),
    "a redirect": (302, "text/html", b""),
    "a failure": (500, "application/json", b'{"data": 7}'),
}


@contextmanager
def responding(status: int, media_type: str, body: bytes) -> Iterator[str]:
    """Serve one response to every request; give the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", RESPONSES)
def test_a_server_that_is_no_sandbox_is_told_by_every_tool_in_a_sentence(kind: str) -> None:
    async def ask(url: str) -> dict[str, CallToolResult]:
        async with Client(build_server(Toolkit(SandboxClient(url)))) as client:
            return {name: await client.call_tool(name, NEEDED.get(name, {})) for name in TOOLS}

    with responding(*RESPONSES[kind]) as url:
        results = anyio.run(ask, url)

    assert [name for name, each in results.items() if not each.is_error] == []
    sentences = {name: said(each) for name, each in results.items()}
    assert {name: text for name, text in sentences.items() if "Error executing" in text} == {}


def test_what_no_url_can_hold_is_told_in_a_sentence() -> None:
    async def ask(url: str) -> object:
        return await SandboxClient(url).control("GET", "requests", since="a" * 100_000)

    with (
        responding(200, "application/json", b'{"version": "1", "contract": "1"}') as url,
        pytest.raises(ToolError, match="These arguments cannot be sent in a request: "),
    ):
        anyio.run(ask, url)
