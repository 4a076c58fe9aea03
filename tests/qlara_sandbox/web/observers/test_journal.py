"""The journal: what it keeps, what it masks, how it is searched, and that it stays small."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.observers.journal import (
    Criteria,
    Journal,
    JournalEntry,
    masked_query,
    show,
    weigh,
)
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.web.calls import LIST, MARCO, QUOTA, fail, upload, vcf

KEY = "sandbox_anna_secret"


@pytest.fixture
def client() -> TestClient:
    """Make a fresh sandbox, spoken to with a key that must not show."""
    return TestClient(create_app(), base_url="http://localhost", headers={"X-Api-Key": KEY})


def requests(client: TestClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/__admin/requests{query}").json()["requests"]
    return found


def count(client: TestClient, **criteria: object) -> int:
    number: int = client.post("/__admin/requests/count", json=criteria).json()["count"]
    return number


def entry(number: int, size: int = 0) -> JournalEntry:
    response = b"x" * size
    return JournalEntry(
        f"req_{number:08d}",
        1000.0 + number,
        0.001,
        "GET",
        QUOTA,
        b"",
        [],
        None,
        "getContactQuota",
        None,
        200,
        [],
        response,
        size,
        (),
        weigh([], 0, [], response),
    )


def ids(journal: Journal, criteria: Criteria | None = None) -> list[int]:
    return [int(one.request_id[4:]) for one in journal.matching(criteria or Criteria())]


# The bound


def test_the_oldest_entries_are_dropped_when_the_bytes_are_used_up() -> None:
    journal = Journal(limit=10 * entry(0).weight)
    for number in range(25):
        journal.add(entry(number))

    assert ids(journal) == list(range(24, 14, -1))
    assert (journal.dropped, journal.bytes) == (15, journal.limit)


def test_an_entry_that_is_larger_than_the_journal_leaves_it_empty() -> None:
    journal = Journal(limit=5000)
    journal.add(entry(1))
    journal.add(entry(2, size=10_000))

    assert (len(journal), journal.bytes) == (0, 0)


@pytest.mark.parametrize("kind", ["plain", "long query", "long header", "many headers", "unknown"])
def test_the_memory_of_the_journal_is_what_its_limit_says(kind: str) -> None:
    limit = 600_000
    app = create_app(SandboxSettings(journal_bytes=limit))
    client = TestClient(app, base_url="http://localhost", headers={"X-Api-Key": KEY})
    path, headers = _request(kind)
    client.get(path, headers=headers)
    journal = app.state.runtime.journal

    tracemalloc.start()
    while not journal.dropped:
        client.get(path, headers=headers)
    before, _ = tracemalloc.get_traced_memory()
    journal.clear()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 0.3 * limit < before - after < 1.3 * limit


def _request(kind: str) -> tuple[str, dict[str, str]]:
    return {
        "plain": (LIST, {}),
        "long query": (f"{LIST}?x={'y' * 5000}", {}),
        "long header": (QUOTA, {"X-Long": "x" * 20_000}),
        "many headers": (QUOTA, {f"X-Many-{n}": "x" for n in range(80)}),
        "unknown": ("/nowhere", {"X-Long": "x" * 20_000}),
    }[kind]


def test_a_large_upload_leaves_its_form_and_the_head_of_its_file(client: TestClient) -> None:
    people = [(f"Anna {n}", f"+39347{n:07}") for n in range(20_000)]
    data = vcf(*people)
    upload(client, data, tags="a,b")
    request = requests(client)[0]["request"]

    assert request["form"]["fields"] == {"listId": "list_crm_migration", "tags": "a,b"}
    assert request["form"]["file"] == {
        "name": "c.vcf",
        "bytes": len(data),
        "head": data[:4096].decode(),
    }
    assert request["bodyBytes"] > len(data)


# What is kept


def test_an_entry_says_what_was_asked_and_what_was_answered(client: TestClient) -> None:
    response = client.get(f"{LIST}?limit=0", headers={"X-Sandbox-Session": "s"})
    kept = client.get(f"/__admin/requests/{response.headers['x-request-id']}").json()

    assert kept["operation"] == "listContacts"
    assert (kept["session"], kept["scenario"], kept["faults"]) == ("s", "default", [])
    assert (kept["request"]["method"], kept["request"]["path"]) == ("GET", LIST)
    assert kept["request"]["query"] == "limit=0"
    assert kept["answer"]["status"] == 400
    assert json.loads(kept["answer"]["body"]) == response.json()
    assert kept["answer"]["headers"]["x-request-id"] == kept["id"]


def test_what_no_operation_takes_is_kept_too(client: TestClient) -> None:
    client.get("/nowhere")
    client.delete(QUOTA)

    assert [one["answer"]["status"] for one in requests(client)] == [405, 404]


def test_calls_of_the_control_api_are_not_kept(client: TestClient) -> None:
    client.get("/__admin/worlds")

    assert requests(client) == []


def test_a_body_that_is_no_form_is_kept_by_its_head(client: TestClient) -> None:
    client.post(LIST.replace("list/", "upload/"), content=b"BEGIN")
    client.post("/api/partner-gateway/v1/contacts/upload/vcard", content=b"x" * 9000)
    request = requests(client)[0]["request"]

    assert request["bodyBytes"] == 9000
    assert request["body"] == "x" * 4096


def test_an_unknown_request_is_not_found(client: TestClient) -> None:
    response = client.get("/__admin/requests/req_99999999")

    assert response.status_code == 404
    assert response.json() == fail(id="Request req_99999999 not found in the journal.")


def test_the_journal_can_be_emptied(client: TestClient) -> None:
    client.get(QUOTA)

    assert client.delete("/__admin/requests").json() == {"removed": 1}
    assert requests(client) == []


# Secrets


def test_no_key_shows_in_any_form(client: TestClient) -> None:
    client.get(f"{QUOTA}?api_key={KEY}", headers={"Authorization": f"Bearer {KEY}"})
    client.get(QUOTA, headers={"X-Api-Key": "production-key-4711"})
    upload(client)
    for path in ("requests", "requests?format=har", "worlds", "metrics", "state?world=world_1"):
        shown = client.get(f"/__admin/{path}").text
        assert KEY not in shown
        assert "production-key-4711" not in shown


def test_no_secret_shows_whatever_it_is_called(client: TestClient) -> None:
    secret = "opens-another-door-4711"  # noqa: S105 - one to search for
    client.get(f"{QUOTA}?subscription-key={secret}&ApiKey[]={secret}&X-Amz-Signature={secret}")
    client.get(QUOTA, headers={"Api-Key": secret, "X-Refresh-Token": secret, "X-API-KEY2": secret})
    upload(client, client_secret=secret, dbPassword=secret)
    client.get(QUOTA, headers={"Idempotency-Key": "shown-as-it-is"})

    for path in ("requests", "requests?format=har"):
        shown = client.get(f"/__admin/{path}").text
        assert secret not in shown
        assert "shown-as-it-is" in shown


def test_a_query_without_a_key_is_shown_as_it_is() -> None:
    assert masked_query(b"limit=5&x=%41+b") == "limit=5&x=%41+b"


# Searching


def test_requests_are_found_by_key_session_operation_status_and_time(client: TestClient) -> None:
    client.get(QUOTA)
    client.get(QUOTA, headers={"X-Sandbox-Session": "s"})
    client.get(QUOTA, headers={"X-Api-Key": "sandbox_b"})
    client.get(QUOTA, headers={"X-Api-Key": "nobody"})
    upload(client)

    assert count(client) == 5
    assert count(client, apiKey=KEY) == 3
    assert count(client, apiKey=KEY, session="default") == 2
    assert count(client, operation="uploadVCard") == 1
    assert count(client, status=401) == 1
    assert count(client, status="4xx") == 1
    assert count(client, status="2xx", method="GET", path=QUOTA) == 3
    assert count(client, world="world_2") == 1
    assert count(client, since="2999-01-01T00:00:00Z") == 0
    assert count(client, since="1999-01-01T00:00:00Z") == 5


@pytest.mark.parametrize("since", ["yesterday", "2026-02-30T00:00:00Z", "2026-01-31", "req_x"])
def test_a_beginning_that_is_none_is_refused(client: TestClient, since: str) -> None:
    expected = "Expected an id like req_00000001 or a moment like 2026-04-09T11:00:10Z."

    assert client.get(f"/__admin/requests?since={since}").json() == fail(since=expected)


def test_the_last_day_of_a_month_is_a_beginning(client: TestClient) -> None:
    client.get(QUOTA)

    assert len(requests(client, "?since=2024-02-29T23:59:59.5%2B01:00")) == 1


def test_only_what_came_after_a_request_is_found_since_it(client: TestClient) -> None:
    marker = client.get(QUOTA).headers["x-request-id"]
    client.get(LIST)

    assert [one["operation"] for one in requests(client, f"?since={marker}")] == ["listContacts"]


def test_an_upload_is_found_by_a_field_and_by_the_text_of_its_file(client: TestClient) -> None:
    upload(client, MARCO, tags="crm-import")

    assert count(client, bodyContains="tags=crm-import") == 1
    assert count(client, bodyContains="FN:Marco Rossi") == 1
    assert count(client, bodyContains="FN:Luca") == 0


def test_the_newest_come_first_and_no_more_than_asked_for(client: TestClient) -> None:
    for path in (QUOTA, LIST, QUOTA):
        client.get(path)
    found = client.get("/__admin/requests?limit=2").json()

    assert [one["operation"] for one in found["requests"]] == ["getContactQuota", "listContacts"]
    assert found["total"] == 3


def test_find_gives_what_count_counts(client: TestClient) -> None:
    client.get(QUOTA)
    client.get(LIST)
    criteria = {"operation": "listContacts"}
    found = client.post("/__admin/requests/find", json=criteria).json()

    assert (found["total"], count(client, **criteria)) == (1, 1)
    assert found["requests"][0]["request"]["path"] == LIST


# HTTP archive


def test_the_archive_has_every_field_that_har_1_2_demands(client: TestClient) -> None:
    client.get(f"{LIST}?limit=1")
    upload(client, tags="a")
    log = client.get("/__admin/requests?format=har").json()["log"]
    listed, uploaded = log["entries"]

    assert log["version"] == "1.2"
    assert log["creator"]["name"] == "qlara-sandbox"
    for one in (listed, uploaded):
        assert set(one) >= {"startedDateTime", "time", "request", "response", "cache", "timings"}
        assert set(one["timings"]) == {"send", "wait", "receive"}
        assert set(one["request"]) >= {
            *("method", "url", "httpVersion", "cookies", "headers", "queryString"),
            *("headersSize", "bodySize"),
        }
        assert set(one["response"]) >= {
            *("status", "statusText", "httpVersion", "cookies", "headers", "content"),
            *("redirectURL", "headersSize", "bodySize"),
        }
    assert listed["request"]["url"] == f"http://localhost{LIST}?limit=1"
    assert listed["request"]["queryString"] == [{"name": "limit", "value": "1"}]
    assert listed["response"]["statusText"] == "OK"
    names = [param["name"] for param in uploaded["request"]["postData"]["params"]]
    assert sorted(names) == ["file", "listId", "tags"]


def test_what_was_not_answered_shows_no_answer() -> None:
    unanswered = entry(1)._replace(status=0, faults=("CONNECTION_RESET",))

    assert show(unanswered)["answer"] is None
    assert show(unanswered)["faults"] == ["CONNECTION_RESET"]
