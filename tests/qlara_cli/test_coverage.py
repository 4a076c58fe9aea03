"""``coverage`` asks running sandboxes what was met, and judges."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from qlara_cli import main
from qlara_sandbox.http.server import configure
from qlara_sandbox.http.threaded import ThreadedServer
from qlara_sandbox.testing import Sandbox, running
from tests.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Marco Rossi\nTEL:347 123 4567\nEND:VCARD\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve to one import."""
    with running() as started:
        assert started.upload(CARD).status == 200
        yield started


def asked(*options: str) -> Result:
    return CliRunner().invoke(main, ["coverage", *options])


def test_the_table_tells_what_was_never_met(sandbox: Sandbox) -> None:
    result = asked(sandbox.base_url)

    assert result.exit_code == 0
    assert result.output.startswith("uploadVCard: 1 request\n  statuses ")
    assert result.output.endswith("Met 6 of 68 items of the contract (8.8 %) in 1 request.\n")


def test_json_is_what_the_control_api_tells(sandbox: Sandbox) -> None:
    assert json.loads(asked(f"{sandbox.base_url}/", "--json").output) == sandbox.coverage()


def test_several_sandboxes_are_added_up(sandbox: Sandbox) -> None:
    with running() as other:
        other.upload("nothing")

        output = asked(sandbox.base_url, other.base_url).output

    assert output.endswith("Met 8 of 68 items of the contract (11.7 %) in 2 requests.\n")


def test_one_account_can_be_asked_for(sandbox: Sandbox) -> None:
    assert "in 0 requests" in asked(sandbox.base_url, "--api-key", "sandbox_x").output
    assert "in 0 requests" in asked(sandbox.base_url, "--session", "x").output
    assert "in 1 request." in asked(sandbox.base_url, "--api-key", sandbox.api_key).output


@pytest.mark.parametrize(("least", "code"), [("8", 0), ("8.9", 1)])
def test_less_than_what_is_wanted_is_exit_code_1(sandbox: Sandbox, least: str, code: int) -> None:
    result = asked(sandbox.base_url, "--json", "--fail-under", least)

    assert result.exit_code == code
    assert json.loads(result.stdout)["percent"] == 8.8
    told = "Contract coverage of 8.8 % is less than 8.9 %.\n" if code else ""
    assert result.stderr == told


def test_beyond_this_machine_the_token_is_needed() -> None:
    with serving("--host", "0.0.0.0", "--admin-token", "open-sesame") as running_:  # noqa: S104
        url = f"http://127.0.0.1:{running_.port}"
        refused = asked(url, "--admin-token", "another")
        told = asked(url, "--admin-token", "open-sesame")

    assert (refused.exit_code, told.exit_code) == (2, 0)
    assert "401: Expected Authorization: Bearer with the admin token" in refused.output
    assert "another\n" not in refused.output


async def _elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    status, body = (302, b"") if scope["path"].startswith("/moved") else (200, b"<html>")
    headers = [(b"location", b"http://127.0.0.1:1/"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(
    ("path", "says"),
    [("/", "not a sandbox that knows its contract coverage"), ("/moved", "302 Found")],
)
def test_what_is_no_sandbox_is_exit_code_2(path: str, says: str) -> None:
    with ThreadedServer(configure(_elsewhere)) as server:
        result = asked(f"http://127.0.0.1:{server.ports[0]}{path}")

    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("127.0.0.1:8080", "expected a URL that begins with http:// or https://"),
        ("file:///etc/passwd", "expected a URL that begins with http:// or https://"),
        ("http://127.0.0.1:1", "Connection refused"),
        ("http://[", "not a sandbox"),
    ],
)
def test_a_url_that_leads_nowhere_is_told_and_is_exit_code_2(url: str, says: str) -> None:
    result = asked(url)

    assert result.exit_code == 2
    assert says in result.output
