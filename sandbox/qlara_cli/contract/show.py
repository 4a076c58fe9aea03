"""``contract show``: the contract as one OpenAPI file, for clients' tools or for generators of requests."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from qlara_cli.contract.reading import read
from qlara_cli.exit_codes import could_not_run
from qlara_cli.overlay_file import OverlayFile
from qlara_contract.errors import CannotRun
from qlara_sandbox import resources
from qlara_sandbox.http import fuzzing
from qlara_sandbox.http.openapi_30 import as_openapi_30
from qlara_sandbox.http.overlay import InvalidOverlay


@click.command()
@click.option(
    "--spec",
    default=resources.SPEC,
    envvar="SANDBOX_SPEC",
    show_envvar=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Contract file.  [default: the shipped one]",
)
@click.option(
    "--overlay",
    envvar="SANDBOX_OVERLAY",
    show_envvar=True,
    type=OverlayFile(),
    help="OpenAPI Overlay over it: a file, or the name of a shipped one.",
)
@click.option(
    "--for-fuzzing",
    is_flag=True,
    help="Add what generators of requests need: what a vCard file is, and whole forms as examples.",
)
@click.option(
    "--openapi",
    "version",
    type=click.Choice(["3.0", "3.1"]),
    default="3.1",
    show_default=True,
    help="3.0 for tools that read no newer one; it leaves out what it cannot say, such as the either-or.",
)
def show(spec: Path, overlay: Path | None, version: str, *, for_fuzzing: bool) -> None:
    """Print the contract as one OpenAPI file."""
    with could_not_run():
        if overlay is None and not for_fuzzing and version == "3.1":
            read(spec)
            click.echo(spec.read_text(encoding="utf-8"), nl=False)
            return
        document = read(spec, overlay)
        if for_fuzzing:
            document = _for_fuzzing(document)
        if version == "3.0":
            document = as_openapi_30(document)
    click.echo(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110), nl=False)


def _for_fuzzing(document: dict[str, object]) -> dict[str, object]:
    try:
        return fuzzing.for_fuzzing(document)
    except InvalidOverlay as error:
        raise CannotRun(f"not a contract whose requests can be generated: {error}") from error
