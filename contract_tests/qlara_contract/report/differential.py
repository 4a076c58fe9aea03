"""The report of a twin run: in the terminal, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from qlara_contract.differential import Kind
from qlara_contract.exchange import mask

if TYPE_CHECKING:
    from rich.console import Console

    from qlara_contract.differential import Comparison, Difference

_SHOWN = 12


def print_comparison(console: Console, comparison: Comparison, secrets: tuple[str, ...]) -> None:
    """Print how alike the deployments are, and in what they differ."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("operation", "pairs", "same", *(f"{kind} differs" for kind in Kind)):
        table.add_column(name, justify="left" if name == "operation" else "right")
    for operation, pairs in comparison.paired.items():
        differs = [
            sum(each.count for each in _of(comparison, operation) if each.kind is kind)
            for kind in Kind
        ]
        cells = [f"[red]{count}[/]" if count else "[dim]·[/]" for count in differs]
        table.add_row(operation, str(pairs), str(comparison.same[operation]), *cells)
    console.print(table)
    found = sorted(comparison.differences.values(), key=lambda each: -each.count)
    for each in found[:_SHOWN]:
        console.print(
            f"\n[bold red]{each.kind}[/]  {each.operation}, {each.count} times: "
            f"{escape(mask(each.what, secrets))}",
            highlight=False,
        )
        curl = mask(each.examples[0][0].curl(), secrets).replace("\n", "\n    ")
        console.print(f"    [dim]{escape(curl)}[/]", highlight=False, soft_wrap=True)
    if len(found) > _SHOWN:
        console.print(f"… and {len(found) - _SHOWN} more kinds of difference.")
    console.print(
        f"\n{comparison.fidelity:.1%} of {sum(comparison.paired.values())} answers are the same"
        f" ({comparison.unpaired} requests without a twin).",
        style="bold",
        highlight=False,
    )
    console.print(f"[dim]{comparison.first} and {comparison.second}, seed {comparison.seed}[/]")


def _of(comparison: Comparison, operation: str) -> list[Difference]:
    return [each for each in comparison.differences.values() if each.operation == operation]


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as a JSON value; its fields are stable."""
    return {
        "first": comparison.first,
        "second": comparison.second,
        "seed": comparison.seed,
        "fidelity": round(comparison.fidelity, 4),
        "paired": dict(comparison.paired),
        "same": dict(comparison.same),
        "unpaired": comparison.unpaired,
        "differences": [
            {
                "operation": each.operation,
                "kind": each.kind.value,
                "what": each.what,
                "count": each.count,
                "examples": [
                    {
                        "curl": one.curl(),
                        "first": one.shown_answer(),
                        "second": two.shown_answer(),
                    }
                    for one, two in each.examples
                ],
            }
            for each in comparison.differences.values()
        ],
    }
