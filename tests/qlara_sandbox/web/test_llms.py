"""``/llms.txt``: its structure is that of llmstxt.org, and all that it says is so."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.runtime import SandboxSettings
from tests.server import serving

if TYPE_CHECKING:
    from pathlib import Path

CALL = re.compile(r"^([^\n]+), status (\d{3}):\n\n```bash\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
OVERLAYS = [(), ("--overlay", "api-reference")]

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


def served(settings: SandboxSettings | None = None, **headers: str) -> str:
    client = TestClient(create_app(settings), base_url="http://localhost:8080", headers=headers)
    response = client.get("/llms.txt")
    assert response.status_code == 200
    return response.text


def test_it_is_plain_text_that_browsers_show() -> None:
    response = TestClient(create_app()).get("/llms.txt")

    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_it_has_a_title_a_summary_and_then_sections_of_links_alone() -> None:
    text = re.sub(r"```bash\n.*?\n```", "", served(), flags=re.DOTALL)
    before, *sections = re.split(r"^## ", text, flags=re.MULTILINE)

    assert before.startswith("# Sandbox of the Qlara contact API\n\n> A server ")
    assert re.findall(r"^#+ ", before, re.MULTILINE) == ["# "]
    assert [section.partition("\n")[0] for section in sections] == [
        "Contract",
        "Control API",
        "Optional",
    ]
    lines = [line for section in sections for line in section.splitlines()[1:] if line]
    assert [line for line in lines if not re.match(r"- \[[^\]]+\]\([^)]+\)", line)] == []


def test_it_tells_where_it_was_reached_and_the_key() -> None:
    text = served()

    assert "- Base URL: http://localhost:8080\n" in text
    assert "`YOUR_API_KEY`" in text


@pytest.mark.parametrize("host", ["a$(id)", "x y", 'h";id;"', ""])
def test_a_host_header_brings_nothing_into_a_shell(host: str) -> None:
    text = served(Host=host)

    assert "- Base URL: http://127.0.0.1:" in text
    assert "id" not in {line.partition(":")[0] for line in text.splitlines()}


def test_every_scenario_is_named_with_its_title() -> None:
    text = served()
    names = [path.stem for path in sorted(resources.SCENARIOS.glob("*.yaml"))]

    assert re.findall(r"^- `([a-z-]+)`: \S", text, re.MULTILINE) == names


def test_beyond_the_machine_it_says_that_the_control_api_needs_the_token() -> None:
    text = served(SandboxSettings(admin_token="s3cret" * 4, loopback=False))

    assert "Authorization: Bearer TOKEN" in text
    assert "s3cret" not in text
    assert "Bearer" not in served()


def test_a_scenario_file_with_mistakes_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("title: 1\nnonsense: 2\n")
    (tmp_path / "default.yaml").write_text("title: |\n  Two\n  lines\nstory: S\n")

    text = served(SandboxSettings(scenarios=tmp_path))

    assert "\n- `default`: Two lines\n" in text  # beside the shipped ones
    assert "`broken`" not in text


@pytest.mark.parametrize(
    "examples",
    ["{}", "{a: {}}", "{a: {value: null}}", "{a: {value: [1]}}", "{a: {value: {listId: 7}}}"],
)
def test_a_contract_whose_examples_are_none_is_told_of_all_the_same(
    tmp_path: Path, examples: str
) -> None:
    spec = tmp_path / "openapi.yaml"
    text = resources.SPEC.read_text(encoding="utf-8")
    before, _, rest = text.partition("            x-qlara-examples:\n")
    after = rest[rest.index("      responses:") :]
    spec.write_text(f"{before}            x-qlara-examples: {examples}\n{after}", encoding="utf-8")

    calls = CALL.findall(served(SandboxSettings(spec=spec)))

    assert len(calls) == 9
    assert "-F listId=" in calls[0][2]


@needs_curl
@pytest.mark.parametrize("options", OVERLAYS, ids=["shipped", "api-reference"])
def test_every_command_gets_the_status_that_it_promises(options: tuple[str, ...]) -> None:
    with serving(*options) as running:
        fetched = subprocess.run(
            ["curl", "-sS", f"{running.url}/llms.txt"], capture_output=True, text=True, check=True
        )
        calls = CALL.findall(fetched.stdout)
        statuses = {title: _status(command) for title, _, command in calls}

    assert len(calls) == fetched.stdout.count("curl -s ") == 9
    assert statuses == {title: status for title, status, _ in calls}


@needs_curl
def test_the_three_calls_come_first_and_the_import_is_seen_in_the_list() -> None:
    with serving() as running:
        fetched = subprocess.run(
            ["curl", "-sS", f"{running.url}/llms.txt"], capture_output=True, text=True, check=True
        )
        bodies = [_output(command) for _, _, command in CALL.findall(fetched.stdout)[:3]]

    assert '"imported":1' in bodies[0]
    assert '"phoneNumber":"+393471234567"' in bodies[1]
    assert bodies[2] == '{"used":1,"total":50000}'


def test_every_link_leads_to_a_page_of_the_sandbox() -> None:
    with serving() as running:
        client_text = _output(f"curl -sS {running.url}/llms.txt")
        links = LINK.findall(client_text)
        found = {link: _status(f"curl -s {link}") for link in links}

    assert len(links) >= 6
    assert [link for link in links if not link.startswith(running.url)] == []
    assert set(found.values()) == {"200"}


def _status(command: str) -> str:
    return _output(command.replace("curl -s ", "curl -s -o /dev/null -w '%{http_code}' "))


def _output(command: str) -> str:
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    return done.stdout
