"""Files are uploaded, contacts listed and quotas read; a refusal is a result."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from qlara_mcp.toolkit import UploadableFiles
from qlara_sandbox import resources
from tests.qlara_mcp.asking import agent

if TYPE_CHECKING:
    from pathlib import Path

    from tests.qlara_mcp.asking import Agent

FILES = resources.SCENARIOS / "files"
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco Rossi\r\nTEL:+393471234567\r\nEND:VCARD\r\n"
LIST = "list_crm_migration"


def test_a_text_is_imported_and_listed(asking: Agent) -> None:
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


def test_a_file_goes_into_a_new_list_and_then_into_the_same(asking: Agent) -> None:
    sent = {"vcard": CARD, "apiKey": "sandbox_u2", "listName": "New"}
    list_id = asking.call("upload_vcard", **sent)["report"]["listId"]
    again = {**sent, "listName": None, "listId": list_id, "duplicateStrategy": "DUPLICATE"}

    asking.call("upload_vcard", **again)

    page = asking.call("list_contacts", listId=list_id, apiKey="sandbox_u2", limit=1, page=2)
    assert page["contacts"]["total"] == 2
    assert page["contacts"]["page"] == 2


def test_a_report_shows_some_of_the_errors_and_counts_the_others() -> None:
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
def test_an_upload_that_is_refused_says_why(
    asking: Agent, arguments: dict[str, Any], status: int, refusal: dict[str, str]
) -> None:
    outcome = asking.call("upload_vcard", **arguments)

    assert (outcome["status"], outcome["refusal"]) == (status, refusal)
    assert outcome["requestId"].startswith("req_")
    assert outcome["report"] is None


def test_an_upload_needs_a_text_or_a_path(asking: Agent) -> None:
    expected = "Expected one of vcard (the text of the file) and path (where it is)."

    assert asking.refused("upload_vcard", listId=LIST) == expected
    assert asking.refused("upload_vcard", listId=LIST, vcard=CARD, path="x") == expected


def test_an_upload_needs_text_that_can_be_sent(asking: Agent) -> None:
    message = "expected text that UTF-8 can hold."
    assert asking.refused("upload_vcard", vcard="\ud800", listId=LIST) == f"vcard: {message}"
    assert asking.refused("upload_vcard", vcard=CARD, listName="\ud800") == f"listName: {message}"


def test_an_upload_may_have_the_further_fields_of_an_overlay() -> None:
    sent = {"vcard": CARD, "listId": LIST}
    with agent(overlay=resources.OVERLAYS / "api-reference.yaml") as one:
        assert one.call("get_sandbox")["overlay"] == "api-reference.yaml"
        assert one.call("upload_vcard", **sent)["status"] == 400
        fields = {"fileName": "contacts.vcf"}
        assert one.call("upload_vcard", **sent, fields=fields)["status"] == 200


def test_no_file_is_read_unless_it_may_be(asking: Agent) -> None:
    message = asking.refused("upload_vcard", path=str(FILES / "bad-header.vcf"), listId=LIST)

    assert message.startswith("path: no files are read here. Expected the text of the file")


def test_no_file_outside_of_the_folder_is_read(tmp_path: Path) -> None:
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


def test_a_file_that_is_too_large_is_refused_as_documented(tmp_path: Path) -> None:
    path = tmp_path / "large.vcf"
    path.write_bytes(CARD.encode() + b"\n" * 10485760)
    with (tmp_path / "huge.vcf").open("wb") as huge:
        huge.truncate(65 * 1024 * 1024)
    with agent(files=UploadableFiles(tmp_path, anywhere=True)) as one:
        outcome = one.call("upload_vcard", path=str(path), listId=LIST)
        message = one.refused("upload_vcard", path="huge.vcf", listId=LIST)

    assert outcome["status"] == 413
    assert message == "path: expected at most 64 MB; 'huge.vcf' is larger."


def test_a_list_that_is_refused_says_why(asking: Agent) -> None:
    outcome = asking.call("list_contacts", listId="a b", page=1)
    assert (outcome["status"], outcome["contacts"]) == (400, None)
    assert "listId" in outcome["refusal"]


def test_a_page_of_contacts_is_bounded(asking: Agent) -> None:
    assert asking.refused("list_contacts").startswith("listId: missing.")
    too_long = asking.refused("list_contacts", listId=LIST, limit=1000)
    assert too_long.startswith("limit: expected less than or equal to 50.")
    assert asking.refused("list_contacts", listId="\ud800").startswith("listId: ")


def test_long_names_are_cut(asking: Agent) -> None:
    vcard = CARD.replace("Marco Rossi", "x" * 900)
    asking.call("upload_vcard", vcard=vcard, listId=LIST, apiKey="sandbox_l1")

    page = asking.call("list_contacts", listId=LIST, apiKey="sandbox_l1")

    name = page["contacts"]["contacts"][0]["name"]
    assert name == f"{'x' * 300}… (600 more characters)"
