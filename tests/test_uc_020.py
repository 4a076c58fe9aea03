"""UC-020 as a reader of the documentation runs it: bash, curl and jq, only the host exchanged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox import resources
from tests.server import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "https://lora-api.agiletelecom.com"
FILES = resources.SCENARIOS / "files"

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="curl and jq are not installed"
)

UPLOAD = rf"""curl -s -X POST {HOST}/api/partner-gateway/v1/contacts/upload/vcard \
-H "X-Api-Key: YOUR_API_KEY" \
-F "file=@./contacts-export.vcf" \
-F "listId=list_crm_migration" \
-F "duplicateStrategy=SKIP" \
-F "tags=crm-import,q2-2026"
"""
LIST = rf"""curl -s -X GET "{HOST}/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts?limit=10" \
-H "X-Api-Key: YOUR_API_KEY"
"""
QUOTA = f"""curl -s -X GET {HOST}/api/v1/partner-gateway/subscription/contacts \
-H "X-Api-Key: YOUR_API_KEY" | jq '{{used, total, available: (.total - .used)}}'
"""
END_TO_END = rf"""
# 1. Check available contact quota
echo "=== Contact Quota ==="
curl -s -X GET {HOST}/api/v1/partner-gateway/subscription/contacts \
-H "X-Api-Key: YOUR_API_KEY" | jq '{{used, total, available: (.total - .used)}}'
# 2. Import the VCard file
echo "=== VCard Import ==="
IMPORT_RESULT=$(curl -s -X POST {HOST}/api/partner-gateway/v1/contacts/upload/vcard \
-H "X-Api-Key: YOUR_API_KEY" \
-F "file=@./crm-export-2026-04.vcf" \
-F "listId=list_crm_migration" \
-F "duplicateStrategy=SKIP" \
-F "tags=crm-import,q2-2026")
echo "$IMPORT_RESULT" | jq '.summary'
# 3. Verify imported contacts
LIST_ID=$(echo "$IMPORT_RESULT" | jq -r '.listId')
echo "=== First 5 imported contacts ==="
curl -s -X GET "{HOST}/api/partner-gateway/v1/contacts/list/${{LIST_ID}}/contacts?limit=5" \
-H "X-Api-Key: YOUR_API_KEY" | jq '.contacts[] | {{name, phoneNumber, tags}}'
"""
UPDATE = rf"""curl -s -X POST {HOST}/api/partner-gateway/v1/contacts/upload/vcard \
-H "X-Api-Key: YOUR_API_KEY" \
-F "file=@./contacts-updated.vcf" \
-F "listId=list_crm_migration" \
-F "duplicateStrategy=UPDATE"
"""
NEW_LIST = rf"""curl -s -X POST {HOST}/api/partner-gateway/v1/contacts/upload/vcard \
-H "X-Api-Key: YOUR_API_KEY" \
-F "file=@./outlook-contacts.vcf" \
-F "listName=Outlook Sync Aprile 2026" \
-F "duplicateStrategy=SKIP"
"""


@pytest.fixture
def story() -> Iterator[Running]:
    """Start a sandbox whose default is the story of the documentation."""
    with serving("--scenario", "crm-migration") as running:
        yield running


def run(commands: str, running: Running, cwd: Path = FILES) -> str:
    script = commands.replace(HOST, running.url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def answer(commands: str, running: Running, cwd: Path = FILES) -> Any:
    return json.loads(run(commands, running, cwd))


def test_step_1_gives_the_documented_report(story: Running) -> None:
    report = answer(UPLOAD, story)
    shown, others = report["errors"][:2], report["errors"][2:]

    assert {**report, "errors": shown} == {
        "importId": "imp_v1c2a3r4d5",
        "listId": "list_crm_migration",
        "status": "COMPLETED",
        "summary": {"total": 250, "imported": 230, "duplicates": 15, "errors": 5, "skipped": 20},
        "errors": [
            {"line": 45, "name": "Luca Verdi", "reason": "Invalid phone number format"},
            {"line": 89, "name": "Anna Neri", "reason": "Missing phone number"},
        ],
        "completedAt": "2026-04-09T11:00:15+02:00",
    }
    assert len(others) == 3  # the page shows two of its five


def test_step_2_gives_the_documented_page(story: Running) -> None:
    run(UPLOAD, story)
    page = answer(LIST, story)

    assert {**page, "contacts": page["contacts"][:2]} == {
        "listId": "list_crm_migration",
        "contacts": [
            {
                "contactId": "cnt_001",
                "name": "Marco Rossi",
                "phoneNumber": "+393471234567",
                "email": "marco.rossi@email.com",
                "tags": ["crm-import", "q2-2026"],
                "createdAt": "2026-04-09T11:00:10+02:00",
            },
            {
                "contactId": "cnt_002",
                "name": "Giulia Bianchi",
                "phoneNumber": "+393489876543",
                "email": "g.bianchi@company.it",
                "tags": ["crm-import", "q2-2026"],
                "createdAt": "2026-04-09T11:00:10+02:00",
            },
        ],
        "total": 230,
        "page": 1,
        "totalPages": 23,
        "hasMore": True,
    }
    assert len(page["contacts"]) == 10  # the page shows two of its ten


def test_the_quota_moves_by_the_imported_contacts(story: Running) -> None:
    before, _, after = (answer(QUOTA, story), run(UPLOAD, story), answer(QUOTA, story))

    assert before["used"] + 230 == after["used"]
    assert before["available"] - 230 == after["available"]
    assert before["total"] == 50_000


def test_the_end_to_end_script_runs_as_printed(story: Running) -> None:
    output = run(END_TO_END, story)

    assert '"imported": 230' in output
    assert output.count('"phoneNumber"') == 5


def test_a_second_import_with_update_brings_existing_contacts_up_to_date(story: Running) -> None:
    run(UPLOAD, story)
    summary = answer(UPDATE, story)["summary"]
    marco, giulia = answer(LIST, story)["contacts"][:2]

    assert summary == {"total": 8, "imported": 8, "duplicates": 7, "errors": 0, "skipped": 0}
    assert marco["email"] == "marco@example.com"
    assert giulia["email"] == "g.bianchi@company.it"
    assert marco["tags"] == ["crm-import", "q2-2026"]


def test_an_import_by_list_name_makes_a_new_list(story: Running) -> None:
    report = answer(NEW_LIST, story)
    page = answer(LIST.replace("list_crm_migration", report["listId"]), story)

    assert report["listId"] != "list_crm_migration"
    assert page["total"] == report["summary"]["imported"] == 10


def test_a_file_without_header_is_refused_as_documented(story: Running) -> None:
    assert answer(UPLOAD.replace("contacts-export", "bad-header"), story) == {
        "status": "fail",
        "data": {"file": "Invalid VCard format. Expected BEGIN:VCARD header."},
    }


def test_a_file_over_ten_megabytes_is_refused_as_documented(story: Running, tmp_path: Path) -> None:
    export = (FILES / "contacts-export.vcf").read_bytes()
    (tmp_path / "contacts-export.vcf").write_bytes(export * 200)

    assert answer(UPLOAD, story, tmp_path) == {
        "status": "fail",
        "data": {"file": "File size exceeds maximum allowed (10 MB)"},
    }


def test_a_full_account_refuses_as_documented() -> None:
    with serving("--scenario", "quota-exhausted") as running:
        assert answer(UPLOAD, running) == {
            "status": "fail",
            "data": {
                "contacts": "Contact quota exceeded. Current: 50000/50000. "
                "Upgrade your plan to import more contacts."
            },
        }
