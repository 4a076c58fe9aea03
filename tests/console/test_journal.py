"""The journal: found, held still, cleared, taken apart, copied, sent again, saved."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.console.using import (
    QUOTA,
    account_of_its_own,
    card,
    demonstrate,
    journal,
    open_console,
    text_is,
    upload,
)

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.server import Running


def ask(sandbox: Running, key: str, scenario: str = "default", **headers: str) -> str:
    """Read the quota from elsewhere; return the request's id."""
    response = httpx.get(
        sandbox.url + QUOTA, headers={"X-Api-Key": key, "X-Sandbox-Scenario": scenario, **headers}
    )
    return response.headers["x-request-id"]


def lines(page: Page) -> list[str]:
    found: list[str] = page.locator("#journal .entry").evaluate_all(
        "(all) => all.map((one) => one.id.replace('entry-', ''))"
    )
    return found


@pytest.fixture
def told(page: Page, sandbox: Running) -> tuple[str, list[str]]:
    """Send three requests with a key of their own, and clear what was there before."""
    key = account_of_its_own(page, sandbox)
    page.click("#journal-clear")
    first = ask(sandbox, key)
    second = ask(sandbox, key, "quota-exhausted")
    upload(sandbox, key, card("Anna Neri", "347 123 4567"))
    third = journal(sandbox, apiKey=key)[0]["id"]
    refused = ask(sandbox, "not-one")
    page.wait_for_selector(f"#entry-{refused}")
    return key, [refused, third, second, first]


def test_everything_shows_newest_first(page: Page, told: tuple[str, list[str]]) -> None:
    assert lines(page) == told[1]


def test_filters_narrow_it_by_status_operation_and_key(
    page: Page, told: tuple[str, list[str]]
) -> None:
    refused, imported, second, first = told[1]
    shown, said = {}, ""
    for name, value in (
        ("status", "401"),
        ("status", "2xx"),
        ("status", "0"),
        ("operation", "uploadVCard"),
        ("key", "…"),
    ):
        page.select_option(f"#filter-{name}", value)
        shown[name, value] = lines(page)
        said = page.inner_text("#journal-count")
        page.select_option(f"#filter-{name}", "")

    assert shown == {
        ("status", "401"): [refused],
        ("status", "2xx"): [imported, second, first],
        ("status", "0"): [],
        ("operation", "uploadVCard"): [imported],
        ("key", "…"): [refused],
    }
    assert said == "1 of 4 shown"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("exhausted", [2]), ("Anna Neri", [1]), ("elsewhere.vcf 200", [1]), ("nothing like it", [])],
)
def test_words_are_looked_for_in_requests_and_responses(
    page: Page, told: tuple[str, list[str]], text: str, expected: list[int]
) -> None:
    page.fill("#filter-text", text)

    assert lines(page) == [told[1][index] for index in expected]
    assert page.is_visible("#journal-empty") is (expected == [])


def test_a_filter_holds_for_what_comes_later(
    page: Page, sandbox: Running, told: tuple[str, list[str]]
) -> None:
    page.fill("#filter-text", "exhausted")
    ask(sandbox, told[0])
    matching = ask(sandbox, told[0], "quota-exhausted")
    page.wait_for_selector(f"#entry-{matching}")

    assert lines(page) == [matching, told[1][2]]


def test_it_can_be_held_still_and_goes_on_with_all_that_came(
    page: Page, sandbox: Running, told: tuple[str, list[str]]
) -> None:
    page.click("#journal-pause")
    first, second = ask(sandbox, told[0]), ask(sandbox, told[0])
    text_is(page, "journal-held", "2 new while paused")
    held = lines(page)
    page.click("#journal-pause")

    assert held == told[1]
    assert lines(page) == [second, first, *told[1]]
    assert page.inner_text("#journal-held") == ""


def test_clearing_it_hides_what_was_there_and_takes_it_from_nobody(
    page: Page, sandbox: Running, told: tuple[str, list[str]]
) -> None:
    page.click("#journal-clear")
    later = ask(sandbox, told[0])
    page.wait_for_selector(f"#entry-{later}")
    cleared = lines(page)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    after_reload = lines(page)
    page.click("#journal-all")

    assert cleared == after_reload == [later]
    assert lines(page)[:5] == [later, *told[1]]
    assert len(journal(sandbox)) >= 5


def tab(page: Page, request_id: str, name: str) -> str:
    page.click(f"#entry-{request_id} [data-tab={name}]")
    return page.inner_text(f"#entry-{request_id} [role=tabpanel]")


def test_an_exchange_has_a_tab_for_each_side_of_it(page: Page, told: tuple[str, list[str]]) -> None:
    refused, imported, *_ = told[1]
    page.click(f"#entry-{imported} > summary")

    page.wait_for_selector(f"#entry-{imported} [role=tabpanel]")
    tabs = page.locator(f"#entry-{imported} [role=tab]").all_inner_texts()
    assert tabs == ["Response", "Request", "Cards (0)", "Reason"]
    assert '"imported": 1' in tab(page, imported, "response")
    request = tab(page, imported, "request")
    assert "POST /api/partner-gateway/v1/contacts/upload/vcard" in request
    assert "listId\nlist_crm_migration" in request
    assert "FN:Anna Neri" in request
    assert tab(page, imported, "cards") == "Every card of the file was read."
    assert "The documented response with this account’s figures: 200" in tab(
        page, imported, "reason"
    )
    page.click(f"#entry-{refused} > summary")
    assert "with a hint of the sandbox: 401, example unknownKey." in tab(page, refused, "reason")
    link = page.locator(f"#entry-{refused} [role=tabpanel] a")
    assert link.get_attribute("href") == "/__docs#errors-401"


