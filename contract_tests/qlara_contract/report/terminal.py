"""The report in the terminal: progress while it runs, then the verdict, then what is not kept."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn
from rich.table import Table

from qlara_contract.causes import causes
from qlara_contract.masking import mask
from qlara_contract.promises import OPERATIONS
from qlara_contract.report.observed import KEEP, convention_rows
from qlara_contract.report.requests import ShownRequests
from qlara_contract.report.summary import (
    COSTS,
    circumstances,
    left_behind,
    network_failures,
    verdict,
)
from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from qlara_contract.causes import Cause
    from qlara_contract.engine import Outcome, Progress
    from qlara_contract.report.trend import Trend
    from qlara_contract.results import Evidence, PromiseResult

_STYLES = {
    PromiseState.BROKEN: "bold red",
    PromiseState.DEVIATION: "yellow",
    PromiseState.DIFFERS: "cyan",
    PromiseState.NOT_EXERCISED: "dim",
    PromiseState.KEPT: "green",
}
_SHOWN_CAUSES = 6
_SECONDS_A_LINE = 2.0


@contextmanager
def live(
    console: Console, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[Progress], None]]:
    """Show how far the stories are; yield the function that takes the progress.

    On a terminal that is a bar; elsewhere a plain line every other second.
    """
    if not console.is_terminal:
        yield _plain_lines(console, clock)
        return
    columns = (
        BarColumn(30),
        MofNCompleteColumn(),
        TextColumn("[red]{task.fields[broken]}[/]{task.description}"),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, broken="")

        def show(progress: Progress) -> None:
            broken = f"{progress.broken} broken  " if progress.broken else ""
            bar.update(
                task,
                completed=progress.done,
                total=progress.total,
                description=escape(progress.story),
                broken=broken,
            )

        yield show


def _plain_lines(console: Console, clock: Callable[[], float]) -> Callable[[Progress], None]:
    last = clock()

    def show(progress: Progress) -> None:
        nonlocal last
        if clock() - last < _SECONDS_A_LINE:
            return
        last = clock()
        console.print(
            f"{progress.done} of {progress.total} stories, {progress.broken} broken: {progress.story}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    return show


def print_outcome(console: Console, outcome: Outcome, trend: Trend | None = None) -> None:
    """Print the verdict, and then everything that needs a person's attention, the worst first."""
    _print_verdict(console, outcome)
    console.print(_table(outcome))
    if trend is not None:
        console.print("\n[bold]Since the last run[/]")
        for line in trend.lines:
            console.print(f"  {escape(line)}", highlight=False)
    found = causes(outcome.in_state(PromiseState.BROKEN), outcome.evidence)
    requests = ShownRequests(outcome.settings)
    for cause in found[:_SHOWN_CAUSES]:
        _print_cause(console, cause, requests)
    rest = sum(len(each.results) for each in found[_SHOWN_CAUSES:])
    if rest:
        console.print(f"… and {rest} more broken promises: `--report DIR` shows all of them.\n")
    _print_conventions(console, outcome)
    _print_not_exercised(console, outcome)
    _print_deviations(console, outcome)
    for what, count in network_failures(outcome):
        console.print(f"[yellow]network[/] {escape(what)} ({count} times)", highlight=False)
    if left := left_behind(outcome):
        console.print(f"\n[bold]Left behind[/]: {escape(left)}", highlight=False)
    for failure in outcome.failures:
        console.print(f"[bold red]The suite itself failed.[/] {escape(failure)}")
    made = " · ".join(circumstances(outcome))
    console.print(f"\n[dim]{escape(made)}[/]", highlight=False)
    if found:
        _print_verdict(console, outcome)


def _print_verdict(console: Console, outcome: Outcome) -> None:
    said = mask(verdict(outcome), outcome.settings.placeholders)
    console.print(escape(said), style=_STYLES[_worst(outcome)], highlight=False, soft_wrap=True)


def _worst(outcome: Outcome) -> PromiseState:
    if outcome.exit_code:
        return PromiseState.BROKEN
    return PromiseState.KEPT


def _table(outcome: Outcome) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("operation", "promises", "broken", "known", "differs", "not exercised", "kept"):
        table.add_column(name, justify="left" if name == "operation" else "right", style=None)
    for operation in OPERATIONS:
        entries = [each for each in outcome.promises if each.promise.operation == operation]
        if not entries:
            continue
        counts = [sum(outcome.state(each) is state for each in entries) for state in PromiseState]
        cells = [
            f"[{_STYLES[state]}]{count}[/]" if count else "[dim]·[/]"
            for state, count in zip(PromiseState, counts, strict=True)
        ]
        table.add_row(operation, str(len(entries)), *cells)
    return table


