"""Scenarios: which there are, and which one an account is in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from qlara_mcp.agent_tool import agent_tool
from qlara_mcp.arguments import ApiKey, ControlSchema, Limit, Page, Session
from qlara_mcp.bounds import cut_all, page_of
from qlara_mcp.toolkit import ToolContext, toolkit_of

ScenarioName = Annotated[
    str,
    ControlSchema("Name"),
    Field(description="The name of a scenario, such as quota-exhausted."),
]


class ListedScenario(BaseModel):
    name: str
    valid: bool = Field(description="False: its file has mistakes, and it cannot be chosen.")
    title: str | None = None
    story: str | None = Field(None, description="What the account is like, and what goes wrong.")
    mistakes: list[str] = []


class ScenarioList(BaseModel):
    default: str = Field(description="For requests that choose none.")
    total: int
    page: int
    scenarios: list[ListedScenario]


class ChosenScenario(BaseModel):
    scenario: str
    chosenBy: str = Field(description="default, binding (this tool) or key (sandbox_X__SCENARIO).")
    forEveryKey: bool


@agent_tool("List scenarios", reads_only=True)
async def list_scenarios(context: ToolContext, page: Page = 1, limit: Limit = 20) -> ScenarioList:
    """List the scenarios: named states of an account in which the API succeeds or refuses, such as
    quota-exhausted (409), revoked-key (401) or rate-limited (429).
    """
    listed = await toolkit_of(context).sandbox.control("GET", "scenarios")
    shown = page_of(listed["scenarios"], page, limit)
    return ScenarioList(
        default=listed["default"],
        total=len(listed["scenarios"]),
        page=page,
        scenarios=[ListedScenario.model_validate(_bounded(each)) for each in shown],
    )


@agent_tool("Choose a scenario", repeatable=True)
async def choose_scenario(
    context: ToolContext,
    scenario: ScenarioName,
    apiKey: ApiKey = "YOUR_API_KEY",
    session: Session = "default",
    everyKey: Annotated[
        bool, Field(description="For every key and session that has none of its own.")
    ] = False,
) -> ChosenScenario:
    """Choose the scenario that later requests of a key and session are in. The world of each scenario
    is kept: choosing does not reset it.
    """
    whom = {} if everyKey else {"apiKey": apiKey, "session": session}
    sandbox = toolkit_of(context).sandbox
    chosen = await sandbox.control("PUT", "scenario", scenario=scenario, **whom)
    return ChosenScenario(**chosen, forEveryKey=everyKey)


def _bounded(scenario: dict[str, Any]) -> Any:
    bounded = {**scenario, "mistakes": scenario.get("mistakes", [])[:10]}
    return cut_all({name: each for name, each in bounded.items() if name != "try"})
