"""The report in the terminal: progress while it runs, then the verdict, then what is not kept."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn
from rich.table import Table

from qlara_contract.exchange import mask
from qlara_contract.promises import OPERATIONS
from qlara_contract.results import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from qlara_contract.engine import Outcome, Progress
    from qlara_contract.results import Entry

_STYLES = {
    State.BROKEN: "bold red",
    State.DEVIATION: "yellow",
    State.NOT_EXERCISED: "dim",
    State.KEPT: "green",
}
_SHOWN_EVIDENCE = 6
_SHOWN_LISTS = 3


@contextmanager
def live(console: Console) -> Iterator[Callable[[Progress], None]]:
    """Show a bar while a run tells its stories; yield what takes its progress."""
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
    """Print the verdict and everything that a person should look at."""
    console.print(_table(outcome))
    for entry in outcome.in_state(State.BROKEN)[:_SHOWN_EVIDENCE]:
        _print_evidence(console, outcome, entry)
    rest = len(outcome.broken) - _SHOWN_EVIDENCE
    if rest > 0:
        console.print(f"… and {rest} more broken promises: `--report DIR` shows all of them.\n")
    _print_not_exercised(console, outcome)
    _print_deviations(console, outcome)
    _print_left(console, outcome)
    for failure in outcome.failures:
        console.print(f"[bold red]The suite itself failed.[/] {escape(failure)}")
    console.print(verdict(outcome), style=_STYLES[_worst(outcome)], highlight=False)
    console.print(f"[dim]{escape(circumstances(outcome))}[/]", highlight=False)


def verdict(outcome: Outcome) -> str:
    """Return the run in one sentence."""
    counts = {state: len(outcome.in_state(state)) for state in State}
    if outcome.failures:
        return "The suite itself failed; what it found until then is incomplete."
    parts = [f"{counts[State.KEPT]} kept"]
    if counts[State.DEVIATION]:
        parts.append(f"{counts[State.DEVIATION]} known deviations")
    if counts[State.NOT_EXERCISED]:
        parts.append(f"{counts[State.NOT_EXERCISED]} not exercised")
    rest = ", ".join(parts)
    if counts[State.BROKEN]:
        number = counts[State.BROKEN]
        return f"{number} {'promise is' if number == 1 else 'promises are'} broken; {rest}."
    if outcome.exit_code:
        return f"No promise could be judged: {rest}."
    return f"No promise is broken: {rest}."


def circumstances(outcome: Outcome) -> str:
    """Return how the run was made, on one line."""
    settings = outcome.settings
    parts = [
        settings.base_url,
        f"{settings.effective_mode}, {settings.profile}, seed {settings.seed}",
        f"{outcome.requests} requests in {outcome.seconds:.1f} s",
    ]
    if outcome.sandbox_scenario:
        parts.insert(1, f"a sandbox, scenario {outcome.sandbox_scenario}")
    if outcome.waited:
        parts.append(f"{outcome.waited:.0f} s of them waited for 429")
    return " · ".join(parts)


def _worst(outcome: Outcome) -> State:
    if outcome.exit_code:
        return State.BROKEN
    return State.KEPT


def _table(outcome: Outcome) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("operation", "promises", "broken", "known", "not exercised", "kept"):
        table.add_column(name, justify="left" if name == "operation" else "right", style=None)
    for operation in OPERATIONS:
        entries = [each for each in outcome.entries if each.promise.operation == operation]
        if not entries:
            continue
        counts = [sum(outcome.state(each) is state for each in entries) for state in State]
        cells = [
            f"[{_STYLES[state]}]{count}[/]" if count else "[dim]·[/]"
            for state, count in zip(State, counts, strict=True)
        ]
        table.add_row(operation, str(len(entries)), *cells)
    return table


def _print_evidence(console: Console, outcome: Outcome, entry: Entry) -> None:
    promise, secrets = entry.promise, outcome.settings.secrets
    console.print()
    console.print(f"[bold red]broken[/]  [bold]{promise.id}[/]  [dim]{promise.severity}[/]")
    console.print(f"  {escape(promise.sentence)}  [dim]({escape(promise.source)})[/]")
    for each in entry.spec_variants:
        console.print(f"  The deployment {escape(each.value)}.", style="magenta")
    if not entry.evidence:
        return
    evidence = entry.evidence[0]
    console.print(f"  {escape(mask(evidence.what, secrets))}")
    console.print(f"    expected  {escape(mask(_short(evidence.expected), secrets))}")
    console.print(f"    got       {escape(mask(_short(evidence.got), secrets))}")
    for exchange in (*evidence.before[-1:], evidence.exchange):
        if exchange is None:
            continue
        text = mask(exchange.curl(), secrets).replace("\n", "\n    ")
        console.print(f"    [dim]{escape(text)}[/]", highlight=False, soft_wrap=True)


def _print_not_exercised(console: Console, outcome: Outcome) -> None:
    by_reason: dict[str, list[Entry]] = {}
    for entry in outcome.in_state(State.NOT_EXERCISED):
        by_reason.setdefault(entry.reason, []).append(entry)
    if by_reason:
        console.print("\n[bold]Not exercised[/]")
    for reason, entries in sorted(by_reason.items(), key=lambda each: -len(each[1])):
        ids = ", ".join(each.promise.id for each in entries[:4])
        more = f" and {len(entries) - 4} more" if len(entries) > 4 else ""
        console.print(f"  {escape(reason)} ({len(entries)}): [dim]{ids}{more}[/]", highlight=False)
        for remedy in filter(None, dict.fromkeys(each.remedy for each in entries)):
            console.print(f"    to exercise: {escape(remedy)}", style="dim", highlight=False)


def _print_deviations(console: Console, outcome: Outcome) -> None:
    for entry in outcome.in_state(State.DEVIATION):
        known = next(each for each in outcome.deviations if each.promise == entry.promise.id)
        console.print(
            f"[yellow]known deviation[/] {entry.promise.id} until {known.until}: "
            f"{escape(known.reason)}"
        )
    for each in outcome.expired:
        console.print(f"[yellow]expired deviation[/] {each.promise}: was known until {each.until}.")
    for each in outcome.unused:
        console.print(
            f"[yellow]unused deviation[/] {each.promise}: it is kept now; remove the entry."
        )


def _print_left(console: Console, outcome: Outcome) -> None:
    if not outcome.left or outcome.sandbox_scenario:
        return
    names = ", ".join(f"{each.list_id} ({each.contacts})" for each in outcome.left[:_SHOWN_LISTS])
    more = (
        f" and {len(outcome.left) - _SHOWN_LISTS} more" if len(outcome.left) > _SHOWN_LISTS else ""
    )
    console.print(
        f"\n[bold]Left behind[/]: {outcome.written} contacts, tagged contract-check, in "
        f"{len(outcome.left)} lists named `contract-check …`: {escape(names)}{more}.",
        highlight=False,
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 240 else text[:240] + "…"
