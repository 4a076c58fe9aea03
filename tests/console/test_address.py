"""What is shown is in the address: it can be shared, is there after a reload, and the contract links to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.console.using import (
    QUOTA,
    account_of_its_own,
    demonstrate,
    journal,
    open_console,
    shown,
    text_is,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.server import Running


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def choice(page: Page) -> tuple[str, str, str]:
    scenario, key, session = (
        page.input_value(f"#{name}") for name in ("scenario", "key", "session")
    )
    return scenario, key, session


def test_scenario_key_session_and_request_are_in_the_address(page: Page, sandbox: Running) -> None:
    key = account_of_its_own(page, sandbox)
    demonstrate(page, "quota-exhausted")
    run = httpx.get(f"{sandbox.url}/__admin/health").json()["run"]

    assert query(page) == {
        "scenario": "quota-exhausted",
        "key": key,
        "session": "s",
        "demo": "quota-exhausted",
        "run": run,
        "request": journal(sandbox, apiKey=key)[0]["id"],
    }


def test_a_view_is_the_same_after_a_reload(page: Page, sandbox: Running) -> None:
    key = account_of_its_own(page, sandbox)
    before = demonstrate(page, "quota-exhausted")
    curl = page.inner_text("#curl")
    page.reload()
    page.wait_for_selector("body[data-ready]")

    assert choice(page) == ("quota-exhausted", key, "s")
    assert shown(page) == before
    assert page.get_attribute("[data-demo=quota-exhausted]", "aria-current") == "true"
    assert page.inner_text("#curl").splitlines()[:2] == curl.splitlines()[:2]
    assert len(journal(sandbox, apiKey=key)) == 1  # shown again, not sent again


def test_somebody_else_sees_the_view_that_is_shared(page: Page, sandbox: Running) -> None:
    account_of_its_own(page, sandbox)
    before = demonstrate(page, "documented-import")
    other = page.context.browser.new_page()  # type: ignore[union-attr]
    other.goto(page.url)
    other.wait_for_selector("body[data-ready]")

    assert (choice(other), shown(other)) == (choice(page), before)
    assert other.inner_text("#quota-text").startswith("230 of")
    other.locator("#report tbody tr >> nth=4").wait_for()
    other.close()


def test_the_buttons_back_and_forward_go_through_what_was_chosen(
    page: Page, sandbox: Running
) -> None:
    account_of_its_own(page, sandbox)
    page.select_option("#scenario", "quota-exhausted")
    text_is(page, "quota-text", "50\u202f000 of 50\u202f000 contacts; 0 left")
    page.click("nav >> text=Contract")
    page.wait_for_selector("#errors")
    page.go_back()
    page.wait_for_selector("body[data-ready]")
    after_the_contract = choice(page)[0]
    page.go_back()
    text_is(page, "quota-text", "0 of 50\u202f000 contacts; 50\u202f000 left")
    back = choice(page)[0]
    page.go_forward()
    text_is(page, "quota-text", "50\u202f000 of 50\u202f000 contacts; 0 left")

    assert (after_the_contract, back, choice(page)[0]) == (
        "quota-exhausted",
        "default",
        "quota-exhausted",
    )


def test_a_line_of_the_journal_that_is_opened_is_in_the_address(
    page: Page, sandbox: Running
) -> None:
    key = account_of_its_own(page, sandbox)
    headers = {"X-Api-Key": key, "X-Sandbox-Scenario": "quota-exhausted"}
    request_id = httpx.get(sandbox.url + QUOTA, headers=headers).headers["x-request-id"]
    page.click(f"#entry-{request_id} > summary")
    page.wait_for_function("(id) => location.search.includes(id)", arg=request_id)
    page.reload()
    page.wait_for_selector("body[data-ready]")

    assert page.inner_text("#status") == "200"
    assert '"used": 50000' in page.inner_text("#body")
    assert page.locator(f"#entry-{request_id}[open]").count() == 1


def test_a_request_of_an_earlier_run_is_not_taken_for_one_of_this(
    page: Page, sandbox: Running
) -> None:
    demonstrate(page, "missing-key")
    open_console(page, sandbox, "?run=00000000&request=req_00000001")

    assert shown(page).verdict == (
        "The request of this address was sent to an earlier run of the sandbox, and is gone."
    )
    open_console(page, sandbox, "?request=req_99999999")
    assert shown(page).verdict == "The journal no longer has req_99999999."


def test_a_scenario_that_is_not_there_is_said_not_to_be(page: Page, sandbox: Running) -> None:
    open_console(page, sandbox, "?scenario=<b>nothing")

    assert page.inner_text("#notice-text") == "There is no scenario <b>nothing; this is default."
    assert choice(page)[0] == "default"


def test_a_key_that_is_not_of_the_sandbox_is_put_into_no_address(
    page: Page, sandbox: Running
) -> None:
    open_console(page, sandbox, "?key=a-real-key")
    given = choice(page)[1]
    page.click(".who summary")
    page.fill("#key", "a-real-key")
    page.press("#key", "Tab")
    text_is(page, "quota-text", "No such account.")

    assert given == "sandbox_console"
    assert "key" not in query(page)


def test_an_address_names_a_demonstration_and_leaves_it_to_the_person_to_send_it(
    page: Page, sandbox: Running
) -> None:
    before = len(journal(sandbox))
    open_console(page, sandbox, "?demo=no-permission")
    verdict = shown(page).verdict
    unsent = len(journal(sandbox))
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#status .status')")

    assert verdict == "Not sent yet. The button “A key without permission” sends it."
    assert unsent == before
    assert shown(page).status == "403"


def test_every_operation_of_the_contract_can_be_tried(page: Page, sandbox: Running) -> None:
    page.goto(f"{sandbox.url}/__docs")
    tried = {
        operation: page.get_attribute(f"#{operation} .endpoint .try", "href")
        for operation in ("uploadVCard", "listContacts", "getContactQuota")
    }
    statuses = []
    for href in tried.values():
        page.goto(sandbox.url + str(href))
        page.wait_for_selector("body[data-ready]")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#status .status')")
        statuses.append(shown(page).status)

    assert tried == {
        "uploadVCard": "/__console?demo=documented-import",
        "listContacts": "/__console?demo=list-page",
        "getContactQuota": "/__console?demo=quota",
    }
    assert statuses == ["200", "200", "200"]


@pytest.fixture(scope="module")
def documented(sandbox: Running) -> set[tuple[str, str]]:
    """Return every documented status of every operation."""
    document = httpx.get(f"{sandbox.url}/openapi.json").json()
    return {
        (node["operationId"], status)
        for item in document["paths"].values()
        for node in item.values()
        for status in node["responses"]
    }


def test_every_documented_status_links_to_its_demonstration(
    page: Page, sandbox: Running, documented: set[tuple[str, str]]
) -> None:
    page.goto(f"{sandbox.url}/__docs")
    links = {
        tuple(name.rsplit("-", 1)): href
        for name, href in page.locator("details.response .try").evaluate_all(
            "(all) => all.map((one) => [one.closest('details').id, one.getAttribute('href')])"
        )
    }
    met = {}
    for (operation, status), href in links.items():
        open_console(page, sandbox, href.removeprefix("/__console"))
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#status .status')")
        page.wait_for_function("() => !document.querySelector('[aria-busy]')")
        met[operation, status] = (journal(sandbox)[0]["operation"], shown(page).status)

    assert links.keys() == documented
    assert met == {each: each for each in documented}


def test_an_error_of_the_contract_links_to_its_demonstrations(page: Page, sandbox: Running) -> None:
    page.goto(f"{sandbox.url}/__docs")

    assert page.locator("#errors-401 .demonstrated a").all_inner_texts() == [
        "No API key (getContactQuota)",
        "An unknown API key (getContactQuota)",
        "A revoked API key (getContactQuota)",
    ]
