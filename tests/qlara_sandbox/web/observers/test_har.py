"""Entries of the journal as an HTTP archive: what an entry without a form or a response becomes."""

from __future__ import annotations

from typing import Any

from qlara_sandbox.web.observers.har import archive
from qlara_sandbox.web.observers.journal import JournalEntry, RecordedBody, weigh


def entry(sent: RecordedBody | None, status: int = 200) -> JournalEntry:
    headers = [(b"host", b"localhost"), (b"content-type", b"text/plain")]
    return JournalEntry(
        request_id="req_1",
        at=0.0,
        seconds=0.25,
        method="POST",
        path="/x",
        query=b"",
        headers=headers,
        sent=sent,
        operation=None,
        key=None,
        status=status,
        response_headers=[],
        response=b"",
        response_bytes=0,
        faults=(),
        weight=weigh(headers, 0, [], b""),
    )


def har(*entries: JournalEntry) -> list[dict[str, Any]]:
    """Return the archived entries of a journal, which gives its newest first."""
    archived: list[dict[str, Any]] = archive(entries, "1.0")["log"]["entries"]
    return archived


def test_a_body_that_is_no_form_is_its_text() -> None:
    [archived] = har(entry(RecordedBody(size=5, head=b"BEGIN")))

    assert archived["request"]["postData"] == {
        "mimeType": "text/plain",
        "params": [],
        "text": "BEGIN",
    }
    assert archived["request"]["bodySize"] == 5


def test_a_form_without_a_file_is_its_fields() -> None:
    [archived] = har(entry(RecordedBody(size=9, head=b"", fields={"tags": "a"})))

    assert archived["request"]["postData"]["params"] == [{"name": "tags", "value": "a"}]


def test_a_response_that_was_never_sent_has_the_status_0() -> None:
    [archived] = har(entry(None, status=0))

    assert (archived["response"]["status"], archived["response"]["statusText"]) == (0, "")
    assert "postData" not in archived["request"]


def test_the_oldest_entry_comes_first() -> None:
    newest, oldest = entry(None)._replace(request_id="req_2"), entry(None)

    assert [archived["comment"] for archived in har(newest, oldest)] == ["req_1", "req_2"]
