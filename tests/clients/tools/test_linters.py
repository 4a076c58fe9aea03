"""The linters that partners run over an OpenAPI file find nothing in ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from qlara_sandbox.web.app import CONTROL_SPEC
from tests.clients.tools.installed import HERE, run

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
