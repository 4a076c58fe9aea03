"""Results are files with the machine named, and the last full run is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks import results
from benchmarks.machine import machine

if TYPE_CHECKING:
    from pathlib import Path


def test_results_say_where_they_were_measured(tmp_path: Path) -> None:
    path = results.write("quick", {"list": {}}, tmp_path / "new")

    assert path.name == "quick.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    assert (written["machine"], written["list"]) == (machine(), {})


def test_before_the_first_full_run_there_is_none(tmp_path: Path) -> None:
    assert results.last_full_run(tmp_path / "missing.json") == {}


def test_the_last_full_run_is_in_the_repository() -> None:
    assert {"machine", "list", "upload", "servers", "largeImport"} <= set(results.last_full_run())
