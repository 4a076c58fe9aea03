"""What a change costs, in less than a minute: ``python -m benchmarks.quick``.

The sandbox is compared with a bare route and with vobject + phonenumbers, in one run, and the ratios
with those of the last full run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import candidates, import_speed, large_import, requests, results, servers
from benchmarks.candidates import BARE, LOGGED, QUIET
from benchmarks.comparisons import BASELINE, CONNECTIONS, UPLOADERS, Comparison, comparisons
from benchmarks.servers import CannotMeasure
from benchmarks.windows import Load, Turn, in_turn, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.servers import Served
    from benchmarks.statistics import Spread

PARTS = ("list", "import", "large")
_PART_CARDS = 4_000
_WARM_UP = 1.0
_BASELINES = 3


def measure(parts: Sequence[str], seconds: float, rounds: int) -> dict[str, Any]:
    """Return the results of the named parts."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        found: dict[str, Any] = {}
        if {"list", "import"} & set(parts):
            served = _served(stack, folder)
            for one in served:
                window(one, Load(requests.LIST, 16), min(_WARM_UP, seconds))
            if "list" in parts:
                load = Load(requests.LIST, int(CONNECTIONS))
                turns = [Turn(one.name, one, load) for one in served]
                found["list"] = {CONNECTIONS: in_turn(turns, seconds, rounds)}
            if "import" in parts:
                found["cards"] = _cards(served[0], seconds, rounds)
        if "large" in parts:
            path = large_import.write_file(folder)
            part = large_import.write_part(path, _PART_CARDS)
            found["largeImport"] = large_import.compare(path, 3, part)
        return found


def _served(stack: ExitStack, folder: Path) -> list[Served]:
    responses = candidates.recorded(folder)
    all_of_them = (candidates.quiet(), candidates.logged(), candidates.bare(responses, folder))
    served = [
        stack.enter_context(servers.serving(one, folder / f"{number}.log"))
        for number, one in enumerate(all_of_them)
    ]
    for one in served:
        candidates.fill(one)
    return served


def _cards(served: Served, seconds: float, rounds: int) -> dict[str, Any]:
    """Import 250 cards over HTTP, and with vobject in a process of its own; CPU time in µs per file."""
    theirs = [import_speed.run("baseline", requests.EXPORT) for _ in range(_BASELINES)]
    load = Load(candidates.export(), int(UPLOADERS))
    ours = in_turn([Turn("import", served, load)], seconds, rounds)
    return {"baseline": {"cpu": [round(run["cpu"] * 1e6) for run in theirs]}, **ours}


def table(found: dict[str, Any], last: dict[str, Any]) -> list[str]:
    """Return the lines to print: what was measured, and each ratio beside that of the *last* full run."""
    kept = {one.what: one.ratio for one in comparisons(last)}
    head = f"{'':32}{'ratio (lowest–highest)':>24}{'last full run':>16}{'change':>10}"
    return [
        *_measured(found),
        "",
        head,
        *(_line(it, kept.get(it.what)) for it in comparisons(found)),
    ]


def _measured(found: dict[str, Any]) -> list[str]:
    at_once = found.get("list", {}).get(CONNECTIONS, {})
    names = filter(at_once.__contains__, (BARE, QUIET, LOGGED))
    lines = [_row("list of ten", name, at_once[name], "µs", 1) for name in names]
    if "cards" in found:
        lines += [
            _row("250 cards", BASELINE, found["cards"]["baseline"], "ms", 1e3),
            _row("250 cards", QUIET, found["cards"]["import"], "ms", 1e3),
        ]
    if "largeImport" in found:
        large = found["largeImport"]
        seconds = median(large["import"]["cpuSeconds"])
        different = f"{large['differences']} of {large['comparedCards']} outcomes differ"
        lines.append(f"{'10 MB':12}{'planned in process':24}{seconds:8.2f} s CPU  {different}")
    return lines


def _row(what: str, name: str, measured: dict[str, list[float]], unit: str, per_unit: float) -> str:
    cpu = f"{median(measured['cpu']) / per_unit:8.1f} {unit} CPU" if "cpu" in measured else ""
    rate = f"{median(measured['rate']):8.0f}/s" if "rate" in measured else ""
    p99 = f"   p99 {median(measured['p99']):.1f} ms" if "p99" in measured else ""
    return f"{what:12}{name:24}{cpu:15}{rate}{p99}"


def _line(one: Comparison, kept: Spread | None) -> str:
    now = one.ratio
    ratio = f"{now.median:.2f} × ({now.lowest:.2f}–{now.highest:.2f})"
    last = f"{kept.median:.2f} ×" if kept else "–"
    change = f"{now.median / kept.median:.2f} ×" if kept else ""
    return f"{one.what:32}{ratio:>24}{last:>16}{change:>10}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this; repeatable")
    parser.add_argument("--window", type=float, default=0.5, help="seconds of load at a time")
    parser.add_argument("--rounds", type=int, default=9, help="how often each server has its turn")
    options = parser.parse_args()
    began = time.perf_counter()
    try:
        found = measure(options.only or PARTS, options.window, options.rounds)
    except CannotMeasure as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 2
    print(*table(found, results.last_full_run()), sep="\n")
    print(f"\n{time.perf_counter() - began:.0f} s; ratios to {BARE} and {BASELINE}, more is better")
    results.write("quick", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
