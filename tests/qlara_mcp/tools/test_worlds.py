"""Clocks, faults and worlds are set as the control API sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.qlara_mcp.asking import agent

if TYPE_CHECKING:
    from tests.qlara_mcp.asking import Agent

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco Rossi\r\nTEL:+393471234567\r\nEND:VCARD\r\n"
LIST = "list_crm_migration"
A_KEY = "expected YOUR_API_KEY or a key that begins with sandbox_"
OF_AN_ACCOUNT = [
    ("get_quota", {}),
    ("get_clock", {}),
    ("list_faults", {}),
    ("remove_faults", {}),
    ("reset_world", {}),
    ("set_clock", {"freeze": True}),
    ("list_contacts", {"listId": LIST}),
    ("upload_vcard", {"vcard": CARD, "listId": LIST}),
    ("choose_scenario", {"scenario": "default"}),
    ("order_fault", {"fault": {"on": "*", "network": "EMPTY_RESPONSE"}}),
]


@pytest.mark.parametrize(("tool", "arguments"), OF_AN_ACCOUNT)
def test_a_key_or_session_that_is_none_is_refused_and_not_repeated(
    asking: Agent, tool: str, arguments: dict[str, Any]
) -> None:
    message = asking.refused(tool, **arguments, apiKey="real-secret\r\nX: y")
    assert message.startswith(f"apiKey: {A_KEY}.")
    assert "real-secret" not in message

    message = asking.refused(tool, **arguments, session="a b")
    assert message.startswith(
        "session: expected 1 to 64 letters, digits, dots, hyphens or underscores."
    )


def test_a_clock_is_stopped_moved_and_reset(asking: Agent) -> None:
    moment = "2026-04-09T11:00:10+02:00"
    moved = asking.call("set_clock", freeze=moment, advance="2h", apiKey="sandbox_c1")

    assert moved == {
        "now": "2026-04-09T13:00:10+02:00",
        "frozen": True,
        "timezone": "Europe/Rome",
    }
    assert asking.call("get_clock", apiKey="sandbox_c1") == moved
    assert asking.call("set_clock", freeze=True, apiKey="sandbox_c1")["frozen"] is True
    assert asking.call("set_clock", reset=True, apiKey="sandbox_c1")["frozen"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Expected one or more of freeze, advance, reset."),
        ({"freeze": "noon"}, "freeze: Expected true, or a moment like"),
        ({"freeze": False}, "freeze: expected true or a moment; reset lets the clock run."),
        ({"advance": "soon"}, "advance: Expected a time like 250ms, 5s, 2m or 1h."),
        ({"reset": "perhaps"}, "reset: expected a valid boolean"),
    ],
)
def test_a_clock_cannot_be_set_to_what_is_no_time(
    asking: Agent, arguments: dict[str, Any], message: str
) -> None:
    assert message in asking.refused("set_clock", **arguments)


def test_faults_are_ordered_listed_and_removed(asking: Agent) -> None:
    key = "sandbox_f1"
    fault = {"on": "getContactQuota", "count": 1, "respond": {"status": 503}}
    first = asking.call("order_fault", fault=fault, apiKey=key)
    asking.call("order_fault", fault={"on": "*", "delay": {"fixed": "1ms"}}, apiKey=key)

    assert first["fault"] == fault
    assert asking.call("get_quota", apiKey=key)["status"] == 503
    assert asking.call("get_quota", apiKey=key)["status"] == 200
    assert asking.call("list_faults", apiKey=key)["total"] >= 1
    asking.call("remove_faults", faultId=first["id"], apiKey=key)
    assert asking.call("remove_faults", apiKey=key) == {"removed": 1}
    assert asking.call("list_faults", apiKey=key) == {"total": 0, "faults": []}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({}, "fault.on: "),
        ({"on": "nowhere", "network": "EMPTY_RESPONSE"}, "Unknown operation 'nowhere'."),
        (
            {"on": "*"},
            "Expected what happens: one or more of delay, dribble, respond, network.",
        ),
        ({"on": "*", "respond": {"status": 99}}, "fault.respond.status: "),
        ("text", "fault: expected a valid dictionary."),
        (None, "fault: expected a valid dictionary."),
    ],
)
def test_what_is_no_fault_is_refused(asking: Agent, fault: Any, message: str) -> None:
    assert message in asking.refused("order_fault", fault=fault)


def test_what_is_no_id_of_a_fault_is_refused(asking: Agent) -> None:
    message = asking.refused("remove_faults", faultId="1")

    assert message.startswith("faultId: expected an id like fault_1.")


def test_one_account_is_reset_or_all() -> None:
    with agent() as one:
        for key in ("sandbox_w1", "sandbox_w2"):
            one.call("upload_vcard", vcard=CARD, listId=LIST, apiKey=key)
        assert one.call("reset_world", apiKey="sandbox_w1") == {"worlds": 1}
        assert one.call("get_quota", apiKey="sandbox_w1")["quota"]["used"] == 0
        assert one.call("get_quota", apiKey="sandbox_w2")["quota"]["used"] == 1
        assert one.call("reset_world", everything=True)["worlds"] >= 2
        assert one.call("get_quota", apiKey="sandbox_w2")["quota"]["used"] == 0


def test_whether_everything_is_reset_is_yes_or_no(asking: Agent) -> None:
    message = asking.refused("reset_world", everything="all of it")
    assert message.startswith("everything: expected a valid boolean")
