"""The journal is read, and refusals are explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.qlara_mcp.asking import Agent

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco Rossi\r\nTEL:+393471234567\r\nEND:VCARD\r\n"
LIST = "list_crm_migration"


def test_what_was_sent_is_listed_newest_first_in_pages(asking: Agent) -> None:
    key = "sandbox_j1"
    for _ in range(3):
        asking.call("get_quota", apiKey=key)
    asking.call("list_contacts", listId="nowhere", apiKey=key)

    first = asking.call("list_requests", apiKey=key, limit=2)
    second = asking.call("list_requests", apiKey=key, limit=2, page=2)

    assert first["total"] == 4
    assert [each["status"] for each in first["requests"]] == [404, 200]
    assert [each["operation"] for each in second["requests"]] == ["getContactQuota"] * 2
    assert {each["apiKey"] for each in first["requests"]} == {"sandbox_j1…"}


def test_the_list_of_requests_is_narrowed(asking: Agent) -> None:
    key = "sandbox_j2"
    asking.call("get_quota", apiKey=key)
    asking.call("list_contacts", listId="nowhere", apiKey=key)

    def found(**criteria: Any) -> int:
        total: int = asking.call("list_requests", apiKey=key, **criteria)["total"]
        return total

    assert found(status=404) == found(status="4xx") == found(operation="listContacts") == 1
    last = asking.call("list_requests", apiKey=key)["requests"][-1]["id"]
    assert found(since=last) == 1
    assert found(session="other") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"status": "bad"}, "status: Expected a status like 409, or a class of them like 4xx."),
        ({"since": "yesterday"}, "since: Expected an id like req_00000001 or a moment"),
        ({"operation": ""}, "operation: String should have at least 1 character."),
        ({"page": 11}, "page: expected less than or equal to 10."),
        ({"limit": "many"}, "limit: expected a valid integer"),
    ],
)
def test_criteria_that_are_none_are_refused(
    asking: Agent, arguments: dict[str, Any], message: str
) -> None:
    assert asking.refused("list_requests", **arguments).startswith(message)


def test_one_exchange_is_shown_with_bodies_cut_and_keys_masked(asking: Agent) -> None:
    key = "sandbox_very_secret"
    sent = asking.call("upload_vcard", vcard=CARD * 100, listId=LIST, apiKey=key)

    shown = asking.call("get_request", requestId=sent["requestId"])["exchange"]

    assert shown["response"]["status"] == 200
    assert shown["request"]["form"]["fields"] == {"listId": LIST}
    assert "more characters)" in shown["request"]["form"]["file"]["head"]
    assert "very_secret" not in str(shown)


@pytest.mark.parametrize("tool", ["get_request", "explain_refusal"])
def test_a_request_that_is_none_is_refused(asking: Agent, tool: str) -> None:
    unknown = asking.refused(tool, requestId="req_99999999")
    assert unknown == "id: Request req_99999999 not found in the journal."
    assert asking.refused(tool, requestId="../clock").startswith("requestId: ")
    wrong = asking.refused(tool, requestId="7")
    assert wrong.startswith("requestId: expected an id like req_00000001.")


def test_the_last_refused_request_is_explained(asking: Agent) -> None:
    key = "sandbox_e1"
    asking.call("choose_scenario", scenario="quota-exhausted", apiKey=key)
    sent = asking.call("upload_vcard", vcard=CARD, listId=LIST, apiKey=key)
    asking.call("get_quota", apiKey=key)

    reason = asking.call("explain_refusal", apiKey=key)

    assert reason["requestId"] == sent["requestId"]
    assert (reason["status"], reason["operation"]) == (409, "uploadVCard")
    assert reason["reasons"]["contacts"].startswith("Contact quota exceeded.")
    assert reason["scenario"] == "quota-exhausted"
    assert reason["scenarioStory"].startswith("The plan is full.")
    assert reason["documented"].startswith("The import would create more contacts")
    assert reason["source"] == "UC-020: 409 Conflict — Contact quota exhausted"
    assert reason["help"].endswith("/__docs#errors-409")
    assert reason["orderedFaults"] == []
    assert reason["sent"]["form"]["fields"] == {"listId": LIST}


def test_an_ordered_fault_is_told_as_one(asking: Agent) -> None:
    key = "sandbox_e2"
    fault = {"on": "getContactQuota", "count": 1, "respond": {"status": 503, "body": "Down"}}
    asking.call("order_fault", fault=fault, apiKey=key)
    asking.call("get_quota", apiKey=key)

    reason = asking.call("explain_refusal", apiKey=key)

    assert reason["status"] == 503
    assert reason["reasons"] == {"response": "Down"}
    assert reason["orderedFaults"] != []
    assert reason["documented"] is None


def test_a_broken_connection_is_explained(asking: Agent) -> None:
    key = "sandbox_e3"
    fault = {"on": "*", "count": 1, "network": "EMPTY_RESPONSE"}
    asking.call("order_fault", fault=fault, apiKey=key)
    outcome = asking.call("get_quota", apiKey=key)

    reason = asking.call("explain_refusal", apiKey=key)

    assert outcome["status"] == 0
    assert outcome["failure"].startswith("No response: ")
    assert (reason["status"], reason["operation"]) == (0, "getContactQuota")
    assert reason["reasons"] == {"connection": "It ended without a response."}


def test_what_was_not_refused_has_no_reason(asking: Agent) -> None:
    sent = asking.call("get_quota", apiKey="sandbox_e4")

    message = asking.refused("explain_refusal", requestId=sent["requestId"])
    assert message == f"Request {sent['requestId']} was not refused: its status is 200."
    message = asking.refused("explain_refusal", apiKey="sandbox_e4")
    assert message == "The journal has no request of this key that was refused."


def test_what_was_never_met_is_listed_by_kind(asking: Agent) -> None:
    key = "sandbox_m1"
    asking.call("get_quota", apiKey=key)
    asking.call("list_contacts", listId="nowhere", apiKey=key)

    found = asking.call("get_coverage", apiKey=key)

    assert found["requests"] == 2
    assert found["neverMet"]["operation"] == ["uploadVCard"]
    assert "listContacts 404" not in found["neverMet"]["status"]
    assert "listContacts 200" in found["neverMet"]["status"]
    never = sum(map(len, found["neverMet"].values()))
    assert never + found["leftOut"] == found["total"] - found["met"]
    assert asking.refused("get_coverage", session="a b").startswith("session: expected 1 to 64")
