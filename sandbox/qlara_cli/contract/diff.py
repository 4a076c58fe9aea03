"""``contract diff``: what is new, gone, narrower or wider in a contract, and what can break a client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qlara_cli.contract.reading import read_any
from qlara_cli.exit_codes import could_not_run
from qlara_contract.changes.comparison import Change, changes
from qlara_contract.changes.statements import EXISTS
from qlara_contract.errors import CannotRun
from qlara_sandbox import resources

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog="""\b
Exit codes: 0 no client can break, 1 one can, 2 a file is not a contract.

\b
Examples:
  qlara-sandbox contract diff openapi-1.0.yaml openapi.yaml
  qlara-sandbox contract diff theirs.yaml --json | jq '.[] | select(.breaks)'
"""
)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE, default=resources.SPEC)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object per change.")
@click.pass_context
def diff(ctx: click.Context, old: Path, new: Path, *, as_json: bool) -> None:
    """Show what a change of the contract means for clients.

    NEW is the shipped contract, if it is not given.
    """
    with could_not_run():
        found = _changes(old, new)
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in found], ensure_ascii=False, indent=2))
    else:
        _print(found)
    ctx.exit(1 if any(each.breaks for each in found) else 0)


def _changes(old: Path, new: Path) -> list[Change]:
    before, after = read_any(old), read_any(new)
    try:
        return changes(before, after)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        message = f"{old} and {new}: not both usable OpenAPI files: {error!r}"
        raise CannotRun(message) from error


def _print(found: Sequence[Change]) -> None:
    for heading, breaks in (("A client can break:", True), ("No client breaks:", False)):
        lines = _lines([each for each in found if each.breaks is breaks])
        if lines:
            click.echo("\n".join([heading, *lines, ""]))
    breaking = sum(each.breaks for each in found)
    count = "1 change" if len(found) == 1 else f"{len(found)} changes"
    can = f"{breaking} of them can break a client" if breaking else "none can break a client"
    click.echo(f"{count}; {can}." if found else "No changes.")


def _lines(found: Sequence[Change]) -> list[str]:
    """Return a line per change; the same one in several responses is told once."""
    places: dict[str, dict[str, list[str]]] = {}
    for change in found:
        operation, *steps = change.place
        told = places.setdefault(_line(change), {})
        told.setdefault(operation, []).extend(steps[:1] if change.is_of_a_response else [])
    return [
        line.format("; ".join(" ".join([name, *said]) for name, said in where.items()))
        for line, where in places.items()
    ]


def _line(change: Change) -> str:
    """Return what a line says, with ``{}`` where the operations and their responses are told."""
    steps = list(change.place[2 if change.is_of_a_response else 1 :])
    rule = f": {steps[1]}" if steps[:1] == ["rule"] else ""
    within = "" if rule else ".".join(steps).replace(".[]", "[]")
    aspect = "" if change.aspect in {EXISTS, "value"} else f" {change.aspect}"
    said = "" if change.aspect == EXISTS else f": {_value(change.old)} → {_value(change.new)}"
    source = f"  ({change.source})" if change.source else ""
    text = f"{' rule' if rule else ''}{f' {within}' if within else ''}{aspect}{rule}{said}{source}"
    return f"  {change.kind:8}  {{}}" + text.replace("{", "{{").replace("}", "}}")


def _value(value: Any) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _as_json(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "place": list(change.place),
        "aspect": change.aspect,
        "old": _plain(change.old),
        "new": _plain(change.new),
        "breaks": change.breaks,
        "source": change.source,
    }


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
