"""``contract collections``: the collections for Postman, Bruno and Arazzo, in a folder of the user's."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from qlara_cli.exit_codes import could_not_run
from qlara_contract.errors import CannotRun
from qlara_sandbox import resources


@click.command(
    epilog="""\b
Examples:
  qlara-sandbox contract collections qlara
  newman run qlara/clients/postman/qlara.postman_collection.json \\
    -e qlara/clients/postman/sandbox.postman_environment.json --working-dir qlara/clients
"""
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def collections(folder: Path) -> None:
    """Write collections for Postman, Bruno and Arazzo, and the contract, into a new FOLDER."""
    with could_not_run():
        if folder.exists() and any(folder.iterdir()):
            raise CannotRun(f"{folder} is not empty.")
        try:
            shutil.copytree(resources.CLIENTS, folder / "clients")
            shutil.copy(resources.SPEC, folder)
        except OSError as error:
            raise CannotRun(f"{folder}: {error.strerror}") from error
    click.echo(f"{folder}/openapi.yaml")
    for part in sorted(path.name for path in (folder / "clients").iterdir()):
        click.echo(f"{folder}/clients/{part}")
