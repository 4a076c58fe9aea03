"""The tools, one module per subject. A tool is one function with ``agent_tool``; this finds them all."""

from __future__ import annotations

from qlara_mcp.agent_tool import AgentTool
from qlara_mcp.tools import (
    about,
    checking,
    contacts,
    contract,
    journal,
    rehearsing,
    scenarios,
    worlds,
)

MODULES = (about, scenarios, contacts, journal, worlds, contract, checking, rehearsing)


def all_tools() -> list[AgentTool]:
    """Return every tool, in the order of the modules."""
    return [
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, AgentTool)
    ]
