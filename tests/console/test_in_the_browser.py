"""The console as people use it: in a real browser, against a real sandbox process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.console.using import demonstrate, drop, send_form
from tests.server import Running, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


@pytest.mark.parametrize(
    ("name", "status", "verdict"),
    [
        (
            "quota",
            "200",
            "The documented response with this account’s figures: 200, example quota.",
        ),
        ("list-page", "200", "A documented response: 200."),
        ("documented-import", "200", "Of 250 cards: 230 imported, 20 skipped; 15 duplicates"),
        ("update", "200", "A documented response: 200."),
        ("new-list", "200", "Of 12 cards: 10 imported, 2 skipped"),
        ("bad-header", "400", "Exactly the documented response: 400, example invalidVCard."),
        ("no-footer", "400", "Exactly the documented response: 400, example unterminated"),
        ("oversized", "413", "Exactly the documented response: 413, example fileTooLarge."),
        ("unknown-strategy", "400", "Exactly the documented response: 400, example unknownS"),
        ("limit", "400", "Exactly the documented response: 400, example limitOutOfRange."),
        ("unknown-list", "404", "Exactly the documented response: 404, example unknownList."),
        ("missing-key", "401", "with a hint of the sandbox: 401, example missingKey."),
        ("unknown-key", "401", "with a hint of the sandbox: 401, example unknownKey."),
        ("revoked-key", "401", "Exactly the documented response: 401, example unknownKey."),
        ("no-permission", "403", "Exactly the documented response: 403, example noPermission"),
        ("quota-exhausted", "409", "Exactly the documented response: 409, example quotaExh"),
        ("rate-limited", "429", "429, example rateLimited. Before it: 10 × 200."),
        ("slow", "200", "with this account’s figures: 200, example quota."),
        ("flaky", "200", "Before it: 2 × 503."),
        ("connection-reset", "no response", "The connection broke before a response came."),
        ("truncated-response", "200", "The connection broke in the middle of the response."),
    ],
)
def test_every_demonstration_shows_the_documented_response(
    page: Page, name: str, status: str, verdict: str
) -> None:
    response = demonstrate(page, name)

    assert response.status == status
    assert verdict in response.verdict


def test_no_demonstration_is_left_out_of_the_test_above(page: Page) -> None:
    assert page.locator("[data-demo]").count() == 21


def test_an_import_shows_in_quota_lists_and_pages(page: Page) -> None:
    demonstrate(page, "documented-import")

    assert page.inner_text("#quota-text").startswith("230 of 50\u202f000 contacts")
    assert "list_crm_migration · 230 contacts" in page.inner_text("#lists")
    assert page.inner_text("#contact-rows tr:first-child").split("\t")[:4] == [
        "cnt_001", "Marco Rossi", "+393471234567", "marco.rossi@email.com",
    ]  # fmt: skip
    page.click("#next")
    page.wait_for_function(
        "() => document.getElementById('page-text').textContent === 'Page 2 of 23'"
    )
    assert page.inner_text("#contact-rows tr:first-child").startswith("cnt_011")


def test_names_on_cards_and_of_lists_are_text_whatever_they_contain(page: Page) -> None:
    card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{HOSTILE}\r\nTEL:347 123 4567\r\nEND:VCARD\r\n"
    broken = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{HOSTILE}\r\nEND:VCARD\r\n"
    title = page.title()
    drop(page, "<b>hostile.vcf", card + broken)
    page.fill("#list-id", "")
    page.fill("#list-name", HOSTILE)
    page.fill("#tags", "<i>tag</i>")

    response = send_form(page)
    page.wait_for_selector("#contact-rows tr")
    page.click(".entry >> nth=0")

    assert response.status == "200"
    assert HOSTILE in page.inner_text("#contact-rows")
    assert HOSTILE in page.inner_text("#lists")
    assert "<i>tag</i>" in page.inner_text("#contact-rows")
    assert "<b>hostile.vcf" in page.inner_text("#chosen")
    assert page.locator("main img, main script, main b, main i").count() == 0
    assert page.title() == title


def test_a_key_that_is_not_the_documented_one_is_never_shown(page: Page) -> None:
    page.click(".who summary")
    page.fill("#key", "sandbox_secret_of_anna")
    page.press("#key", "Tab")
    with page.expect_response(lambda response: "/subscription/contacts" in response.url):
        page.click("#ask-quota")
    page.wait_for_function("() => document.querySelector('#status .status')")

    assert 'X-Api-Key: $API_KEY"' in page.inner_text("#curl")
    assert "secret_of_anna" not in page.inner_text("body")
    page.fill("#key", "YOUR_API_KEY")
    page.press("#key", "Tab")
    with page.expect_response(lambda response: "/subscription/contacts" in response.url):
        page.click("#ask-quota")
    page.wait_for_function(
        "() => document.getElementById('curl').textContent.includes('X-Api-Key: YOUR_API_KEY')"
    )


def test_the_journal_tells_of_requests_from_elsewhere_as_they_happen(
    page: Page, sandbox: Running
) -> None:
    page.wait_for_function("() => document.getElementById('live').textContent === 'live'")
    elsewhere = page.context.request.get(
        f"{sandbox.url}/api/v1/partner-gateway/subscription/contacts",
        headers={"X-Api-Key": "sandbox_elsewhere__quota-exhausted"},
    )
    name = elsewhere.headers["x-request-id"]

    page.wait_for_selector(f"#entry-{name}")
    page.click(f"#entry-{name}")
    page.locator(f"#entry-{name}", has_text='"used": 50000').wait_for()
    assert "sandbox_elsewhere" not in page.inner_text(f"#entry-{name}")


def test_a_reset_brings_back_where_the_scenario_begins(page: Page) -> None:
    demonstrate(page, "documented-import")
    page.click("#reset")

    page.wait_for_function(
        "() => document.getElementById('quota-text').textContent.startsWith('0 of ')"
    )


def test_a_scenario_is_told_when_it_is_chosen(page: Page) -> None:
    page.select_option("#scenario", "quota-exhausted")

    page.wait_for_function(
        "() => document.getElementById('quota-text').textContent.startsWith('50\u202f000 of')"
    )
    assert page.inner_text("#scenario-title") == "Contact quota exhausted"


def test_the_console_asks_for_the_token_where_the_control_api_does(
    browser: Browser,
) -> None:
    with serving("--host", "0.0.0.0", "--admin-token", "open-sesame") as running:  # noqa: S104
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{running.port}/__console")
        page.fill("#token", "wrong")
        page.click("#ask-token .main")
        page.wait_for_selector("#token-refused:not([hidden])")
        page.fill("#token", "open-sesame")
        page.click("#ask-token .main")
        page.wait_for_selector("body[data-ready]")

        assert page.locator("#scenario option").count() > 10
        page.close()


@pytest.mark.parametrize("path", ["/__console", "/__docs"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_neither_page_is_wider_than_the_window(
    browser: Browser, sandbox: Running, path: str, scheme: Any, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(sandbox.url + path)
    page.wait_for_load_state("networkidle") if path == "/__docs" else page.wait_for_selector(
        "body[data-ready]"
    )

    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_everything_on_the_console_can_be_named_and_reached_by_keyboard(page: Page) -> None:
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, summary, progress")]
            .filter((one) => one.checkVisibility())
            .filter((one) => !(one.labels?.length || one.textContent.trim() || one.ariaLabel))
            .map((one) => one.outerHTML)"""
    )

    assert nameless == []
    page.focus("[data-demo=missing-key]")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.getElementById('verdict').textContent.includes('missingKey')"
    )
    assert page.get_attribute("#verdict", "aria-live") == "polite"


def test_what_tests_have_met_is_shown_as_it_happens_and_what_is_tried_here_does_not_count(
    browser: Browser,
) -> None:
    with serving() as running:
        page = browser.new_page()
        page.goto(f"{running.url}/__console")
        page.wait_for_selector("body[data-ready]")
        demonstrate(page, "documented-import")
        page.wait_for_function("() => document.getElementById('live').textContent === 'live'")
        before = page.inner_text("#coverage-text")
        page.context.request.get(
            f"{running.url}/api/v1/partner-gateway/subscription/contacts",
            headers={"X-Api-Key": "sandbox_elsewhere"},
        )
        page.wait_for_function(
            "() => document.getElementById('coverage-text').textContent.includes('1 request.')"
        )

        assert before == "0 of 68 items met, in 0 requests."
        assert page.inner_text("#coverage-text") == "3 of 68 items met, in 1 request."
        assert page.locator("#coverage-groups .met").all_text_contents() == [
            "200, 1 request1",  # the figure at the end is for the eye alone
            "default, 1 request1",
        ]
        page.click("#coverage-anew")
        page.wait_for_function(
            "() => document.getElementById('coverage-text').textContent.includes('0 requests.')"
        )
        page.close()
