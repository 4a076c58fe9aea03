"""The last exchanges of a failing test: why a request was refused, and commands that send it again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from qlara_sandbox.testing import Sandbox, running
from qlara_sandbox.testing.exchanges import lines, reason
from tests.qlara_sandbox.web.calls import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Iterator

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:D\u2019Aloia 100%\t\\n \x1b[31m\r\nTEL:347 123 4567\r\nEND:VCARD\r\n"
NO_NUMBER = "BEGIN:VCARD\nVERSION:3.0\nFN:No Number\nEND:VCARD\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


def commands(shown: list[str]) -> str:
    """Return the commands among the lines of one exchange."""
    indented = [line.removeprefix("    ") for line in shown if line.startswith("    ")]
    starts = ("printf ", "curl ", "# ")
    first = next(at for at, line in enumerate(indented) if line.startswith(starts))
    return "\n".join(indented[first:])


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (CARD, {"listId": "list_crm_migration"}),
        (NO_NUMBER, {"listName": "@city; it's 'new' \"$HOME\"", "tags": "a,b"}),
        ("-not a card", {"listId": "x"}),
    ],
)
def test_the_command_sends_the_same_request_again(
    server: Sandbox, content: str, fields: dict[str, str], request: pytest.FixtureRequest
) -> None:
    label = f"again{request.node.callspec.indices['content']}"
    sandbox, again = server.account(label), server.account(f"{label}.again")
    response = sandbox.upload(content, **fields)
    command = commands(sandbox.last_exchanges())
    command = command.replace("http://127.0.0.1:8080", server.base_url)
    command = command.replace("YOUR_API_KEY", again.api_key)
    subprocess.run(["bash", "-c", command], check=True, capture_output=True, timeout=30)
    [one], [two] = sandbox.requests(), again.requests()
    assert (one["request"]["form"], one["answer"]["status"]) == (
        two["request"]["form"],
        response.status,
    )
    assert one["answer"]["status"] == two["answer"]["status"]
    assert "\x1b" not in command


@pytest.mark.parametrize("key", ["secret-of-a-partner", "qlk_live_1234567890"])
def test_a_key_that_no_account_has_is_told_and_not_shown(server: Sandbox, key: str) -> None:
    sandbox = server.account(f"key.{key.replace('_', '-')}")
    with pytest.raises(HTTPError):
        urlopen(Request(f"{server.base_url}{UPLOAD}?apiKey={key}", headers={"X-Api-Key": key}))  # noqa: S310 - http
    shown = "\n".join(sandbox.last_exchanges())
    assert f"GET {UPLOAD}?apiKey=%E2%80%A6" in shown
    assert key not in shown


def test_large_files_are_named_and_not_written_out(server: Sandbox) -> None:
    sandbox = server.account("large")
    sandbox.upload("x" * 5200)
    shown = "\n".join(sandbox.last_exchanges())
    assert "# contacts.vcf has 5200 bytes\n    curl " in shown
    assert "-F file=@contacts.vcf" in shown


def test_the_last_five_are_shown_and_the_others_counted(server: Sandbox) -> None:
    sandbox = server.account("many")
    for _ in range(6):
        sandbox.upload(NO_NUMBER)
    first, *others = sandbox.last_exchanges()
    assert first == "1 earlier exchange not shown."
    assert sum(line.startswith("200 POST") for line in others) == 5


def test_a_request_without_a_response_is_shown(server: Sandbox) -> None:
    sandbox = server.account("cut")
    sandbox.fault(on="uploadVCard", network="CONNECTION_RESET")
    with pytest.raises(OSError, match=r"."):
        sandbox.upload(NO_NUMBER)
    first, second, *_ = sandbox.last_exchanges()
    assert (first, second) == (f"no response POST {UPLOAD}", "    fault: CONNECTION_RESET")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"status": "fail", "data": {"a": "No.", "b": "No\n\x1b[0m"}}, "a: No.; b: No  [0m"),
        ({"error": "Rate limit exceeded"}, "Rate limit exceeded"),
        ({"message": "Broken"}, "Broken"),
        (["x"], ""),
        (None, ""),
        (
            {
                "summary": {"total": 5, "imported": 1},
                "errors": [{"line": at, "reason": "No number"} for at in range(1, 5)],
            },
            "total 5, imported 1; line 1: No number; line 2: No number; line 3: No number; 1 more",
        ),
    ],
)
def test_the_reason_is_one_line(body: Any, said: str) -> None:
    assert reason(body) == said


def test_nothing_to_show_is_said() -> None:
    assert list(lines([])) == ["No request has arrived."]
