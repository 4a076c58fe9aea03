"""The command ``mcp`` as a process, over standard input and output and over HTTP, and its options."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import Request, urlopen

import anyio
import httpx2
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from qlara_cli import main
from qlara_sandbox import resources
from tests.server import READY, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-m", "qlara_sandbox", "mcp"]
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
EXPORT = resources.SCENARIOS / "files" / "contacts-export.vcf"
LIST = "list_crm_migration"
ANYWHERE = "0.0.0.0"  # noqa: S104 - with a token
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def over_stdio(*options: str, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Start the command, make the calls, and return their results."""

    async def work() -> list[Any]:
        server = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], *options])
        async with Client(server) as client:
            return [await client.call_tool(name, given) for name, given in calls]

    return anyio.run(work)


class ServedTools(NamedTuple):
    """The command over HTTP: its process, the address of the tools, and what it has said."""

    process: subprocess.Popen[str]
    url: str
    banner: str


@contextmanager
def over_http(*options: str) -> Iterator[ServedTools]:
    process = subprocess.Popen(
        [*COMMAND, "--http", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    banner = ""
    for line in process.stdout:
        banner += line
        if READY in line:
            break
    found = re.search(r"http://\S+/mcp", banner)
    try:
        assert found is not None, banner + process.communicate(timeout=15)[1]
        yield ServedTools(process, found[0], banner)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)


@pytest.fixture(scope="module")
def over_plain_http() -> Iterator[ServedTools]:
    """Start the command over HTTP without options, for all tests that leave it as it is."""
    with over_http() as served:
        yield served


def posted(url: str, **headers: str) -> int:
    return httpx2.post(url, json=PING, headers={**HEADERS, **headers}).status_code


def test_the_code_under_test_calls_the_sandbox_that_was_started() -> None:
    async def work() -> tuple[int, list[Any]]:
        server = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:])
        async with Client(server) as client:
            about = (await client.call_tool("get_sandbox", {})).structured_content or {}
            request = Request(  # noqa: S310 - a loopback address
                about["baseUrl"] + QUOTA, headers={"X-Api-Key": about["apiKey"]}
            )
            with urlopen(request) as response:  # noqa: S310
                status = response.status
            listed = await client.call_tool("list_requests", {"limit": 1})
            return status, (listed.structured_content or {})["requests"]

    status, requests = anyio.run(work)

    assert status == 200
    assert [each["operation"] for each in requests] == ["getContactQuota"]


def test_a_file_is_uploaded_from_a_path_into_the_scenario_that_was_asked_for() -> None:
    sent = {"path": str(EXPORT), "listId": LIST}
    [uploaded] = over_stdio("--scenario", "crm-migration", calls=[("upload_vcard", sent)])

    assert uploaded.structured_content["report"]["summary"]["imported"] == 230


def test_a_running_sandbox_is_used() -> None:
    calls: list[tuple[str, dict[str, Any]]] = [("get_sandbox", {}), ("get_clock", {})]
    with serving("--admin-token", "t0ken") as running:
        about, _ = over_stdio("--url", running.url, "--token", "t0ken", calls=calls)
        [refused] = over_stdio("--url", running.url, calls=calls[:1])

    assert about.structured_content["baseUrl"] == running.url
    assert about.structured_content["startedForYou"] is False
    assert refused.is_error
    assert "Start with --token." in refused.content[0].text


def test_a_sandbox_over_tls_is_used_if_its_authority_is_named() -> None:
    quota: list[tuple[str, dict[str, Any]]] = [("get_quota", {})]
    with serving("--tls") as running:
        authority = re.search(r"--cacert (\S+)", running.banner)
        assert authority is not None
        [found] = over_stdio("--url", running.url, "--ca-file", authority[1], calls=quota)
        [refused] = over_stdio("--url", running.url, calls=quota)

    assert found.structured_content["status"] == 200
    assert refused.content[0].text == (
        f"The certificate of {running.url} is not trusted. Name its authority with --ca-file."
    )


