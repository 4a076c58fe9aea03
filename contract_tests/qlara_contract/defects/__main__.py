"""``python -m qlara_contract.defects``: print docs/defects.md, or prove that the suite finds each defect."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from qlara_contract.defects import BY_NAME, DEFECTS, Group, UnknownDefect, as_markdown, chosen

if TYPE_CHECKING:
    from qlara_contract.defects import Defect
    from qlara_contract.defects.proof import ProofResult

_NAME = max(map(len, BY_NAME)) + 2
_GROUP = max(len(each.group) for each in DEFECTS) + 2


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Print the page of all defects, as docs/defects.md has it."""
    if context.invoked_subcommand is None:
        click.echo(as_markdown(), nl=False)


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--seed", default=0, show_default=True, help="Seed for the runs against defects.")
@click.option(
    "--seeds",
    default=20,
    show_default=True,
    type=click.IntRange(0),
    metavar="N",
    help="Also run the whole suite against the sandbox itself, with N seeds.",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    type=click.Choice([each.value for each in Group]),
    help="Only the defects of this group; repeatable.",
)
@click.option(
    "--jobs",
    default=2 * (os.cpu_count() or 1),  # a run waits for about as long as it computes
    show_default="two per processor",
    type=click.IntRange(1),
    metavar="N",
    help="Processes that share the runs.",
)
def prove(
    names: tuple[str, ...], seed: int, seeds: int, groups: tuple[str, ...], jobs: int
) -> None:
    """Show that the suite finds each defect (or the NAMEs given), and none in the sandbox itself.

    Exit code 0: every promise that a defect breaks was reported broken, and the sandbox passed with
    every seed. Exit code 1 otherwise.
    """
    from qlara_contract.defects.proof import ProofWorkers

    try:
        defects = chosen(names) or DEFECTS
    except UnknownDefect as error:
        raise click.UsageError(str(error)) from error
    defects = tuple(each for each in defects if not groups or each.group in groups)
    started = time.perf_counter()
    with ProofWorkers(jobs) as workers:
        click.echo(f"{'defect':<{_NAME}}{'group':<{_GROUP}}found  by")
        missed = sum(_print(each) for each in workers.find(defects, seed))
        click.echo(f"\n{len(defects) - missed} of {len(defects)} defects found")
        alarms = list(workers.false_alarms(range(seeds)))
    for each in alarms:
        click.echo(f"false alarm: {each}")
    if seeds:
        click.echo(f"{len(alarms)} false alarms about the sandbox itself with {seeds} seeds")
    click.echo(f"{time.perf_counter() - started:.0f} s")
    raise SystemExit(1 if missed or alarms else 0)


def _print(found: ProofResult) -> bool:
    """Print one line of the table; return whether the defect was missed."""
    defect: Defect = found.defect
    verdict = "yes" if found.is_found else "NO"
    by = ", ".join(found.broken) or "-"
    click.echo(f"{defect.name:<{_NAME}}{defect.group:<{_GROUP}}{verdict:<7}{by}")
    if found.missed:
        click.echo(f"{'':<{_NAME}}missed: {', '.join(found.missed)}")
    if found.problem:
        click.echo(f"{'':<{_NAME}}{found.problem}")
    return not found.is_found


if __name__ == "__main__":
    main(prog_name="python -m qlara_contract.defects")
