"""``vcard generate``: write a realistic vCard file and say what its import must result in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from qlara_sandbox.samples.generating import (
    GeneratedFile,
    ImpossibleFile,
    Spec,
    generate as generated,
)

_UNITS = {"": 1, "B": 1, "KB": 1024, "MB": 1024 * 1024}
_MOST_CARDS = 1_000_000
_MOST_BYTES = 1024 * 1024 * 1024


class Size(click.ParamType[int]):
    """A number of bytes, plain or in the binary units of the documented limit (10 MB)."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,12}) ?([KM]?B)?", str(value).strip().upper(), re.ASCII)
        octets = int(match[1]) * _UNITS[match[2] or ""] if match else 0
        if not 0 < octets <= _MOST_BYTES:
            self.fail(
                f"{value!r}: expected bytes, or KB or MB, up to 1024MB: 10485761, 10MB", param, ctx
            )
        return octets


_CARDS = click.IntRange(0, _MOST_CARDS)


@click.command("generate")
@click.option(
    "--contacts",
    type=_CARDS,
    default=250,
    show_default=True,
    envvar="SANDBOX_VCARD_CONTACTS",
    help="Cards that bring a contact each, all with different numbers.",
)
@click.option(
    "--duplicates",
    type=_CARDS,
    default=0,
    show_default=True,
    envvar="SANDBOX_VCARD_DUPLICATES",
    help="Further cards with the number of an earlier one, written differently.",
)
@click.option(
    "--invalid-phones",
    type=_CARDS,
    default=0,
    show_default=True,
    envvar="SANDBOX_VCARD_INVALID_PHONES",
    help="Further cards whose number cannot be used.",
)
@click.option(
    "--missing-phones",
    type=_CARDS,
    default=0,
    show_default=True,
    envvar="SANDBOX_VCARD_MISSING_PHONES",
    help="Further cards without a number.",
)
@click.option(
    "--version",
    type=click.Choice(["3.0", "4.0", "mixed"]),
    default="mixed",
    show_default=True,
    envvar="SANDBOX_VCARD_VERSION",
    help="The vCard version of the cards.",
)
@click.option(
    "--size",
    type=Size(),
    envvar="SANDBOX_VCARD_SIZE",
    help="Exact size of the file, in bytes or as 512KB, 10MB (10MB = 10485760 bytes).",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    envvar="SANDBOX_SEED",
    help="The same options and seed give the same file.",
)
@click.option(
    "--region",
    default="IT",
    show_default=True,
    envvar="SANDBOX_VCARD_REGION",
    help="Default region of the account that will import the file.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    required=True,
    envvar="SANDBOX_VCARD_OUTPUT",
    help="The file to write; - is standard output.",
)
def generate(output: Path, **options: Any) -> None:
    """Write a realistic vCard file and print, as JSON, the summary that its import must give.

    The summary and the errors are those of an import with SKIP into an account that holds none of
    the numbers. The cards of --duplicates, --invalid-phones and --missing-phones come on top of
    --contacts, in shuffled order.

    \b
    Examples:
      qlara-sandbox vcard generate --contacts 230 --duplicates 15 --missing-phones 5 -o crm.vcf
      qlara-sandbox vcard generate --contacts 50000 --size 10MB -o largest.vcf
      qlara-sandbox vcard generate --size 10485761 -o oversized.vcf
      qlara-sandbox vcard generate --contacts 3 --version 4.0 -o - | head -20
    """
    try:
        result = generated(Spec(**options))
    except ImpossibleFile as error:
        hint = f"--{error.field.replace('_', '-')}"
        raise click.BadParameter(error.message, param_hint=hint) from error
    to_stdout = str(output) == "-"
    if to_stdout:
        click.echo(result.data, nl=False)
    else:
        _write(output, result.data)
    click.echo(_expectation(output, result), err=to_stdout)


def _write(output: Path, data: bytes) -> None:
    try:
        output.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from error


def _expectation(output: Path, result: GeneratedFile) -> bytes:
    """Return the JSON in UTF-8, whatever the terminal's encoding: names are of all scripts."""
    expected = {
        "file": str(output),
        "bytes": len(result.data),
        "summary": result.summary,
        "errors": [error._asdict() for error in result.errors],
    }
    return json.dumps(expected, ensure_ascii=False, indent=2).encode()
