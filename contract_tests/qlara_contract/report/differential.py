"""The report of a differential run: in the terminal, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from qlara_contract.differential import DifferenceKind
from qlara_contract.masking import mask

if TYPE_CHECKING:
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
            f"\n[bold red]{each.kind}[/]  {each.operation}, {each.count} times: "
            f"{escape(mask(each.what, secrets))}",
            highlight=False,
        )
        curl = mask(each.examples[0][0].curl(), secrets).replace("\n", "\n    ")
        console.print(f"    [dim]{escape(curl)}[/]", highlight=False, soft_wrap=True)
    if len(found) > _SHOWN:
        console.print(f"… and {len(found) - _SHOWN} more differences.")
    console.print(
        f"\n{comparison.fidelity:.1%} of {sum(comparison.paired.values())} responses are the same"
        f" ({comparison.unpaired} requests without a counterpart).",
        style="bold",
        highlight=False,
    )
    console.print(f"[dim]{comparison.first} and {comparison.second}, seed {comparison.seed}[/]")


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
                        "first": one.shown_response(),
                        "second": two.shown_response(),
                    }
                    for one, two in each.examples
                ],
            }
            for each in comparison.differences.values()
        ],
    }
