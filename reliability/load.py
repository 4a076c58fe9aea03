"""Many large uploads at a time: what they cost in memory, and how long others wait beside them.

``python -m reliability.load`` sends 32 files of 10 MB at once, first into one account, then into one
each, and exits with 1 beyond the bounds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from qlara_sandbox.samples.generating import Spec, generate
from reliability import results, serving, wire
from reliability.bystander import Bystander
from reliability.statistics import percentile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_MB = 500
MOST_P99_MS = 200
_UPLOADS = 32
_SIZE = 10 * 1024 * 1024 - 64
_SECONDS = 300.0


class Shape(NamedTuple):
    """A kind of file, and whether each upload has an account of its own."""

    name: str
    spec: Spec
    own_accounts: bool


SHAPES = (
    Shape("45 000 cards, one account", Spec(contacts=45_000, duplicates=2_000, size=_SIZE), False),
    Shape("1 000 cards with photos, 32 accounts", Spec(contacts=1_000, size=_SIZE), True),
)


@click.command()
@click.option("--uploads", default=_UPLOADS, show_default=True, help="Uploads at a time.")
def main(uploads: int) -> None:
    """Upload large files at the same time. Exit 1 if memory or latency is beyond the bounds."""
    rows = [measure(shape, uploads) for shape in SHAPES]
    for row in rows:
        click.echo(
            f"{row['shape']}: {row['uploads']} uploads of 10 MB in {row['seconds']} s, peak {row['peakMb']} MB, "
            f"list p99 {row['bystanderP99Ms']} ms, worst {row['bystanderWorstMs']} ms, failures {row['failures']}"
        )
    bounds = {"peakMb": MOST_MB, "bystanderP99Ms": MOST_P99_MS}
    command = "python -m reliability.load " + " ".join(sys.argv[1:])
    results.write("load", command, {"bounds": bounds, "shapes": rows})
    raise SystemExit(0 if all(is_within_bounds(row) for row in rows) else 1)


def is_within_bounds(row: Mapping[str, Any]) -> bool:
    """Return whether the result of one shape is as it must be."""
    return not row["failures"] and row["peakMb"] < MOST_MB and row["bystanderP99Ms"] < MOST_P99_MS


def measure(shape: Shape, uploads: int) -> dict[str, Any]:
    """Upload files of one shape to a sandbox of its own, and return what it cost."""
    with tempfile.NamedTemporaryFile(suffix=".vcf") as file, serving.sandbox() as running:
        file.write(generate(shape.spec).data)
        file.flush()
        command = [sys.executable, "-m", "reliability.load_sender", str(running.port), file.name]
        began = time.perf_counter()
        with Bystander(running) as bystander:
            done = subprocess.run(
                [*command, str(uploads), str(int(shape.own_accounts))],
                stdout=subprocess.PIPE,
                text=True,
                timeout=2 * _SECONDS,
                check=False,
            )
        seconds = time.perf_counter() - began
        times = [seconds for _, seconds in bystander.latencies]
        failures = done.stdout.splitlines() + bystander.errors
        trouble = running.trouble()
        return {
            "shape": shape.name,
            "uploads": uploads,
            "seconds": round(seconds, 1),
            "peakMb": round(running.memory_mb("VmHWM")),
            "bystanderP99Ms": round(percentile(times, 99) * 1000, 1),
            "bystanderWorstMs": round(max(times) * 1000, 1),
            "failures": [*failures, trouble] if trouble else failures,
        }


def send(port: int, path: Path, uploads: int, *, own_accounts: bool) -> list[str]:
    """Upload the file so many times at once, and return what went wrong."""
    file = path.read_bytes()
    requests = [
        wire.upload(f"sandbox_load{index * own_accounts}", wire.form(file))
        for index in range(uploads)
    ]

    def one(request: bytes) -> str:
        try:
            with wire.connect(port, _SECONDS) as connection:
                connection.sendall(request)
                status = wire.read_response(connection)[0].status
        except (OSError, wire.Gone) as error:
            return f"no response: {error!r}"
        return "" if status == 200 else f"a {status}"

    with ThreadPoolExecutor(uploads) as pool:
        return [failure for failure in pool.map(one, requests) if failure]


if __name__ == "__main__":
    main()
