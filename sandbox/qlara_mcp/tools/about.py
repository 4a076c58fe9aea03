"""The sandbox itself: where it is, and how code reaches it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from qlara_mcp.agent_tool import agent_tool
from qlara_mcp.toolkit import ToolContext, toolkit_of


class SandboxDescription(BaseModel):
    baseUrl: str = Field(description="What code under test calls: the part of URLs before /api.")
    apiKey: str = Field(description="A key that works; any sandbox_… has an account of its own.")
    version: str
    contract: str = Field(description="The version of the contract.")
    overlay: str | None = Field(description="The overlay over the contract, if there is one.")
    scenario: str = Field(description="For requests that choose none.")
    startedForYou: bool = Field(description="It was started with these tools, and ends with them.")
    operations: dict[str, str] = Field(description="Method and path of each operation.")
    links: dict[str, str]


@agent_tool("Describe the sandbox", reads_only=True)
async def get_sandbox(context: ToolContext) -> SandboxDescription:
    """Say where the sandbox of the Qlara contact API is: the base URL and a key for the code under
    test, its operations, and the scenario that requests are in. Begin with this.
    """
    toolkit = toolkit_of(context)
    sandbox = toolkit.sandbox
    version = await sandbox.control("GET", "version")
    chosen = await sandbox.control("GET", "scenario")
    operations = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, item in (await sandbox.contract()).get("paths", {}).items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "operationId" in operation
    }
    pages = {"contract": "/openapi.yaml", "console": "/__console", "docs": "/__docs"}
    return SandboxDescription(
        baseUrl=sandbox.base_url,
        apiKey="YOUR_API_KEY",
        version=version["version"],
        contract=version["contract"],
        overlay=version.get("overlay"),
        scenario=chosen["scenario"],
        startedForYou=toolkit.is_own,
        operations=operations,
        links={name: f"{sandbox.base_url}{path}" for name, path in pages.items()},
    )
