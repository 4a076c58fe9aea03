"""What people do on the console, as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.server import Running

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"


class Shown(NamedTuple):
    status: str
    verdict: str


def shown(page: Page) -> Shown:
    return Shown(page.inner_text("#status"), page.inner_text("#verdict"))


def settle(page: Page) -> None:
    page.wait_for_selector(".demo:not([aria-busy])")
    page.wait_for_function("() => !document.querySelector('.demo[aria-busy]')")


def demonstrate(page: Page, name: str) -> Shown:
    page.click(f"[data-demo={name}]")
    settle(page)
    return shown(page)


def drop(page: Page, name: str, text: str, *more: tuple[str, str], onto: str = "#drop") -> None:
    """Drop files onto the page, as a person does with the mouse."""
    page.evaluate(
        """([files, onto]) => {
            const transfer = new DataTransfer();
            for (const [name, text] of files) transfer.items.add(new File([text], name));
            document.querySelector(onto).dispatchEvent(
                new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
        }""",
        [[[name, text], *map(list, more)], onto],
    )


def send_form(page: Page) -> Shown:
    with page.expect_response(lambda response: "/upload/vcard" in response.url):
        page.click("#import button[type=submit]")
    page.wait_for_function("() => document.querySelector('#status .status')")
    return shown(page)


def open_console(page: Page, sandbox: Running, query: str = "") -> None:
    page.goto(f"{sandbox.url}/__console{query}")
    page.wait_for_selector("body[data-ready]")


def account_of_its_own(page: Page, sandbox: Running, scenario: str = "default") -> str:
    """Open the console with an account that no other test uses; return its key."""
    key = f"sandbox_{uuid4().hex}"
    open_console(page, sandbox, f"?scenario={scenario}&key={key}&session=s")
    page.wait_for_function("() => document.getElementById('live').textContent === 'live'")
    return key


def card(name: str, number: str) -> str:
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nTEL:{number}\r\nEND:VCARD\r\n"


def upload(sandbox: Running, key: str, text: str, **fields: str) -> dict[str, Any]:
    """Import a file from elsewhere."""
    response = httpx.post(
        sandbox.url + UPLOAD,
        headers={"X-Api-Key": key, "X-Sandbox-Session": "s"},
        files={"file": ("elsewhere.vcf", text.encode())},
        data=fields or {"listId": "list_crm_migration"},
    )
    report: dict[str, Any] = response.raise_for_status().json()
    return report


def journal(sandbox: Running, **filters: str) -> list[dict[str, Any]]:
    """Return what the sandbox was asked, newest first."""
    response = httpx.post(f"{sandbox.url}/__admin/requests/find", json=filters)
    entries: list[dict[str, Any]] = response.raise_for_status().json()["requests"]
    return entries


def text_is(page: Page, name: str, text: str) -> None:
    """Wait until the element with the id *name* shows *text*."""
    page.wait_for_function(
        "([name, text]) => document.getElementById(name).innerText.trim() === text",
        arg=[name, text],
    )
