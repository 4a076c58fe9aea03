"""The report of a differential run: in the terminal, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from qlara_contract.differential import DifferenceKind
from qlara_contract.masking import mask
from qlara_contract.report.counting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from qlara_contract.differential import DeploymentComparison, ResponseDifference

_SHOWN = 12


def print_comparison(
    console: Console, comparison: DeploymentComparison, secrets: tuple[str, ...]
) -> None:
    """Print how similar the deployments are, and where they differ."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("operation", "pairs", "same", *(f"{kind} differs" for kind in DifferenceKind)):
        table.add_column(name, justify="left" if name == "operation" else "right")
    for operation, pairs in comparison.paired.items():
        differs = [
            sum(each.count for each in _of(comparison, operation) if each.kind is kind)
            for kind in DifferenceKind
        ]
        cells = [f"[red]{count}[/]" if count else "[dim]·[/]" for count in differs]
        table.add_row(operation, str(pairs), str(comparison.same[operation]), *cells)
    console.print(table)
    found = sorted(comparison.differences.values(), key=lambda each: -each.count)
    for each in found[:_SHOWN]:
        console.print(
            f"\n[bold red]{each.kind}[/]  {each.operation}, {counted(each.count, 'time')}: "
            f"{escape(mask(each.what, secrets))}",
            highlight=False,
        )
        curl = mask(each.examples[0][0].curl(), secrets).replace("\n", "\n    ")
        console.print(f"    [dim]{escape(curl)}[/]", highlight=False, soft_wrap=True)
    if len(found) > _SHOWN:
        console.print(f"… and {counted(len(found) - _SHOWN, 'more difference')}.")
    console.print(f"\n{_verdict(comparison)}", style="bold", highlight=False)
    for line in _not_compared(comparison):
        console.print(escape(mask(line, secrets)), style="yellow", highlight=False)
    console.print(f"[dim]{comparison.first} and {comparison.second}, seed {comparison.seed}[/]")


def _verdict(comparison: DeploymentComparison) -> str:
    pairs, same = sum(comparison.paired.values()), sum(comparison.same.values())
    if not pairs:
        return "Nothing could be compared."
    some = " that could be compared" if comparison.unpaired or comparison.cut_short else ""
    if pairs == 1:
        same_or_not = "are the same" if same else "differ"
        return f"The one pair of responses{some}: they {same_or_not}."
    if same == pairs:
        return f"All {pairs} pairs of responses{some} are the same."
    return f"{comparison.fidelity:.1%} of {pairs} pairs of responses{some} are the same."


def _not_compared(comparison: DeploymentComparison) -> Iterator[str]:
    """Yield what could not be compared, and why."""
    yield from comparison.cut_short
    if not comparison.unpaired:
        return
    count = counted(sum(comparison.unpaired.values()), "request")
    verb = "has" if count.startswith("1 ") else "have"
    yield f"{count} {verb} no counterpart and could not be compared, from where these stories parted:"
    for story, number in comparison.unpaired.most_common(_SHOWN):
        yield f"  {story or 'before the first story'} ({number})"
    if len(comparison.unpaired) > _SHOWN:
        yield f"  … and {len(comparison.unpaired) - _SHOWN} more"


def _of(comparison: DeploymentComparison, operation: str) -> list[ResponseDifference]:
    return [each for each in comparison.differences.values() if each.operation == operation]


def as_json(comparison: DeploymentComparison) -> dict[str, Any]:
    """Return the comparison as a JSON value; its fields are stable."""
    return {
        "first": comparison.first,
        "second": comparison.second,
        "seed": comparison.seed,
        "fidelity": round(comparison.fidelity, 4),
        "paired": dict(comparison.paired),
        "same": dict(comparison.same),
        "unpaired": sum(comparison.unpaired.values()),
        "unpairedByStory": dict(comparison.unpaired),
        "cutShort": comparison.cut_short,
        "differences": [
            {
                "operation": each.operation,
                "kind": each.kind.value,
                "what": each.what,
                "count": each.count,
                "examples": [
                    {
                        "curl": one.curl(),
                        "first": one.shown_response(),
                        "second": two.shown_response(),
                    }
                    for one, two in each.examples
                ],
            }
            for each in comparison.differences.values()
        ],
    }
