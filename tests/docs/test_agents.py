"""The page on tools for agents: every configuration starts the tools, and every example returns what it shows."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, StdioServerParameters

from qlara_mcp.tools import all_tools
from tests.qlara_mcp.asking import agent

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")
TOOLS = {
    name: [json.loads(block) for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL)]
    for name, section in re.findall(r"^### (\w+)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
}
CONFIGURATIONS = re.findall(r"<!-- configuration: (\w+) -->\n```json\n(.*?)```", PAGE, re.DOTALL)


def test_every_tool_has_an_example() -> None:
    assert sorted(TOOLS) == sorted(each.function.__name__ for each in all_tools())
    assert {name for name, blocks in TOOLS.items() if len(blocks) != 2} == set()


def test_every_example_returns_what_it_shows() -> None:
    with agent(is_own=True, commands=dict(os.environ)) as one:
        for name, (arguments, documented) in TOOLS.items():
            found = one.call(name, **arguments)
            assert _as_far_as(documented, found) == documented, name


def test_every_resource_is_listed() -> None:
    with agent() as one:
        listed = one.run(lambda client: client.list_resources()).resources

    assert set(re.findall(r"^\| `(qlara://\S+)` \|", PAGE, re.MULTILINE)) == {
        str(each.uri) for each in listed
    }


def test_every_configuration_starts_the_tools() -> None:
    async def count(command: dict[str, Any]) -> int:
        program = str(Path(sys.executable).parent / command["command"])
        async with Client(StdioServerParameters(command=program, args=command["args"])) as client:
            return len((await client.list_tools()).tools)

    servers = list(_servers())

    assert len(servers) == 4
    assert {anyio.run(count, one) for one in _different(servers)} == {len(TOOLS)}


def _as_far_as(documented: Any, found: Any) -> Any:
    """Return *found* without the keys of objects that the page leaves out."""
    if isinstance(documented, dict) and isinstance(found, dict):
        return {key: _as_far_as(each, found.get(key)) for key, each in documented.items()}
    return found


def _servers() -> Iterator[dict[str, Any]]:
    for key, text in CONFIGURATIONS:
        yield json.loads(text)[key]["qlara-sandbox"]


def _different(servers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({str(one["args"]): one for one in servers}.values())
