"""``vcard inspect``: show what an import of a file would do, card by card."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import click

from qlara_cli.fitting import fitted
from qlara_cli.logs import printable
from qlara_sandbox import resources
from qlara_sandbox.domain.errors import FileTooLarge, Refusal
from qlara_sandbox.domain.vcard import ADVICE, IS_GROUP, read_raw_cards
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.services.importing import InspectedCard, inspect_import

_STDIN, _PIPED = Path("-"), Path("standard input")


class InspectedFile(NamedTuple):
    """What becomes of all cards, and how many there are of each version ("none" if it is not given)."""

    cards: list[InspectedCard]
    summary: dict[str, int]
    versions: dict[str, int]

    @property
    def groups(self) -> int:
        """How many cards are groups, which have members instead of a number."""
        return sum(card.detail == IS_GROUP for card in self.cards)

    def hint(self, file: Path) -> str:
        """Return what to do about cards that no import reads; empty if there are none."""
        if self.versions.keys() <= {"3.0", "4.0"}:
            return ""
        name = "FILE" if file == _PIPED else file
        return f"{ADVICE}, or convert the file: qlara-sandbox vcard convert {name} -o NEW.vcf"


@click.command(
    epilog="""\b
Examples:
  qlara-sandbox vcard inspect contacts.vcf
  qlara-sandbox vcard inspect contacts.vcf --problems-only
  qlara-sandbox vcard inspect contacts.vcf --region GB --json | jq .summary
  unzip -p export.zip contacts.vcf | qlara-sandbox vcard inspect -
"""
)
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
)
@click.option(
    "--problems-only", is_flag=True, help="Show only the cards that do not become contacts."
)
@click.option(
    "--region",
    default="IT",
    show_default=True,
    envvar="SANDBOX_REGION",
    show_envvar=True,
    help="Region of numbers without an international prefix.",
)
@click.option(
    "--json", "as_json", is_flag=True, envvar="SANDBOX_JSON", show_envvar=True, help="Print JSON."
)
def inspect(file: Path, region: str, *, as_json: bool, problems_only: bool) -> None:
    """Show what an import of FILE into an empty account would do, card by card.

    FILE may be - for standard input. Exit code 0 if the file can be imported, 1 if it would be
    refused.
    """
    data = sys.stdin.buffer.read() if file == _STDIN else file.read_bytes()
    file = _PIPED if file == _STDIN else file
    try:
        _check_size(data)
    except FileTooLarge as refusal:
        click.echo(f"{file}: would be refused with 413: {refusal.message}", err=True)
        raise SystemExit(1) from refusal
    try:
        inspected = _inspected(data, region.upper())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--region") from error
    except Refusal as refusal:
        click.echo(f"{file}: would be refused with 400: {refusal.message}", err=True)
        raise SystemExit(1) from refusal
    if problems_only:
        problems = [card for card in inspected.cards if card.outcome != "imported"]
        inspected = inspected._replace(cards=problems)
    click.echo(_as_json(file, inspected) if as_json else _as_text(file, inspected))


def _check_size(data: bytes) -> None:
    form = Contract(resources.SPEC).by_id["uploadVCard"].form
    limit = form.fields["file"].max_bytes if form else None
    if limit is not None and len(data) > limit:
        raise FileTooLarge(limit)


def _inspected(data: bytes, region: str) -> InspectedFile:
    cards, summary = inspect_import(data, region)
    versions = Counter(card.version or "none" for card in read_raw_cards(data))
    return InspectedFile(cards, summary, dict(sorted(versions.items())))


_MARKS = {"imported": "", "duplicate": "duplicate", "error": "error"}


def _as_json(file: Path, inspected: InspectedFile) -> str:
    document: dict[str, Any] = {
        "summary": inspected.summary,
        "versions": inspected.versions,
        "groups": inspected.groups,
        "hint": inspected.hint(file),
        "cards": [card._asdict() for card in inspected.cards],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _as_text(file: Path, inspected: InspectedFile) -> str:
    cards = inspected.cards
    names = [printable(card.name) or "(no name)" for card in cards]
    width = min(max(map(len, names), default=0), 40)
    lines = [
        fitted(
            f"{card.line:>7}  {name:{width}}  {_MARKS[card.outcome]:9}  {printable(card.detail)}",
            width + 22,
        )
        for card, name in zip(cards, names, strict=True)
    ]
    versions = ", ".join(f"{printable(name)} {n}" for name, n in inspected.versions.items())
    groups = [f"groups: {inspected.groups}"] if inspected.groups else []
    hint = [inspected.hint(file)] if inspected.hint(file) else []
    summary = ", ".join(f"{name} {count}" for name, count in inspected.summary.items())
    return "\n".join(
        [
            f"{'line':>7}  {'name':{width}}",
            *lines,
            "",
            f"versions: {versions}",
            *groups,
            *hint,
            f"{file}: {summary}",
        ]
    )
