"""Schemathesis as anybody runs it, over the contract for generated requests: no failure, whatever the seed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from qlara_contract.contract import contract
from qlara_contract.fuzzing import for_fuzzing
from tests.clients.tools.installed import run

if TYPE_CHECKING:
    from tests.server import Running

pytestmark = pytest.mark.clients

SEEDS = os.environ.get("CLIENT_SEEDS", "2 13 14 15").split()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plain_run_finds_nothing(seed: str, sandbox: Running, tmp_path: Path) -> None:
    document = yaml.safe_dump(for_fuzzing(contract().document), allow_unicode=True)
    (tmp_path / "openapi.yaml").write_text(document, encoding="utf-8")
    folder = tmp_path / "empty"
    folder.mkdir()

    command = (Path(sys.executable).with_name("st"), "run", "../openapi.yaml")
    options = ("--url", sandbox.url, "--checks", "all", "--max-examples", "100", "--seed", seed)
    run(*command, *options, "--header", f"X-Api-Key: sandbox_seed-{seed}", cwd=folder)
