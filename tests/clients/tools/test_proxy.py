"""Prism between a client and the sandbox, holding both against the contract: it finds no violation."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from qlara_sandbox import resources
from tests.clients.tools.conftest import COMMAND
from tests.clients.tools.installed import environment
from tests.server import serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.clients.tools.installed import Tools

pytestmark = pytest.mark.clients

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/{}/contacts"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
LISTENING = re.compile(r"listening on (http://[0-9.:]+)")
INTO = {"listId": "list_crm_migration"}
SMALLER = """\
overlay: 1.0.0
info: {title: Smaller files, version: 1.0.0}
actions:
  - {target: $.components.schemas.VCardUpload.properties.file, update: {x-qlara-max-bytes: 100000}}
"""


def card(number: str, end: str = "\r\n") -> str:
    lines = ("BEGIN:VCARD", "VERSION:3.0", "FN:Zoë Rossi", f"TEL:+39 347 555 {number}", "END:VCARD")
    return "".join(line + end for line in lines)


# Prism passes files on as UTF-8 (stoplightio/prism issue 2349): those of another encoding are another file.
FILES = {
    "CRLF": card("0101").encode(),
    "LF": card("0102", "\n").encode(),
    "CR": card("0103", "\r").encode(),
    "a byte order mark": b"\xef\xbb\xbf" + card("0104").encode(),
}


@contextmanager
def prism(tools: Tools, url: str, folder: Path, *, errors: bool = True) -> Iterator[str]:
    """Run Prism before *url*; yield its own URL. With *errors*, it responds to a violation with one of its own."""
    command = [tools.npm("prism"), "proxy", str(resources.SPEC), url, "--port", "0"]
    command += ["--errors"] if errors else []
    log = folder / "prism.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            until(lambda: LISTENING.search(log.read_text("utf-8")) or process.poll() is not None)
            found = LISTENING.search(log.read_text("utf-8"))
            assert found is not None, log.read_text("utf-8")
            yield found[1]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def client(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("proxy")
    overlay = folder / "smaller-files.yaml"
    overlay.write_text(SMALLER, encoding="utf-8")  # Prism itself takes no more than 10 MB
    with (
        serving("--overlay", str(overlay)) as running,
        prism(tools, running.url, folder) as url,
        httpx.Client(base_url=url, headers={"X-Api-Key": "sandbox_prism"}) as client,
    ):
        yield client


def upload(client: httpx.Client, content: bytes, scenario: str = "default") -> httpx.Response:
    headers = {"X-Sandbox-Scenario": scenario}
    return client.post(
        UPLOAD, data=INTO, files={"file": ("contacts.vcf", content)}, headers=headers
    )


def require(response: httpx.Response, status: int) -> None:
    """Let a response pass that the sandbox sent, with this status, and of which Prism has nothing to say."""
    assert (response.status_code, response.headers.get("sl-violations")) == (status, None)
    assert "x-request-id" in response.headers


@pytest.mark.parametrize("name", FILES)
def test_whatever_address_books_write_passes(name: str, client: httpx.Client) -> None:
    response = upload(client, FILES[name])

    require(response, 200)
    assert response.json()["summary"]["imported"] == 1


def test_a_new_list_pages_and_the_quota_pass(client: httpx.Client) -> None:
    file = {"file": ("contacts.vcf", card("0107").encode())}
    form = {"listName": "Città & Co.", "duplicateStrategy": "DUPLICATE", "tags": "a,b"}
    imported = client.post(UPLOAD, data=form, files=file)
    require(imported, 200)

    path = LIST.format(imported.json()["listId"])
    require(client.get(path), 200)
    require(client.get(path, params={"limit": 1000, "page": 2}), 200)
    require(client.get(QUOTA), 200)


def test_refusals_pass(client: httpx.Client) -> None:
    require(upload(client, b"name,phone"), 400)
    require(upload(client, card("0108").encode(), "quota-exhausted"), 409)
    require(upload(client, b"BEGIN:VCARD\r\n".ljust(100_001, b"x")), 413)
    require(upload(client, card("0109").encode(), "no-permission"), 403)
    require(client.get(LIST.format("list_unknown")), 404)
    require(client.get(QUOTA, headers={"X-Api-Key": "nobody"}), 401)
    require(client.get(QUOTA, headers={"Prefer": "code=429"}), 429)


def test_the_documented_commands_pass(tools: Tools, tmp_path: Path) -> None:
    with serving() as running, prism(tools, running.url, tmp_path) as url:
        pages = [str(resources.ROOT / page) for page in ("README.md", "docs/walkthrough.md")]
        command = [
            COMMAND,
            "examples",
            *pages,
            "--base-url",
            url,
            "--yes",
            "--api-key",
            "sandbox_x",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        passed = httpx.get(f"{running.url}/__admin/requests", params={"limit": 1000}).json()

    statuses = {entry["answer"]["status"] for entry in passed["requests"]}
    assert statuses >= {200, 400, 409}, done.stdout + done.stderr
    log = (tmp_path / "prism.log").read_text("utf-8")
    assert re.findall("Violation: .*", log) == []
