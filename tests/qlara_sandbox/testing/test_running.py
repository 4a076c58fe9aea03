"""The context manager: a server in a thread, and what a test can ask of it."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from qlara_sandbox import resources
from qlara_sandbox.domain.contacts import Contact
from qlara_sandbox.domain.errors import UnknownList
from qlara_sandbox.domain.quota import Quota
from qlara_sandbox.scenario.errors import UnknownScenario
from qlara_sandbox.testing import Sandbox, running
from tests.qlara_sandbox.web.calls import QUOTA, vcf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARCO = vcf(("Marco Rossi", "347 123 4567"))
GIULIA = vcf(("Giulia Bianchi", "348 987 6543"))


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: Sandbox, request: pytest.FixtureRequest) -> Sandbox:
    return server.account(request.node.name.replace("_", "-").strip("]").replace("[", "."))


def quota_over_http(sandbox: Sandbox, **headers: str) -> Any:
    request = Request(sandbox.base_url + QUOTA, headers={**sandbox.headers, **headers})  # noqa: S310 - http
    with urlopen(request, timeout=10) as response:  # noqa: S310 - http
        return json.load(response)


def test_what_is_uploaded_is_there_over_http_and_for_the_test(sandbox: Sandbox) -> None:
    response = sandbox.upload(MARCO, tags="crm-import")

    assert (response.status, response.body["summary"]["imported"]) == (200, 1)
    assert quota_over_http(sandbox) == {"used": 1, "total": 50000}
    assert sandbox.quota() == Quota(1, 50000)
    [marco] = sandbox.contacts()
    assert marco == Contact(
        "cnt_001", "Marco Rossi", "+393471234567", "", "", ("crm-import",), marco.created_at
    )


def test_the_name_of_a_file_means_the_file(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.vcf").write_bytes(MARCO)
    (tmp_path / "export").write_bytes(GIULIA)

    assert [sandbox.upload(name).status for name in ("people.vcf", "export")] == [200, 200]
    assert [contact.name for contact in sandbox.contacts()] == ["Marco Rossi", "Giulia Bianchi"]
    with pytest.raises(FileNotFoundError, match=r"poeple\.vcf"):
        sandbox.upload("poeple.vcf")


@pytest.mark.parametrize(
    "content",
    ["", "BEGIN:VCARD", "x" * 5000, "\0", "name.vcf\n"],
    ids=["empty", "a-line", "long", "zero", "a-name-and-a-line-break"],
)
def test_a_text_that_is_no_name_is_the_content(sandbox: Sandbox, content: str) -> None:
    assert sandbox.upload(content).status == 400


def test_a_file_is_uploaded_under_its_name(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / 'città "nuova".vcf'
    path.write_bytes(MARCO)

    response = sandbox.upload(path, listName="Town")

    assert [one.name for one in sandbox.contacts(response.body["listId"])] == ["Marco Rossi"]


def test_a_refused_upload_is_a_response_too(sandbox: Sandbox) -> None:
    assert sandbox.upload("no card").body["data"] == {
        "file": "Invalid VCard format. Expected BEGIN:VCARD header."
    }


def test_an_upload_without_a_response_is_an_error(sandbox: Sandbox) -> None:
    sandbox.scenario("connection-reset")

    with pytest.raises(OSError, match=r"."):
        sandbox.upload(MARCO)


def test_an_upload_whose_response_breaks_off_is_an_error(sandbox: Sandbox) -> None:
    sandbox.fault(on="uploadVCard", network="TRUNCATED_BODY")

    with pytest.raises(ConnectionError, match="no complete response"):
        sandbox.upload(MARCO)


def test_a_scenario_begins_anew(sandbox: Sandbox) -> None:
    sandbox.upload(MARCO)

    sandbox.scenario("quota-exhausted")
    assert quota_over_http(sandbox) == {"used": 50000, "total": 50000}
    assert sandbox.upload(GIULIA).status == 409
    known = [contact.name for contact in sandbox.contacts()]
    assert known == ["Elena Conti", "Matteo Gallo"]

    sandbox.scenario("default")
    assert sandbox.quota() == Quota(0, 50000)


def test_an_unknown_scenario_changes_nothing(sandbox: Sandbox) -> None:
    sandbox.upload(MARCO)

    with pytest.raises(UnknownScenario, match="quota-exhausted"):
        sandbox.scenario("nothing-of-the-kind")

    assert sandbox.quota().used == 1


def test_a_reset_begins_the_same_scenario_anew_and_keeps_the_record(sandbox: Sandbox) -> None:
    sandbox.scenario("quota-nearly-exhausted")
    sandbox.upload(MARCO)

    sandbox.reset()

    assert sandbox.quota() == Quota(49900, 50000)
    assert len(sandbox.requests()) == 1


def test_requests_are_told_in_their_order_and_found_by_operation_and_status(
    sandbox: Sandbox,
) -> None:
    sandbox.upload(MARCO)
    sandbox.upload("no card")
    quota_over_http(sandbox)

    def statuses(**wanted: Any) -> list[tuple[str, int]]:
        return [(one["operation"], one["answer"]["status"]) for one in sandbox.requests(**wanted)]

    assert statuses() == [("uploadVCard", 200), ("uploadVCard", 400), ("getContactQuota", 200)]
    assert statuses(operation="uploadVCard", status="4xx") == [("uploadVCard", 400)]
    assert statuses(status=200) == [("uploadVCard", 200), ("getContactQuota", 200)]
    assert statuses(operation="listContacts") == []


def test_a_fault_strikes_as_ordered_and_only_here(sandbox: Sandbox) -> None:
    sandbox.fault(on="uploadVCard", count=1, respond={"status": 503})

    assert [sandbox.upload(MARCO).status for _ in range(2)] == [503, 200]
    assert sandbox.account("unharmed").upload(MARCO).status == 200


def test_a_fault_with_a_mistake_is_refused_with_its_place(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match=r"fault\.on.*uploadVCard"):
        sandbox.fault(on="uploadVcard", respond={"status": 503})


def test_the_clock_moves_when_told(sandbox: Sandbox) -> None:
    sandbox.clock(freeze="2026-04-09T11:00:10+02:00")

    assert sandbox.clock(advance="90s") == "2026-04-09T11:01:40+02:00"
    assert sandbox.upload(MARCO).body["completedAt"] == "2026-04-09T11:01:40+02:00"


def test_the_control_api_is_asked_about_this_account(sandbox: Sandbox) -> None:
    sandbox.upload(MARCO)
    before = sandbox.control("GET", "state")
    sandbox.upload(GIULIA)

    sandbox.control("PUT", "state", state=before)

    assert [contact.name for contact in sandbox.contacts()] == ["Marco Rossi"]


def test_what_an_account_does_stays_its_own(sandbox: Sandbox) -> None:
    other = sandbox.account("other")
    sandbox.upload(MARCO)

    assert (other.base_url, other.quota().used, other.requests()) == (sandbox.base_url, 0, [])


def test_a_response_that_has_arrived_is_on_record_at_once(server: Sandbox) -> None:
    def one(number: int) -> int:
        account = server.account(f"at-once-{number}")
        quota_over_http(account)
        return len(account.requests())

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(100))) == {1}


def test_contacts_of_an_unknown_list_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(UnknownList, match="list_nowhere"):
        sandbox.contacts("list_nowhere")


@pytest.mark.parametrize("label", ["", "a b", "a__quota-exhausted", "a\r\nb", "_a", "ä"])
def test_a_label_that_is_no_part_of_a_key_is_refused(server: Sandbox, label: str) -> None:
    with pytest.raises(ValueError, match="label: expected"):
        server.account(label)


def test_nothing_is_left_running() -> None:
    before, switch = set(threading.enumerate()), sys.getswitchinterval()

    with running(scenario="quota-exhausted") as sandbox:
        assert sandbox.quota().available == 0

    assert set(threading.enumerate()) == before
    assert sys.getswitchinterval() == switch
    with pytest.raises(RuntimeError, match="has stopped"):
        sandbox.quota()


def test_an_open_stream_of_events_ends_whole_with_the_sandbox() -> None:
    with running() as sandbox:
        stream = urlopen(f"{sandbox.base_url}/__admin/events", timeout=10)  # noqa: S310 - http
        assert stream.readline() == b": listening\n"

    with stream:
        assert stream.read() == b"\n"  # a stream that breaks off raises IncompleteRead


def test_a_scenario_that_cannot_be_had_stops_the_start() -> None:
    with pytest.raises(UnknownScenario, match="default"), running(scenario="nothing"):
        pytest.fail("it started")


def test_an_overlay_changes_the_contract_of_this_sandbox_alone(sandbox: Sandbox) -> None:
    with running(overlay=resources.OVERLAYS / "api-reference.yaml") as other:
        assert quota_over_http(other)["remaining"] == 50_000
    assert sorted(quota_over_http(sandbox)) == ["total", "used"]
