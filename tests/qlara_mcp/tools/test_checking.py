"""The tool ``verify``: what it finds, where it sends a key, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from qlara_mcp.toolkit import VerifiedDeployment
from tests.qlara_mcp.asking import Agent, agent, said
from tests.server import serving

if TYPE_CHECKING:
    from mcp import Client

KEY = "sandbox_very_secret_key"
AWAY = "https://api.example.com"


def test_the_sandbox_of_the_tools_is_verified_and_progress_is_told(asking: Agent) -> None:
    steps: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        assert message
        steps.append((progress, total))

    async def work(client: Client) -> Any:
        given = {"mode": "read-only", "deadlineSeconds": 600}
        return await client.call_tool("verify", given, progress_callback=note)

    result = asking.run(work).structured_content

    assert result["verdict"].startswith("Keeps every documented promise that could be exercised")
    assert (result["conforms"], result["stopped"], result["broken"]) == (True, None, [])
    assert (result["baseUrl"], result["mode"]) == (asking.sandbox.base_url, "read-only")
    assert result["leftBehind"].startswith("Nothing:")
    assert steps[0][0] == 0
    assert len(steps) > 50


def test_a_broken_promise_is_told_with_its_evidence_and_without_the_key() -> None:
    with serving("--defect", "total-missing") as running, agent() as one:
        found = one.call("verify", baseUrl=running.url, apiKey=KEY, only=["quota.shape"])

    [broken] = found["broken"]
    assert found["conforms"] is False
    assert found["counts"]["broken"] == 1
    assert (broken["id"], broken["operation"]) == ("quota.shape", "getContactQuota")
    assert "total" in broken["what"] + broken["expected"] + broken["got"]
    assert "very_secret" not in str(found)


def test_the_key_of_a_deployment_is_used_for_it_alone() -> None:
    with serving() as running:
        known = VerifiedDeployment(running.url, KEY)
        with agent(deployment=known) as one:
            found = one.call("verify", baseUrl=f"{running.url}/", only=["quota.shape"])
            elsewhere = one.refused("verify", baseUrl=f"{running.url}/deeper")

    assert found["conforms"] is True
    assert "very_secret" not in f"{found}{known}"
    assert elsewhere.startswith("apiKey: missing. Expected a key of that deployment;")


def test_a_key_that_is_a_part_of_every_text_spoils_no_result() -> None:
    with serving("--defect", "total-missing") as running, agent() as one:
        found = one.refused("verify", baseUrl=running.url, apiKey='"', only=["quota.shape"])

    assert found == f"{running.url} does not accept the key given with apiKey (401)."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"baseUrl": "ftp://x"}, "baseUrl: expected a URL such as https://api.example.com."),
        ({"baseUrl": AWAY}, "apiKey: missing. Expected a key of that deployment;"),
        ({"baseUrl": AWAY, "apiKey": KEY, "mode": "full"}, "mode: expected read-only beyond this"),
        ({"only": ["nonsense"]}, "only: unknown promise 'nonsense'. Expected ids such as "),
        ({"only": "nonsense"}, "only: expected a valid list."),
        ({"mode": "some"}, "mode: expected 'read-only' or 'full'."),
        ({"seed": -1}, "seed: expected greater than or equal to 0."),
        ({"deadlineSeconds": 9999}, "deadlineSeconds: expected less than or equal to 600."),
        ({"baseUrl": "http://[", "apiKey": KEY}, "baseUrl: expected a URL"),
        ({"baseUrl": "http://x:y", "apiKey": KEY}, "baseUrl: expected a URL"),
        ({"baseUrl": "https://", "apiKey": KEY}, "baseUrl: expected a URL"),
        ({"apiKey": "a\nb"}, "apiKey: expected a key without line ends or blanks around it."),
    ],
)
def test_what_cannot_be_done_is_refused_without_the_key(
    asking: Agent, arguments: dict[str, Any], message: str
) -> None:
    refusal = asking.refused("verify", **arguments)

    assert refusal.startswith(message)
    assert "very_secret" not in refusal


def test_where_nothing_responds_it_says_so_without_key_or_password(asking: Agent) -> None:
    url = "http://user:pass-word@127.0.0.1:9"
    message = asking.refused("verify", baseUrl=url, apiKey=KEY)

    assert "127.0.0.1:9" in message
    assert "very_secret" not in message
    assert "pass-word" not in message


def test_runs_are_made_one_at_a_time(asking: Agent) -> None:
    async def both(client: Client) -> list[Any]:
        results: list[Any] = []

        async def one() -> None:
            results.append(await client.call_tool("verify", {"only": ["quota.shape"]}))

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            group.start_soon(one)
        return results

    results = sorted(asking.run(both), key=lambda each: bool(each.is_error))

    assert [each.is_error for each in results] == [False, True]
    assert said(results[1]).startswith("Another run is under way.")


def test_without_the_contract_suite_it_says_what_to_install() -> None:
    script = (
        "import sys\n"
        "sys.modules['schemathesis'] = None\n"
        "import anyio\n"
        "from mcp import Client\n"
        "from qlara_mcp.sandbox_client import SandboxClient\n"
        "from qlara_mcp.server import build_server\n"
        "from qlara_mcp.toolkit import Toolkit\n"
        "from qlara_sandbox.testing import running\n"
        "async def ask(url):\n"
        "    async with Client(build_server(Toolkit(SandboxClient(url)))) as client:\n"
        "        print((await client.call_tool('get_quota', {})).structured_content['status'])\n"
        "        print((await client.call_tool('verify', {})).content[0].text)\n"
        "with running() as sandbox:\n"
        "    anyio.run(ask, sandbox.base_url)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == (
        "200\nverify needs schemathesis, which is not installed. Run: pip install '.[contract]'\n"
    )