def test_tabs_are_gone_through_with_the_arrows(page: Page, told: tuple[str, list[str]]) -> None:
    line = f"#entry-{told[1][0]}"
    page.click(f"{line} > summary")
    page.focus(f"{line} [data-tab=response]")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    around = page.evaluate("document.activeElement.dataset.tab")
    page.keyboard.press("End")
    page.keyboard.press("Tab")

    assert around == "response"
    assert page.evaluate("document.activeElement.getAttribute('role')") == "tabpanel"
    assert page.locator(f"{line} [role=tab][tabindex='0']").all_inner_texts() == ["Reason"]


def paste(page: Page, folder: Path) -> Any:
    """Run what was copied, as it is; return what it prints."""
    command = page.evaluate("navigator.clipboard.readText()")
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_copied_as_curl_a_request_runs_as_it_is_pasted(
    page: Page, sandbox: Running, told: tuple[str, list[str]], tmp_path: Path
) -> None:
    key, (refused, imported, second, _) = told
    responses = {}
    for request_id in (refused, imported, second):
        page.click(f"#entry-{request_id} > summary")
        page.click(f"#entry-{request_id} >> text=Copy as curl")
        page.locator(f"#entry-{request_id} >> text=Copied.").wait_for()
        responses[request_id] = paste(page, tmp_path)

    assert responses[refused]["status"] == "fail"
    assert responses[imported]["summary"] == {
        "total": 1,
        "imported": 0,
        "duplicates": 1,
        "errors": 0,
        "skipped": 1,
    }
    assert responses[second] == {"used": 50000, "total": 50000}
    sent = journal(sandbox, apiKey=key)[:2]
    assert [entry["request"]["headers"]["user-agent"][:5] for entry in sent] == ["curl/", "curl/"]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_demonstrations_run_as_curl_too(page: Page, sandbox: Running, tmp_path: Path) -> None:
    key = account_of_its_own(page, sandbox)
    demonstrate(page, "documented-import")
    newest = journal(sandbox, apiKey=key)[0]["id"]
    page.click(f"#entry-{newest} > summary")
    page.click(f"#entry-{newest} >> text=Copy as curl")
    page.locator(f"#entry-{newest} >> text=Copied.").wait_for()

    assert paste(page, tmp_path)["summary"]["total"] == 250


def test_a_key_that_is_masked_is_said_to_be_replaced(page: Page, sandbox: Running) -> None:
    open_console(page, sandbox, "?key=sandbox_zzz")
    other = ask(sandbox, "sandbox_another", "quota-exhausted")
    page.click(f"#entry-{other} > summary")
    page.click(f"#entry-{other} >> text=Copy as curl")
    page.locator(f"#entry-{other} >> text=stands in for it").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")

    assert "X-Api-Key: sandbox_zzz" in copied
    assert "X-Sandbox-Scenario: quota-exhausted" in copied


def test_a_request_can_be_sent_again(page: Page, sandbox: Running, told: Any) -> None:
    key, (_, imported, *_) = told
    page.click(f"#entry-{imported} > summary")
    page.click(f"#entry-{imported} >> text=Send again")
    page.locator("#verdict", has_text="1 duplicate").wait_for()

    again, first = journal(sandbox, apiKey=key, operation="uploadVCard")
    assert again["request"]["form"] == first["request"]["form"]
    assert page.inner_text("#status") == "200"


def test_a_file_that_the_journal_has_in_part_is_not_sent_in_part(
    page: Page, sandbox: Running
) -> None:
    key = account_of_its_own(page, sandbox)
    upload(sandbox, key, "".join(card(f"Number {index}", "347 123 4567") for index in range(1000)))
    newest = journal(sandbox, apiKey=key)[0]["id"]
    page.click(f"#entry-{newest} > summary")
    page.click(f"#entry-{newest} >> text=Send again")
    page.locator(f"#entry-{newest} >> text=choose the file itself to send it again").wait_for()

    assert len(journal(sandbox, apiKey=key)) == 1


def test_what_is_shown_is_saved_as_har(page: Page, told: tuple[str, list[str]]) -> None:
    refused, imported, *_ = told[1]
    page.select_option("#filter-status", "401")
    with page.expect_download() as filtered:
        page.click("#journal-har")
    page.select_option("#filter-status", "")
    page.click(f"#entry-{imported} > summary")
    with page.expect_download() as one:
        page.click(f"#entry-{imported} >> text=HAR")

    def ids(download: Any) -> list[str]:
        archive = json.loads(download.value.path().read_text("utf-8"))
        return [entry["comment"] for entry in archive["log"]["entries"]]

    assert ids(filtered) == [refused]
    assert ids(one) == [imported]


def test_a_flood_of_requests_keeps_the_page_small(page: Page, sandbox: Running) -> None:
    key = account_of_its_own(page, sandbox)
    with httpx.Client() as client:
        for _ in range(650):
            client.get(sandbox.url + QUOTA, headers={"X-Api-Key": key})
        last = client.get(sandbox.url + QUOTA, headers={"X-Api-Key": key})
    page.wait_for_selector(f"#entry-{last.headers['x-request-id']}")

    assert page.locator("#journal > *").count() <= 100
    text_is(page, "journal-count", "100 of 500 shown")
