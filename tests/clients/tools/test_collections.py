"""The collections in ``clients/`` run as they are: in newman, Bruno's runner and Redocly's Respect."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from docs.generate.collections import calls
from docs.generate.collections.folder import FOLDER
from qlara_sandbox import resources
from tests.clients.tools.installed import HERE, run

if TYPE_CHECKING:
    from tests.clients.tools.installed import Tools
    from tests.server import Running

pytestmark = pytest.mark.clients

GROUPS = calls.groups()
REQUESTS = sum(len(group.calls) for group in GROUPS)


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the folder, beside the contract, with the large files that it says to make."""
    root = tmp_path_factory.mktemp("collections")
    shutil.copy(resources.SPEC, root)
    folder = root / "clients"
    shutil.copytree(FOLDER, folder)
    for group in GROUPS:
        for command in group.preparation:
            program, *arguments = shlex.split(command)
            run(Path(sys.executable).with_name(program), *arguments, cwd=folder)
    return folder


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_postmans_runner_finds_every_status(
    collections: Path, tools: Tools, sandbox: Running, tmp_path: Path
) -> None:
    collection, environment = sorted((collections / "postman").iterdir())
    variables = ("--env-var", f"baseUrl={sandbox.url}", "--env-var", "apiKey=sandbox_newman")
    report = ("--reporters", "json", "--reporter-json-export", tmp_path / "report.json")
    command = (tools.npm("newman"), "run", collection, "--environment", environment)
    run(*command, *variables, *report, "--working-dir", collections, cwd=collections)

    outcome = read(tmp_path / "report.json")["run"]
    assert outcome["failures"] == []
    assert outcome["stats"]["requests"] == {"total": REQUESTS, "pending": 0, "failed": 0}
    assert outcome["stats"]["assertions"]["total"] > REQUESTS


def test_brunos_runner_finds_every_status(
    collections: Path, tools: Tools, sandbox: Running, tmp_path: Path
) -> None:
    variables = ("--env-var", f"baseUrl={sandbox.url}", "--env-var", "apiKey=sandbox_bruno")
    report = ("--reporter-json", tmp_path / "report.json")
    command = (tools.npm("bru"), "run", "-r", "--env", "sandbox")
    run(*command, *variables, *report, cwd=collections / "bruno")

    (outcome,) = read(tmp_path / "report.json")
    summary = outcome["summary"]
    assert (summary["totalRequests"], summary["passedRequests"]) == (REQUESTS, REQUESTS)
    assert summary["totalTests"] == summary["passedTests"] > REQUESTS


def respect(tools: Tools, description: Path, url: str, report: Path, *inputs: str) -> Any:
    """Run a description against a deployment; return the report on it."""
    options = [part for each in inputs for part in ("--input", each)]
    command = (tools.npm("redocly"), "respect", description, "--server", f"qlara={url}")
    run(*command, *options, "--json-output", report, cwd=description.parent)
    (outcome,) = read(report)["files"].values()
    return outcome


def test_uc_020_runs_against_a_deployment_with_its_server_key_and_list(
    collections: Path, tools: Tools, sandbox: Running, tmp_path: Path
) -> None:
    inputs = ("apiKey=sandbox_respect", "listId=list_crm_migration")
    outcome = respect(
        tools, collections / "arazzo.yaml", sandbox.url, tmp_path / "report.json", *inputs
    )

    assert len(outcome["executedWorkflows"]) == 1
    assert outcome["totalRequests"] == len(GROUPS[0].calls)


def test_every_scenario_runs_in_respect(
    collections: Path, tools: Tools, sandbox: Running, tmp_path: Path
) -> None:
    description = collections / "arazzo-sandbox.yaml"
    outcome = respect(tools, description, sandbox.url, tmp_path / "report.json", "label=respect")

    described = [group for group in GROUPS[1:] if all(call.members for call in group.calls)]
    assert len(outcome["executedWorkflows"]) == len(described)
    assert outcome["totalRequests"] == sum(len(group.calls) for group in described)


@pytest.mark.parametrize("name", ["arazzo.yaml", "arazzo-sandbox.yaml"])
def test_redocly_finds_nothing_in_the_descriptions(
    name: str, collections: Path, tools: Tools
) -> None:
    command = (tools.npm("redocly"), "lint", "--format", "json", "--config", HERE / "redocly.yaml")
    found = json.loads(run(*command, collections / name, cwd=collections))

    assert found["problems"] == []
