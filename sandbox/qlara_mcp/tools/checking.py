"""The contract suite: whether a deployment keeps its promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from qlara_mcp.agent_tool import agent_tool
from qlara_mcp.toolkit import ToolContext, Toolkit, VerifiedDeployment, toolkit_of

if TYPE_CHECKING:
    from collections.abc import Callable


_LONGEST_RUN = 600


class UnkeptPromise(BaseModel):
    id: str
    operation: str
    severity: str
    sentence: str
    source: str = Field(description="The heading of UC-020, or an assumption.")
    what: str = Field(description="What was wrong, the first time.")
    expected: str
    got: str


class Verification(BaseModel):
    baseUrl: str
    verdict: str = Field(description="The run in one sentence.")
    conforms: bool = Field(
        description="No documented promise is broken, and the run came to its end."
    )
    stopped: str | None = Field(description="Why the run ended early, if it did.")
    mode: str = Field(description="full, or read-only: only GET requests.")
    requests: int
    seconds: float
    counts: dict[str, int] = Field(description="Promises by how they ended.")
    broken: list[UnkeptPromise] = Field(description="Documented promises, the worst first.")
    differing: list[UnkeptPromise] = Field(description="Assumed ones, decided otherwise: no fault.")
    leftOut: int = Field(description="Broken and differing promises that are not shown here.")
    leftBehind: str = Field(description="What the run may have left in the account.")
    notes: list[str]


@agent_tool("Verify a deployment", goes_outside=True)
async def verify(
    context: ToolContext,
    baseUrl: Annotated[
        str | None,
        Field(description="The part of URLs before /api; without it, the sandbox of these tools."),
    ] = None,
    apiKey: Annotated[
        str | None,
        Field(description="A key with contact permission; not needed where these tools have one."),
    ] = None,
    only: Annotated[
        list[str] | None, Field(max_length=200, description="Only these promises, by id.")
    ] = None,
    mode: Annotated[
        Literal["read-only", "full"] | None,
        Field(description="full imports contacts, and is for deployments on this machine alone."),
    ] = None,
    seed: Annotated[int, Field(ge=0, le=2**31, description="The same seed sends the same.")] = 0,
    deadlineSeconds: Annotated[
        int, Field(ge=5, le=_LONGEST_RUN, description="How long the run may take.")
    ] = 120,
) -> Verification:
    """Check a deployment against every promise of the contract (a quick run: some 400 requests,
    seconds on this machine): which are kept, which are broken, with the evidence. Deployments beyond this
    machine are only read. One run at a time.
    """
    toolkit = toolkit_of(context)
    target = _target(toolkit, baseUrl, apiKey)
    try:
        from qlara_mcp.verification import Checked, check
    except ModuleNotFoundError as error:
        message = (
            f"verify needs {error.name}, which is not installed. Run: pip install '.[contract]'"
        )
        raise ToolError(message) from error
    if toolkit.verifying.locked():
        raise ToolError("Another run is under way. Expected one at a time: wait for its end.")
    wanted = Checked(
        target.base_url, target.api_key, tuple(only or ()), mode, seed, deadlineSeconds
    )
    async with toolkit.verifying:
        found = await anyio.to_thread.run_sync(
            lambda: check(wanted, _progress(context)), abandon_on_cancel=True
        )
    return Verification.model_validate(found)


def _target(toolkit: Toolkit, base_url: str | None, api_key: str | None) -> VerifiedDeployment:
    own = toolkit.sandbox.base_url
    url = (base_url or own).rstrip("/")
    if not _is_url(url):
        raise ToolError("baseUrl: expected a URL such as https://api.example.com.")
    if api_key:
        if not api_key.isprintable() or api_key != api_key.strip():
            raise ToolError("apiKey: expected a key without line ends or blanks around it.")
        return VerifiedDeployment(url, api_key)
    if toolkit.deployment is not None and url == toolkit.deployment.base_url:
        return toolkit.deployment
    if url == own:
        return VerifiedDeployment(own, "YOUR_API_KEY")
    message = (
        "apiKey: missing. Expected a key of that deployment; or start these tools with --deployment URL "
        "and SANDBOX_API_KEY, and leave it out."
    )
    raise ToolError(message)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # asked for, as it may be none
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and text.isprintable()


def _progress(context: ToolContext) -> Callable[[int, int, str], None]:
    """Return what tells the agent, from the thread of the run, how far it is."""

    def tell(done: int, total: int, story: str) -> None:
        anyio.from_thread.run(context.report_progress, done, total, story)

    return tell
