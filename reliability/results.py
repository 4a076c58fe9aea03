"""The results of runs as JSON files, and the one of the last full run, which the documentation shows.

``python -m reliability.results`` makes ``last-full-run.json`` of what ``fuzz``, ``chaos``, ``soak`` and
``load`` wrote last.
"""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from qlara_sandbox import __version__

FOLDER = Path(__file__).parent / "results"
FULL_RUN = Path(__file__).parent / "last-full-run.json"
KINDS = ("fuzz", "chaos", "soak", "load")


def write(kind: str, command: str, content: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Write the result of one run of ``fuzz``, ``chaos``, ``soak`` or ``load``, and where it ran."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}.json"
    machine = f"Python {platform.python_version()}, {os.cpu_count()} processors"
    whole = {"version": __version__, "machine": machine, "command": command, **content}
    path.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    return path


def combine(folder: Path = FOLDER) -> dict[str, Any]:
    """Return the results of all kinds.

    Raises:
        FileNotFoundError: one has not run yet.
    """
    return {kind: json.loads((folder / f"{kind}.json").read_text("utf-8")) for kind in KINDS}


def main() -> None:
    """Write the results down as those of a full run."""
    FULL_RUN.write_text(json.dumps(combine(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
