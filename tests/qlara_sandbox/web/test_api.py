from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.qlara_sandbox.web.calls import LIST, MARCO, QUOTA, UPLOAD, fail, upload, vcf

if TYPE_CHECKING:
    from starlette.testclient import TestClient

CRM = {"X-Sandbox-Scenario": "crm-migration"}


def listed(client: TestClient, path: str = LIST, **query: str) -> list[dict[str, Any]]:
    contacts: list[dict[str, Any]] = client.get(path, params=query).json()["contacts"]
    return contacts


def test_an_import_is_reported_listed_and_counted(client: TestClient) -> None:
    client.headers.update(CRM)
    report = upload(client, tags="crm-import, q2-2026,,crm-import")

    assert report.json() == {
        "importId": "imp_v1c2a3r4d5",
        "listId": "list_crm_migration",
        "status": "COMPLETED",
        "summary": {"total": 1, "imported": 1, "duplicates": 0, "errors": 0, "skipped": 0},
        "errors": [],
        "completedAt": "2026-04-09T11:00:15+02:00",
    }
    assert listed(client) == [
        {
            "contactId": "cnt_001",
            "name": "Marco Rossi",
            "phoneNumber": "+393471234567",
            "tags": ["crm-import", "q2-2026"],
            "createdAt": "2026-04-09T11:00:10+02:00",
        }
    ]
    assert client.get(QUOTA).json() == {"used": 1, "total": 50_000}


def test_skip_is_the_default_strategy(client: TestClient) -> None:
    upload(client)
    summary = upload(client, vcf(("Somebody Else", "+39 347 1234567"))).json()["summary"]

    assert summary == {"total": 1, "imported": 0, "duplicates": 1, "errors": 0, "skipped": 1}
    assert [contact["name"] for contact in listed(client)] == ["Marco Rossi"]


def test_update_changes_the_contact_and_duplicate_copies_it(client: TestClient) -> None:
    upload(client)
    upload(client, vcf(("Marco R.", "3471234567")), duplicateStrategy="UPDATE")
    upload(client, duplicateStrategy="DUPLICATE")

    assert [contact["name"] for contact in listed(client)] == ["Marco R.", "Marco Rossi"]
    assert client.get(QUOTA).json()["used"] == 2


def test_a_list_name_creates_a_list_that_can_be_read(client: TestClient) -> None:
    report = upload(client, listName="Outlook Sync Aprile 2026").json()

    assert report["listId"].startswith("list_")
    path = LIST.replace("list_crm_migration", report["listId"])
    assert [contact["name"] for contact in listed(client, path)] == ["Marco Rossi"]


def test_pages_say_where_they_are(client: TestClient) -> None:
    upload(client, vcf(*((f"n{i}", f"+39347{1_000_000 + i}") for i in range(25))))

    def page(**query: int) -> tuple[int, int, int, int, bool]:
        body = client.get(LIST, params=query).json()
        count = len(body["contacts"])
        return count, body["total"], body["page"], body["totalPages"], body["hasMore"]

    assert page() == (10, 25, 1, 3, True)
    assert page(limit=5, page=5) == (5, 25, 5, 5, False)
    assert page(page=3) == (5, 25, 3, 3, False)
    assert page(page=4) == (0, 25, 4, 3, False)
    assert page(limit=1000) == (25, 25, 1, 1, False)


def test_an_empty_list_has_no_pages(client: TestClient) -> None:
    assert client.get(LIST).json() == {
        "listId": "list_crm_migration",
        "contacts": [],
        "total": 0,
        "page": 1,
        "totalPages": 0,
        "hasMore": False,
    }


INTEGER = "Expected an integer from 1 to 1000."


@pytest.mark.parametrize(
    "limit", ["0", "1001", "-1", "ten", "", "1.0", "+5", "٣", "1e2", "9" * 5000]
)
def test_a_limit_that_is_no_plain_number_in_range_is_refused(
    client: TestClient, limit: str
) -> None:
    response = client.get(LIST, params={"limit": limit})

    assert (response.status_code, response.json()) == (400, fail(limit=INTEGER))


def test_every_wrong_parameter_is_named_at_once(client: TestClient) -> None:
    response = client.get(f"{LIST}?limit=1&limit=2&page=0")

    assert response.json() == fail(
        limit=f"Given 2 times. {INTEGER}", page="Expected an integer from 1 to 1000000000."
    )


def test_unknown_parameters_are_ignored(client: TestClient) -> None:
    assert client.get(LIST, params={"sortBy": "name"}).status_code == 200


