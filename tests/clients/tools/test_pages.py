"""Every page that people open: valid HTML for vnu and html-validate, and accessible for axe, in light and dark."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.clients.tools.installed import HERE, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.clients.tools.conftest import Reports
    from tests.clients.tools.installed import Tools
    from tests.server import Running

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.clients

SERVED = {"console": "/__console", "contract": "/__docs"}
WRITTEN = {
    "verify": ("right", "report.html"),
    "verify-of-a-wrong-deployment": ("wrong", "report.html"),
    "examples": ("examples", "examples.html"),
}
NAMES = [*SERVED, *WRITTEN]
FORCED = {"Prefer": "code=409", "X-Api-Key": "sandbox_pages"}
QUOTA = "/api/v1/partner-gateway/subscription/contacts"


@pytest.fixture(scope="module")
def pages(sandbox: Running, reports: Reports, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every page as a file; the console as the server sends it."""
    folder = tmp_path_factory.mktemp("pages")
    for name, path in SERVED.items():
        (folder / f"{name}.html").write_bytes(httpx.get(sandbox.url + path).content)
    for name, (kind, file) in WRITTEN.items():
        shutil.copy(getattr(reports, kind) / file, folder / f"{name}.html")
    return folder


def test_vnu_finds_nothing(tools: Tools, pages: Path) -> None:
    jar = tools.folder / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    files = [pages / f"{name}.html" for name in NAMES]
    run("java", "-jar", jar, "--also-check-css", *files, cwd=pages)


@pytest.mark.parametrize("name", NAMES)
def test_html_validate_finds_nothing(name: str, tools: Tools, pages: Path) -> None:
    config = HERE / "htmlvalidate.json"
    command = (tools.npm("html-validate"), "--config", config, "--formatter", "text")
    run(*command, pages / f"{name}.html", cwd=pages)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs an installed Chromium")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(
    params=[
        *(("light", 1280), ("light", 390), ("dark", 1280), ("dark", 390)),
    ],
    ids=lambda view: f"{view[0]}-{view[1]}",
)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    colours, width = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=colours, bypass_csp=True
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(
    name: str, page: Page, tools: Tools, sandbox: Running, pages: Path
) -> None:
    httpx.get(sandbox.url + QUOTA, headers=FORCED)  # the console shows a request that was refused
    page.goto(f"{sandbox.url}{SERVED[name]}" if name in SERVED else f"file://{pages}/{name}.html")
    if name == "console":
        page.wait_for_selector("body[data-ready]")

    assert _violations(page, tools) == []


# What a person brings the console into, each from a fresh page.
STATES = {
    "a report": [
        "click [data-demo=documented-import]",
        "wait #report tbody tr",
        "click #report summary >> nth=0",
    ],
    "an error": ["click [data-demo=quota-exhausted]", "wait #status .s4"],
    "another language": ["click #language-python", "click [data-demo=quota]", "wait #status .s2"],
    "a file that is sent": ["click [data-sample=limit]", "show #sending"],
    "an open list": [
        "click [data-demo=list-page]",
        "wait #status .s2",
        "click #lists button",
        "wait #contact-rows tr",
    ],
    "an open account": ["click .who summary"],
    "an open exchange": [
        "click [data-demo=documented-import]",
        "wait #report tbody tr",
        # The journal shows a request a moment after its response: until then, the first upload may be an earlier one, and
        # one that was refused has no cards.
        "click #journal .entry:has(.s2):has-text('uploadVCard') summary >> nth=0",
        "click #journal .entry[open] [data-tab=cards]",
    ],
    "a reason": [
        "click #journal .entry:has(.s4) summary >> nth=0",
        "click #journal .entry[open] [data-tab=reason]",
    ],
    "a filter without a match": ["fill #filter-text nothing", "wait #journal-empty:not([hidden])"],
    "a journal that is held": ["click #journal-pause"],
    "a journal that was cleared": ["click #journal-clear", "wait #journal-all:not([hidden])"],
    "a sandbox that has stopped": ["show #stopped"],
    "a notice": ["show #notice", "show #enter-token"],
    "asking for the token": ["dialog"],
    "a file over the page": ["drag"],
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_in_any_state_of_the_console(
    state: str, page: Page, tools: Tools, sandbox: Running
) -> None:
    httpx.get(sandbox.url + QUOTA, headers=FORCED)
    page.goto(f"{sandbox.url}/__console")
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector("#journal .entry")
    for step in STATES[state]:
        _bring(page, *step.split(" ", 1))

    assert _violations(page, tools) == []


def _bring(page: Page, action: str, target: str = "") -> None:
    if action == "click":
        page.click(target)
    elif action == "wait":
        page.locator(target).first.wait_for()
    elif action == "fill":
        page.fill(*target.split(" ", 1))
    elif action == "show":
        page.evaluate("(one) => { document.querySelector(one).hidden = false; }", target)
    elif action == "dialog":
        page.evaluate("document.getElementById('ask-token').showModal()")
    else:
        page.evaluate("document.documentElement.classList.add('over')")


def _violations(page: Page, tools: Tools) -> list[Any]:
    axe = tools.folder / "node_modules" / "axe-core" / "axe.min.js"
    page.evaluate(axe.read_text("utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in json.loads(json.dumps(result))["violations"]
    ]
