from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.scenario.load import load
from qlara_sandbox.state.faults import Dribble, Fixed, LogNormal, Network, Respond, Uniform
from qlara_sandbox.state.worlds import WorldKey

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.scenario.model import Scenario

OPERATIONS = ("uploadVCard", "listContacts")


def written(folder: Path, text: str) -> Scenario:
    path = folder / "s.yaml"
    path.write_text(f"title: T\nstory: S\n{text}", encoding="utf-8")
    return load(path, OPERATIONS)


def mistakes(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidScenario) as refused:
        written(folder, text)
    return [(mistake.field, mistake.message) for mistake in refused.value.mistakes]


def test_every_part_of_a_fault_is_read(tmp_path: Path) -> None:
    scenario = written(
        tmp_path,
        """
faults:
  - {on: uploadVCard, skip: 1, count: 2, every: 3, ttl: 2m, delay: {fixed: 250ms}}
  - {on: "*", delay: {uniform: {lower: 1s, upper: 2s}}, dribble: {chunks: 5, over: 2s}}
  - {on: "*", delay: {lognormal: {median: 90ms, sigma: 0.4}}, network: CONNECTION_RESET, when: after}
  - {on: listContacts, respond: {status: 503, body: {no: 1.0}, headers: {Retry-After: "7"}}}
""",
    )
    first, second, third, fourth = scenario.faults

    assert (first.on, first.skip, first.count, first.every) == ("uploadVCard", 1, 2, 3)
    assert (first.ttl, first.delay) == (timedelta(minutes=2), Fixed(0.25))
    assert (second.delay, second.dribble) == (Uniform(1.0, 2.0), Dribble(5, 2.0))
    assert third.delay == LogNormal(0.09, 0.4)
    assert (third.network, third.after) == (Network.CONNECTION_RESET, True)
    assert fourth.respond == Respond(503, {"no": 1.0}, {"Retry-After": "7"})


def test_a_rate_limit_is_read(tmp_path: Path) -> None:
    scenario = written(tmp_path, "rate_limit: {requests: 10.0, per: 60s}\n")

    assert scenario.rate_limit == (10, timedelta(seconds=60))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "faults: [{on: uploadVcard, network: EMPTY_RESPONSE}]",
            (
                "faults[0].on",
                "unknown operation 'uploadVcard'; expected one of uploadVCard, listContacts, '*'",
            ),
        ),
        (
            "faults: [{on: uploadVCard}]",
            (
                "faults[0]",
                "expected what happens: one or more of delay, dribble, respond, network",
            ),
        ),
        (
            "faults: [{on: uploadVCard, network: EMPTY_RESPONSE, respond: {status: 503}}]",
            (
                "faults[0]",
                "expected respond alone or with delay, network with delay or when, "
                "dribble with delay",
            ),
        ),
        (
            "faults: [{on: uploadVCard, network: EMPTY_RESPONSE, cuont: 1}]",
            ("faults[0].cuont", "unknown field; did you mean 'count'?"),
        ),
        (
            "faults: [{on: uploadVCard, respond: {status: 503, body: !!binary aGk=}}]",
            ("faults[0].respond.body", "tag:yaml.org,2002:binary is not used here"),
        ),
        (
            "rate_limit: {requests: 10}",
            ("rate_limit.per", "missing. How long a window lasts from its first request."),
        ),
        (
            "faults: [{on: uploadVCard, true: 1}]",
            ("faults[0].true", "expected a name; put it in quotes"),
        ),
    ],
)
def test_a_mistake_is_named_with_its_field_and_what_was_expected(
    tmp_path: Path, text: str, found: tuple[str, str]
) -> None:
    (field, message), *more = mistakes(tmp_path, text)

    assert more == []
    assert field == found[0]
    assert message.startswith(found[1])


@pytest.mark.parametrize(
    "header", ["Content-Length", "transfer-encoding", "Connection", "a b", "x:y"]
)
def test_a_header_that_would_break_the_answer_cannot_be_ordered(
    tmp_path: Path, header: str
) -> None:
    text = f'faults: [{{on: "*", respond: {{status: 200, headers: {{"{header}": "1"}}}}}}]'

    assert [field for field, _ in mistakes(tmp_path, text)] == ["faults[0].respond.headers"]


def test_on_and_no_are_words_and_true_is_not(tmp_path: Path) -> None:
    scenario = written(
        tmp_path,
        "account: {region: NO, active: false}\nlists: [{id: off, name: no}]\n",
    )

    assert scenario.account.region == "NO"
    assert scenario.account.active is False
    assert (scenario.lists[0].list_id, scenario.lists[0].name) == ("off", "no")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("slow", {"delay", "dribble"}),
        ("flaky", {"respond"}),
        ("connection-reset", {"CONNECTION_RESET"}),
        ("truncated-response", {"TRUNCATED_BODY", "MALFORMED_CHUNK", "EMPTY_RESPONSE"}),
    ],
)
def test_a_shipped_scenario_grows_with_its_faults(name: str, kinds: set[str]) -> None:
    world = Library(resources.SCENARIOS).build(WorldKey("key", "s", name))

    assert {kind for active in world.faults.active for kind in active.rule.kinds} == kinds