def _print_cause(console: Console, cause: Cause, requests: ShownRequests) -> None:
    promise = cause.head.promise
    console.print()
    console.print(
        f"[bold red]broken[/]  [bold]{promise.id}[/]  [red]{promise.severity}[/]: "
        f"{COSTS[promise.severity]}",
        highlight=False,
    )
    console.print(f"  {escape(promise.sentence)}  [dim]({escape(promise.source)})[/]")
    for each in cause.head.spec_variants:
        console.print(f"  The deployment {escape(each.value)}.", style="magenta")
    for evidence in cause.evidence[:1]:
        _print_evidence(console, evidence, requests)
    for result, found in cause.rest:
        what = f" {escape(requests.masked(found[0].what))}" if found else ""
        console.print(
            f"  [red]also[/] {result.promise.id} [dim]{result.promise.severity}[/]{what}",
            highlight=False,
        )


def _print_evidence(console: Console, evidence: Evidence, requests: ShownRequests) -> None:
    console.print(f"  {escape(requests.masked(evidence.what))}")
    console.print(f"    expected  {escape(requests.masked(_short(evidence.expected)))}")
    console.print(f"    got       {escape(requests.masked(_short(evidence.got)))}")
    for exchange in (*evidence.before, evidence.exchange):
        if exchange is not None:
            text = requests.curl(exchange).replace("\n", "\n    ")
            console.print(f"    [dim]{escape(text)}[/]", highlight=False, soft_wrap=True)


def _print_conventions(console: Console, outcome: Outcome) -> None:
    observed = convention_rows(outcome)
    rows = [each for each in observed if each.differs]
    said = [each for each in observed if each.name in outcome.conventions.otherwise]
    differing = outcome.in_state(PromiseState.DIFFERS)
    if not rows and not differing and not said:
        return
    console.print("\n[bold]Decided otherwise, where UC-020 is silent[/]")
    for each in rows:
        console.print(
            f"  [cyan]{each.name}[/] is {escape(each.value)}, expected {escape(each.expected)}: "
            f"[dim]{escape(each.how)}[/]",
            highlight=False,
        )
    for result in differing:
        what = f": {escape(_short(result.evidence[0].what))}" if result.evidence else ""
        console.print(f"  [cyan]differs[/] {result.promise.id}[dim]{what}[/]", highlight=False)
    for each in said:
        if not each.differs:
            console.print(
                f"  [cyan]{each.name}[/] does otherwise, and the overlay says so", highlight=False
            )
    if rows:
        console.print(f"  [dim]{escape(KEEP)}[/]", highlight=False)


def _print_not_exercised(console: Console, outcome: Outcome) -> None:
    by_reason: dict[str, list[PromiseResult]] = {}
    for result in outcome.in_state(PromiseState.NOT_EXERCISED):
        by_reason.setdefault(result.reason, []).append(result)
    if by_reason:
        console.print("\n[bold]Not exercised[/]")
    for reason, results in sorted(by_reason.items(), key=lambda each: -len(each[1])):
        ids = ", ".join(each.promise.id for each in results[:4])
        more = f" and {len(results) - 4} more" if len(results) > 4 else ""
        console.print(f"  {escape(reason)} ({len(results)}): [dim]{ids}{more}[/]", highlight=False)
        for remedy in filter(None, dict.fromkeys(each.remedy for each in results)):
            console.print(f"    to exercise: {escape(remedy)}", style="dim", highlight=False)


def _print_deviations(console: Console, outcome: Outcome) -> None:
    for result in outcome.in_state(PromiseState.DEVIATION):
        known = outcome.known_as(result)[0]
        console.print(
            f"[yellow]known deviation[/] {result.promise.id} until {known.until}: "
            f"{escape(known.reason)}"
        )
    for each in outcome.expired:
        ids = ", ".join(each.promises)
        console.print(f"[yellow]expired deviation[/] {ids}: was known until {each.until}.")
    for one in outcome.unused:
        console.print(
            f"[yellow]unused deviation[/] {one}: the promise is kept now; remove it from its entry."
        )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 240 else text[:240] + "…"