def test_only_the_protocol_is_on_standard_output_and_the_end_of_input_ends_it() -> None:
    call = {"name": "verify", "arguments": {"only": ["quota.shape"]}}
    client = {"name": "t", "version": "1"}
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
    messages: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
    ]
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for message in messages:
        process.stdin.write(f"{json.dumps(message)}\n")
    process.stdin.write("this is no message\n")
    process.stdin.flush()
    received: list[dict[str, Any]] = []
    while all(each.get("id") != 2 for each in received):
        received.append(json.loads(process.stdout.readline()))
    rest, log = process.communicate(timeout=15)

    assert all(each["jsonrpc"] == "2.0" for each in received)
    assert [json.loads(line)["jsonrpc"] for line in rest.splitlines()] == []
    assert process.returncode == 0
    assert log.startswith("Sandbox at http://127.0.0.1:")
    assert "Traceback" not in log


def test_half_a_character_leaves_no_call_without_a_response() -> None:
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        send(process, "initialize", 1, **hello)
        send(process, "notifications/initialized")
        card = "BEGIN:VCARD\nVERSION:3.0\nFN:\ud83d\nTEL:347 123 4567\nEND:VCARD\n"
        call = {"vcard": card, "listId": LIST}
        send(process, "tools/call", 2, name="upload_vcard", arguments=call)
        received = map(json.loads, process.stdout)
        result = next(each["result"] for each in received if each.get("id") == 2)
        process.terminate()

    assert result["structuredContent"]["report"]["summary"]["imported"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once(number: signal.Signals) -> None:
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(number)
    output, log = process.communicate(timeout=15)

    assert (process.returncode, output, log) == (130, "", "")


def closes_its_input(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def takes_the_call_back(process: subprocess.Popen[str]) -> None:
    send(process, "notifications/cancelled", requestId=2)


def ends_the_command(process: subprocess.Popen[str]) -> None:
    process.terminate()


@pytest.mark.parametrize("does", [closes_its_input, takes_the_call_back, ends_the_command])
def test_a_client_under_rehearsal_ends_with_the_call_of_an_agent_that(
    does: Callable[[subprocess.Popen[str]], None], tmp_path: Path
) -> None:
    marked = tmp_path / "process"
    program = f"open({str(marked)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    command = [sys.executable, "-c", f"import os, time; {program}"]
    call = {"command": command, "timeoutSeconds": 120}
    client = {"name": "t", "version": "1"}
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        send(process, "initialize", 1, **hello)
        send(process, "notifications/initialized")
        send(process, "tools/call", 2, name="rehearse", arguments=call)
        until(lambda: marked.is_file() and marked.read_text() != "")
        does(process)

        until(lambda: not is_alive(int(marked.read_text())))
        process.terminate()
        process.wait(timeout=15)


def send(
    process: subprocess.Popen[str], method: str, number: int | None = None, **parameters: Any
) -> None:
    message = {"jsonrpc": "2.0", "method": method, "params": parameters}
    assert process.stdin is not None
    process.stdin.write(json.dumps(message | ({} if number is None else {"id": number})) + "\n")
    process.stdin.flush()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for what must come; not at all is a failure."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_over_http_the_same_tools_are_served() -> None:
    async def work(url: str) -> tuple[list[str], Any]:
        async with Client(url) as client:
            names = [each.name for each in (await client.list_tools()).tools]
            return names, await client.call_tool("get_quota", {})

    with over_http() as served:
        names, quota = anyio.run(work, served.url)
        served.process.send_signal(signal.SIGTERM)
        _, log = served.process.communicate(timeout=15)

    assert {"get_sandbox", "upload_vcard", "verify"} <= set(names)
    assert quota.structured_content["quota"] == {"used": 0, "total": 50000}
    assert (served.process.returncode, log) == (0, "Stopped.\n")


def test_pages_of_other_origins_and_foreign_names_are_refused_as_by_the_control_api(
    over_plain_http: ServedTools,
) -> None:
    url = over_plain_http.url
    own = url.removesuffix("/mcp")
    statuses = {
        "foreign origin": posted(url, Origin="http://evil.example"),
        "another port": posted(url, Origin="http://127.0.0.1:1"),
        "rebound name": posted(url, Host="evil.example"),
        "an image": posted(url, **{"Sec-Fetch-Site": "cross-site"}),
        "elsewhere": posted(f"{own}/nowhere", Origin="http://evil.example"),
    }
    allowed = posted(url, Origin=own)

    assert set(statuses.values()) == {403}, statuses
    assert allowed not in {401, 403}


def test_over_http_files_of_the_machine_are_not_read(
    tmp_path: Path, over_plain_http: ServedTools
) -> None:
    async def work(url: str) -> Any:
        async with Client(url) as client:
            return await client.call_tool("upload_vcard", {"path": str(EXPORT), "listId": LIST})

    refused = anyio.run(work, over_plain_http.url)
    with over_http("--files", str(EXPORT.parent)) as served:
        allowed = anyio.run(work, served.url)
    with over_http("--files", str(tmp_path)) as served:
        outside = anyio.run(work, served.url)

    assert refused.content[0].text.startswith("path: no files are read here.")
    assert allowed.structured_content["status"] == 200
    assert outside.content[0].text.startswith("path: expected a file below")


@pytest.mark.parametrize("options", [("--host", ANYWHERE), ("--http-token", "g1ven")])
def test_with_a_token_every_call_needs_it(options: tuple[str, ...]) -> None:
    async def names(url: str, token: str) -> int:
        authorized = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})
        async with authorized, Client(streamable_http_client(url, http_client=authorized)) as c:
            return len((await c.list_tools()).tools)

    with over_http(*options) as served:
        made = re.search(r"Authorization: Bearer (\S+)", served.banner)
        token = made[1] if made else "g1ven"
        without = posted(served.url)
        wrong = posted(served.url, Authorization="Bearer wrong")
        count = anyio.run(names, served.url, token)

    assert (without, wrong) == (401, 401)
    assert count > 10
    assert "g1ven" not in served.banner


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--url", "nowhere"],
            "--url: expected a URL like http://127.0.0.1:8080; found 'nowhere'.",
        ),
        (["--url", "http://x", "--seed", "1"], "--seed: for a sandbox that is started here;"),
        (["--scenario", "nonsense"], "Unknown scenario 'nonsense'. Expected one of "),
        (["--url", "http://x", "--ca-file", str(EXPORT)], "Cannot use "),
    ],
)
def test_options_that_cannot_be_kept_are_refused_in_a_sentence(
    options: list[str], message: str
) -> None:
    result = CliRunner().invoke(main, ["mcp", *options])

    assert result.exit_code == 2
    assert result.output.startswith(message), result.output
    assert result.stdout == ""


