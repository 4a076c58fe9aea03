"""The control API, called as a test would call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.caller import AcceptedKeys
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.web.calls import LIST, QUOTA, fail, upload, vcf

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

ANNA = {"apiKey": "sandbox_anna"}


def sandbox(**settings: Any) -> TestClient:
    return TestClient(
        create_app(SandboxSettings(**settings)),
        base_url="http://localhost",
        headers={"X-Api-Key": "sandbox_anna"},
    )


@pytest.fixture
def client() -> TestClient:
    """Make a fresh sandbox, spoken to with the key of one account."""
    return sandbox()


def scenario_of(response: httpx2.Response) -> str:
    name: str = response.headers["x-sandbox-scenario"]
    return name


def used(client: TestClient, **headers: str) -> int:
    count: int = client.get(QUOTA, headers=headers).json()["used"]
    return count


# Choosing


def test_the_default_can_be_changed_for_everybody(client: TestClient) -> None:
    response = client.put("/__admin/scenario", json={"scenario": "quota-exhausted"})

    assert response.json() == {"scenario": "quota-exhausted", "chosenBy": "default"}
    assert scenario_of(client.get(QUOTA)) == "quota-exhausted"


def test_a_scenario_can_be_bound_to_one_key_and_session(client: TestClient) -> None:
    client.put("/__admin/scenario", json={"scenario": "no-permission", "session": "s", **ANNA})

    assert scenario_of(client.get(QUOTA)) == "default"
    assert scenario_of(client.get(QUOTA, headers={"X-Sandbox-Session": "s"})) == "no-permission"
    assert client.get("/__admin/scenario", params={"session": "s", **ANNA}).json() == {
        "scenario": "no-permission",
        "chosenBy": "binding",
    }


def test_header_goes_before_key_before_binding_before_default(client: TestClient) -> None:
    magic = {"X-Api-Key": "sandbox_b__flaky"}
    client.put("/__admin/scenario", json={"scenario": "revoked-key", **ANNA})

    assert scenario_of(client.get(QUOTA, headers={"X-Sandbox-Scenario": "slow", **magic})) == "slow"
    assert scenario_of(client.get(QUOTA, headers=magic)) == "flaky"
    assert scenario_of(client.get(QUOTA)) == "revoked-key"
    assert scenario_of(client.get(QUOTA, headers={"X-Api-Key": "sandbox_c"})) == "default"


def test_a_key_that_names_its_scenario_cannot_be_bound_to_another(client: TestClient) -> None:
    body = {"scenario": "slow", "apiKey": "sandbox_b__flaky"}

    assert client.put("/__admin/scenario", json=body).status_code == 409
    assert client.get("/__admin/scenario?apiKey=sandbox_b__flaky").json() == {
        "scenario": "flaky",
        "chosenBy": "key",
    }


def test_a_scenario_can_be_bound_to_the_key_and_session_of_a_world(client: TestClient) -> None:
    client.get(QUOTA, headers={"X-Sandbox-Session": "s"})
    response = client.put("/__admin/scenario", json={"scenario": "slow", "world": "world_1"})

    assert response.json() == {"scenario": "slow", "chosenBy": "binding"}
    assert client.get("/__admin/scenario?session=s&apiKey=sandbox_anna").json() == response.json()


def test_a_world_of_an_unknown_scenario_is_not_there(client: TestClient) -> None:
    assert client.get("/__admin/clock?scenario=sunny").status_code == 404


def test_an_unknown_scenario_is_refused_with_the_known_ones(client: TestClient) -> None:
    response = client.put("/__admin/scenario", json={"scenario": "sunny"})

    assert response.status_code == 404
    assert "quota-exhausted" in response.json()["data"]["scenario"]
    assert scenario_of(client.get(QUOTA)) == "default"


def test_every_scenario_is_listed_with_its_story(client: TestClient) -> None:
    shown = client.get("/__admin/scenarios").json()
    flaky = next(one for one in shown["scenarios"] if one["name"] == "flaky")

    assert shown["default"] == "default"
    assert flaky["valid"] is True
    assert flaky["title"] == "It works if you try again"
    assert flaky["try"].startswith("# 503")


def test_a_scenario_file_with_mistakes_is_listed_with_them_and_cannot_be_chosen(
    tmp_path: Path,
) -> None:
    (tmp_path / "default.yaml").write_text("title: A\nstory: B\n")
    (tmp_path / "broken.yaml").write_text("title: A\nstori: B\n")
    client = sandbox(scenarios=tmp_path)
    listed = {one["name"]: one for one in client.get("/__admin/scenarios").json()["scenarios"]}
    broken = listed["broken"]

    assert broken["valid"] is False
    assert "did you mean 'story'?" in broken["mistakes"][-1]
    assert client.put("/__admin/scenario", json={"scenario": "broken"}).status_code == 409


# Worlds


def test_worlds_are_shown_with_what_they_hold_and_a_masked_key(client: TestClient) -> None:
    upload(client)
    world = client.get("/__admin/worlds").json()["worlds"][0]

    assert "sandbox_anna" not in client.get("/__admin/worlds").text
    assert (world["world"], world["apiKey"], world["scenario"]) == (
        "world_1",
        "sandbox_an…",
        "default",
    )
    assert (world["contacts"], world["requests"], world["inUse"]) == (1, 1, 0)
    assert world["lists"] == [
        {"listId": "list_crm_migration", "name": "CRM migration", "contacts": 1}
    ]
    assert world["quota"] == {"used": 1, "total": 50_000}


@pytest.mark.in_memory  # copies are given up, and no world expires
def test_the_bound_on_worlds_is_kept_and_shown() -> None:
    client = sandbox(worlds=2)
    for name in ("a", "b", "c"):
        client.get(QUOTA, headers={"X-Sandbox-Session": name})
    shown = client.get("/__admin/worlds").json()

    assert [world["session"] for world in shown["worlds"]] == ["c", "b"]
    assert (shown["bounds"]["worlds"], shown["expired"]) == (2, 1)


def test_a_reset_of_one_key_leaves_the_others(client: TestClient) -> None:
    upload(client)
    upload(client, key="sandbox_b")

    assert client.post("/__admin/reset", json=ANNA).json() == {"worlds": 1}
    assert used(client) == 0
    assert used(client, **{"X-Api-Key": "sandbox_b"}) == 1


def test_a_reset_without_a_body_begins_again(client: TestClient) -> None:
    upload(client)
    client.put("/__admin/scenario", json={"scenario": "quota-exhausted", "apiKey": "sandbox_b"})

    assert client.post("/__admin/reset").json() == {"worlds": 1}
    assert used(client) == 0
    assert scenario_of(client.get(QUOTA, headers={"X-Api-Key": "sandbox_b"})) == "default"


def test_a_world_can_be_named_by_its_label(client: TestClient) -> None:
    upload(client)

    assert client.get("/__admin/state?world=world_1").json()["nextNumber"] == 2
    assert client.post("/__admin/reset", json={"world": "world_1"}).json() == {"worlds": 1}
    assert client.get("/__admin/state?world=world_1").status_code == 404


# State and clock


def test_a_restored_state_gives_the_same_answers_to_the_byte(client: TestClient) -> None:
    client.put("/__admin/scenario", json={"scenario": "crm-migration", **ANNA})
    upload(client, vcf(("Marco", "347 123 4567")), listName="First")
    state = client.get("/__admin/state", params=ANNA).json()

    def go_on() -> list[bytes]:
        responses = [
            upload(client, vcf(("Anna", "348 111 2222"), ("Marco", "347 123 4567"))),
            upload(client, vcf(("Elena", "348 111 3333")), listName="Second"),
            client.get(LIST),
            client.get(QUOTA),
        ]
        return [response.content for response in responses]

    first = go_on()
    client.put("/__admin/state", json={**ANNA, "state": state})
    assert go_on() == first
    assert client.get("/__admin/state", params=ANNA).json() != state


def test_a_state_can_be_forked_into_another_world(client: TestClient) -> None:
    upload(client)
    state = client.get("/__admin/state", params=ANNA).json()
    put = client.put("/__admin/state", json={"apiKey": "sandbox_b", "state": state})
    upload(client, vcf(("Anna", "348 111 2222")), key="sandbox_b")

    assert put.json()["contacts"] == 1
    assert used(client, **{"X-Api-Key": "sandbox_b"}) == 2
    assert used(client) == 1


def test_a_state_that_contradicts_itself_changes_nothing(client: TestClient) -> None:
    upload(client)
    state = client.get("/__admin/state", params=ANNA).json()
    state["lists"][0]["members"] = ["cnt_9"]
    response = client.put("/__admin/state", json={**ANNA, "state": state})

    assert response.status_code == 409
    assert response.json() == fail(
        **{"state.lists[0].members": "Expected ids of contacts; no contact has 'cnt_9'."}
    )
    assert used(client) == 1


def test_a_state_of_an_unknown_region_changes_nothing(client: TestClient) -> None:
    upload(client)
    state = client.get("/__admin/state", params=ANNA).json()
    state["account"]["region"] = "ZZ"
    response = client.put("/__admin/state", json={**ANNA, "state": state})

    assert response.status_code == 409
    assert response.json() == fail(
        **{"state.account.region": "Expected a country with telephone numbers; found 'ZZ'."}
    )
    assert upload(client).json()["summary"]["duplicates"] == 1


LAST_ONES = {
    "clock": {"start": None, "frozenAt": "2999-12-31T23:59:59Z", "shiftSeconds": 0},
    "ids": {"seed": "s", "drawn": 1_000_000_000, "planned": {"import": ["of two words"]}},
    "limits": {"importTakesSeconds": 3_600_000_000, "fileBytes": None},
    "nextNumber": 1_000_000_000,
    "faults": {
        "seed": "s",
        "armed": [
            {
                "id": "fault_1000000000",
                "seen": 1_000_000_000,
                "fired": 1_000_000_000,
                "expires": None,
                "fault": {"on": "*", "delay": {"fixed": "0ms"}},
            }
        ],
    },
}


def test_a_world_at_its_bounds_goes_on_and_can_be_saved_again(client: TestClient) -> None:
    state = {**client.get("/__admin/state", params=ANNA).json(), **LAST_ONES}
    assert client.put("/__admin/state", json={**ANNA, "state": state}).status_code == 200

    report = upload(client, listName="New").json()
    century = {"on": "*", "ttl": "999999h", "delay": {"fixed": "0ms"}}
    armed = client.post("/__admin/faults", json={**ANNA, "fault": century}).json()
    after = client.get("/__admin/state", params=ANNA)

    assert (report["importId"], report["completedAt"]) == (
        "of two words",
        "3000-01-02T00:59:59+01:00",
    )
    assert (armed["id"], armed["expires"][:4]) == ("fault_1000000001", "3114")
    assert (after.status_code, after.json()["nextNumber"]) == (200, 1_000_000_001)


@pytest.mark.parametrize("freeze", ["1970-01-01T00:00:00+14:00", "2999-12-31T23:59:59-12:00"])
def test_the_first_and_the_last_moment_can_be_saved_in_every_time_zone(
    client: TestClient, freeze: str
) -> None:
    assert client.put("/__admin/clock", json={**ANNA, "freeze": freeze}).status_code == 200
    upload(client)
    state = client.get("/__admin/state", params=ANNA).json()

    assert client.put("/__admin/state", json={**ANNA, "state": state}).status_code == 200


def test_a_running_clock_can_be_saved_after_every_advance(client: TestClient) -> None:
    while client.put("/__admin/clock", json={**ANNA, "advance": "999999h"}).status_code == 200:
        state = client.get("/__admin/state", params=ANNA).json()
        assert client.put("/__admin/state", json={**ANNA, "state": state}).status_code == 200


@pytest.mark.parametrize("depth", [200, 3000, 100_000])
@pytest.mark.parametrize("size", [0, 300_000])
def test_a_snapshot_that_is_nested_too_deeply_is_refused(
    client: TestClient, depth: int, size: int
) -> None:
    for place in ("state", "lists", "contacts"):
        deep = '{"a":' + "[" * depth + "1" + "]" * depth + "}"
        inner = deep if place == "state" else f'{{"{place}": [{deep}]}}'
        content = f'{{"apiKey": "sandbox_{"x" * size}", "state": {inner}}}'
        response = client.put(
            "/__admin/state", content=content, headers={"Content-Type": "application/json"}
        )

        assert response.status_code == 400
        [message] = response.json()["data"].values()
        assert message.startswith(("Expected values nested at most", "Expected JSON: "))


@pytest.mark.parametrize("depth", [200, 300, 1000])
def test_a_body_that_is_nested_too_deeply_is_refused(client: TestClient, depth: int) -> None:
    body = "[" * depth + "]" * depth
    content = f'{{"fault": {{"on": "*", "respond": {{"status": 200, "body": {body}}}}}}}'
    response = client.post(
        "/__admin/faults", content=content, headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 400
    assert response.json() == fail(body="Expected values nested at most 200 deep.")
    assert client.get("/__admin/faults").json() == {"faults": []}


def test_the_clock_stops_moves_and_is_reset(client: TestClient) -> None:
    def put(**change: object) -> dict[str, object]:
        body: dict[str, object] = client.put("/__admin/clock", json={**ANNA, **change}).json()
        return body

    assert put(freeze="2026-04-09T09:00:10Z") == {
        "now": "2026-04-09T11:00:10+02:00",
        "frozen": True,
        "timezone": "Europe/Rome",
    }
    assert upload(client).json()["completedAt"] == "2026-04-09T11:00:10+02:00"
    assert put(advance="90m")["now"] == "2026-04-09T12:30:10+02:00"
    assert put(reset=True)["frozen"] is False
    assert put(freeze=True)["frozen"] is True


@pytest.mark.parametrize("advance", ["48h", "999999h"])
def test_time_ends_before_the_year_three_thousand(client: TestClient, advance: str) -> None:
    frozen = {**ANNA, "freeze": "2999-12-31T00:00:00Z"}

    assert client.put("/__admin/clock", json={**frozen, "advance": advance}).status_code == 409
    assert client.get("/__admin/clock", params=ANNA).json()["frozen"] is False


def test_a_day_that_does_not_exist_is_no_time_to_stop_at(client: TestClient) -> None:
    response = client.put("/__admin/clock", json={**ANNA, "freeze": "2026-02-30T00:00:00Z"})

    assert response.status_code == 400
    assert response.json() == fail(
        freeze="Expected true, or a moment like 2026-04-09T11:00:10+02:00, from 1970 to 2999."
    )


# Faults


def test_a_fault_is_armed_shown_with_its_counters_and_disarmed(client: TestClient) -> None:
    fault = {"on": "getContactQuota", "count": 2, "respond": {"status": 503}}
    active = client.post("/__admin/faults", json={**ANNA, "fault": fault})
    statuses = [client.get(QUOTA).status_code, client.get(LIST).status_code]

    assert active.status_code == 201
    assert statuses == [503, 200]
    assert client.get("/__admin/faults", params=ANNA).json() == {
        "faults": [{"id": "fault_1", "seen": 1, "fired": 1, "expires": None, "fault": fault}]
    }
    assert client.delete("/__admin/faults", params=ANNA).json() == {"removed": 1}
    assert client.get(QUOTA).status_code == 200


def test_a_fault_of_one_session_is_none_of_another(client: TestClient) -> None:
    fault = {"on": "*", "respond": {"status": 503}}
    client.post("/__admin/faults", json={**ANNA, "session": "s", "fault": fault})

    assert client.get(QUOTA).status_code == 200
    assert client.get(QUOTA, headers={"X-Sandbox-Session": "s"}).status_code == 503


def test_a_fault_on_no_operation_is_refused(client: TestClient) -> None:
    fault = {"on": "uploadVcard", "respond": {"status": 503}}
    response = client.post("/__admin/faults", json={**ANNA, "fault": fault})

    assert response.status_code == 404
    assert response.json()["data"]["fault.on"].startswith(
        "Unknown operation 'uploadVcard'. Expected one of: uploadVCard,"
    )


# What is asked wrongly


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ({}, {"fault": "Missing."}),
        ({"fault": {"respond": {"status": 503}}}, {"fault.on": "Missing."}),
        (
            {"fault": {"on": "*"}},
            {"fault": "Expected what happens: one or more of delay, dribble, respond, network."},
        ),
        (
            {"fault": {"on": "*", "respond": {"status": 503}}, "apiKey": "prod-4711"},
            {"apiKey": "Expected YOUR_API_KEY or a key that begins with sandbox_."},
        ),
        (
            {"fault": {"on": "*", "delay": {"fixed": "1s"}, "sesion": "s"}},
            {
                "fault.sesion": "Unknown. Expected one of: count, delay, dribble, every, network, "
                "on, respond, skip, ttl, when."
            },
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(
    client: TestClient, body: dict[str, Any], data: dict[str, str]
) -> None:
    response = client.post("/__admin/faults", json=body)

    assert response.status_code == 400
    assert response.json() == fail(**data)


def test_a_misspelled_filter_does_not_mean_no_filter(client: TestClient) -> None:
    response = client.get("/__admin/clock?apikey=sandbox_anna")

    assert response.status_code == 400
    assert response.json() == fail(
        apikey="Unknown. Expected one of: apiKey, scenario, session, world."
    )


def test_a_body_that_is_no_json_is_refused(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.put("/__admin/clock", content=b"{freeze", headers=headers)

    assert response.status_code == 400
    assert response.json()["data"]["body"].startswith("Expected JSON: ")


def test_a_wrong_method_or_path_is_told_what_there_is(client: TestClient) -> None:
    response = client.get("/__admin/requests/count")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert client.get("/__admin/weather").status_code == 404


def test_health_and_version_say_what_runs(client: TestClient) -> None:
    health = client.get("/__admin/health").json()

    assert (health["status"], health["uptimeInSeconds"] >= 0) == ("healthy", True)
    assert client.get("/__admin/version").json()["contract"] == "1.0.0"
    assert client.head("/__admin/health").content == b""


def test_every_run_has_a_name_of_its_own_that_its_events_begin_with(client: TestClient) -> None:
    app: Any = client.app
    backlog = app.state.runtime.events.backlog

    assert client.get("/__admin/health").json()["run"] == backlog.name
    assert backlog.id_of(3) == f"{backlog.name}-3"
    assert sandbox().get("/__admin/health").json()["run"] != backlog.name


# Looking on


def test_one_world_can_be_looked_at_and_begins_with_the_first_look(client: TestClient) -> None:
    first = client.get("/__admin/world", params={**ANNA, "scenario": "quota-exhausted"}).json()

    assert (first["scenario"], first["quota"]) == (
        "quota-exhausted",
        {"used": 50000, "total": 50000},
    )
    assert first["requests"] == 0
    again = client.get("/__admin/world", params={"world": first["world"]}).json()
    assert {**again, "idleSeconds": first["idleSeconds"]} == first


def test_looking_into_a_list_shows_what_the_api_shows(client: TestClient) -> None:
    upload(client, vcf(("Marco Rossi", "347 123 4567"), ("Giulia Bianchi", "348 987 6543")))
    shown = client.get(LIST, params={"limit": 10}).json()
    seen = client.get("/__admin/contacts", params={**ANNA, "listId": shown["listId"], "limit": 10})

    assert seen.json() == shown
    assert len(shown["contacts"]) == 2


def test_looking_into_a_list_counts_to_nothing_and_is_in_no_journal(client: TestClient) -> None:
    limited = {**ANNA, "scenario": "rate-limited"}
    before = client.get("/__admin/world", params=limited).json()["rateLimit"]
    client.get("/__admin/contacts", params={**limited, "listId": "list_crm_migration"})

    assert (
        client.get("/__admin/world", params=limited).json()["rateLimit"]["remaining"]
        == (before["remaining"])
    )
    assert client.post("/__admin/requests/count", json={}).json() == {"count": 0}


def test_looking_into_a_list_that_is_not_there_says_so(client: TestClient) -> None:
    response = client.get("/__admin/contacts", params={**ANNA, "listId": "list_none"})

    assert (response.status_code, list(response.json()["data"])) == (404, ["listId"])


def test_a_failure_of_our_own_is_a_500_that_gives_nothing_away(client: TestClient) -> None:
    def broken() -> None:
        message = "secret detail"
        raise RuntimeError(message)

    app: Any = client.app
    app.state.runtime.journal.clear = broken
    response = client.delete("/__admin/requests")

    assert response.status_code == 500
    assert response.json()["status"] == "error"
    assert "secret detail" not in response.text


def test_the_control_api_names_the_keys_that_the_sandbox_accepts() -> None:
    keys = AcceptedKeys(frozenset({"live_4711"}))
    with TestClient(create_app(SandboxSettings(keys=keys)), base_url="http://127.0.0.1") as client:
        bound = client.put("/__admin/scenario", json={"apiKey": "live_4711", "scenario": "flaky"})
        other = client.get("/__admin/clock", params={"apiKey": "live_4712"})
        contract = client.get("/__admin/openapi.json").text

    assert (bound.status_code, bound.json()["scenario"]) == (200, "flaky")
    assert (other.status_code, other.json()["data"]) == (
        400,
        {
            "apiKey": "Unknown API key. Accepted: YOUR_API_KEY, and any key that begins with sandbox_, "
            "and the keys given with --accept-key."
        },
    )
    assert "4711" not in contract
