"""The report in the terminal: progress while it runs, then the verdict, then what is not kept."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn
from rich.table import Table

from qlara_contract.masking import mask
from qlara_contract.promises import OPERATIONS
from qlara_contract.report.summary import circumstances, verdict
from qlara_contract.results import PromiseState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from qlara_contract.engine import Outcome, Progress
    from qlara_contract.results import PromiseResult

_STYLES = {
    PromiseState.BROKEN: "bold red",
    PromiseState.DEVIATION: "yellow",
    PromiseState.DIFFERS: "cyan",
    PromiseState.NOT_EXERCISED: "dim",
    PromiseState.KEPT: "green",
}
_SHOWN_EVIDENCE = 6
_SHOWN_LISTS = 3


@contextmanager
def live(console: Console) -> Iterator[Callable[[Progress], None]]:
    """Show a bar while the stories run; yield the function that takes the progress."""
    columns = (
        BarColumn(30),
        MofNCompleteColumn(),
        TextColumn("[red]{task.fields[broken]}[/]{task.description}"),
    )
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
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


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Print the verdict and everything that needs a person's attention."""
    console.print(_table(outcome))
    for result in outcome.in_state(PromiseState.BROKEN)[:_SHOWN_EVIDENCE]:
        _print_evidence(console, outcome, result)
    rest = len(outcome.broken) - _SHOWN_EVIDENCE
    if rest > 0:
        console.print(f"… and {rest} more broken promises: `--report DIR` shows all of them.\n")
    _print_not_exercised(console, outcome)
    _print_deviations(console, outcome)
    _print_left(console, outcome)
    for failure in outcome.failures:
        console.print(f"[bold red]The suite itself failed.[/] {escape(failure)}")
    console.print(verdict(outcome), style=_STYLES[_worst(outcome)], highlight=False)
    made = " · ".join(circumstances(outcome))
    console.print(f"[dim]{escape(made)}[/]", highlight=False)


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


def _print_evidence(console: Console, outcome: Outcome, result: PromiseResult) -> None:
    promise, secrets = result.promise, outcome.settings.secrets
    console.print()
    console.print(f"[bold red]broken[/]  [bold]{promise.id}[/]  [dim]{promise.severity}[/]")
    console.print(f"  {escape(promise.sentence)}  [dim]({escape(promise.source)})[/]")
    for each in result.spec_variants:
        console.print(f"  The deployment {escape(each.value)}.", style="magenta")
    if not result.evidence:
        return
    evidence = result.evidence[0]
    console.print(f"  {escape(mask(evidence.what, secrets))}")
    console.print(f"    expected  {escape(mask(_short(evidence.expected), secrets))}")
    console.print(f"    got       {escape(mask(_short(evidence.got), secrets))}")
    for exchange in (*evidence.before[-1:], evidence.exchange):
        if exchange is None:
            continue
        text = mask(exchange.curl(), secrets).replace("\n", "\n    ")
        console.print(f"    [dim]{escape(text)}[/]", highlight=False, soft_wrap=True)


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
        known = next(each for each in outcome.deviations if each.promise == result.promise.id)
        console.print(
            f"[yellow]known deviation[/] {result.promise.id} until {known.until}: "
            f"{escape(known.reason)}"
        )
    for each in outcome.expired:
        console.print(f"[yellow]expired deviation[/] {each.promise}: was known until {each.until}.")
    for each in outcome.unused:
        console.print(
            f"[yellow]unused deviation[/] {each.promise}: the promise is kept now; remove the entry."
        )


def _print_left(console: Console, outcome: Outcome) -> None:
    lists = outcome.ledger.entries
    if not lists or outcome.sandbox_scenario:
        return
    names = ", ".join(f"{each.list_id} ({each.cards})" for each in lists[:_SHOWN_LISTS])
    more = f" and {len(lists) - _SHOWN_LISTS} more" if len(lists) > _SHOWN_LISTS else ""
    cards = sum(each.cards for each in lists)
    console.print(
        f"\n[bold]Left behind[/]: at most {cards} contacts, tagged contract-check, in "
        f"{len(lists)} lists named `contract-check …`: {escape(names)}{more}.",
        highlight=False,
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 240 else text[:240] + "…"
