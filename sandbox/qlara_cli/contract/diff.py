"""``contract diff``: what is new, gone, narrower or wider in a contract, and what can break a client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qlara_cli.contract.reading import read_any
from qlara_cli.exit_codes import could_not_run
from qlara_cli.fitting import fitted
from qlara_contract.changes.comparison import Change, changes
from qlara_contract.changes.parts import EXISTS
from qlara_contract.changes.presence import Combinations
from qlara_contract.changes.values import Beyond
from qlara_contract.errors import CannotRun
from qlara_sandbox import resources

if TYPE_CHECKING:
    from collections.abc import Sequence

_INDENT = 12  # of further lines of a change
_IDENTITY = ("kind", "place", "aspect", "old", "new")
# What a document that is YAML, but not the OpenAPI that is needed, can fail with.
_UNUSABLE = (KeyError, TypeError, AttributeError, ValueError, RecursionError)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog="""\b
Exit codes: 0 no client can break, or only as --accept has it, 1 one can, 2 a file cannot be used.

\b
Examples:
  qlara-sandbox contract diff openapi-1.0.yaml openapi.yaml
  qlara-sandbox contract diff theirs.yaml --json | jq '.[] | select(.breaks)'
  qlara-sandbox contract diff openapi-1.0.yaml --json > accepted.json
  qlara-sandbox contract diff openapi-1.0.yaml --accept accepted.json
"""
)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE, default=resources.SPEC)
@click.option(
    "--accept",
    "accepted",
    type=_FILE,
    help="A JSON array of changes, as --json prints them, that may break clients.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object per change.")
@click.pass_context
def diff(ctx: click.Context, old: Path, new: Path, accepted: Path | None, *, as_json: bool) -> None:
    """Show what a change of the contract means for clients.

    NEW is the shipped contract, if it is not given.
    """
    with could_not_run():
        known = _read_accepted(accepted) if accepted else []
        found = _changes(old, new)
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in found], ensure_ascii=False, indent=2))
    else:
        _print(found, known)
    ctx.exit(1 if any(each.breaks and _identity(each) not in known for each in found) else 0)


def _read_accepted(path: Path) -> list[dict[str, Any]]:
    """Return the changes that *path* accepts, each by what identifies it.

    Raises:
        CannotRun: it is not what ``--json`` prints.
    """
    expected = f"{path}: expected a JSON array of changes, as contract diff --json prints them"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return [{name: each[name] for name in _IDENTITY} for each in said]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CannotRun(f"{expected}; {error!r}") from error


def _identity(change: Change) -> dict[str, Any]:
    said = _as_json(change)
    return {name: said[name] for name in _IDENTITY}


def _changes(old: Path, new: Path) -> list[Change]:
    before, after = read_any(old), read_any(new)
    try:
        return changes(before, after)
    except _UNUSABLE:
        for path, document in ((old, before), (new, after)):
            _require_usable(path, document)
        raise


def _require_usable(path: Path, document: dict[str, Any]) -> None:
    """Let a document pass that can be compared with itself.

    Raises:
        CannotRun: it cannot; with the file.
    """
    try:
        changes(document, document)
    except KeyError as error:
        missing = str(error.args[0])
        reason = (
            f"the reference {missing!r} leads nowhere" if "#" in missing else f"lacks {missing}"
        )
        raise CannotRun(f"{path}: not a usable OpenAPI file: {reason}") from error
    except _UNUSABLE as error:
        raise CannotRun(f"{path}: not a usable OpenAPI file: {error!r}") from error


def _print(found: Sequence[Change], known: Sequence[dict[str, Any]]) -> None:
    breaking = [each for each in found if each.breaks]
    accepted = [each for each in breaking if _identity(each) in known]
    sections = (
        ("A client can break:", [each for each in breaking if each not in accepted]),
        ("A client can break, which is accepted:", accepted),
        ("No client breaks:", [each for each in found if not each.breaks]),
    )
    for heading, changed in sections:
        if changed:
            lines = (fitted(line, _INDENT) for line in _lines(changed))
            click.echo("\n".join([heading, *lines, ""]))
    count = "1 change" if len(found) == 1 else f"{len(found)} changes"
    can = f"{len(breaking)} of them can" if breaking else "none can"
    but = f", {len(accepted)} accepted" if accepted else ""
    click.echo(f"{count}; {can} break a client{but}." if found else "No changes.")


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
    if isinstance(value, frozenset | Combinations):
        return ", ".join(_plain(value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, dict)) or value == "":
        return json.dumps(value, ensure_ascii=False)
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
    if isinstance(value, Combinations):
        return value.texts()
    if isinstance(value, Beyond):
        return str(value)
    return sorted(value) if isinstance(value, frozenset) else value
