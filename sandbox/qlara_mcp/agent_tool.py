"""Makes a tool of one function: its name, its types and its docstring are what agents see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server.mcpserver import Context

# How pydantic begins its messages, and how ours begin.
_BEGINNINGS = {
    "Input should be ": "expected ",
    "Value error, ": "",
    "Field required": "missing",
}


@dataclass(frozen=True)
class AgentTool:
    """A function that agents may call, and what it does to the sandbox."""

    function: Callable[..., Any]
    annotations: ToolAnnotations

    def build(self) -> Tool:
        """Return it as the server takes it."""
        tool = PlainErrorTool.from_function(self.function, annotations=self.annotations)
        tool.description = " ".join(tool.description.split())
        tool.parameters["additionalProperties"] = False
        return tool


def agent_tool(
    title: str,
    *,
    reads_only: bool = False,
    destroys: bool = False,
    repeatable: bool = False,
    goes_outside: bool = False,
) -> Callable[[Callable[..., Any]], AgentTool]:
    """Return a decorator that makes a tool of a function.

    *reads_only*: it changes nothing. *destroys*: it removes something. *repeatable*: a second call with
    the same arguments changes nothing more. *goes_outside*: it calls other hosts than the sandbox.
    """
    annotations = ToolAnnotations(
        title=title,
        read_only_hint=reads_only,
        destructive_hint=destroys,
        idempotent_hint=reads_only or repeatable,
        open_world_hint=goes_outside,
    )
    return lambda function: AgentTool(function, annotations)


class PlainErrorTool(Tool):
    """A tool that refuses wrong arguments in plain sentences, without the values that were given."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        """Run the function.

        Raises:
            ToolError: arguments are wrong or unknown, or the function raised one.
            UnexpectedToolError: there is a bug.
        """
        known = self.parameters["properties"]
        unknown = sorted(set(arguments) - set(known))
        if unknown:
            names = ", ".join(known) or "no arguments"
            raise ToolError(f"Unknown argument {', '.join(unknown)[:200]}. Expected: {names}.")
        try:
            return await super().run(arguments, context, convert_result=convert_result)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(self._mistakes(error.__cause__)) from None
            raise ToolError(str(error.__cause__ or error)) from None

    def _mistakes(self, error: ValidationError) -> str:
        """Return a sentence for every wrong argument."""
        found: dict[str, str] = {}
        for each in error.errors(include_url=False, include_input=False, include_context=False):
            name = str(each["loc"][0]) if each["loc"] else "arguments"
            found.setdefault(name, _plain(each["msg"]))
        return " ".join(f"{name}: {text}.{self._described(name)}" for name, text in found.items())

    def _described(self, name: str) -> str:
        description = self.parameters["properties"].get(name, {}).get("description", "")
        return f" ({description})" if description else ""


def _plain(message: str) -> str:
    for before, after in _BEGINNINGS.items():
        if message.startswith(before):
            return (after + message.removeprefix(before)).rstrip(".")
    return message.rstrip(".")