def test_a_port_that_is_taken_is_refused_with_another(over_plain_http: ServedTools) -> None:
    port = over_plain_http.url.rsplit(":", 1)[1].removesuffix("/mcp")
    done = subprocess.run(
        [*COMMAND, "--http", "--port", port], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert f"Port {port} of 127.0.0.1 is in use." in done.stderr
    assert "qlara-sandbox mcp --http --port" in done.stderr


def test_without_the_package_it_says_what_to_install() -> None:
    script = "import sys; sys.modules['mcp'] = None; from qlara_cli import main; main(['mcp'])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "This command needs mcp, which is not installed. "
        "Run: pip install '.[mcp]' (and '.[contract]' for the tool verify).\n"
    )


def test_the_key_of_a_deployment_comes_from_the_environment() -> None:
    with serving() as running:
        environment = {"SANDBOX_BASE_URL": running.url, "SANDBOX_API_KEY": "sandbox_s3cret"}

        async def work() -> Any:
            server = StdioServerParameters(
                command=COMMAND[0], args=COMMAND[1:], env={**os.environ, **environment}
            )
            async with Client(server) as client:
                given = {"baseUrl": running.url, "only": ["quota.shape"]}
                return await client.call_tool("verify", given)

        result = anyio.run(work)

    assert result.structured_content["conforms"] is True
    assert "s3cret" not in str(result)


def test_no_other_command_loads_the_package() -> None:
    script = (
        "import sys, qlara_cli, qlara_cli.serve, qlara_cli.mcp, qlara_sandbox.web.app; "
        "print([name for name in ('mcp', 'mcp_types', 'pydantic', 'httpx2') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
