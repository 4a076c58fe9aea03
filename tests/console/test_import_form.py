"""The form: one file, one list, one request at a time, and buttons that stay where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.console.using import (
    account_of_its_own,
    card,
    demonstrate,
    drop,
    journal,
    send_form,
    text_is,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.server import Running

ANNA = card("Anna Neri", "347 123 4567")


def sent_fields(sandbox: Running, key: str) -> dict[str, str]:
    fields: dict[str, str] = journal(sandbox, apiKey=key)[0]["request"]["form"]["fields"]
    return fields


def test_only_the_list_that_is_chosen_is_sent(page: Page, sandbox: Running) -> None:
    key = account_of_its_own(page, sandbox)
    drop(page, "people.vcf", ANNA)
    page.fill("#tags", "")
    page.fill("#list-name", "A new one")
    send_form(page)
    new = sent_fields(sandbox, key)
    page.check("#into-list")
    send_form(page)

    assert new == {"listName": "A new one", "duplicateStrategy": "SKIP"}
    assert sent_fields(sandbox, key) == {
        "listId": "list_crm_migration",
        "duplicateStrategy": "SKIP",
    }


def test_writing_into_a_field_chooses_it(page: Page) -> None:
    page.fill("#list-name", "A new one")
    assert page.is_checked("#into-new")

    page.fill("#list-id", "list_x")
    assert page.is_checked("#into-list")


def test_a_file_may_be_dropped_anywhere(page: Page) -> None:
    drop(page, "people.vcf", ANNA, onto="footer, #journal-head")

    assert page.inner_text("#chosen") == f"people.vcf, {len(ANNA)} bytes"
    assert page.inner_text("#file-note") == ""


def test_of_several_files_one_is_taken_and_the_others_are_said_not_to_be(page: Page) -> None:
    drop(page, "notes.txt", "x", ("people.vcf", ANNA), ("more.vcf", ANNA), onto="body")

    assert page.inner_text("#chosen") == f"people.vcf, {len(ANNA)} bytes"
    assert page.inner_text("#file-note") == (
        "3 files came together, and an import takes one: people.vcf is chosen, the other 2 are not."
    )


def test_something_else_that_is_dropped_is_left_to_the_browser(page: Page) -> None:
    taken = page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.setData("text/plain", "words");
            const event = new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true});
            document.getElementById("tags").dispatchEvent(event);
            return event.defaultPrevented;
        }"""
    )

    assert taken is False
    assert page.inner_text("#chosen") == "No file chosen"


def test_buttons_stay_where_they_are(page: Page) -> None:
    def places() -> list[float]:
        return [
            page.locator(one).evaluate(
                "(one) => one.getBoundingClientRect().top + (one.closest('.side') ? document.querySelector('.side').scrollTop : scrollY)"
            )
            for one in ("#import [type=submit]", "[data-demo=quota]", "[data-demo=slow]", "#reset")
        ]

    before = places()
    for scenario in page.locator("#scenario option:not([disabled])").evaluate_all(
        "(all) => all.map((one) => one.value)"
    ):
        page.select_option("#scenario", scenario)
        assert places() == before, scenario
    demonstrate(page, "bad-header")
    drop(page, "a" * 200 + ".vcf", ANNA, ("more.vcf", ANNA), onto="body")

    assert places() == before


def test_the_chosen_demonstration_is_marked_and_no_other(page: Page) -> None:
    demonstrate(page, "missing-key")
    demonstrate(page, "limit")

    marked = page.locator("[aria-current=true][data-demo]")
    assert marked.evaluate_all("(all) => all.map((one) => one.dataset.demo)") == ["limit"]
    page.click("#ask-quota")
    page.wait_for_function("() => !document.querySelector('[data-demo][aria-current]')")


def slow_network(page: Page) -> None:
    """Let uploads take a while, as they do from elsewhere."""
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": 2_000_000,
        },
    )


def test_a_large_file_shows_how_far_it_is_and_a_second_click_sends_nothing(
    page: Page, sandbox: Running
) -> None:
    key = account_of_its_own(page, sandbox)
    slow_network(page)
    page.click("[data-sample=limit]")
    page.locator("#chosen", has_text="ten-megabytes.vcf").wait_for()
    page.click("#import [type=submit]")
    page.wait_for_selector("#sending:not([hidden])")
    page.wait_for_function("() => document.getElementById('sent').value > 0")
    said = page.inner_text("#sent-text")
    refused = page.evaluate(
        """() => ["#import [type=submit]", "#ask-quota", "[data-demo=quota]"]
            .map((one) => document.querySelector(one))
            .map((one) => { one.click(); return one.getAttribute("aria-disabled"); })"""
    )
    page.wait_for_function("() => document.querySelector('#status .status')", timeout=60_000)

    page.wait_for_selector("#ask-quota:not([aria-disabled])")

    assert "MB sent" in said
    assert refused == ["true", "true", "true"]
    assert page.is_hidden("#sending")
    assert [entry["operation"] for entry in journal(sandbox, apiKey=key)] == ["uploadVCard"]


def test_sending_can_be_stopped(page: Page, sandbox: Running) -> None:
    account_of_its_own(page, sandbox)
    slow_network(page)
    page.click("[data-sample=limit]")
    page.locator("#chosen", has_text="ten-megabytes.vcf").wait_for()
    page.click("#import [type=submit]")
    page.click("#cancel")

    text_is(page, "verdict", "Stopped: the sandbox may have carried it out all the same.")
    assert page.inner_text("#status") == "no response"


def test_a_file_can_be_saved_for_use_elsewhere(page: Page) -> None:
    page.click("[data-sample=duplicates]")
    page.locator("#chosen", has_text="duplicates.vcf").wait_for()
    with page.expect_download() as saved:
        page.click("#save-file")

    assert saved.value.suggested_filename == "duplicates.vcf"
    assert saved.value.path().read_bytes().startswith(b"BEGIN:VCARD\r\n")