def test_an_unknown_list_is_refused_for_reading_and_importing(client: TestClient) -> None:
    refused = fail(listId="No list with id 'list_x' in this account.")
    read = client.get(LIST.replace("list_crm_migration", "list_x"))
    imported = upload(client, listId="list_x")

    assert (read.status_code, read.json()) == (404, refused)
    assert (imported.status_code, imported.json()) == (404, refused)


def test_an_id_that_cannot_be_one_is_a_wrong_field(client: TestClient) -> None:
    response = client.get(LIST.replace("list_crm_migration", "a%20b"))

    assert response.json() == fail(
        listId="Expected 1 to 64 letters, digits, hyphens or underscores."
    )


WHICH = "Expected either listId or listName, found {}."


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        (
            {"duplicateStrategy": "skip"},
            {"duplicateStrategy": "Expected one of SKIP, UPDATE, DUPLICATE."},
        ),
        (
            {"listId": "a", "listName": "b"},
            {"listId": WHICH.format("both"), "listName": WHICH.format("both")},
        ),
        ({"listId": ""}, {"listId": "Expected 1 to 64 letters, digits, hyphens or underscores."}),
        (
            {"listName": " "},
            {"listName": "Expected 1 to 120 characters on one line, the first of them visible."},
        ),
        (
            {"listName": "x" * 121},
            {"listName": "Expected 1 to 120 characters on one line, the first of them visible."},
        ),
        (
            {"tags": "a\0b"},
            {"tags": "Expected up to 1000 characters on one line, tags separated by commas."},
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_was_expected(
    client: TestClient, fields: dict[str, str], data: dict[str, str]
) -> None:
    response = upload(client, MARCO, key=None, **fields)

    assert (response.status_code, response.json()) == (400, fail(**data))
    assert client.get(QUOTA).json()["used"] == 0


def test_neither_list_id_nor_list_name_is_refused(client: TestClient) -> None:
    response = client.post(UPLOAD, files={"file": ("c.vcf", MARCO)})

    assert response.json() == fail(listId=WHICH.format("neither"))


def test_unknown_fields_are_ignored(client: TestClient) -> None:
    assert upload(client, fileName="contacts.vcf").status_code == 200


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"name;number\r\nMarco;347\r\n", "Invalid VCard format. Expected BEGIN:VCARD header."),
        (b"", "Invalid VCard format. Expected BEGIN:VCARD header."),
        (
            MARCO[:-12],
            "Invalid VCard format. Expected END:VCARD footer. "
            "The card that begins on line 1 has none; complete cards before it: 0.",
        ),
    ],
)
def test_a_file_that_is_no_vcard_is_refused_as_documented(
    client: TestClient, data: bytes, message: str
) -> None:
    response = upload(client, data)

    assert (response.status_code, response.json()) == (400, fail(file=message))


def test_a_full_account_refuses_as_documented_and_creates_no_list(client: TestClient) -> None:
    key = "sandbox_full__quota-exhausted"
    response = upload(client, vcf(("New", "+39 351 1234567")), key=key, listName="New list")

    assert response.status_code == 409
    assert response.json() == fail(
        contacts="Contact quota exceeded. Current: 50000/50000. "
        "Upgrade your plan to import more contacts."
    )
    known = vcf(("Elena Conti", "+39 320 555 0901"))
    assert upload(client, known, key=key).json()["summary"]["duplicates"] == 1


def test_the_scenario_of_a_small_limit_refuses_a_small_file(tmp_path: Any) -> None:
    from starlette.testclient import TestClient

    from qlara_sandbox.web.app import create_app
    from qlara_sandbox.web.runtime import SandboxSettings

    (tmp_path / "default.yaml").write_text(
        "title: T\nstory: S\nlists: [{id: list_crm_migration}]\nlimits: {file_bytes: 50}\n"
    )
    small = TestClient(
        create_app(SandboxSettings(scenarios=tmp_path)), headers={"X-Api-Key": "YOUR_API_KEY"}
    )
    response = upload(small, MARCO)

    assert (response.status_code, response.json()) == (
        413,
        fail(file="File size exceeds maximum allowed (50 bytes)"),
    )


def test_a_large_file_is_imported_off_the_event_loop_with_the_same_result(
    client: TestClient,
) -> None:
    people = [(f"n{i}", f"+39347{1_000_000 + i}") for i in range(2_000)]

    assert upload(client, vcf(*people)).json()["summary"]["imported"] == 2_000
    assert client.get(QUOTA).json()["used"] == 2_000
