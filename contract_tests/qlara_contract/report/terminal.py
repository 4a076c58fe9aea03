"""The report in the terminal: progress while it runs, then the verdict, then what is not kept."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn
from rich.table import Table
from rich.text import Text

from qlara_contract.masking import mask
from qlara_contract.promises import OPERATIONS
from qlara_contract.report.counting import counted
from qlara_contract.report.observed import KEEP, convention_rows
from qlara_contract.report.requests import ShownRequests
from qlara_contract.report.summary import (
    COSTS,
    DIFFERS,
    circumstances,
    found_causes,
    left_behind,
    network_failures,
    remedy,
    shortened,
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
_SHOWN_REASONS = 6
_SHOWN_PROMISES = 4
_SECONDS_A_LINE = 2.0
_NARROWEST = 40
_LONGEST = 240
_WORD = re.compile(r"\S+\s*")


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
    if outcome.stopped and outcome.stopped.rstrip(".") not in verdict(outcome):
        _say(console, escape(mask(outcome.stopped, outcome.settings.placeholders)))
    for note in outcome.notes:
        _say(console, escape(mask(note, outcome.settings.placeholders)), 0, 2)
    console.print(_table(outcome))
    if trend is not None:
        console.print("\n[bold]Since the last run[/]")
        for line in trend.lines:
            _say(console, escape(line), 2)
    found = found_causes(outcome).broken
    requests = ShownRequests(outcome.settings)
    for cause in found[:_SHOWN_CAUSES]:
        _print_cause(console, cause, requests)
    rest = len(outcome.broken) - len(
        {one.promise.id for each in found[:_SHOWN_CAUSES] for one, _ in each.results}
        & set(outcome.broken)
    )
    if rest:
        console.print(
            f"\n… and {counted(rest, 'more broken promise')}: `--report DIR` shows all of them."
        )
    _print_conventions(console, outcome, requests)
    _print_remarks(console, outcome, requests)
    _print_not_exercised(console, outcome)
    _print_deviations(console, outcome)
    for what, count in network_failures(outcome):
        times = counted(count, "time")
        _say(console, f"[yellow]network[/] {escape(requests.masked(what))} ({times})", 0, 2)
    _print_end(console, outcome)
    _say(console, f"\n[dim]{escape(' · '.join(circumstances(outcome)))}[/]", 0, 2)
    if found:
        _print_verdict(console, outcome)


def _print_end(console: Console, outcome: Outcome) -> None:
    if outcome.wording.leaves_contacts:
        _say(console, f"\n[bold]Left behind[/]: {escape(left_behind(outcome))}", 0, 2)
    for failure in outcome.failures:
        console.print(f"[bold red]The suite itself failed.[/] {escape(failure)}")


def _say(console: Console, markup: str, indent: int = 0, more: int = 0) -> None:
    """Print a paragraph: *indent* blanks before its lines, *more* before all but the first.

    A word that is longer than the line, such as an address, stays whole, so that it can be copied.
    """
    while markup.startswith("\n"):
        console.print()
        markup = markup[1:]
    width = max(_NARROWEST, console.width - indent - more)
    text = Text.from_markup(markup)
    for at, line in enumerate(text.divide(_breaks(text.plain, width))):
        line.rstrip()
        blanks = " " * (indent + (more if at else 0))
        console.print(Text(blanks) + line, soft_wrap=True, highlight=False)


def _breaks(text: str, width: int) -> list[int]:
    """Return where to break *text*, between words, into lines of at most *width* cells."""
    found, used = [], 0
    for word in _WORD.finditer(text):
        length = cell_len(word[0].rstrip())
        if used and used + length > width:
            found.append(word.start())
            used = 0
        used += cell_len(word[0])
    return found


def _print_verdict(console: Console, outcome: Outcome) -> None:
    said = mask(verdict(outcome), outcome.settings.placeholders)
    style = _STYLES[_worst(outcome)]
    _say(console, f"[{style}]{escape(said)}[/]")


def _worst(outcome: Outcome) -> PromiseState:
    if outcome.exit_code:
        return PromiseState.BROKEN
    return PromiseState.KEPT


def _table(outcome: Outcome) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    unseen = outcome.wording.not_exercised
    for name in ("operation", "promises", "broken", "known", "differs", unseen, "kept"):
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
    _say(
        console,
        f"[bold red]broken[/]  [bold]{promise.id}[/]  [red]{promise.severity}[/]: "
        f"{COSTS[promise.severity]}",
        0,
        2,
    )
    _say(console, f"{escape(promise.sentence)}  [dim]({escape(promise.source)})[/]", 2)
    for each in cause.head.spec_variants:
        _say(console, f"[magenta]The deployment {escape(each.value)}.[/]", 2)
    if cause.says:
        _say(console, f"[bold]{escape(cause.says)}[/]", 2)
    for evidence in cause.evidence[:1]:
        _print_evidence(console, evidence, requests)
    for result, found in cause.rest:
        what = f" {escape(requests.masked(found[0].what))}" if found else ""
        kind = "differs" if result.promise.is_assumed else result.promise.severity
        _say(
            console,
            f"[red]also[/] {result.promise.id} [dim]{kind}[/]{what}",
            2,
            2,
        )


def _print_evidence(console: Console, evidence: Evidence, requests: ShownRequests) -> None:
    _say(console, escape(requests.masked(evidence.what)), 2)
    _say(console, f"expected  {escape(requests.masked(_short(evidence.expected)))}", 4, 10)
    _say(console, f"seen      {escape(requests.masked(_short(evidence.got)))}", 4, 10)
    for line in requests.script(evidence).splitlines():
        console.print(f"    [dim]{escape(line)}[/]", highlight=False, soft_wrap=True)
    if evidence.exchange is not None:
        said = _short(requests.response(evidence.exchange))
        _say(console, f"response  {escape(said)}", 4, 10)


def _print_conventions(console: Console, outcome: Outcome, requests: ShownRequests) -> None:
    observed = convention_rows(outcome)
    rows = [each for each in observed if each.differs]
    said = [each for each in observed if each.name in outcome.conventions.otherwise]
    differing = [result for each in found_causes(outcome).differing for result, _ in each.results]
    if not rows and not differing and not said:
        return
    console.print("\n[bold]Decided otherwise, where UC-020 is silent[/]")
    for each in rows:
        _say(
            console,
            f"[cyan]{each.name}[/] is {escape(each.value)}, expected {escape(each.expected)}: "
            f"[dim]{escape(requests.masked(each.how))}[/]",
            2,
            2,
        )
    if differing:
        _say(console, f"[dim]What differs is {DIFFERS}:[/]", 2)
    for result in differing:
        what = (
            f": {escape(requests.masked(_short(result.evidence[0].what)))}"
            if result.evidence
            else ""
        )
        _say(console, f"[cyan]differs[/] {result.promise.id}[dim]{what}[/]", 2, 2)
    for each in said:
        if not each.differs:
            _say(console, f"[cyan]{each.name}[/] does otherwise, and the overlay says so", 2, 2)
    if rows:
        _say(console, f"[dim]{escape(KEEP)}[/]", 2)


def _print_remarks(console: Console, outcome: Outcome, requests: ShownRequests) -> None:
    for group in outcome.remarks:
        if group.remarks:
            console.print(f"\n[bold]{escape(group.title)}[/]")
        for each in group.remarks:
            what, times = escape(requests.masked(each.what)), counted(each.times, "time")
            _say(console, f"{what} [dim]({times})[/]", 2, 2)


def _print_not_exercised(console: Console, outcome: Outcome) -> None:
    by_reason: dict[str, list[PromiseResult]] = {}
    for result in outcome.in_state(PromiseState.NOT_EXERCISED):
        by_reason.setdefault(result.reason, []).append(result)
    if by_reason:
        console.print(f"\n[bold]{outcome.wording.not_exercised.capitalize()}[/]")
    ordered = sorted(by_reason.items(), key=lambda each: -len(each[1]))
    for reason, results in ordered[:_SHOWN_REASONS]:
        ids = ", ".join(each.promise.id for each in results[:_SHOWN_PROMISES])
        rest = len(results) - _SHOWN_PROMISES
        more = f" and {rest} more" if rest > 0 else ""
        _say(console, f"{escape(reason)} ({len(results)}): [dim]{ids}{more}[/]", 2, 2)
        for said in filter(None, dict.fromkeys(remedy(outcome, each) for each in results)):
            _say(console, f"[dim]to exercise: {escape(said)}[/]", 4, 2)
    if others := ordered[_SHOWN_REASONS:]:
        promises = counted(sum(len(results) for _, results in others), "more promise")
        reasons = counted(len(others), "other reason")
        _say(console, f"… and {promises}, for {reasons}: `--report DIR` shows all of them.", 2, 2)


def _print_deviations(console: Console, outcome: Outcome) -> None:
    for result in outcome.in_state(PromiseState.DEVIATION):
        known = outcome.known_as(result)[0]
        said = f"{result.promise.id} until {known.until}: {escape(known.reason)}"
        _say(console, f"[yellow]known deviation[/] {said}", 0, 2)
    for each in outcome.expired:
        ids = ", ".join(each.promises)
        said = f"{ids}: was known until {each.until}."
        _say(console, f"[yellow]expired deviation[/] {said}", 0, 2)
    for one in outcome.unused:
        said = f"{one}: the promise is kept now; remove it from its entry."
        _say(console, f"[yellow]unused deviation[/] {said}", 0, 2)


def _short(text: str) -> str:
    whole = " ".join(text.split())
    text = shortened(whole, _LONGEST)
    return text if text == whole else text + " …"
