"""Results as JSON files, and those of the last full run, which the documentation shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import machine
from qlara_sandbox import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "results"
FULL_RUN = Path(__file__).parent / "last-full-run.json"


def write(kind: str, found: Mapping[str, Any], folder: Path = FOLDER) -> Path:
    """Write what a ``full`` or ``quick`` run found, and where; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}.json"
    whole = {"version": __version__, "machine": machine(), **found}
    path.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def last_full_run(path: Path = FULL_RUN) -> dict[str, Any]:
    """Return the results of the last full run; nothing if none is kept."""
    if not path.exists():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept
