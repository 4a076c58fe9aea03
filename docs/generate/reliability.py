"""``docs/reliability.md``: what is tried against the sandbox, and the figures of the last full run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reliability import chaos, load, results, soak
from reliability.fuzz import FULL_RUN
from reliability.targets.served import CPU_SECONDS
from reliability.targets.vcard import CPU_FLOOR_SECONDS, CPU_SECONDS_PER_BYTE

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).parents[1] / "reliability.md"
_TRIED = {
    "vcard": "vCard files, read and planned in one process: no exception, every card counted and with one outcome, "
    "every contact as the contract has it, CPU time within "
    f"{CPU_FLOOR_SECONDS * 1000:.0f} ms + {CPU_SECONDS_PER_BYTE * 1e6:.0f} µs per byte",
    "vcard-http": "vCard files over HTTP, in one piece, in chunks and cut anywhere: the same response, a list that has "
    "what the report says, every page readable",
    "raw-http": "raw requests to the API, the pages and the control API, pipelined, framed in contradictory ways, cut "
    "off: no 5xx, a response to every complete request, an upload read as h11 reads it, nothing changed without a "
    f"success, at most {CPU_SECONDS * 1000:.0f} ms of CPU time",
    "forms": "multipart forms: imported or refused in the documented shape, and a refusal changes nothing",
    "scenario-files": "scenario files: refused with file and line, or served without a 5xx; no network, no file outside",
    "contract-files": "contract files: likewise",
    "snapshots": "bodies of `PUT /__admin/state`: refused, or every later response keeps the contract",
}
_HEAD = """# Reliability

<!-- Written by `make docs`, from `reliability/last-full-run.json`. -->

The sandbox is meant to be as solid as the API that it stands for: no input may end in a 5xx, hold up others, or leave
half an import behind. The package `reliability/` tries to bring that about, again and again, with other inputs each
time.

| command | tries |
|---|---|
| `make fuzz` | hostile inputs for each target below, a minute each (`SECONDS_EACH=60`, `TARGET=forms` for one) |
| `make chaos` | overlapping imports amid resets, restores, clock changes, clients that vanish and slow ones (`SECONDS=60`) |
| `make load` | 32 uploads of 10 MB at a time |
| `make pauses` | how long others wait beside single large requests |
| `make soak` | mixed load for ten minutes (`SECONDS=600`) |
| `make reliability` | all of it at full length, about half an hour; `make docs` then writes this page anew |

CI runs each of them for about a minute.

"""
_TAIL = """
## How it works

