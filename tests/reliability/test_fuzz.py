from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from reliability import corpus
from reliability.fuzz import FULL_RUN
from reliability.targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path


def fuzz(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reliability.fuzz", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_run_says_what_it_tried_and_writes_it_down(tmp_path: Path) -> None:
    options = ["--target", "vcard", "--seconds-each", "1", "--seed", "7"]

    done = fuzz(*options, "--results", str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    seed, row = done.stdout.splitlines()
    assert seed == "seed 7"
    assert row.startswith("vcard ")
    assert row.endswith(" 0 failures")
    result = json.loads((tmp_path / "fuzz.json").read_text(encoding="utf-8"))
    [target] = result["targets"]
    assert (result["seed"], target["target"], target["failures"]) == (7, "vcard", 0)
    assert target["inputs"] > len(corpus.load("vcard"))


def test_one_input_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n")

    done = fuzz("--target", "vcard", "--replay", str(path))

    assert (done.returncode, done.stdout) == (0, "nothing is broken\n")


def test_a_full_run_has_200_000_files_and_100_000_requests() -> None:
    assert FULL_RUN["vcard"] + FULL_RUN["vcard-http"] == 200_000
    assert FULL_RUN["raw-http"] + FULL_RUN["forms"] == 100_000
    assert set(FULL_RUN) == set(TARGETS)
