"""What the account holds is shown as it is now: whoever changes it, and whatever becomes of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

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
from tests.server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.server import Running


def rows(page: Page) -> list[list[str]]:
    return [line.split("\t")[:3] for line in page.inner_text("#contact-rows").splitlines()]


def test_an_import_from_elsewhere_shows_without_a_hand_on_the_page(
    page: Page, sandbox: Running
) -> None:
    key = account_of_its_own(page, sandbox)
    upload(sandbox, key, card("Anna Neri", "347 123 4567"))

    text_is(page, "quota-text", "1 of 50\u202f000 contacts; 49\u202f999 left")
    assert page.inner_text("#lists") == "CRM migration\nlist_crm_migration · 1 contact"


def test_an_open_list_grows_while_one_looks_at_it(page: Page, sandbox: Running) -> None:
    key = account_of_its_own(page, sandbox)
    upload(sandbox, key, card("Anna Neri", "347 123 4567"))
    page.click("#lists button")
    page.locator("#contact-rows tr", has_text="Anna Neri").wait_for()
    upload(sandbox, key, card("Luca Verdi", "348 987 6543"))

    page.locator("#contact-rows tr", has_text="Luca Verdi").wait_for()
    assert rows(page) == [
        ["cnt_001", "Anna Neri", "+393471234567"],
        ["cnt_002", "Luca Verdi", "+393489876543"],
    ]


def test_what_one_tab_does_shows_in_all_others(page: Page, sandbox: Running) -> None:
    other = page.context.new_page()
    key = account_of_its_own(other, sandbox, "crm-migration")
    open_console(page, sandbox, f"?scenario=crm-migration&key={key}&session=s")
    text_is(page, "live", "live")

    demonstrate(other, "documented-import")

    text_is(page, "quota-text", "230 of 50\u202f000 contacts; 49\u202f770 left")


def test_looking_on_sends_no_request_to_the_api(page: Page, sandbox: Running) -> None:
    key = account_of_its_own(page, sandbox, "rate-limited")
    left = ""
    for _ in range(3):
        headers = {"X-Api-Key": key, "X-Sandbox-Session": "s", "X-Sandbox-Scenario": "rate-limited"}
        left = httpx.get(sandbox.url + QUOTA, headers=headers).headers["x-ratelimit-remaining"]
    page.click("#lists button >> nth=0")
    page.locator("#page-text", has_text="contacts").or_(
        page.locator("#page-text", has_text="Page")
    ).wait_for()

    assert [entry["operation"] for entry in journal(sandbox, apiKey=key)] == ["getContactQuota"] * 3
    assert left == "7"


def test_keys_that_are_masked_alike_are_told_apart(page: Page, sandbox: Running) -> None:
    for key, number in (("sandbox_console", "347 123 4567"), ("sandbox_copper", "348 987 6543")):
        upload(sandbox, key, card(key, number))
    upload(sandbox, "sandbox_copper", card("Another", "349 987 6543"))
    open_console(page, sandbox, "?scenario=default&key=sandbox_copper&session=s")

    assert page.inner_text("#quota-text").startswith("2 of")


def test_a_list_of_many_contacts_is_read_a_page_at_a_time(page: Page, sandbox: Running) -> None:
    account_of_its_own(page, sandbox, "large-account")
    page.click("#lists button >> nth=0")
    page.locator("#page-text", has_text="Page 1 of").wait_for()
    of = page.inner_text("#page-text").removeprefix("Page 1 of ")
    page.click("#next")
    text_is(page, "page-text", f"Page 2 of {of}")

    assert page.locator("#contact-rows tr").count() == 10


def test_the_page_waits_for_a_sandbox_that_has_stopped_and_tells_the_runs_apart(
    browser: Browser,
) -> None:
    with serving() as first:
        page = browser.new_page()
        key = account_of_its_own(page, first)
        upload(first, key, card("Anna Neri", "347 123 4567"))
        page.locator("#journal .entry").wait_for()
    page.locator("#stopped", has_text="The sandbox has stopped; waiting for it …").wait_for()

    with serving("--port", str(first.port)) as second:
        page.wait_for_selector("#stopped", state="hidden")
        text_is(page, "quota-text", "0 of 50\u202f000 contacts; 50\u202f000 left")
        report = upload(second, key, card("Luca Verdi", "348 987 6543"))
        text_is(page, "quota-text", "1 of 50\u202f000 contacts; 49\u202f999 left")

        assert report["summary"]["imported"] == 1
        assert [entry["id"] for entry in journal(second)] == ["req_00000001"]
        page.locator("#journal .entry >> nth=1").wait_for()
        assert page.locator("#journal > *").evaluate_all("(all) => all.map((one) => one.id)") == [
            "entry-req_00000001",  # of the new run
            "",  # what divides them
            "",  # of the old one, whose ids are no longer of use
        ]
        page.close()


def test_a_state_is_saved_as_a_file_and_loaded_again(page: Page, sandbox: Running) -> None:
    key = account_of_its_own(page, sandbox)
    upload(sandbox, key, card("Anna Neri", "347 123 4567"))
    text_is(page, "quota-text", "1 of 50\u202f000 contacts; 49\u202f999 left")
    with page.expect_download() as saved:
        page.click("#save-state")
    text_is(page, "account-said", "Saved as default-state.json: 1 contact.")
    page.click("#reset")
    text_is(page, "quota-text", "0 of 50\u202f000 contacts; 50\u202f000 left")

    page.set_input_files("#load-state", saved.value.path())

    text_is(page, "quota-text", "1 of 50\u202f000 contacts; 49\u202f999 left")
    page.click("#lists button")
    page.locator("#contact-rows tr", has_text="Anna Neri").wait_for()


def test_a_file_that_is_no_state_changes_nothing_and_is_said_to_be_none(
    page: Page, sandbox: Running
) -> None:
    key = account_of_its_own(page, sandbox)
    upload(sandbox, key, card("Anna Neri", "347 123 4567"))
    text_is(page, "quota-text", "1 of 50\u202f000 contacts; 49\u202f999 left")

    page.set_input_files(
        "#load-state", {"name": "people.vcf", "mimeType": "text/vcard", "buffer": b"BEGIN:VCARD"}
    )
    text_is(page, "notice-text", "people.vcf is not a saved state: it is not JSON.")
    page.set_input_files(
        "#load-state", {"name": "other.json", "mimeType": "application/json", "buffer": b"{}"}
    )
    text_is(
        page,
        "notice-text",
        "state.version: Missing. state.account: Missing. state.clock: Missing. And 7 more.",
    )

    assert page.inner_text("#quota-text").startswith("1 of")
