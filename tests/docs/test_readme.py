"""The README's commands, run as they are printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.server import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
DOCUMENTED = json.loads(re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)[0])
HOST = "http://127.0.0.1:8080"

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with serving() as running:
        yield running


def run(block: str, running: Running, scratch: Path) -> list[str]:
    """Return the answers of the block's curl commands; other output is left out."""
    script = block.replace(HOST, running.url).replace("/tmp/", f"{scratch}/")  # noqa: S108
    script = script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    script = script.replace("curl ", "curl -sS -w '\\n' ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if '"status"' in line or '"used"' in line]


def test_the_first_command_gives_the_answer_that_is_printed(
    sandbox: Running, tmp_path: Path
) -> None:
    (answer,) = run(BLOCKS[0], sandbox, tmp_path)
    report = json.loads(answer)

    assert {**report, "errors": report["errors"][:2]} == DOCUMENTED


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        ("**The plan is full** (409)", ["contacts"]),
        ("**The file is not a vCard file** (400)", ["file"]),
        ("**The file is too large** (413)", ["file"]),
        ("**The key is revoked, or lacks the permission** (401, 403)", ["apiKey", "apiKey"]),
    ],
)
def test_the_commands_of_the_error_cases_give_the_refusal(
    heading: str, fields: list[str], sandbox: Running, tmp_path: Path
) -> None:
    block = TEXT.split(heading)[1].split("```bash\n")[1].split("```")[0]
    answers = [json.loads(line) for line in run(block, sandbox, tmp_path)]

    assert [(answer["status"], *answer["data"]) for answer in answers] == [
        ("fail", field) for field in fields
    ]
