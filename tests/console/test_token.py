"""Where the control API needs a token, the page asks for it, and can be told no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

WORDS = "Without the admin token, this page can show and arrange nothing."


@pytest.fixture
def guarded(browser: Browser) -> Iterator[Page]:
    """Open the console of a sandbox that asks for a token."""
    with serving("--host", "0.0.0.0", "--admin-token", "open-sesame") as running:  # noqa: S104
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{running.port}/__console")
        page.wait_for_selector("#ask-token[open]")
        yield page
        context.close()


@pytest.mark.parametrize("how", ["button", "Escape"])
def test_asking_for_the_token_can_be_cancelled_and_is_not_repeated(guarded: Page, how: str) -> None:
    if how == "button":
        guarded.click("#ask-token >> text=Cancel")
    else:
        guarded.keyboard.press("Escape")
    guarded.locator("#notice-text", has_text=WORDS).wait_for()
    guarded.locator("#live", has_text="waiting for the token").wait_for()

    assert guarded.is_hidden("#ask-token")
    assert guarded.is_hidden("#stopped")
    with guarded.expect_event("requestfinished", lambda one: "/__admin" in one.url) as asked:
        guarded.click("#save-state")
        guarded.wait_for_timeout(0)
    assert asked.value.response().status == 401
    assert guarded.is_hidden("#ask-token")


def test_it_can_be_entered_later(guarded: Page) -> None:
    guarded.click("#ask-token >> text=Cancel")
    guarded.click("#enter-token")
    guarded.fill("#token", "open-sesame")
    guarded.keyboard.press("Enter")
    guarded.wait_for_selector("body[data-ready]")

    assert guarded.is_hidden("#notice")
    assert guarded.inner_text("#live") == "live"


def test_a_wrong_one_is_asked_for_again_and_that_can_be_cancelled_too(guarded: Page) -> None:
    guarded.fill("#token", "wrong")
    guarded.click("#ask-token .main")
    guarded.wait_for_selector("#token-refused:not([hidden])")
    guarded.click("#ask-token >> text=Cancel")

    guarded.locator("#notice-text", has_text=WORDS).wait_for()
    assert guarded.is_hidden("#ask-token")


def test_the_token_is_kept_for_the_tab_and_shown_nowhere(guarded: Page) -> None:
    guarded.fill("#token", "open-sesame")
    guarded.click("#ask-token .main")
    guarded.wait_for_selector("body[data-ready]")
    guarded.reload()
    guarded.wait_for_selector("body[data-ready]")

    assert guarded.is_hidden("#ask-token")
    assert "open-sesame" not in guarded.url + guarded.content()
