"""Scenarios are listed and chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox import resources
from tests.qlara_mcp.asking import agent

if TYPE_CHECKING:
    from tests.qlara_mcp.asking import Agent


def test_scenarios_are_listed_in_pages(asking: Agent) -> None:
    everything = asking.call("list_scenarios", limit=50)
    names = [each["name"] for each in everything["scenarios"]]

    assert names == sorted(path.stem for path in resources.SCENARIOS.glob("*.yaml"))
    assert everything["total"] == len(names)
    second = asking.call("list_scenarios", limit=3, page=2)["scenarios"]
    assert [each["name"] for each in second] == names[3:6]
    assert asking.call("list_scenarios", page=99)["scenarios"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"limit": 0}, "limit: expected greater than or equal to 1."),
        ({"limit": 51}, "limit: expected less than or equal to 50."),
        (
            {"page": "x"},
            "page: expected a valid integer, unable to parse string as an integer.",
        ),
        ({"page": None}, "page: expected a valid integer."),
    ],
)
def test_pages_have_bounds(asking: Agent, arguments: dict[str, Any], message: str) -> None:
    assert asking.refused("list_scenarios", **arguments).startswith(message)


def test_a_scenario_is_chosen_for_a_key_and_session(asking: Agent) -> None:
    chosen = asking.call("choose_scenario", scenario="quota-exhausted", apiKey="sandbox_s1")

    assert chosen == {
        "scenario": "quota-exhausted",
        "chosenBy": "binding",
        "forEveryKey": False,
    }
    full = {"used": 50000, "total": 50000}
    assert asking.call("get_quota", apiKey="sandbox_s1")["quota"] == full
    others = asking.call("get_quota", apiKey="sandbox_s1", session="other")
    assert others["quota"] == {"used": 0, "total": 50000}


def test_a_scenario_is_chosen_for_every_key() -> None:
    with agent() as one:
        chosen = one.call("choose_scenario", scenario="revoked-key", everyKey=True)
        assert chosen["forEveryKey"] is True
        assert one.call("get_quota", apiKey="sandbox_any")["status"] == 401


def test_an_unknown_scenario_is_refused_with_the_known_ones(asking: Agent) -> None:
    message = asking.refused("choose_scenario", scenario="nonsense")

    assert message.startswith("scenario: Unknown scenario 'nonsense'. Expected one of bad-header,")
    assert asking.refused("choose_scenario").startswith("scenario: missing.")
    assert asking.refused("choose_scenario", scenario="").startswith("scenario: expected the name")


def test_a_key_that_names_its_own_scenario_keeps_it(asking: Agent) -> None:
    message = asking.refused("choose_scenario", scenario="slow", apiKey="sandbox_a__default")

    assert message == "apiKey: Expected a key that does not name a scenario itself (…__SCENARIO)."
