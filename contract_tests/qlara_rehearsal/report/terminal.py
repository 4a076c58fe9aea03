"""The report in the terminal: a line per act, then what was mishandled and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qlara_contract.report.counting import counted
from qlara_contract.untrusted import visible
from qlara_rehearsal.judge import ActVerdict
from qlara_rehearsal.report import texts

if TYPE_CHECKING:
    from rich.console import Console

    from qlara_rehearsal.evidence import ActFinding
    from qlara_rehearsal.judge import ActResult
    from qlara_rehearsal.rehearsal import Rehearsal

_MARK = "✗"
_STYLES = {
    ActVerdict.MISHANDLED: "bold red",
    ActVerdict.NOT_REACHED: "bold yellow",
    ActVerdict.HANDLED: "green",
}


def print_rehearsal(console: Console, rehearsal: Rehearsal) -> None:
    """Print every act with its verdict, each one that was not handled in full, and the result."""
    widest = max(len(each.act.name) for each in rehearsal.results)
    verdicts = max(len(each.verdict) for each in rehearsal.results)
    for result in rehearsal.results:
        _line(console, result, verdicts, widest)
    told: set[str] = set()
    for result in rehearsal.results:
        if result.verdict is not ActVerdict.HANDLED:
            console.print()
            _act(console, rehearsal, result, told)
    console.print()
    for line in texts.circumstances(rehearsal):
        _print(console, line, "dim")
    _print(console, texts.verdict(rehearsal), "bold green" if rehearsal.is_ready else "bold red")


def _line(console: Console, result: ActResult, verdicts: int, widest: int) -> None:
    start = f"  {result.act.name:<{widest}}  "
    title, ending = f"{result.act.title} ", f"({texts.ending(result)})"
    room = console.width - verdicts - cell_len(start) - cell_len(ending)
    if console.is_terminal and cell_len(title) > room:
        title = ""  # the name says it, and a line per act is easier to read
    line = Text.assemble(
        (f"{result.verdict:<{verdicts}}", _STYLES[result.verdict]), start, title, (ending, "dim")
    )
    console.print(line, soft_wrap=True)


def _act(console: Console, rehearsal: Rehearsal, result: ActResult, told: set[str]) -> None:
    _print(
        console, f"{result.verdict}: {result.act.name}. {result.act.title}", _STYLES[result.verdict]
    )
    _print(console, f"  {result.act.story}", "dim", wrap=True)
    if result.note:
        _print(console, f"  {texts.masked(rehearsal, visible(result.note))}", wrap=True)
    findings = [each for each in result.findings if each.what not in told]
    for finding in findings:
        _finding(console, rehearsal, result, finding)
        if finding.about_requests:
            told.add(finding.what)
    if hidden := len(result.findings) - len(findings):
        _print(console, f"  {counted(hidden, 'mistake')} of its requests told above.")
    if any(not each.about_requests for each in findings) or result.note:
        _print(console, f"  Why it matters: {result.act.why}", wrap=True)
        _print(console, f"  What to do: {result.act.advice}", wrap=True)
    for line in texts.output_lines(rehearsal, result)[-3:]:
        _print(console, _cut(console, f"  It printed: {line}"), "dim")
    _print(console, f"  Again: {texts.again(rehearsal, result)}", "dim")


def _finding(
    console: Console, rehearsal: Rehearsal, result: ActResult, finding: ActFinding
) -> None:
    _print(
        console, f"  {_MARK} {texts.masked(rehearsal, visible(finding.what))}", "bold", wrap=True
    )
    _print(
        console, f"    Expected: {texts.masked(rehearsal, visible(finding.expected))}", wrap=True
    )
    shown = texts.shown(finding.exchanges)
    for exchange in shown:
        for line in texts.exchange_lines(rehearsal, result, exchange).splitlines():
            _print(console, f"      {line}", "dim" if line.startswith("#") else "")
    if more := len(finding.exchanges) - len(shown):
        _print(console, f"      # {counted(more, 'more request')} in between", "dim")


def _cut(console: Console, text: str) -> str:
    """Return *text* as far as it fits into a line of a terminal."""
    cut = Text(text)
    if console.is_terminal:
        cut.truncate(console.width, overflow="ellipsis")
    return cut.plain


def _print(console: Console, text: str, style: str = "", *, wrap: bool = False) -> None:
    indent = len(text) - len(text.lstrip())
    if wrap and console.is_terminal:
        mark, space, rest = text.strip().partition(" ")
        if mark != _MARK:
            console.print(Padding(Text(text.strip(), style=style), (0, 0, 0, indent)))
            return
        grid = Table.grid()
        grid.add_row(Text(" " * indent + mark + space, style=style), Text(rest, style=style))
        console.print(grid)
    else:
        console.print(Text(text, style=style), soft_wrap=True)
