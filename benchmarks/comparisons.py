"""What is compared with what: ratios that say the same on a slow machine as on a fast one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.candidates import BARE, LOGGED, QUIET
from benchmarks.statistics import Spread, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASELINE = "vobject + phonenumbers"
CONNECTIONS = "16"
SHARED_CONNECTIONS = "64"
UPLOADERS = "4"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A ratio of the sandbox to a baseline of the same run; more is better."""

    what: str
    against: str
    ratio: Spread


def comparisons(results: Mapping[str, Any]) -> Iterator[Comparison]:
    """Compare what *results* have with their baselines; CPU time first, as noise disturbs it least."""
    at_once = results.get("list", {}).get(CONNECTIONS, {})
    for name in (QUIET, LOGGED):
        if name in at_once and BARE in at_once:
            ours, theirs = at_once[name], at_once[BARE]
            what = f"list, {'default log' if name == LOGGED else 'quiet'}"
            if "cpu" in ours:
                yield Comparison(f"{what}: CPU time", BARE, ratios(theirs["cpu"], ours["cpu"]))
            yield Comparison(f"{what}: responses/s", BARE, ratios(ours["rate"], theirs["rate"]))
    if "cards" in results:
        theirs, ours = results["cards"]["baseline"], results["cards"]["import"]
        yield Comparison(
            "250 cards over HTTP: CPU time", BASELINE, ratios(theirs["cpu"], ours["cpu"])
        )
    if "largeImport" in results:
        theirs, ours = results["largeImport"]["baseline"], results["largeImport"]["import"]
        yield Comparison("10 MB: CPU time", BASELINE, ratios(theirs["cpu"], ours["cpu"]))
