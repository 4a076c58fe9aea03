"""Test code that uses httpx, with the pytest fixture. Run it with: pytest test_with_httpx.py"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.testing import Sandbox

TWO_PEOPLE = """\
BEGIN:VCARD
VERSION:3.0
FN:Marco Rossi
TEL;TYPE=CELL:347 123 4567
EMAIL:marco.rossi@email.com
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Giulia Bianchi
TEL;TYPE=CELL:+39 348 9876543
END:VCARD
"""


class QuotaExhausted(Exception):
    """The plan has no room for the contacts of a file."""


def import_contacts(base_url: str, api_key: str, file: Path) -> dict[str, int]:
    """Import a file and return the summary: the code that is to be tested."""
    with httpx.Client(base_url=base_url, headers={"X-Api-Key": api_key}) as client:
        response = client.post(
            "/api/partner-gateway/v1/contacts/upload/vcard",
            files={"file": (file.name, file.read_bytes(), "text/vcard")},
            data={"listId": "list_crm_migration", "tags": "crm-import"},
        )
    if response.status_code == 409:
        raise QuotaExhausted(response.json()["data"]["contacts"])
    response.raise_for_status()
    summary: dict[str, int] = response.json()["summary"]
    return summary


def vcard_file(folder: Path) -> Path:
    file = folder / "two-people.vcf"
    file.write_text(TWO_PEOPLE, encoding="utf-8")
    return file


def test_both_people_arrive(qlara_sandbox: Sandbox, tmp_path: Path) -> None:
    file = vcard_file(tmp_path)

    summary = import_contacts(qlara_sandbox.base_url, qlara_sandbox.api_key, file)

    assert summary["imported"] == 2
    assert [(contact.name, contact.phone_number) for contact in qlara_sandbox.contacts()] == [
        ("Marco Rossi", "+393471234567"),
        ("Giulia Bianchi", "+393489876543"),
    ]


def test_whoever_is_there_already_is_skipped(qlara_sandbox: Sandbox, tmp_path: Path) -> None:
    qlara_sandbox.upload(TWO_PEOPLE)
    file = vcard_file(tmp_path)

    summary = import_contacts(qlara_sandbox.base_url, qlara_sandbox.api_key, file)

    assert (summary["imported"], summary["duplicates"]) == (0, 2)


def test_a_full_plan_is_told_from_other_errors(qlara_sandbox: Sandbox, tmp_path: Path) -> None:
    qlara_sandbox.scenario("quota-exhausted")
    file = vcard_file(tmp_path)

    with pytest.raises(QuotaExhausted, match="Current: 50000/50000"):
        import_contacts(qlara_sandbox.base_url, qlara_sandbox.api_key, file)

    [refused] = qlara_sandbox.requests(operation="uploadVCard")
    assert refused["answer"]["status"] == 409
    assert qlara_sandbox.quota().available == 0
