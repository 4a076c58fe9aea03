"""The page of contract coverage shows what the example in it gives, and has every option."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from qlara_cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_section_is_what_the_example_gives(tmp_path: Path) -> None:
    (tmp_path / "test_import.py").write_text(block("python"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--qlara-coverage"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert block("text") in done.stdout


def test_every_option_of_the_command_is_named() -> None:
    options = re.findall(r"(--[a-z-]+)", CliRunner().invoke(main, ["coverage", "--help"]).output)

    assert {one for one in options if one not in PAGE} <= {"--help", "--verbose"}
