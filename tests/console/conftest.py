"""A real browser, and a real sandbox process for it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.server import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Ends with this module: its event loop must not outlive it into other tests.
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    if CHROMIUM is None:
        pytest.skip("needs an installed Chromium")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(sandbox: Running, browser: Browser) -> Iterator[Page]:
    """Open the console; what it must never do (fail, break its own policy) fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
    )
    opened.goto(f"{sandbox.url}/__console")
    opened.wait_for_selector("body[data-ready]")
    yield opened
    context.close()
    assert wrong == []
