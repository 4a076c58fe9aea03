"""Each tool does what it says, and refuses what it cannot do in a sentence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from qlara_mcp.toolkit import UploadableFiles
from qlara_sandbox import resources
from tests.qlara_mcp.asking import Agent, agent

if TYPE_CHECKING:
    from pathlib import Path

FILES = resources.SCENARIOS / "files"
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


class TestTheSandbox:
    def test_says_where_it_is_and_what_it_serves(self, asking: Agent) -> None:
        found = asking.call("get_sandbox")

        assert found["baseUrl"] == asking.sandbox.base_url
        assert found["apiKey"] == "YOUR_API_KEY"
        assert found["scenario"] == "default"
        assert found["operations"]["getContactQuota"] == (
            "GET /api/v1/partner-gateway/subscription/contacts"
        )


class TestScenarios:
    def test_are_listed_in_pages(self, asking: Agent) -> None:
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
    def test_pages_have_bounds(
        self, asking: Agent, arguments: dict[str, Any], message: str
    ) -> None:
        assert asking.refused("list_scenarios", **arguments).startswith(message)

    def test_one_is_chosen_for_a_key_and_session(self, asking: Agent) -> None:
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

    def test_one_is_chosen_for_every_key(self) -> None:
        with agent() as one:
            chosen = one.call("choose_scenario", scenario="revoked-key", everyKey=True)
            assert chosen["forEveryKey"] is True
            assert one.call("get_quota", apiKey="sandbox_any")["status"] == 401

    def test_an_unknown_one_is_refused_with_the_known_ones(self, asking: Agent) -> None:
        message = asking.refused("choose_scenario", scenario="nonsense")

        assert message.startswith(
            "scenario: Unknown scenario 'nonsense'. Expected one of bad-header,"
        )
        assert asking.refused("choose_scenario").startswith("scenario: missing.")
        assert asking.refused("choose_scenario", scenario="").startswith(
            "scenario: expected the name"
        )

    def test_a_key_that_names_its_own_keeps_it(self, asking: Agent) -> None:
        message = asking.refused("choose_scenario", scenario="slow", apiKey="sandbox_a__default")

        assert (
            message == "apiKey: Expected a key that does not name a scenario itself (…__SCENARIO)."
        )


class TestUploads:
    def test_of_a_text_are_imported_and_listed(self, asking: Agent) -> None:
        key = "sandbox_u1"
        outcome = asking.call("upload_vcard", vcard=CARD, listId=LIST, tags="a,b", apiKey=key)

        assert outcome["status"] == 200
        assert outcome["report"]["summary"] == {
            "total": 1, "imported": 1, "duplicates": 0, "errors": 0, "skipped": 0,
        }  # fmt: skip
        page = asking.call("list_contacts", listId=LIST, apiKey=key)
        assert [each["name"] for each in page["contacts"]["contacts"]] == ["Marco Rossi"]
        assert page["contacts"]["contacts"][0]["tags"] == ["a", "b"]
        assert asking.call("get_quota", apiKey=key)["quota"] == {"used": 1, "total": 50000}

    def test_into_a_new_list_and_again(self, asking: Agent) -> None:
        sent = {"vcard": CARD, "apiKey": "sandbox_u2", "listName": "New"}
        list_id = asking.call("upload_vcard", **sent)["report"]["listId"]
        again = {**sent, "listName": None, "listId": list_id, "duplicateStrategy": "DUPLICATE"}

        asking.call("upload_vcard", **again)

        page = asking.call("list_contacts", listId=list_id, apiKey="sandbox_u2", limit=1, page=2)
        assert page["contacts"]["total"] == 2
        assert page["contacts"]["page"] == 2

    def test_of_a_file_show_some_of_the_errors(self) -> None:
        with agent(files=UploadableFiles(FILES)) as one:
            one.call("choose_scenario", scenario="crm-migration")
            outcome = one.call("upload_vcard", path="contacts-export.vcf", listId=LIST)
            bad = "".join(CARD.replace("TEL:+39", "TEL:+1") for _ in range(30))
            many = one.call("upload_vcard", vcard=bad, listId=LIST)

        assert outcome["report"]["summary"]["imported"] == 230
        assert (len(outcome["report"]["errors"]), outcome["errorsLeftOut"]) == (5, 0)
        assert (len(many["report"]["errors"]), many["errorsLeftOut"]) == (20, 10)

    @pytest.mark.parametrize(
        ("arguments", "status", "refusal"),
        [
            (
                {"vcard": "name,phone", "listId": LIST},
                400,
                {"file": "Invalid VCard format. Expected BEGIN:VCARD header."},
            ),
            (
                {"vcard": CARD, "listId": LIST, "duplicateStrategy": "NONE"},
                400,
                {"duplicateStrategy": "Expected one of SKIP, UPDATE, DUPLICATE."},
            ),
            (
                {"vcard": CARD, "listId": "nowhere"},
                404,
                {"listId": "No list with id 'nowhere' in this account."},
            ),
        ],
    )
    def test_that_are_refused_say_why(
        self, asking: Agent, arguments: dict[str, Any], status: int, refusal: dict[str, str]
    ) -> None:
        outcome = asking.call("upload_vcard", **arguments)

        assert (outcome["status"], outcome["refusal"]) == (status, refusal)
        assert outcome["requestId"].startswith("req_")
        assert outcome["report"] is None

    def test_need_a_text_or_a_path(self, asking: Agent) -> None:
        expected = "Expected one of vcard (the text of the file) and path (where it is)."

        assert asking.refused("upload_vcard", listId=LIST) == expected
        assert asking.refused("upload_vcard", listId=LIST, vcard=CARD, path="x") == expected

    def test_need_text_that_can_be_sent(self, asking: Agent) -> None:
        message = "expected text that UTF-8 can hold."
        assert asking.refused("upload_vcard", vcard="\ud800", listId=LIST) == f"vcard: {message}"
        assert (
            asking.refused("upload_vcard", vcard=CARD, listName="\ud800") == f"listName: {message}"
        )

    def test_may_have_the_further_fields_of_an_overlay(self) -> None:
        sent = {"vcard": CARD, "listId": LIST}
        with agent(overlay=resources.OVERLAYS / "api-reference.yaml") as one:
            assert one.call("get_sandbox")["overlay"] == "api-reference.yaml"
            assert one.call("upload_vcard", **sent)["status"] == 400
            fields = {"fileName": "contacts.vcf"}
            assert one.call("upload_vcard", **sent, fields=fields)["status"] == 200

    def test_read_no_file_unless_they_may(self, asking: Agent) -> None:
        message = asking.refused("upload_vcard", path=str(FILES / "bad-header.vcf"), listId=LIST)

        assert message.startswith("path: no files are read here. Expected the text of the file")

    def test_read_no_file_outside_of_the_folder(self, tmp_path: Path) -> None:
        inside = tmp_path / "inside"
        inside.mkdir()
        (tmp_path / "outside.vcf").write_text(CARD)
        (inside / "link.vcf").symlink_to(tmp_path / "outside.vcf")
        os.mkfifo(inside / "pipe.vcf")
        with agent(files=UploadableFiles(inside)) as one:
            said = {
                path: one.refused("upload_vcard", path=path, listId=LIST)
                for path in ("../outside.vcf", "link.vcf", "pipe.vcf", ".", "none.vcf", "a\0b", "")
            }

        below = f"path: expected a file below {inside}; found"
        assert said["../outside.vcf"] == f"{below} '../outside.vcf'."
        assert said["link.vcf"] == f"{below} 'link.vcf'."
        assert said["none.vcf"] == "path: expected a file; there is none at 'none.vcf'."
        assert said["pipe.vcf"] == "path: expected a file; there is none at 'pipe.vcf'."
        assert all(text.startswith("path: ") for text in said.values())

    def test_of_a_file_that_is_too_large_are_refused_as_documented(self, tmp_path: Path) -> None:
        path = tmp_path / "large.vcf"
        path.write_bytes(CARD.encode() + b"\n" * 10485760)
        with (tmp_path / "huge.vcf").open("wb") as huge:
            huge.truncate(65 * 1024 * 1024)
        with agent(files=UploadableFiles(tmp_path, anywhere=True)) as one:
            outcome = one.call("upload_vcard", path=str(path), listId=LIST)
            message = one.refused("upload_vcard", path="huge.vcf", listId=LIST)

        assert outcome["status"] == 413
        assert message == "path: expected at most 64 MB; 'huge.vcf' is larger."


class TestListsOfContacts:
    def test_say_why_they_are_refused(self, asking: Agent) -> None:
        outcome = asking.call("list_contacts", listId="a b", page=1)
        assert (outcome["status"], outcome["contacts"]) == (400, None)
        assert "listId" in outcome["refusal"]

    def test_are_bounded(self, asking: Agent) -> None:
        assert asking.refused("list_contacts").startswith("listId: missing.")
        too_long = asking.refused("list_contacts", listId=LIST, limit=1000)
        assert too_long.startswith("limit: expected less than or equal to 50.")
        assert asking.refused("list_contacts", listId="\ud800").startswith("listId: ")

    def test_cut_long_names(self, asking: Agent) -> None:
        vcard = CARD.replace("Marco Rossi", "x" * 900)
        asking.call("upload_vcard", vcard=vcard, listId=LIST, apiKey="sandbox_l1")

        page = asking.call("list_contacts", listId=LIST, apiKey="sandbox_l1")

        name = page["contacts"]["contacts"][0]["name"]
        assert name == f"{'x' * 300}… (600 more characters)"


class TestTheJournal:
    def test_lists_what_was_sent_newest_first_in_pages(self, asking: Agent) -> None:
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

    def test_is_narrowed(self, asking: Agent) -> None:
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
        self, asking: Agent, arguments: dict[str, Any], message: str
    ) -> None:
        assert asking.refused("list_requests", **arguments).startswith(message)

    def test_shows_one_exchange_with_bodies_cut_and_keys_masked(self, asking: Agent) -> None:
        key = "sandbox_very_secret"
        sent = asking.call("upload_vcard", vcard=CARD * 100, listId=LIST, apiKey=key)

        shown = asking.call("get_request", requestId=sent["requestId"])["exchange"]

        assert shown["response"]["status"] == 200
        assert shown["request"]["form"]["fields"] == {"listId": LIST}
        assert "more characters)" in shown["request"]["form"]["file"]["head"]
        assert "very_secret" not in str(shown)

    @pytest.mark.parametrize("tool", ["get_request", "explain_refusal"])
    def test_a_request_that_is_none_is_refused(self, asking: Agent, tool: str) -> None:
        unknown = asking.refused(tool, requestId="req_99999999")
        assert unknown == "id: Request req_99999999 not found in the journal."
        assert asking.refused(tool, requestId="../clock").startswith("requestId: ")
        wrong = asking.refused(tool, requestId="7")
        assert wrong.startswith("requestId: expected an id like req_00000001.")


class TestTheReasonOfARefusal:
    def test_is_that_of_the_last_refused_request(self, asking: Agent) -> None:
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

    def test_may_be_an_ordered_fault(self, asking: Agent) -> None:
        key = "sandbox_e2"
        fault = {"on": "getContactQuota", "count": 1, "respond": {"status": 503, "body": "Down"}}
        asking.call("order_fault", fault=fault, apiKey=key)
        asking.call("get_quota", apiKey=key)

        reason = asking.call("explain_refusal", apiKey=key)

        assert reason["status"] == 503
        assert reason["reasons"] == {"response": "Down"}
        assert reason["orderedFaults"] != []
        assert reason["documented"] is None

    def test_may_be_a_broken_connection(self, asking: Agent) -> None:
        key = "sandbox_e3"
        fault = {"on": "*", "count": 1, "network": "EMPTY_RESPONSE"}
        asking.call("order_fault", fault=fault, apiKey=key)
        outcome = asking.call("get_quota", apiKey=key)

        reason = asking.call("explain_refusal", apiKey=key)

        assert outcome["status"] == 0
        assert outcome["failure"].startswith("No response: ")
        assert (reason["status"], reason["operation"]) == (0, "getContactQuota")
        assert reason["reasons"] == {"connection": "It ended without a response."}

    def test_is_asked_for_in_vain_where_none_was_refused(self, asking: Agent) -> None:
        sent = asking.call("get_quota", apiKey="sandbox_e4")

        message = asking.refused("explain_refusal", requestId=sent["requestId"])
        assert message == f"Request {sent['requestId']} was not refused: its status is 200."
        message = asking.refused("explain_refusal", apiKey="sandbox_e4")
        assert message == "The journal has no request of this key that was refused."


class TestClocks:
    def test_are_stopped_moved_and_reset(self, asking: Agent) -> None:
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
    def test_cannot_be_set_to_what_is_no_time(
        self, asking: Agent, arguments: dict[str, Any], message: str
    ) -> None:
        assert message in asking.refused("set_clock", **arguments)


class TestFaults:
    def test_are_ordered_listed_and_removed(self, asking: Agent) -> None:
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
    def test_that_are_none_are_refused(self, asking: Agent, fault: Any, message: str) -> None:
        assert message in asking.refused("order_fault", fault=fault)

    def test_an_id_that_is_none_is_refused(self, asking: Agent) -> None:
        message = asking.refused("remove_faults", faultId="1")

        assert message.startswith("faultId: expected an id like fault_1.")


class TestWorlds:
    def test_are_reset_one_account_or_all(self) -> None:
        with agent() as one:
            for key in ("sandbox_w1", "sandbox_w2"):
                one.call("upload_vcard", vcard=CARD, listId=LIST, apiKey=key)
            assert one.call("reset_world", apiKey="sandbox_w1") == {"worlds": 1}
            assert one.call("get_quota", apiKey="sandbox_w1")["quota"]["used"] == 0
            assert one.call("get_quota", apiKey="sandbox_w2")["quota"]["used"] == 1
            assert one.call("reset_world", everything=True)["worlds"] >= 2
            assert one.call("get_quota", apiKey="sandbox_w2")["quota"]["used"] == 0

    def test_everything_is_yes_or_no(self, asking: Agent) -> None:
        message = asking.refused("reset_world", everything="all of it")
        assert message.startswith("everything: expected a valid boolean")


class TestTheContract:
    def test_is_read_in_pages_that_are_the_whole(self, asking: Agent) -> None:
        first = asking.call("read_contract")
        texts = [
            asking.call("read_contract", page=number + 1)["text"]
            for number in range(first["pages"])
        ]

        assert "".join(texts) == resources.SPEC.read_text(encoding="utf-8")
        assert max(map(len, texts)) <= 20_000
        assert first["operations"] == ["uploadVCard", "listContacts", "getContactQuota"]

    def test_of_one_operation_holds_all_that_it_refers_to(self, asking: Agent) -> None:
        found = asking.call("read_contract", operation="listContacts")
        document = yaml.safe_load(found["text"])

        assert [list(item) for item in document["paths"].values()] == [["get"]]
        assert "ContactPage" in document["components"]["schemas"]
        assert "VCardUpload" not in document["components"]["schemas"]
        for reference in _references(document):
            _, _, kind, name = reference.split("/")
            assert name in document["components"][kind]

    def test_has_no_other_operation_and_no_page_past_its_end(self, asking: Agent) -> None:
        message = asking.refused("read_contract", operation="nowhere")
        known = "uploadVCard, listContacts, getContactQuota"
        assert message == f"operation: expected one of {known}; found 'nowhere'."
        assert asking.refused("list_assumptions", operation="nowhere") == message
        assert asking.refused("read_contract", page=99).startswith(
            "page: expected a page from 1 to "
        )

    def test_says_what_it_assumes(self, asking: Agent) -> None:
        found = asking.call("list_assumptions", operation="listContacts", limit=2)

        assert found["total"] > 2
        assert found["assumptions"][0] == {
            "what": "listContacts limit minimum",
            "value": "1",
            "reason": "a page of no contacts says nothing",
        }
        everything = asking.call("list_assumptions", limit=50)
        assert len(everything["assumptions"]) == 50 < everything["total"]


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [one for each in node.values() for one in _references(each)]
    if isinstance(node, list):
        return [one for each in node for one in _references(each)]
    return []
