"""What the scripts of the console work out, asked of them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page


def ask(page: Page, script: str, expression: str, *values: Any) -> Any:
    """Return what an expression gives in which `m` is a script, and `v` the values."""
    return page.evaluate(
        f"async (v) => {{ const m = await import('/__assets/{script}.js'); return ({expression}); }}",
        list(values),
    )


@pytest.mark.parametrize(
    ("query", "view"),
    [
        ("", {}),
        ("?scenario=slow&session=s", {"scenario": "slow", "session": "s"}),
        ("?key=sandbox_a%25b&request=req_1", {"key": "sandbox_a%b", "request": "req_1"}),
        ("?key=live-key&other=1", {}),
        ("?key=YOUR_API_KEY", {"key": "YOUR_API_KEY"}),
    ],
)
def test_an_address_names_a_view(page: Page, query: str, view: dict[str, str]) -> None:
    found = ask(page, "address", "m.viewOf(v[0])", query)

    assert {name: value for name, value in found.items() if value} == view
    assert ask(page, "address", "m.viewOf(m.queryOf(v[0]))", found) == found


def test_an_address_has_no_key_that_is_not_of_a_sandbox(page: Page) -> None:
    assert ask(page, "address", "m.queryOf(v[0])", {"scenario": "slow", "key": "live-key"}) == (
        "?scenario=slow"
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\r\nb\nc\rd", ["a", "b", "c", "d"]),
        ("a\r\r\nb", ["a", "b"]),
        ("a\n\nb\n", ["a", "", "b", ""]),
    ],
)
def test_lines_are_counted_as_the_sandbox_counts_them(
    page: Page, text: str, lines: list[str]
) -> None:
    assert ask(page, "report", "m.linesOf(v[0])", text) == lines


CARDS = ["BEGIN:VCARD", "TEL:1", "END:VCARD", "begin:vcard", "FN:x", "BEGIN:VCARD", "END:VCARD"]


@pytest.mark.parametrize(
    ("line", "card"),
    [(1, [1, 3]), (2, [1, 3]), (3, [1, 3]), (4, [4, 5]), (5, [4, 5]), (6, [6, 7]), (9, [9, 9])],
)
def test_a_line_is_in_one_card(page: Page, line: int, card: list[int]) -> None:
    assert ask(page, "report", "m.cardAt(v[0], v[1])", CARDS, line) == card


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "è"),
        ("utf-8-sig", "è"),
        ("utf-16", "BEGIN:è"),
        ("utf-16-le", "BEGIN:è"),
        ("utf-16-be", "BEGIN:è"),
        ("cp1252", "€ è"),
    ],
)
def test_a_file_is_read_in_the_encodings_that_the_sandbox_reads(
    page: Page, encoding: str, text: str
) -> None:
    raw = list(text.encode(encoding))

    assert ask(page, "report", "m.decoded(new Uint8Array(v[0]))", raw) == text


ENTRY: dict[str, Any] = {
    "id": "req_00000007",
    "operation": "getContactQuota",
    "apiKey": "sandbox_an…__slow",
    "session": "s",
    "scenario": "slow",
    "traceId": None,
    "faults": [],
    "milliseconds": 3,
    "request": {
        "method": "GET",
        "path": "/quota",
        "query": "a=1",
        "headers": {
            "host": "h",
            "x-api-key": "sandbox_an…__slow",
            "prefer": "code=409",
            "accept": "*",
        },
        "bodyBytes": 0,
    },
    "answer": {"status": 409, "headers": {"content-type": "x"}, "body": "{}", "bodyBytes": 2},
}


@pytest.mark.parametrize(
    ("filters", "meant"),
    [
        ({}, True),
        ({"status": "409", "operation": "getContactQuota", "key": "sandbox_an…__slow"}, True),
        ({"status": "4xx"}, True),
        ({"status": "5xx"}, False),
        ({"status": "0"}, False),
        ({"operation": "uploadVCard"}, False),
        ({"key": "none"}, False),
        ({"text": "SLOW code=409"}, True),
        ({"text": "slow fast"}, False),
    ],
)
def test_filters_mean_an_entry(page: Page, filters: dict[str, str], meant: bool) -> None:
    assert ask(page, "entries", "m.matches(v[0], v[1])", ENTRY, filters) is meant


def test_an_entry_is_sent_again_without_what_a_client_sets_by_itself(page: Page) -> None:
    assert ask(page, "entries", "m.requestOf(v[0], v[1])", ENTRY, "sandbox_me") == {
        "operation": "getContactQuota",
        "method": "GET",
        "path": "/quota?a=1",
        "headers": {
            "Prefer": "code=409",
            "X-Api-Key": "sandbox_me",
            "X-Sandbox-Scenario": "slow",
        },
        "body": None,
        "complete": True,
        "notes": [
            "The journal shows the key as sandbox_an…__slow; the one of this page stands in for it."
        ],
    }


@pytest.mark.parametrize(
    ("mask", "key", "same"),
    [
        ("sandbox_an…", "sandbox_anna", True),
        ("sandbox_an…__slow", "sandbox_anna__slow", True),
        ("sandbox_an…__slow", "sandbox_anna", False),
        ("sandbox_an…", "sandbox_ben", False),
        ("YOUR_API_KEY", "YOUR_API_KEY", True),
        (None, "", False),
    ],
)
def test_a_mask_stands_for_keys_that_look_like_it(
    page: Page, mask: str | None, key: str, same: bool
) -> None:
    assert ask(page, "entries", "m.isMaskOf(v[0], v[1])", mask, key) is same


def test_a_documented_status_has_a_demonstration_with_a_story_if_there_is_one(page: Page) -> None:
    found = ask(
        page, "demonstrations", "v.map((name) => m.demonstrationNamed(name)?.id)",
        "quota-exhausted", "uploadVCard-409", "listContacts-403", "nothing", "toString-200",
    )  # fmt: skip

    assert found == ["quota-exhausted", "quota-exhausted", "listContacts-403", None, None]
