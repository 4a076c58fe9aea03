"""What people read in a terminal fits it; what programs read stays in lines."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qlara_cli.fitting import fitted

ROOT = Path(__file__).parents[2]
OLD = "docs/releases/openapi-0.1.0.yaml"


def test_what_is_not_printed_to_a_terminal_stays_one_line() -> None:
    assert fitted("word " * 100, 4) == "word " * 100


@pytest.mark.skipif(shutil.which("script") is None, reason="script is not installed")
@pytest.mark.parametrize("command", ["verify --list", "scenarios", f"contract diff {OLD}"])
def test_no_line_is_wider_than_the_terminal(command: str) -> None:
    within = f"unset COLUMNS; stty cols 64; {sys.executable} -m qlara_sandbox {command}"
    shown = subprocess.run(
        ["script", "-qec", within, "/dev/null"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    wide = [line for line in shown.splitlines() if len(line) > 64]
    # What has no blank to break at, such as a path, stays whole.
    assert [line for line in wide if " " in line.strip()] == []
    assert len(shown.splitlines()) > 5
