"""Sandboxes that share their worlds keep every promise of the contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.engine import start_cluster, start_engine
from tests.server import SANDBOX, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.engine import ClusterProcesses, EngineProcess


@pytest.mark.parametrize("start", [start_engine, start_cluster])
def test_the_whole_suite_finds_every_promise_kept_by_two_workers(
    start: Callable[[Path], EngineProcess | ClusterProcesses], tmp_path: Path
) -> None:
    engine = start(tmp_path)
    report = tmp_path / "report"
    try:
        with serving("--workers", "2", "--state", engine.url) as running:
            options = ["--base-url", running.url, "--mode", "full", "--report", str(report)]
            command = [sys.executable, *SANDBOX, "verify", *options]
            environment = {**os.environ, "SANDBOX_API_KEY": "YOUR_API_KEY"}
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, check=False
            )
    finally:
        engine.stop()

    assert done.returncode == 0, done.stdout + done.stderr
    promises = json.loads((report / "report.json").read_text())["promises"]
    assert {one["state"] for one in promises} == {"kept"}
