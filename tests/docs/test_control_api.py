"""The page of the control API, run from top to bottom."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.server import serving

PAGE = (Path(__file__).parents[2] / "docs" / "control-api.md").read_text(encoding="utf-8")
STEPS = re.findall(r"```bash\n(.*?)```\n\n```json\n(.*?)```", PAGE, re.DOTALL)
HOST = "http://127.0.0.1:8080"

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="curl or jq is not installed"
)


def documents(output: str) -> list[Any]:
    """Return the JSON documents that a block prints one after another."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(output):
        document, at = decoder.raw_decode(output, at)
        found.append(document)
        at += len(output[at:]) - len(output[at:].lstrip())
    return found


def test_every_block_prints_what_is_below_it_and_nothing_else(tmp_path: Path) -> None:
    assert len(STEPS) == PAGE.count("```bash")
    with serving() as running:
        for block, documented in STEPS:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.replace(HOST, running.url)],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"]},
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            assert documents(done.stdout.strip()) == documents(documented.strip()), block
