"""The world of an account: its clock, its faults, and starting over."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from qlara_mcp.agent_tool import agent_tool
from qlara_mcp.arguments import ApiKey, ControlSchema, Like, Session
from qlara_mcp.bounds import cut_all
from qlara_mcp.toolkit import ToolContext, toolkit_of

_MOST_FAULTS = 50


class ClockReading(BaseModel):
    now: str
    frozen: bool
    timezone: str


class OrderedFault(BaseModel):
    id: str = Field(description="For remove_faults.")
    seen: int = Field(description="Requests that the rule was held against.")
    fired: int = Field(description="Requests that failed by it.")
    expires: str | None
    fault: dict[str, Any]


class OrderedFaults(BaseModel):
    total: int
    faults: list[OrderedFault]


class RemovedFaults(BaseModel):
    removed: int


class ResetWorlds(BaseModel):
    worlds: int = Field(description="How many worlds there were; the next request begins afresh.")


@agent_tool("Read the clock", reads_only=True)
async def get_clock(
    context: ToolContext, apiKey: ApiKey = "YOUR_API_KEY", session: Session = "default"
) -> ClockReading:
    """Read the time in the world of an account."""
    sandbox = toolkit_of(context).sandbox
    return ClockReading(**await sandbox.control("GET", "clock", apiKey=apiKey, session=session))


@agent_tool("Set the clock")
async def set_clock(
    context: ToolContext,
    freeze: Annotated[
        bool | str | None,
        Field(description="true: stop it now; or a moment like 2026-04-09T11:00:10+02:00."),
    ] = None,
    advance: Annotated[
        str | None, Field(description="Move it forward: 250ms, 5s, 2m or 1h.")
    ] = None,
    reset: Annotated[bool, Field(description="Let it run as the scenario says.")] = False,
    apiKey: ApiKey = "YOUR_API_KEY",
    session: Session = "default",
) -> ClockReading:
    """Stop, move or reset the clock of an account's world: first reset, then freeze, then advance, as
    far as given. Rate limits, times of contacts and faults with a ttl go by it.
    """
    if freeze is False:
        raise ToolError("freeze: expected true or a moment; reset lets the clock run.")
    changed = await toolkit_of(context).sandbox.control(
        "PUT",
        "clock",
        freeze=freeze,
        advance=advance,
        reset=reset or None,
        apiKey=apiKey,
        session=session,
    )
    return ClockReading(**changed)


@agent_tool("Order a fault")
async def order_fault(
    context: ToolContext,
    fault: Annotated[
        dict[str, Any],
        ControlSchema("Fault"),
        Field(
            description="What fails, and how: an operationId or * as `on`, and one of respond, network, "
            'delay, dribble. {"on": "uploadVCard", "count": 2, "respond": {"status": 503}}'
        ),
    ],
    apiKey: ApiKey = "YOUR_API_KEY",
    session: Session = "default",
) -> OrderedFault:
    """Order a response, a delay or a network failure for later requests of an account. Faults are
    counted, never random: with count 2, the next two requests fail and the third works.
    """
    ordered = await toolkit_of(context).sandbox.control(
        "POST", "faults", fault=fault, apiKey=apiKey, session=session
    )
    return OrderedFault.model_validate(cut_all(ordered))


@agent_tool("List faults", reads_only=True)
async def list_faults(
    context: ToolContext, apiKey: ApiKey = "YOUR_API_KEY", session: Session = "default"
) -> OrderedFaults:
    """List the faults that are in force for an account, and how often each has fired."""
    sandbox = toolkit_of(context).sandbox
    listed = await sandbox.control("GET", "faults", apiKey=apiKey, session=session)
    faults = cut_all(listed["faults"][:_MOST_FAULTS])
    return OrderedFaults(
        total=len(listed["faults"]), faults=[OrderedFault.model_validate(each) for each in faults]
    )


@agent_tool("Remove faults", destroys=True, repeatable=True)
async def remove_faults(
    context: ToolContext,
    faultId: Annotated[
        Annotated[str, Like("fault_[0-9]{1,18}", "an id like fault_1")] | None,
        Field(description="Only this one; all of the account without it."),
    ] = None,
    apiKey: ApiKey = "YOUR_API_KEY",
    session: Session = "default",
) -> RemovedFaults:
    """Remove one fault of an account, or all of them."""
    sandbox = toolkit_of(context).sandbox
    return RemovedFaults(
        **await sandbox.control("DELETE", "faults", id=faultId, apiKey=apiKey, session=session)
    )


@agent_tool("Reset a world", destroys=True, repeatable=True)
async def reset_world(
    context: ToolContext,
    apiKey: ApiKey = "YOUR_API_KEY",
    session: Annotated[
        Session | None,
        Field(description="Only the worlds of this session; all of the key without it."),
    ] = None,
    everything: Annotated[
        bool, Field(description="Every world of every key, and every chosen scenario.")
    ] = False,
) -> ResetWorlds:
    """Start over: the next request of the account begins with a fresh world of its scenario. Contacts,
    faults and the clock are as the scenario says; the journal stays.
    """
    whose = {} if everything else {"apiKey": apiKey, "session": session}
    return ResetWorlds(**await toolkit_of(context).sandbox.control("POST", "reset", **whose))
