"""The deployment is right by default: it gives the responses that UC-020 documents."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.foreign.deployment import SEEDED_LIST, Deployment
from tests.foreign.probe import Probe, Wire, card
from tests.foreign.serving import (
    EXHAUSTED_KEY,
    NEARLY_EXHAUSTED_KEY,
    SECOND_KEY,
    UNPERMITTED_KEY,
    default_accounts,
)

pytestmark = pytest.mark.unmeasured

_FILE = card("TEL;TYPE=CELL:347 555 0001", "EMAIL:luca@email.com", name="Luca Verdi")


@pytest.fixture
def probe() -> Probe:
    return Probe(Deployment(default_accounts(), seed=0))


def _summary(probe: Probe, file: str, *fields: tuple[str, str]) -> dict[str, int]:
    summary: dict[str, int] = probe.upload(file, [("listId", SEEDED_LIST), *fields]).body["summary"]
    return summary


def _counts(
    total: int, imported: int, duplicates: int, errors: int, skipped: int
) -> dict[str, int]:
    names = ("total", "imported", "duplicates", "errors", "skipped")
    return dict(zip(names, (total, imported, duplicates, errors, skipped), strict=True))


def _people(probe: Probe, list_id: str = SEEDED_LIST) -> list[tuple[str, str]]:
    contacts = probe.page(list_id).body["contacts"]
    return [(each["name"], each["phoneNumber"]) for each in contacts]


def test_an_import_is_reported_as_documented(probe: Probe) -> None:
    report: dict[str, Any] = probe.upload(_FILE + card("TEL:12", name="A B") + card("NOTE:x")).body

    assert set(report) == {"importId", "listId", "status", "summary", "errors", "completedAt"}
    assert (report["listId"], report["status"]) == (SEEDED_LIST, "COMPLETED")
    assert report["summary"] == _counts(3, 1, 0, 2, 2)
    assert report["errors"] == [
        {"line": 10, "name": "A B", "reason": "Invalid phone number format"},
        {"line": 12, "name": "Anna Neri", "reason": "Missing phone number"},
    ]


def test_an_imported_contact_is_in_its_list_with_its_tags(probe: Probe) -> None:
    probe.upload(_FILE, (("listId", SEEDED_LIST), ("tags", "crm-import,q2-2026")))

    contact = probe.page().body["contacts"][-1]
    assert contact["createdAt"].endswith(("+01:00", "+02:00"))
    assert {name: contact[name] for name in ("name", "phoneNumber", "email", "tags")} == {
        "name": "Luca Verdi",
        "phoneNumber": "+393475550001",
        "email": "luca@email.com",
        "tags": ["crm-import", "q2-2026"],
    }


def test_a_list_is_read_in_pages(probe: Probe) -> None:
    page = probe.page(query="?limit=1").body
    assert [each["name"] for each in page.pop("contacts")] == ["Marco Rossi"]
    assert page == {
        "listId": SEEDED_LIST,
        "total": 2,
        "page": 1,
        "totalPages": 2,
        "hasMore": True,
    }
    assert probe.page(query="?limit=1&page=2").body["hasMore"] is False


def test_a_list_name_makes_a_list(probe: Probe) -> None:
    new = probe.new_list(_FILE, "Outlook Sync Aprile 2026")
    assert _people(probe, new) == [("Luca Verdi", "+393475550001")]


def test_a_duplicate_is_skipped_updated_or_copied(probe: Probe) -> None:
    again = card("TEL:+39 347 555 0001", name="Luca Bianchi")
    assert _summary(probe, _FILE) == _counts(1, 1, 0, 0, 0)

    assert _summary(probe, again) == _counts(1, 0, 1, 0, 1)
    assert _people(probe)[2:] == [("Luca Verdi", "+393475550001")]

    assert _summary(probe, again, ("duplicateStrategy", "UPDATE")) == _counts(1, 1, 1, 0, 0)
    assert _people(probe)[2:] == [("Luca Bianchi", "+393475550001")]

    assert _summary(probe, again, ("duplicateStrategy", "DUPLICATE")) == _counts(1, 1, 1, 0, 0)
    assert _people(probe)[2:] == [("Luca Bianchi", "+393475550001")] * 2


def test_the_quota_counts_what_is_created(probe: Probe) -> None:
    probe.upload(_FILE + _FILE + card("NOTE:x"))
    assert probe.quota().body == {"used": 3, "total": 50_000}


def test_a_full_plan_is_refused_as_documented(probe: Probe) -> None:
    refused = probe.upload(_FILE, key=EXHAUSTED_KEY)
    message = "Contact quota exceeded. Current: 25/25. Upgrade your plan to import more contacts."
    assert (refused.status, refused.body) == (
        409,
        {"status": "fail", "data": {"contacts": message}},
    )
    assert probe.quota(key=EXHAUSTED_KEY).body == {"used": 25, "total": 25}


def test_skipped_duplicates_pass_a_full_plan(probe: Probe) -> None:
    assert probe.upload(card("TEL:+393471234567"), key=EXHAUSTED_KEY).status == 200


def test_a_plan_with_too_little_room_imports_nothing(probe: Probe) -> None:
    file = "".join(card(f"TEL:+39347555000{at}") for at in range(4))
    assert probe.upload(file, key=NEARLY_EXHAUSTED_KEY).status == 409
    assert probe.quota(key=NEARLY_EXHAUSTED_KEY).body == {"used": 25, "total": 28}


@pytest.mark.parametrize("content", [b"", b"name;phone", b"\x89PNG", b"\r\nFN:x"])
def test_what_is_no_vcard_is_refused_as_documented(probe: Probe, content: bytes) -> None:
    refused = probe.upload(content)
    message = "Invalid VCard format. Expected BEGIN:VCARD header."
    assert (refused.status, refused.body) == (400, {"status": "fail", "data": {"file": message}})


def test_a_file_that_is_too_large_is_refused_as_documented(probe: Probe) -> None:
    refused = probe.upload(b"BEGIN:VCARD\r\n".ljust(10_485_761, b"x"))
    message = "File size exceeds maximum allowed (10 MB)"
    assert (refused.status, refused.body) == (413, {"status": "fail", "data": {"file": message}})


def test_accounts_are_apart(probe: Probe) -> None:
    new = probe.new_list(_FILE)
    assert probe.page(new, key=SECOND_KEY).status == 404
    assert probe.upload(_FILE, (("listId", new),), key=SECOND_KEY).status == 404
    assert probe.upload(_FILE, key=SECOND_KEY).body["summary"] == _counts(1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("key", "status"), [(None, 401), ("", 401), ("other", 401), (UNPERMITTED_KEY, 403)]
)
def test_a_key_with_permission_is_needed(probe: Probe, key: str | None, status: int) -> None:
    assert [probe.quota(key=key).status, probe.page(key=key).status] == [status] * 2
    assert probe.upload(_FILE, key=key).status == status


@pytest.mark.parametrize(
    "wire",
    [
        Wire(content_type='multipart/form-data; boundary="{}"'),
        Wire(content_type="Multipart/Form-Data; charset=utf-8; boundary={}; a=b"),
        Wire(before=b"preamble\r\n", closing=b"--\r\nepilogue"),
        Wire(disposition="form-data; filename=a.vcf; name=file"),
        Wire(disposition='form-data; name="file"; filename="a; \\"b\\" é.vcf"'),
        Wire(more="\r\ncontent-type: text/x-vcard\r\nContent-Length: 7"),
    ],
)
def test_a_form_may_be_written_in_many_ways(probe: Probe, wire: Wire) -> None:
    assert probe.upload(_FILE, wire=wire).status == 200


def test_nothing_here_is_shared_with_the_project() -> None:
    imported = {
        name
        for path in Path(__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported_by(node)
    }
    ours = ("qlara", "sandbox", "contract_tests")
    others = {name for name in imported if name.startswith(ours)}
    outside = {name for name in imported if name.startswith("tests") and "foreign" not in name}
    assert (others, outside) == (set(), set())


def _imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [str(node.module)] if isinstance(node, ast.ImportFrom) else []
