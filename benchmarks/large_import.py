"""The import of a file against vobject and phonenumbers: what each costs, and whether they agree."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from benchmarks import import_speed
from qlara_sandbox.samples.generating import generate

if TYPE_CHECKING:
    from pathlib import Path

_CARD_END = re.compile(rb"(?m)^END:VCARD\r?\n")


def write_file(folder: Path) -> Path:
    """Write the file of 10 MB and 50 000 cards into *folder*, if it is not there yet."""
    path = folder / "large.vcf"
    if not path.exists():
        path.write_bytes(generate(import_speed.FILE).data)
    return path


def write_part(path: Path, cards: int) -> Path:
    """Write the first *cards* of a file into one of its own, beside it."""
    data = path.read_bytes()
    ends = [found.end() for _, found in zip(range(cards), _CARD_END.finditer(data), strict=False)]
    part = path.with_name(f"{path.stem}-{cards}.vcf")
    part.write_bytes(data[: ends[-1]])
    return part


def compare(path: Path, repeats: int, baseline: Path | None = None) -> dict[str, Any]:
    """Import *path* so many times, and with vobject once: *path*, or a part of it as *baseline*.

    ``cpu`` is in microseconds per card; ``differences`` counts the cards of the baseline of which the
    two do not say the same.
    """
    theirs = import_speed.run("baseline", baseline or path)
    ours = [import_speed.run("import", path) for _ in range(repeats)]
    compared = ours[0] if baseline is None else import_speed.run("import", baseline)
    cards = ours[0]["result"]["total"]
    return {
        "bytes": path.stat().st_size,
        "cards": cards,
        "comparedCards": len(theirs["result"]),
        "differences": differences(theirs["result"], compared["result"]),
        "baseline": _figures([theirs], len(theirs["result"])),
        "import": _figures(ours, cards),
    }


def differences(outcomes: list[Any], plan: dict[str, Any]) -> int:
    """Count what *plan* has and the plan made of the baseline's *outcomes* has not, or in another place."""
    expected = json.loads(json.dumps(import_speed.expected_plan(outcomes)))
    parts = sum(_unequal(expected[part], plan[part]) for part in ("created", "errors"))
    return parts + abs(int(expected["total"]) - int(plan["total"]))


def _unequal(expected: list[Any], found: list[Any]) -> int:
    pairs = zip(expected, found, strict=False)
    return abs(len(expected) - len(found)) + sum(int(one != other) for one, other in pairs)


def _figures(runs: list[dict[str, Any]], cards: int) -> dict[str, list[float]]:
    return {
        "cpu": [round(run["cpu"] / cards * 1e6, 2) for run in runs],
        "cpuSeconds": [round(run["cpu"], 3) for run in runs],
        "peakMb": [round(run["peak_mib"] * 1.048576, 1) for run in runs],
    }
