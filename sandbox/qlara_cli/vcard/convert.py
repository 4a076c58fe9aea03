"""``vcard convert``: make a clean vCard file from one that is not, and say what was changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from qlara_cli.logs import printable
from qlara_sandbox.domain.errors import Refusal

if TYPE_CHECKING:
    from qlara_cli.vcard.conversion import Conversion

_LINES_SHOWN = 10


@click.command(
    epilog="""\b
Examples:
  qlara-sandbox vcard convert phone.vcf -o contacts.vcf
  qlara-sandbox vcard convert phone.vcf -o contacts.vcf --version 4.0 --json | jq .changes
"""
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    envvar="SANDBOX_VCARD_OUTPUT",
    show_envvar=True,
    help="The file to write; not FILE itself.",
)
@click.option(
    "--version",
    type=click.Choice(["3.0", "4.0"]),
    default="3.0",
    show_default=True,
    envvar="SANDBOX_VCARD_VERSION",
    show_envvar=True,
    help="The vCard version to write.",
)
@click.option(
    "--json", "as_json", is_flag=True, envvar="SANDBOX_JSON", show_envvar=True, help="Print JSON."
)
def convert(file: Path, output: Path, version: Literal["3.0", "4.0"], *, as_json: bool) -> None:
    """Make a clean vCard file from FILE that an import can read, and say what was changed.

    FILE may be vCard 2.1, UTF-16 or Windows-1252, joined from several files, or damaged. A card that
    is never closed is left out, because its missing lines cannot be known.

    Exit code 0 if every card was written, 1 if some were left out or FILE is not a vCard file.
    """
    from qlara_cli.vcard.conversion import convert as converted

    if output.exists() and output.samefile(file):
        raise click.BadParameter("expected a file other than FILE", param_hint="--output")
    try:
        result = converted(file.read_bytes(), version)
        if result.cards:
            output.write_bytes(result.data)
    except Refusal as refusal:
        click.echo(f"{file}: cannot be converted: {refusal.message}", err=True)
        raise SystemExit(1) from refusal
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from error
    click.echo(_as_json(result) if as_json else _as_text(output, version, result))
    if result.left_out:
        raise SystemExit(1)


def _as_json(result: Conversion) -> str:
    document = {
        "cards": result.cards,
        "changes": [
            {"change": kind, "count": len(lines), "lines": lines}
            for kind, lines in result.changes.items()
        ],
        "leftOut": [error._asdict() for error in result.left_out],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _as_text(output: Path, version: str, result: Conversion) -> str:
    width = max(map(len, result.changes), default=0)
    lines = [
        f"  {printable(kind):{width}}  {len(at):>6}  {_where(at)}"
        for kind, at in result.changes.items()
    ]
    left_out = [
        f"  line {error.line}: {printable(error.name) or '(no name)'}: {error.reason}"
        for error in result.left_out
    ]
    written = f"{output}: cards written as vCard {version}: {result.cards}"
    if not result.cards:
        written = "Nothing was written: no card is complete."
    return "\n".join(
        [
            *(["Changed:", *lines] if lines else ["Nothing had to be changed."]),
            *(["Left out:", *left_out] if left_out else []),
            written,
        ]
    )


def _where(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:_LINES_SHOWN]))
    more = f", … ({len(lines) - _LINES_SHOWN} more)" if len(lines) > _LINES_SHOWN else ""
    return f"{'line' if len(lines) == 1 else 'lines'} {shown}{more}"
