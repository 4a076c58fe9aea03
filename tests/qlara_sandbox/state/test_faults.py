from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qlara_sandbox.state.faults import Dribble, Faults, MatchedFaults, Network, Respond, fault_rule

NOW = datetime(2026, 4, 9, 11, 0, 10, tzinfo=UTC)


def active(*sources: dict[str, Any], seed: str = "seed") -> Faults:
    faults = Faults(seed)
    for source in sources:
        faults.arm(fault_rule(source), NOW)
    return faults


def failures(faults: Faults, requests: int, operation: str = "uploadVCard") -> list[bool]:
    return [faults.match(operation, NOW) is not None for _ in range(requests)]


def delays(faults: Faults, requests: int) -> list[float]:
    met = [faults.match("uploadVCard", NOW) for _ in range(requests)]
    return [match.delay for match in met if match is not None]


UNAVAILABLE = {"respond": {"status": 503}}


def test_a_rule_skips_then_fails_as_often_as_it_says() -> None:
    faults = active({"on": "uploadVCard", "skip": 1, "count": 2, **UNAVAILABLE})

    assert failures(faults, 5) == [False, True, True, False, False]


def test_a_rule_without_a_count_fails_for_ever() -> None:
    assert failures(active({"on": "*", **UNAVAILABLE}), 4) == [True] * 4


def test_a_rule_can_fail_every_third_request() -> None:
    faults = active({"on": "uploadVCard", "skip": 1, "every": 3, "count": 2, **UNAVAILABLE})

    assert failures(faults, 9) == [False, True, False, False, True, False, False, False, False]


def test_requests_to_other_operations_are_not_counted() -> None:
    faults = active({"on": "uploadVCard", "skip": 1, "count": 1, **UNAVAILABLE})

    assert failures(faults, 3, "listContacts") == [False] * 3
    assert failures(faults, 2) == [False, True]


def test_a_rule_is_out_of_force_when_its_time_has_passed() -> None:
    faults = active({"on": "*", "ttl": "30s", **UNAVAILABLE})

    assert faults.match("listContacts", NOW + timedelta(seconds=29)) is not None
    assert faults.match("listContacts", NOW + timedelta(seconds=30)) is None


def test_rules_work_together_delays_add_up_and_the_first_end_wins() -> None:
    faults = active(
        {"on": "*", "delay": {"fixed": "250ms"}},
        {"on": "uploadVCard", "delay": {"fixed": "1s"}, **UNAVAILABLE},
        {"on": "uploadVCard", "network": "CONNECTION_RESET"},
    )

    assert faults.match("uploadVCard", NOW) == MatchedFaults(
        delay=1.25,
        dribble=None,
        respond=Respond(503, None, {}),
        network=None,
        after=False,
        kinds=("delay", "delay", "respond", "CONNECTION_RESET"),
    )


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ({"network": "EMPTY_RESPONSE"}, False),
        ({"network": "CONNECTION_RESET"}, False),
        ({"network": "CONNECTION_RESET", "when": "after"}, True),
        ({"network": "TRUNCATED_BODY"}, True),
        ({"network": "MALFORMED_CHUNK", "when": "before"}, True),
    ],
)
def test_only_a_real_answer_can_be_damaged(source: dict[str, str], *, after: bool) -> None:
    match = active({"on": "*", **source}).match("listContacts", NOW)

    assert match is not None
    assert (match.network, match.after) == (Network(source["network"]), after)
    assert match.replaces is not after


def test_a_dribble_is_read_with_its_pieces_and_seconds() -> None:
    match = active({"on": "*", "dribble": {"chunks": 5, "over": "2s"}}).match("listContacts", NOW)

    assert match is not None
    assert match.dribble == Dribble(5, 2.0)


UNIFORM = {"on": "*", "delay": {"uniform": {"lower": "100ms", "upper": "2s"}}}
LOGNORMAL = {"on": "*", "delay": {"lognormal": {"median": "200ms", "sigma": 0.4}}}


@pytest.mark.parametrize("source", [UNIFORM, LOGNORMAL])
def test_drawn_delays_differ_and_are_the_same_in_every_run(source: dict[str, Any]) -> None:
    first, second = delays(active(source), 50), delays(active(source), 50)

    assert first == second
    assert len(set(first)) == 50
    assert delays(active(source, seed="another"), 50) != first


def test_uniform_delays_keep_to_their_bounds() -> None:
    drawn = delays(active(UNIFORM), 500)

    assert 0.1 <= min(drawn) < 0.2
    assert 1.9 < max(drawn) <= 2.0


def test_log_normal_delays_have_their_median_and_a_long_tail() -> None:
    drawn = sorted(delays(active(LOGNORMAL), 501))

    assert 0.18 < drawn[250] < 0.22
    assert drawn[-1] > 0.5


def test_disarming_one_rule_leaves_the_others() -> None:
    faults = active({"on": "*", **UNAVAILABLE}, {"on": "*", "delay": {"fixed": "1s"}})

    assert faults.disarm("fault_1") == 1
    assert [one.fault_id for one in faults.active] == ["fault_2"]
    assert faults.disarm("fault_1") == 0
    assert faults.disarm() == 1