**Fuzzing.** An input begins as a seed or as a file of the corpus, `reliability/corpus/<target>/`, and is changed a few
times: bits, bytes and lines, words of a dictionary, pieces of other inputs, repetitions up to 64 KB. What shows
a behaviour that was not seen before is changed further; with `GROW=1` it is kept in the corpus. `make corpus` looks for
vCard files with [atheris](https://github.com/google/atheris), guided by the lines of the product that they reach, and
keeps the fewest that reach them all. Cards are counted by a separate reader of the rule in `openapi.yaml`, contacts and
responses are checked with a separate validator, and raw requests are read by h11 as well.

**Overlap.** Each response says which import it reports on. From these and from the times at which requests began and
ended, `reliability/history.py` looks for one serial order that, carried out on a single thread, gives every client the
response that it got and ends in the state that the world has. If there is none, something was lost, done twice or
half done. In every round {clients} clients act on each of {worlds} worlds.

**Load.** A bystander lists contacts every 10 ms throughout; its latency is the p99 above. `make soak` bounds
worlds and journal tightly, so that what still grows after a warm-up (a quarter of the run) is a leak: more than
{growth} MB or {descriptors} descriptors over the rest of the run is a failure. Its hostile clients are those of the fuzzer.

## To reproduce a failure

A run prints its seed; `SEED=` repeats it, and the same seed gives the same inputs in the same order. A failing input is
shortened, written to `reliability/found/`, and printed with the one command that tries it again:

<!-- sandbox: skip -->
```bash
.venv/bin/python -m reliability.fuzz --target forms --replay reliability/found/forms/0a1b2c3d4e5f
```

`make chaos` repeats what clients do, but not how the system interleaves them; the round that failed is kept, with all
that was seen, and can be examined with `reliability.history.explain`.

## Limits

- Inputs are at most 64 KB in the fuzzer. What large files cost is measured by `make bench` and `make load`.
- One server process on one machine; TLS is not fuzzed (it is Python's `ssl`).
- The serial oracle uses the importer of the product, one import at a time: it finds what concurrency does wrong, not what
  the importer does. That is for the other targets and for the contract suite.
- A slow machine shows longer latencies. CPU time and memory are the server's own, where Linux tells them.
"""


def page() -> str:
    """Return the page as it should be."""
    run = json.loads(results.FULL_RUN.read_text(encoding="utf-8"))
    tail = _TAIL.format(
        clients=chaos.CLIENTS,
        worlds=chaos.WORLDS,
        growth=soak.MOST_GROWTH_MB,
        descriptors=soak.MOST_GROWTH_DESCRIPTORS,
    )
    return f"{_HEAD}{_figures(run)}{tail}"


def _figures(run: Mapping[str, Any]) -> str:
    fuzz = run["fuzz"]
    parts = [
        "## The last full run\n",
        f"Version {fuzz['version']}, {fuzz['machine']}, seed {fuzz['seed']}. “List p99” is the latency of somebody "
        "who lists contacts meanwhile.\n",
        "| target | what must hold | inputs | failures | peak memory | p99 of others |",
        "|---|---|--:|--:|--:|--:|",
    ]
    parts += [_target_row(row) for row in fuzz["targets"]]
    parts += ["", *_other_rows(run)]
    return "\n".join(parts) + "\n"


def _target_row(row: Mapping[str, Any]) -> str:
    peak = f"{row['peakMb']:.0f} MB" if row["peakMb"] else ""
    p99 = f"{row['bystanderP99Ms']:.1f} ms" if row["bystanderP99Ms"] else ""
    what = _TRIED[row["target"]]
    cells = (f"`{row['target']}`", what, _grouped(row["inputs"]), str(row["failures"]), peak, p99)
    return f"| {' | '.join(cells)} |"


def _other_rows(run: Mapping[str, Any]) -> list[str]:
    overlap, mixed, large = run["chaos"], run["soak"], run["load"]
    counts = overlap["counts"]
    rows = [
        "| run | what was done | failures | peak memory | list p99 | bounds |",
        "|---|---|--:|--:|--:|---|",
        f"| `make chaos` | {_grouped(counts['import'])} imports, {counts['clients killed']} by clients that vanished, "
        f"{counts['reset']} resets, {counts['restore']} restores in {counts['rounds']} rounds | {overlap['failures']} "
        f"| {overlap['peakMb']:.0f} MB | | one serial order |",
        f"| `make soak` | {_grouped(mixed['requests'])} requests in {mixed['seconds']} s; memory {round(mixed['growthMb']):+d} MB "
        f"and {round(mixed['growthDescriptors']):+d} descriptors after the first quarter | {len(mixed['failures'])} "
        f"| {mixed['peakMb']:.0f} MB | {mixed['bystanderP99Ms']} ms | {soak.MOST_GROWTH_MB} MB, {soak.MOST_P99_MS} ms |",
    ]
    rows += [
        f"| `make load` | {shape['uploads']} uploads of 10 MB at a time: {shape['shape']}; {shape['seconds']} s "
        f"| {_load_failures(shape)} | {shape['peakMb']} MB | {shape['bystanderP99Ms']} ms "
        f"| {load.MOST_MB} MB, {load.MOST_P99_MS} ms |"
        for shape in large["shapes"]
    ]
    return rows


def _load_failures(shape: Mapping[str, Any]) -> int:
    return len(shape["failures"]) or int(not load.is_within_bounds(shape))


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


assert set(_TRIED) == set(FULL_RUN), "every target is described"
