"""Tries hostile inputs, target by target: ``python -m reliability.fuzz --help``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from reliability import corpus, engine, outcomes, results
from reliability.targets import TARGETS, create

if TYPE_CHECKING:
    from reliability.engine import Failure, Outcome

FOUND = Path(__file__).parent / "found"
# So many inputs make a full run: 200 000 vCard files and 100 000 requests, and files of ours on top.
FULL_RUN = {
    "vcard": 150_000,
    "vcard-http": 50_000,
    "raw-http": 60_000,
    "forms": 40_000,
    "scenario-files": 20_000,
    "contract-files": 5_000,
    "snapshots": 20_000,
}
_FULL_RUN_SECONDS = 1800
_AT_ONCE = 2  # targets
# A worker may still be shrinking what it found, or wait for its server to stop.
_GRACE_SECONDS = 240


class Trial(NamedTuple):
    """What is to be tried of one target."""

    target: str
    seed: int
    seconds: float
    inputs: int


@click.command()
@click.option(
    "--target",
    "chosen",
    multiple=True,
    type=click.Choice(list(TARGETS)),
    help="Only this one; repeatable.",
)
@click.option(
    "--seconds-each", default=60.0, show_default=True, help="How long each target is tried."
)
@click.option("--seed", type=int, help="Seed for the inputs.  [default: a new one]")
@click.option(
    "--full", is_flag=True, help="As many inputs as a full run has, however long it takes."
)
@click.option("--grow", is_flag=True, help="Keep inputs that show a new behaviour in the corpus.")
@click.option(
    "--replay", type=click.Path(path_type=Path, exists=True), help="Try this one input of --target."
)
@click.option(
    "--results",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=results.FOLDER,
    help="Folder for the result.",
)
def main(chosen: tuple[str, ...], seed: int | None, replay: Path | None, **options: Any) -> None:
    """Try hostile inputs. Exit 1 if one of them broke something."""
    if replay is not None:
        _replay(chosen, replay)
    seed = SystemRandom().randrange(2**31) if seed is None else seed
    click.echo(f"seed {seed}")
    full: bool = options["full"]
    seconds = _FULL_RUN_SECONDS if full else options["seconds_each"]
    trials = [Trial(name, seed, seconds, FULL_RUN[name] * full) for name in chosen or TARGETS]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(_run, trials))
    if options["grow"]:
        for outcome in found:
            kept = corpus.grow(outcome.target, outcome.fresh)
            click.echo(f"{outcome.target:<15} {kept:>8} more inputs in the corpus")
    command = "python -m reliability.fuzz " + " ".join(sys.argv[1:])
    results.write(
        "fuzz", command, {"seed": seed, "targets": [_row(one) for one in found]}, options["folder"]
    )
    raise SystemExit(1 if any(outcome.failures for outcome in found) else 0)


def _replay(chosen: tuple[str, ...], path: Path) -> None:
    if len(chosen) != 1:
        raise click.UsageError("--replay needs one --target")
    target = create(chosen[0])
    try:
        error = engine.broken(target, path.read_bytes())
    finally:
        target.close()
    click.echo(str(error) if error else "nothing is broken")
    raise SystemExit(1 if error else 0)


def _run(trial: Trial) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outcome.json"
        arguments = [str(value) for value in (*trial, path)]
        command = [sys.executable, "-m", "reliability.worker", *arguments]
        done = subprocess.run(command, check=False, timeout=trial.seconds + _GRACE_SECONDS)
        if done.returncode or not path.exists():
            message = f"the worker of {trial.target} ended with {done.returncode}"
            raise click.ClickException(message)
        outcome = outcomes.read(path)
    click.echo(report(outcome))
    return outcome


def report(outcome: Outcome, folder: Path = FOUND) -> str:
    """Return what is to be said of an outcome; what broke something is written into *folder*."""
    rate = outcome.tried / max(outcome.seconds, 0.001)
    lines = [
        f"{outcome.target:<15} {outcome.tried:>8} inputs {rate:>7.0f}/s "
        f"{outcome.behaviours:>5} behaviours {outcome.failed:>5} failures"
    ]
    for failure in outcome.failures:
        path = _written(failure, folder / outcome.target)
        lines += [
            f"  broken ({failure.inputs} times): {failure.invariant}",
            f"    {failure.detail[:400]}",
            f"    python -m reliability.fuzz --target {outcome.target} --replay {path}",
        ]
    return "\n".join(lines)


def _written(failure: Failure, folder: Path) -> Path:
    path = folder / sha256(failure.data).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(failure.data)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "target": outcome.target,
        "inputs": outcome.tried,
        "failures": outcome.failed,
        "seconds": round(outcome.seconds, 1),
        "behaviours": outcome.behaviours,
        "peakMb": outcome.figures.peak_mb,
        "bystanderP99Ms": outcome.figures.bystander_p99_ms,
        "broken": [{"invariant": one.invariant, "inputs": one.inputs} for one in outcome.failures],
    }


if __name__ == "__main__":
    main()
