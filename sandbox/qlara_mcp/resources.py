"""The resources: whole texts that agents may read, beside the tools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.server.mcpserver.resources import FunctionResource

from qlara_mcp.bounds import cut_all
from qlara_sandbox.web.pages.provenance import assumptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp.server.mcpserver.resources import Resource

    from qlara_mcp.sandbox_client import SandboxClient


def all_resources(sandbox: SandboxClient) -> list[Resource]:
    """Return every resource; each is read from *sandbox* when it is asked for."""

    async def contract() -> str:
        return await sandbox.page("/openapi.yaml")

    async def llms_txt() -> str:
        return await sandbox.page("/llms.txt")

    async def assumption_table() -> str:
        found = assumptions(await sandbox.contract())
        rows = [f"- {' '.join(each.where)}: {each.reason}" for each in found]
        return "\n".join(["# Assumptions of the contract", "", *rows, ""])

    async def scenario_list() -> str:
        return json.dumps(cut_all(await sandbox.control("GET", "scenarios")), ensure_ascii=False)

    return [
        _resource("openapi.yaml", "The contract of the API", "application/yaml", contract),
        _resource("llms.txt", "What the sandbox is, and how to call it", "text/markdown", llms_txt),
        _resource(
            "assumptions",
            "What the contract assumes where the documentation is silent",
            "text/markdown",
            assumption_table,
        ),
        _resource("scenarios", "Every scenario with its story", "application/json", scenario_list),
    ]


def _resource(
    name: str, title: str, media_type: str, read: Callable[[], Awaitable[str]]
) -> Resource:
    async def told() -> str:
        try:
            return await read()
        except ToolError as error:
            raise ResourceError(str(error)) from error

    return FunctionResource(
        uri=f"qlara://{name}",
        name=name,
        title=title,
        description=title,
        mime_type=media_type,
        fn=told,
    )
