"""``scenarios``: what there is, what one of them says, and whether the files are right."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qlara_cli.completion import scenario_names
from qlara_cli.fitting import fitted, width
from qlara_sandbox import resources
from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.scenario.check import check as check_file
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.scenario.load import load, unusable_overlay
from qlara_sandbox.scenario.starter import starter

if TYPE_CHECKING:
    from qlara_sandbox.domain.conventions import Conventions
    from qlara_sandbox.scenario.model import Scenario

_BASE = "http://127.0.0.1:8080"
_NEW = "my-scenarios"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  qlara-sandbox scenarios
  qlara-sandbox scenarios show quota-exhausted
  qlara-sandbox scenarios new third-import-fails
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
    help="Folder of scenario files of your own, beside the shipped ones.",
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
    """List, show, check and write scenarios."""
    shipped = resources.SCENARIOS
    ctx.obj = Library(folder, allow_outside=allow_outside, beside=shipped)
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@scenarios.command("list")
@click.pass_obj
def list_(library: Library) -> None:
    """List the scenarios with their titles."""
    if not library.own_names():
        click.echo(_no_files(library.folder), err=True)
    _show_titles(library, library.own_names())
    if library.other_names():
        click.echo("\nShipped:")
        _show_titles(library, library.other_names())


def _show_titles(library: Library, names: list[str]) -> None:
    longest = max(map(len, names), default=0)
    for name in names:
        click.echo(fitted(f"{name:{longest}}  {_title(library, name)}", longest + 2))


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
    click.echo(f"{scenario.title}\n\n{textwrap.fill(scenario.story, width(88))}\n")
    if scenario.source:
        click.echo(f"Source: {scenario.source}")
    click.echo(
        f"Choose it with  -H 'X-Sandbox-Scenario: {name}'  or with the key  sandbox_demo__{name}\n"
    )
    if scenario.try_lines:
        files = scenario.path.parent / "files"
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

    Each mistake is reported as FILE:LINE: FIELD: what is wrong, and what to write instead.
    """
    paths = files or tuple(library.folder / f"{name}.yaml" for name in library.own_names())
    if not paths:
        raise click.ClickException(_no_files(library.folder))
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


@scenarios.command()
@click.argument("name")
@click.pass_obj
def new(library: Library, name: str) -> None:
    """Write a commented scenario file to begin with.

    It goes into the folder of --scenarios, or into my-scenarios if there is none.
    """
    if not _NAME.fullmatch(name):
        raise click.ClickException(
            f"{name!r} is no name for a scenario. Expected letters, digits, hyphens and underscores."
        )
    is_own = library.folder.resolve() != resources.SCENARIOS.resolve()
    path = (library.folder if is_own else Path(_NEW)) / f"{name}.yaml"
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(starter(name))
    except FileExistsError as error:
        raise click.ClickException(f"{path} is there already.") from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    option = shlex.join(["--scenarios", str(path.parent)])
    click.echo(
        f"{path} is written. What is commented out can be used; delete what you do not need."
    )
    if (resources.SCENARIOS / f"{name}.yaml").is_file():
        click.echo(f"With --scenarios it takes the place of the shipped scenario {name}.")
    click.echo(f"\n  qlara-sandbox scenarios check {shlex.quote(str(path))}")
    click.echo(f"  qlara-sandbox serve {option} --scenario {name}")


def _no_files(folder: Path) -> str:
    """Return that a folder has no scenarios, and what may be the reason."""
    others = sorted(path.name for path in folder.glob("*.yml"))
    if others:
        return f"{folder} has no scenario files: they end in .yaml. Rename {', '.join(others)}."
    option = "" if folder == resources.SCENARIOS else shlex.join(["--scenarios", str(folder)]) + " "
    return f"{folder} has no scenario files. Write one: qlara-sandbox scenarios {option}new NAME"


def _mistakes(path: Path, contract: Contract, library: Library) -> list[str]:
    def conventions_of(scenario: Scenario) -> Conventions:
        if scenario.overlay is None:
            return contract.conventions
        return _under_overlay(contract, scenario)

    mistakes = check_file(path, conventions_of, contract.by_id, allow_outside=library.allow_outside)
    return InvalidScenario(path, mistakes).lines(most=len(mistakes))


def _under_overlay(contract: Contract, scenario: Scenario) -> Conventions:
    try:
        return Contract(contract.path, scenario.overlay).conventions
    except InvalidContract as error:
        raise unusable_overlay(scenario, str(error)) from error


def _title(library: Library, name: str) -> str:
    try:
        return load(library.path_of(name), allow_outside=library.allow_outside).title
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
