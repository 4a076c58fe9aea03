"""Tries the contract suite on the deployment: which faults it misses, which freedoms it calls broken.

``python -m tests.foreign.trial [--faults] [--freedoms] [--kind KIND] [--sample N] [NAME …]`` runs
``verify`` once per switch; a NAME may be several joined by ``+``. Prints a line each and a summary;
exit code 0 if every fault is found (or the ``--least`` share) and no freedom is called broken, else 1. A line begins with
MISSED (a fault, exit 0), WRONGED (a freedom, exit 1) or STOPPED (neither 0 nor 1, or no end in time).
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Any

from tests.foreign.deployment import SEEDED_LIST
from tests.foreign.faults import FAULTS
from tests.foreign.freedoms import FREEDOMS
from tests.foreign.serving import (
    EXHAUSTED_KEY,
    KEY,
    NEARLY_EXHAUSTED_KEY,
    SECOND_KEY,
    UNPERMITTED_KEY,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERIFY = (str(Path(sys.executable).with_name("qlara-sandbox")), "verify")
_OPTIONS = {
    "--exhausted-key": EXHAUSTED_KEY,
    "--nearly-exhausted-key": NEARLY_EXHAUSTED_KEY,
    "--other-key": SECOND_KEY,
    "--second-key": SECOND_KEY,
    "--unpermitted-key": UNPERMITTED_KEY,
    "--list-id": SEEDED_LIST,
}


@dataclass(frozen=True)
class Settings:
    """How the suite is run; ``deadline`` is in seconds, ``more`` are options for ``verify``."""

    profile: str = "quick"
    seed: int = 0
    deadline: float = 300.0
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """What ``verify`` said of the deployment with the switches ``name``."""

    name: str
    is_fault: bool
    exit_code: int | None
    broken: tuple[str, ...]
    seconds: float

    @property
    def as_it_should(self) -> bool:
        return self.exit_code == (1 if self.is_fault else 0)

    @property
    def line(self) -> str:
        end = {0: "passed", 1: "broken", None: "no end"}.get(
            self.exit_code, f"exit {self.exit_code}"
        )
        wrong = "" if self.as_it_should else "MISSED " if self.is_fault else "WRONGED "
        if self.exit_code not in (0, 1):
            wrong = "STOPPED "
        kind = "fault" if self.is_fault else "freedom"
        shown = ", ".join(self.broken[:4]) + (" …" if len(self.broken) > 4 else "")
        by = f" ({len(self.broken)}: {shown})" if self.broken else ""
        return f"{wrong}{kind} {self.name}: {end}{by}, {self.seconds:.1f} s"


@cache
def _known_options() -> tuple[str, ...]:
    """Return the options of ``_OPTIONS`` that this version of ``verify`` has."""
    shown = subprocess.run([*_VERIFY, "--help"], capture_output=True, text=True, check=True)
    given: list[str] = []
    for option, value in _OPTIONS.items():
        if f"{option} " in shown.stdout:
            given += (option, value)
    return tuple(given)


def trial(name: str, settings: Settings = Settings()) -> Trial:
    """Run ``verify`` on the deployment with the switches in *name*, joined by ``+``; ``""``: none."""
    names = [each for each in name.split("+") if each]
    faults = [each for each in names if each in FAULTS]
    freedoms = [each for each in names if each not in FAULTS]
    started = monotonic()
    with TemporaryDirectory() as folder, running(freedoms, faults) as url:
        command = [*_VERIFY, "--base-url", url, "--api-key", KEY, *_known_options()]
        command += ["--profile", settings.profile, "--seed", str(settings.seed), "--report", folder]
        code: int | None
        try:
            done = subprocess.run(
                [*command, *settings.more],
                capture_output=True,
                timeout=settings.deadline,
                check=False,
            )
            code = done.returncode
        except subprocess.TimeoutExpired:
            code = None
        broken = _broken(Path(folder) / "report.json")
    return Trial(name or "(none)", bool(faults), code, broken, monotonic() - started)


def _broken(report: Path) -> tuple[str, ...]:
    if not report.exists():
        return ()
    promises: list[dict[str, Any]] = json.loads(report.read_text()).get("promises", [])
    return tuple(
        each["id"] for each in promises if "broken" in (each.get("state"), each.get("end"))
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.foreign.trial", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="switches; a+b for both at once")
    parser.add_argument("--faults", action="store_true", help="try every fault")
    parser.add_argument("--freedoms", action="store_true", help="try every freedom")
    parser.add_argument("--kind", action="append", help="only switches of this kind; repeatable")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of them, chosen by --seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--least",
        type=float,
        default=1.0,
        help="share of the faults that must be found, 0 to 1",
    )
    parser.add_argument("--deadline", type=float, default=300.0, help="seconds for each run")
    parser.add_argument("--option", action="append", default=[], help="one more option for verify")
    return parser


def _chosen(options: argparse.Namespace) -> list[str]:
    everything = not (options.names or options.faults or options.freedoms)
    tables = [FREEDOMS] if options.freedoms or everything else []
    tables += [FAULTS] if options.faults or everything else []
    found = [
        each.name
        for table in tables
        for each in table.values()
        if not options.kind or each.kind in options.kind
    ]
    if options.sample is not None and options.sample < len(found):
        found = random.Random(options.seed).sample(found, options.sample)
    return [*options.names, *found]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the chosen switches; return the exit code."""
    options = _parser().parse_args(arguments)
    settings = Settings(options.profile, options.seed, options.deadline, tuple(options.option))
    trials = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in pool.map(partial(trial, settings=settings), _chosen(options)):
            trials.append(done)
            sys.stdout.write(f"{done.line}\n")
            sys.stdout.flush()
    return _summed_up(trials, options.least)


def _summed_up(trials: Sequence[Trial], least: float) -> int:
    faults = [each for each in trials if each.is_fault]
    freedoms = [each for each in trials if not each.is_fault]
    found = sum(each.as_it_should for each in faults)
    allowed = sum(each.as_it_should for each in freedoms)
    sys.stdout.write(
        f"{found} of {len(faults)} faults found, {allowed} of {len(freedoms)} freedoms allowed.\n"
    )
    for each in trials:
        if not each.as_it_should:
            sys.stdout.write(f"  {each.name}\n")
    return int(found < least * len(faults) or allowed < len(freedoms))


if __name__ == "__main__":
    raise SystemExit(main())
