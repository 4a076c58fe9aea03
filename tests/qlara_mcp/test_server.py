"""What an agent finds: tools that describe themselves, and resources."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextResourceContents, Tool

from qlara_mcp.sandbox_client import SandboxClient
from qlara_mcp.server import build_server
from qlara_mcp.toolkit import Toolkit
from qlara_mcp.tools import all_tools
from qlara_sandbox import resources

if TYPE_CHECKING:
    from tests.qlara_mcp.asking import Agent

CHANGING = {"choose_scenario", "upload_vcard", "set_clock", "order_fault", "rehearse", "verify"}
REMOVING = {"remove_faults", "reset_world"}
UNREACHABLE = "http://127.0.0.1:9"


def listed(asking: Agent) -> list[Tool]:
    tools: list[Tool] = asking.run(lambda client: client.list_tools()).tools
    return tools


def test_every_tool_has_a_description_typed_arguments_and_a_typed_result(asking: Agent) -> None:
    for tool in listed(asking):
        assert tool.description, tool.name
        assert "\n" not in tool.description, tool.name
        Draft202012Validator.check_schema(tool.input_schema)
        Draft202012Validator.check_schema(tool.output_schema or {})
        assert tool.input_schema["additionalProperties"] is False, tool.name
        assert tool.output_schema is not None, tool.name
        for name, schema in tool.input_schema["properties"].items():
            assert schema["description"], f"{tool.name}.{name}"


def test_every_tool_says_whether_it_reads_changes_or_removes(asking: Agent) -> None:
    hints = {tool.name: tool.annotations for tool in listed(asking)}

    assert {name for name, each in hints.items() if each and not each.read_only_hint} == (
        CHANGING | REMOVING
    )
    assert {name for name, each in hints.items() if each and each.destructive_hint} == REMOVING
    assert {name for name, each in hints.items() if each and each.open_world_hint} == {
        "rehearse",
        "verify",
    }
    assert all(each is not None and each.title for each in hints.values())


def test_schemas_of_arguments_name_nothing_outside_of_themselves(asking: Agent) -> None:
    text = json.dumps([tool.input_schema for tool in listed(asking)])

    assert "x-qlara" not in text
    assert "#/components" not in text


def test_the_server_says_what_to_begin_with(asking: Agent) -> None:
    async def instructions(client: Client) -> str | None:
        return client.instructions

    assert "get_sandbox" in asking.run(instructions)


@pytest.mark.parametrize("tool", [each.function.__name__ for each in all_tools()])
def test_an_unknown_argument_is_refused_with_the_known_ones(asking: Agent, tool: str) -> None:
    message = asking.refused(tool, nonsense=1)

    assert message.startswith("Unknown argument nonsense. Expected: ")


def test_an_unknown_tool_is_an_error_of_the_call(asking: Agent) -> None:
    assert asking.refused("nonsense") == "Unknown tool: nonsense"


@pytest.mark.parametrize(
    "tool",
    ["get_sandbox", "list_scenarios", "get_quota", "list_requests", "get_clock", "read_contract"],
)
def test_without_a_sandbox_a_tool_says_what_to_do(tool: str) -> None:
    async def ask() -> Any:
        async with Client(build_server(Toolkit(SandboxClient(UNREACHABLE)))) as client:
            return await client.call_tool(tool, {})

    result = anyio.run(ask)

    assert result.is_error
    assert result.content[0].text.startswith(f"No sandbox at {UNREACHABLE}: ")
    assert "Start one (qlara-sandbox serve)" in result.content[0].text


def test_resources_are_the_contract_and_what_explains_it(asking: Agent) -> None:
    async def read(client: Client) -> dict[str, str]:
        texts = {}
        for each in (await client.list_resources()).resources:
            [content] = (await client.read_resource(each.uri)).contents
            assert isinstance(content, TextResourceContents)
            texts[str(each.uri)] = content.text
        return texts

    texts: dict[str, str] = asking.run(read)

    shipped = resources.SPEC.read_text(encoding="utf-8")
    here = asking.sandbox.base_url
    assert texts["qlara://openapi.yaml"] == shipped.replace("http://127.0.0.1:8080", here, 1)
    assert texts["qlara://llms.txt"].startswith("# Sandbox of the Qlara contact API\n")
    assert "- listContacts limit default: " in texts["qlara://assumptions"]
    assert json.loads(texts["qlara://scenarios"])["default"] == "default"
    assert len(texts) == 4


def test_a_resource_without_a_sandbox_says_what_to_do() -> None:
    async def read() -> str:
        async with Client(build_server(Toolkit(SandboxClient(UNREACHABLE)))) as client:
            with pytest.raises(MCPError) as refusal:
                await client.read_resource("qlara://llms.txt")
            return str(refusal.value)

    assert anyio.run(read).startswith(f"No sandbox at {UNREACHABLE}: ")


def test_the_contract_suite_is_loaded_with_the_first_run_alone() -> None:
    script = (
        "import sys, qlara_mcp.server; "
        "print([n for n in ('qlara_contract', 'schemathesis', 'hypothesis', 'pytest') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
