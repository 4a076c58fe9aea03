"""``scenarios``: what there is, what one of them says, and whether the files are right."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qlara_cli.completion import scenario_names
from qlara_sandbox import resources
from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.scenario.build import Under, build_template
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.scenario.load import load, unusable_overlay

if TYPE_CHECKING:
    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.scenario.model import Scenario

_BASE = "http://127.0.0.1:8080"


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  qlara-sandbox scenarios
  qlara-sandbox scenarios show quota-exhausted
  qlara-sandbox scenarios check my-scenarios/*.yaml
""",
)
@click.option(
    "--scenarios",
    "folder",
    default=resources.SCENARIOS,
    envvar="SANDBOX_SCENARIOS",
    show_envvar=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of scenario files.  [default: the shipped ones]",
)
@click.option(
    "--allow-outside",
    envvar="SANDBOX_ALLOW_OUTSIDE",
    show_envvar=True,
    is_flag=True,
    help="Allow scenarios to name vCard files outside their folder.",
)
@click.pass_context
def scenarios(ctx: click.Context, folder: Path, *, allow_outside: bool) -> None:
    """List, show and check the scenarios."""
    ctx.obj = Library(folder, allow_outside=allow_outside)
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@scenarios.command("list")
@click.pass_obj
def list_(library: Library) -> None:
    """List the scenarios with their titles."""
    names = library.names()
    width = max(map(len, names), default=0)
    for name in names:
        click.echo(f"{name:{width}}  {_title(library, name)}")


@scenarios.command()
@click.argument("name", shell_complete=scenario_names)
@click.option(
    "--base-url",
    default=_BASE,
    show_default=True,
    envvar="SANDBOX_BASE_URL",
    show_envvar=True,
    help="Sandbox that the commands are written for.",
)
@click.pass_obj
def show(library: Library, name: str, base_url: str) -> None:
    """Show one scenario: its story, how to choose it, and commands that show it."""
    try:
        scenario = library.get(name)
    except (UnknownScenario, InvalidScenario) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{scenario.title}\n\n{textwrap.fill(scenario.story, 88)}\n")
    if scenario.source:
        click.echo(f"Source: {scenario.source}")
    click.echo(
        f"Choose it with  -H 'X-Sandbox-Scenario: {name}'  or with the key  sandbox_demo__{name}\n"
    )
    if scenario.try_lines:
        files = library.folder / "files"
        click.echo(_with_values(scenario.try_lines, base_url, name, files))


@scenarios.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--spec",
    default=resources.SPEC,
    envvar="SANDBOX_SPEC",
    show_envvar=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Contract that defines the operations for faults.  [default: the shipped openapi.yaml]",
)
@click.pass_obj
def check(library: Library, files: tuple[Path, ...], spec: Path) -> None:
    """Check the given scenario files, or all in the folder.

    Each mistake is reported as FILE:LINE: FIELD: what is wrong.
    """
    paths = files or tuple(library.folder / f"{name}.yaml" for name in library.names())
    try:
        contract = Contract(spec)
    except InvalidContract as error:
        raise click.ClickException(str(error)) from error
    mistakes = [line for path in paths for line in _mistakes(path, contract, library)]
    for line in mistakes:
        click.echo(line, err=True)
    if mistakes:
        raise SystemExit(1)
    click.echo(f"{len(paths)} scenario{'s' if len(paths) != 1 else ''} checked, no mistakes.")


def _mistakes(path: Path, contract: Contract, library: Library) -> list[str]:
    try:
        scenario = load(path, contract.by_id, allow_outside=library.allow_outside)
        conventions = contract.conventions
        if scenario.overlay is not None:
            conventions = _under_overlay(contract, scenario)
        build_template(scenario.in_region(conventions.region), Under(conventions))
    except InvalidScenario as error:
        return error.lines()
    return []


def _under_overlay(contract: Contract, scenario: Scenario) -> Conventions:
    try:
        return Contract(contract.path, scenario.overlay).conventions
    except InvalidContract as error:
        raise unusable_overlay(scenario, str(error)) from error


def _title(library: Library, name: str) -> str:
    try:
        return load(library.folder / f"{name}.yaml", allow_outside=library.allow_outside).title
    except InvalidScenario as error:
        return f"has mistakes: {error.lines()[0]}"


def _with_values(lines: str, base_url: str, name: str, files: Path) -> str:
    values = {
        "$BASE": base_url,
        "$KEY": f"sandbox_demo__{name}",
        "$FILES": str(files),
        "$SCRATCH": ".",
    }
    for variable, value in values.items():
        lines = lines.replace(variable, value)
    return lines
