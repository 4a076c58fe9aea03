"""The pictures of docs/console.md, taken from a running sandbox: ``python -m tests.console.images`` writes them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.console.using import demonstrate, text_is
from tests.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, FloatRect, Page

    from tests.server import Running

FOLDER = Path(__file__).parents[2] / "docs" / "images"
WIDE = (1120, 760)
NARROW = (390, 760)
_ROOM = 14


def take(browser: Browser, sandbox: Running) -> Iterator[tuple[str, bytes]]:
    """Yield each picture: its file's name, and the PNG."""
    page = _opened(browser, sandbox, WIDE)
    demonstrate(page, "documented-import")
    page.locator("#report tbody tr >> nth=4").wait_for()
    page.evaluate("scrollTo(0, 0)")
    yield "console-overview.png", page.screenshot()
    page.click("#report summary >> nth=0")
    yield "console-report.png", _around(page, "#report")
    page.click("#language-python")
    yield "console-snippet.png", _around(page, "#exchange .tabs", "#snippet")
    yield "console-account.png", _around(page, "#account-head", "#contact-rows tr:nth-child(3)")
    demonstrate(page, "quota-exhausted")
    demonstrate(page, "missing-key")
    page.locator("#journal .entry", has_text="quota-exhausted").locator("summary").click()
    page.click("#journal .entry[open] [data-tab=reason]")
    page.wait_for_function("() => document.getAnimations().length === 0")
    yield "console-journal.png", _around(page, "#journal-head", "#journal")
    page.context.close()
    phone = _opened(browser, sandbox, NARROW, dark=True)
    demonstrate(phone, "documented-import")
    phone.locator("#report tbody tr >> nth=4").wait_for()
    phone.locator("#exchange").evaluate("(one) => one.scrollIntoView()")
    yield "console-phone.png", phone.screenshot()
    phone.context.close()


def _around(page: Page, *selectors: str) -> bytes:
    """Return a picture of elements, with some room around them."""
    boxes: list[Any] = [page.locator(one).first.bounding_box() for one in selectors]
    scrolled = page.evaluate("scrollY")
    left = min(box["x"] for box in boxes) - _ROOM
    top = min(box["y"] for box in boxes) + scrolled - _ROOM
    right = max(box["x"] + box["width"] for box in boxes) + _ROOM
    bottom = max(box["y"] + box["height"] for box in boxes) + scrolled + _ROOM
    clip: FloatRect = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return page.screenshot(full_page=True, clip=clip)


def _opened(
    browser: Browser, sandbox: Running, size: tuple[int, int], *, dark: bool = False
) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.goto(f"{sandbox.url}/__console")
    page.wait_for_selector("body[data-ready]")
    text_is(page, "live", "live")
    return page


def main() -> None:
    """Write every picture."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    FOLDER.mkdir(exist_ok=True)
    with serving() as sandbox, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, picture in take(browser, sandbox):
            (FOLDER / name).write_bytes(picture)
        browser.close()


if __name__ == "__main__":
    main()
