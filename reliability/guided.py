"""Lets atheris look for vCard files that reach new lines of the product, and keeps them in the corpus.

``python -m reliability.guided --seconds 60``. Guided by coverage, a run tries about a third as many inputs a
second as ``reliability.fuzz`` does, which then begins from what was found here. Needs atheris
(``pip install '.[guided]'``).
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from reliability import corpus, fuzz
from reliability.targets import create

_TARGET = "vcard"
_LONGEST = 1024
_GRACE_SECONDS = 120


@click.command()
@click.option("--seconds", default=60, show_default=True, help="How long to look.")
@click.option("--seed", default=1, show_default=True, help="Seed for the inputs.")
def main(seconds: int, seed: int) -> None:
    """Make the corpus of vCard files anew: the fewest inputs that reach all lines reached so far."""
    if importlib.util.find_spec("atheris") is None:
        raise click.ClickException("atheris is not installed: pip install '.[guided]'")
    with tempfile.TemporaryDirectory(prefix="guided-") as folder:
        found, kept = Path(folder) / "found", Path(folder) / "kept"
        found.mkdir()
        kept.mkdir()
        target = create(_TARGET)
        for index, data in enumerate([*target.seeds(), *corpus.load(_TARGET)]):
            (found / f"seed-{index}").write_bytes(data)
        run(f"-max_total_time={seconds}", f"-seed={seed}", str(found), seconds=seconds)
        run("-merge=1", str(kept), str(found), seconds=seconds)
        inputs = [path.read_bytes() for path in sorted(kept.iterdir())]
    corpus.replace(_TARGET, inputs)
    click.echo(f"{len(inputs)} inputs in the corpus of {_TARGET}")


def run(*options: str, seconds: int) -> None:
    """Run libFuzzer on the target; what breaks something is written beside what ``fuzz`` finds.

    Raises:
        click.ClickException: an input breaks something.
    """
    artifacts = fuzz.FOUND / _TARGET
    artifacts.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "reliability.guided_worker", _TARGET]
    fixed = [f"-max_len={_LONGEST}", "-verbosity=0", f"-artifact_prefix={artifacts}/"]
    done = subprocess.run(
        [*command, *fixed, *options], check=False, timeout=seconds + _GRACE_SECONDS
    )
    if done.returncode:
        message = f"an input breaks something; it is in {artifacts}"
        raise click.ClickException(message)


if __name__ == "__main__":
    main()
