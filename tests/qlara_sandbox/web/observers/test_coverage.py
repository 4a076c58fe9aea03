"""Contract coverage: which items a request meets, asked of a sandbox as its clients call it."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.observers.coverage import (
    Coverage,
    CoverageItem,
    UndocumentedOutcome,
    as_json,
    from_json,
    merged,
)
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.web.calls import LIST, MARCO, QUOTA, UPLOAD, upload, vcf
from tests.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

ANNA, BEN = "sandbox_anna", "sandbox_ben"


def sandbox(**settings: Any) -> TestClient:
    return TestClient(
        create_app(SandboxSettings(**settings)),
        base_url="http://localhost",
        headers={"X-Api-Key": ANNA},
    )


@pytest.fixture
def client() -> TestClient:
    """Make a fresh sandbox, spoken to with the key of one account."""
    return sandbox()


def covered(client: TestClient, query: str = "") -> dict[str, Any]:
    response = client.get(f"/__admin/coverage{query}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def met(client: TestClient, query: str = "") -> set[str]:
    """Return what has been met, as ``kind operation name``; operations and scenarios left out."""
    return {
        f"{one['kind']} {one['operation']} {one['name']}"
        for one in covered(client, query)["items"]
        if one["requests"] and one["kind"] not in {"operation", "scenario"}
    }


def outcomes(client: TestClient) -> list[tuple[str, str, int]]:
    found = covered(client)["undocumented"]
    return [(one["operation"], one["outcome"], one["requests"]) for one in found]


def test_the_items_are_those_of_the_contract_and_the_scenarios(client: TestClient) -> None:
    found = covered(client)
    names: dict[str, list[str]] = {}
    for one in found["items"]:
        group = f"{one['kind']} {one['operation']}" if one["operation"] else one["kind"]
        names.setdefault(group, []).append(one["name"])
    scenarios = names.pop("scenario")

    assert scenarios == sorted(path.stem for path in resources.SCENARIOS.glob("*.yaml"))
    assert names == {
        "operation uploadVCard": ["uploadVCard"],
        "operation listContacts": ["listContacts"],
        "operation getContactQuota": ["getContactQuota"],
        "status uploadVCard": ["200", "400", "401", "403", "404", "409", "413", "429"],
        "status listContacts": ["200", "400", "401", "403", "404", "429"],
        "status getContactQuota": ["200", "401", "403", "429"],
        "parameter listContacts": ["limit", "page"],
        "field uploadVCard": ["file", "listId", "listName", "duplicateStrategy", "tags"],
        "value uploadVCard": [
            "duplicateStrategy=SKIP",
            "duplicateStrategy=UPDATE",
            "duplicateStrategy=DUPLICATE",
        ],
        "example uploadVCard": [
            *("invalidVCard", "unterminatedVCard", "unknownStrategy", "missingKey", "unknownKey"),
            *("noPermission", "unknownList", "quotaExhausted", "fileTooLarge", "rateLimited"),
        ],
        "example listContacts": [
            *("limitOutOfRange", "missingKey", "unknownKey"),
            *("noPermission", "unknownList", "rateLimited"),
        ],
        "example getContactQuota": ["missingKey", "unknownKey", "noPermission", "rateLimited"],
        "reason uploadVCard": ["Missing phone number", "Invalid phone number format"],
    }
    assert (found["met"], found["total"], found["percent"]) == (0, len(found["items"]), 0.0)
    assert (found["requests"], found["undocumented"], found["dropped"]) == (0, [], 0)


def test_an_import_meets_its_status_its_fields_and_the_strategy_by_default(
    client: TestClient,
) -> None:
    upload(client, tags="crm")

    assert met(client) == {
        "status uploadVCard 200",
        "field uploadVCard file",
        "field uploadVCard listId",
        "field uploadVCard tags",
        "value uploadVCard duplicateStrategy=SKIP",
    }
    assert covered(client)["requests"] == 1


def test_a_strategy_is_met_by_its_name(client: TestClient) -> None:
    upload(client, listName="New", duplicateStrategy="UPDATE")

    assert {one for one in met(client) if "value" in one or "listName" in one} == {
        "field uploadVCard listName",
        "value uploadVCard duplicateStrategy=UPDATE",
    }


def test_the_errors_of_cards_are_met_with_the_report(client: TestClient) -> None:
    upload(client, vcf(("Luca Verdi", "12")))

    assert {one for one in met(client) if "reason" in one} == {
        "reason uploadVCard Invalid phone number format"
    }


def test_a_name_on_a_card_that_says_so_is_no_error_of_a_card(client: TestClient) -> None:
    upload(client, vcf(("Missing phone number", "12")))

    assert {one for one in met(client) if "reason" in one} == {
        "reason uploadVCard Invalid phone number format"
    }


def test_a_page_meets_its_parameters(client: TestClient) -> None:
    client.get(f"{LIST}?limit=5&colour=red")

    assert met(client) == {"status listContacts 200", "parameter listContacts limit"}


@pytest.mark.parametrize(
    ("query", "example"),
    [("limit=0", {"example listContacts limitOutOfRange"}), ("page=0", set())],
)
def test_what_is_refused_meets_a_status_and_its_example_but_no_parameter(
    client: TestClient, query: str, example: set[str]
) -> None:
    client.get(f"{LIST}?{query}")

    assert met(client) == {"status listContacts 400", *example}


def _wrong_list(client: TestClient) -> httpx2.Response:
    return upload(client, listId="another_list")


def _not_a_vcard(client: TestClient) -> httpx2.Response:
    return upload(client, b"name,phone\n")


def _unterminated(client: TestClient) -> httpx2.Response:
    return upload(client, MARCO + b"BEGIN:VCARD\r\nFN:Giulia\r\n")


def _too_large(client: TestClient) -> httpx2.Response:
    return upload(client, MARCO + b" " * 10_485_760)


def _several_mistakes(client: TestClient) -> httpx2.Response:
    return upload(client, duplicateStrategy="MERGE", tags="\x00")


def _full(client: TestClient) -> httpx2.Response:
    return upload(client, key="sandbox_x__quota-exhausted")


def _no_key(client: TestClient) -> httpx2.Response:
    return client.post(UPLOAD, headers={"X-Api-Key": ""})


@pytest.mark.parametrize(
    ("call", "example"),
    [
        (_wrong_list, "unknownList"),
        (_not_a_vcard, "invalidVCard"),
        (_unterminated, "unterminatedVCard"),
        (_too_large, "fileTooLarge"),
        (_several_mistakes, "unknownStrategy"),
        (_full, "quotaExhausted"),
        (_no_key, "missingKey"),
    ],
)
def test_a_refusal_meets_the_example_that_says_the_same_with_other_figures(
    client: TestClient, call: Any, example: str
) -> None:
    status = call(client).status_code

    assert met(client) == {f"status uploadVCard {status}", f"example uploadVCard {example}"}


def test_a_forced_response_meets_what_it_shows(client: TestClient) -> None:
    client.get(QUOTA, headers={"Prefer": "code=429"})
    client.post(UPLOAD, headers={"Prefer": "code=200"})

    assert met(client) == {
        "status getContactQuota 429",
        "example getContactQuota rateLimited",
        "status uploadVCard 200",
        "reason uploadVCard Missing phone number",
        "reason uploadVCard Invalid phone number format",
    }


def test_a_scenario_is_met_by_the_requests_in_it(client: TestClient) -> None:
    client.get(QUOTA)
    client.get(QUOTA, headers={"X-Sandbox-Scenario": "slow"})
    client.get(QUOTA, headers={"X-Sandbox-Scenario": "slow"})

    found = {one["name"]: one["requests"] for one in covered(client)["items"]}
    assert {name: found[name] for name in ("default", "slow", "flaky")} == {
        "default": 1,
        "slow": 2,
        "flaky": 0,
    }


def test_statuses_that_the_contract_does_not_have_are_told_apart(client: TestClient) -> None:
    fault = {"on": "getContactQuota", "count": 1, "respond": {"status": 503}}
    client.post("/__admin/faults", json={"apiKey": ANNA, "fault": fault})
    client.get(QUOTA)

    assert met(client) == set()
    assert outcomes(client) == [("getContactQuota", "503", 1)]


@pytest.mark.parametrize("failure", ["CONNECTION_RESET", "TRUNCATED_BODY"])
def test_a_network_failure_meets_no_status(client: TestClient, failure: str) -> None:
    fault = {"on": "getContactQuota", "network": failure}
    client.post("/__admin/faults", json={"apiKey": ANNA, "fault": fault})
    client.get(QUOTA)

    assert met(client) == set()
    assert outcomes(client) == [("getContactQuota", failure, 1)]


def test_only_requests_to_operations_of_the_api_count(client: TestClient) -> None:
    client.get("/no/such/path")
    client.put(QUOTA)
    client.get("/__admin/health")
    client.get("/openapi.json")
    client.get(QUOTA, headers={"X-Sandbox-Console": "1"})

    assert covered(client)["requests"] == 0


def test_one_key_or_session_has_its_own_counts(client: TestClient) -> None:
    client.get(QUOTA)
    client.get(QUOTA, headers={"X-Sandbox-Session": "s"})
    client.get(QUOTA, headers={"X-Api-Key": BEN})
    client.get(QUOTA, headers={"X-Api-Key": "no key of ours"})

    queries = ("", f"?apiKey={ANNA}", f"?apiKey={ANNA}&session=s", "?session=default")
    assert [covered(client, query)["requests"] for query in queries] == [4, 2, 1, 2]


def test_counting_begins_anew_for_one_account_or_for_all(client: TestClient) -> None:
    for key in (ANNA, BEN):
        client.get(QUOTA, headers={"X-Api-Key": key})

    assert client.delete(f"/__admin/coverage?apiKey={ANNA}").json() == {"removed": 1}
    assert (covered(client)["requests"], covered(client, f"?apiKey={BEN}")["requests"]) == (1, 1)
    assert client.delete("/__admin/coverage").json() == {"removed": 1}
    assert (covered(client)["requests"], met(client)) == (0, set())


def test_neither_an_empty_journal_nor_a_reset_forgets_what_was_met() -> None:
    client = sandbox(journal_bytes=0)
    client.get(QUOTA)
    client.delete("/__admin/requests")
    client.post("/__admin/reset")

    assert met(client) == {"status getContactQuota 200"}


def test_an_operation_of_a_partners_own_contract_has_items_too(tmp_path: Path) -> None:
    document = yaml.safe_load(resources.SPEC.read_text(encoding="utf-8"))
    sort = {"name": "sort", "in": "query", "schema": {"enum": ["up", "down"], "default": "up"}}
    flag = {"name": "all", "in": "query", "schema": {"type": "boolean", "enum": [True, False]}}
    document["paths"]["/campaigns"] = {
        "get": {
            "operationId": "listCampaigns",
            "parameters": [sort, flag],
            "responses": {
                "200": {
                    "description": "All.",
                    "content": {"application/json": {"example": []}},
                },
                "404": {
                    "description": "None.",
                    "content": {"application/json": {"example": {"status": "fail"}}},
                },
                "4XX": {"description": "Refused.", "content": {"application/json": {}}},
            },
        }
    }
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(document), encoding="utf-8")
    client = sandbox(spec=spec)

    client.get("/campaigns?all=true")
    client.get("/campaigns", headers={"Prefer": "code=404"})
    client.get("/campaigns", headers={"X-Api-Key": ""})

    own = [one for one in covered(client)["items"] if one["operation"] == "listCampaigns"]
    assert {f"{one['kind']} {one['name']}": one["requests"] for one in own} == {
        "operation listCampaigns": 3,
        "status 200": 1,
        "status 404": 1,
        "status 4XX": 1,
        "parameter sort": 0,
        "parameter all": 1,
        "value sort=up": 1,
        "value sort=down": 0,
        "value all=true": 1,
        "value all=false": 0,
        "example 404": 1,
    }


def test_a_client_that_leaves_has_met_no_response() -> None:
    with serving() as running:
        connection = http.client.HTTPConnection("127.0.0.1", running.port)
        connection.putrequest("POST", UPLOAD)
        connection.putheader("X-Api-Key", ANNA)
        connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"--b\r\n")
        connection.close()
        asking = http.client.HTTPConnection("127.0.0.1", running.port)
        found = Coverage("", 0, {}, {})
        while not found.requests:
            asking.request("GET", "/__admin/coverage")
            found = from_json(json.loads(asking.getresponse().read()))
        asking.close()

    assert found.outcomes == {UndocumentedOutcome("uploadVCard", "no response"): 1}


# Values


ITEMS = [CoverageItem("operation", "a", "a"), CoverageItem("scenario", None, "default")]


def test_what_several_sandboxes_have_met_is_added_up() -> None:
    other = CoverageItem("status", "b", "200")
    reset = UndocumentedOutcome("a", "CONNECTION_RESET")
    one = Coverage("2026-04-09T09:00:00.000Z", 3, dict.fromkeys(ITEMS, 1), {reset: 1}, 2)
    two = Coverage("2026-04-09T08:00:00.000Z", 2, {ITEMS[0]: 2, other: 0}, {reset: 1}, 0)

    together = merged([one, two])

    assert together == Coverage(
        "2026-04-09T08:00:00.000Z", 5, {ITEMS[0]: 3, other: 0, ITEMS[1]: 1}, {reset: 2}, 2
    )
    assert list(together.items) == [ITEMS[0], other, ITEMS[1]]


def test_all_is_met_only_when_nothing_is_missing() -> None:
    items = {CoverageItem("status", "a", str(number)): 1 for number in range(2000)}
    nearly = {**items, ITEMS[0]: 0}

    assert Coverage("", 1, nearly, {}).percent == 99.9
    assert Coverage("", 1, items, {}).percent == 100.0


def test_a_coverage_is_read_as_it_is_written() -> None:
    whole = Coverage(
        "2026-04-09T09:00:00.000Z",
        3,
        dict.fromkeys(ITEMS, 1),
        {UndocumentedOutcome("a", "503"): 1},
        2,
    )

    assert from_json(as_json(whole)) == whole


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"items": []},
        {**as_json(Coverage("", 0, {CoverageItem("colour", "a", "red"): 1}, {}))},
        {**as_json(Coverage("", 0, {}, {})), "requests": "many"},
    ],
)
def test_what_is_no_coverage_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not a contract coverage"):
        from_json(value)
