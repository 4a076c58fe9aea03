"""Schemathesis as anybody runs it, on the address of the contract: no failure, whatever the seed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.tools.installed import run

if TYPE_CHECKING:
    from tests.server import Running

pytestmark = pytest.mark.clients

SEEDS = os.environ.get("CLIENT_SEEDS", "2 13 14 15").split()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plain_run_finds_nothing(seed: str, sandbox: Running, tmp_path: Path) -> None:
    command = (Path(sys.executable).with_name("st"), "run", f"{sandbox.url}/openapi.yaml")
    options = ("--checks", "all", "--max-examples", "100", "--seed", seed)
    run(*command, *options, "--header", f"X-Api-Key: sandbox_seed-{seed}", cwd=tmp_path)
