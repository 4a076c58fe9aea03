"""The command ``qlara-sandbox examples``: run the commands of documentation pages."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qlara_cli.exit_codes import could_not_run, one_means_wrong
from qlara_cli.fitting import width
from qlara_contract.errors import CannotRun
from qlara_contract.settings import RunSettings, is_loopback, split_credentials
from qlara_contract.targets import SCENARIOS, SPEC
from qlara_contract.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_examples.confinement import Confinement
    from qlara_examples.page import DocumentationPage
    from qlara_examples.report import ExamplesRun
    from qlara_examples.run import ExamplesSettings

_PROJECT = SPEC.parent


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE…",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--base-url",
    envvar="SANDBOX_BASE_URL",
    default="",
    metavar="URL",
    help="The deployment: the part of its URLs before /api. Default: start a sandbox.",
)
@click.option(
    "--api-key",
    envvar="SANDBOX_API_KEY",
    default="",
    metavar="KEY",
    help="API key to use in place of YOUR_API_KEY.",
)
@click.option(
    "--files",
    "folders",
    envvar="SANDBOX_FILES",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the files that the commands send; repeatable. Shipped files come last.",
)
@click.option(
    "--report",
    envvar="SANDBOX_REPORT",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write examples.html, examples.xml (JUnit) and examples.json to this folder.",
)
@click.option(
    "--limit",
    envvar="SANDBOX_LIMIT",
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    help="Time limit per command.",
)
@click.option(
    "--yes",
    envvar="SANDBOX_YES",
    is_flag=True,
    help="Run pages from outside this project without asking.",
)
@click.option(
    "--confinement",
    envvar="SANDBOX_CONFINEMENT",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "bubblewrap", "landlock", "none"]),
    help="What confines the commands; auto is the strongest that works here.",
)
@click.option("--show", is_flag=True, help="Dry run: show what would run, and in which scenario.")
def examples(files: tuple[Path, ...], **options: Any) -> None:
    """Run the curl examples of documentation pages and check the documented responses.

    Reads Markdown, HTML as saved by a browser, shell scripts, and plain text. The commands really
    run, in fresh worlds of a sandbox, confined by bubblewrap where it works; if they are confined
    less, the first lines say so. A heading like "409 Conflict" selects the scenario; a comment
    `<!-- sandbox: scenario=NAME -->` overrides it.

    Exit code: 0 every page is right, 1 something differs or could not run, 2 nothing could run.

    \b
    Examples:
      qlara-sandbox examples docs/walkthrough.md
      qlara-sandbox examples saved-page.html --files ~/exports --report report
    """
    from qlara_examples.page import read_page

    with one_means_wrong(), could_not_run():
        _need("bash", "curl")
        pages = [read_page(path) for path in files]
        if options["show"]:
            for page in pages:
                _show(page)
            return
        exit_code = _check(pages, options)
    raise SystemExit(exit_code)


def _check(pages: list[DocumentationPage], options: dict[str, Any]) -> int:
    """Ask where necessary, run the pages, and return the exit code."""
    from qlara_examples.confinement import choose
    from qlara_examples.relay import RelayTarget
    from qlara_examples.run import ExamplesSettings

    base_url, credentials = split_credentials(options["base_url"].rstrip("/"))
    gateway = RunSettings(base_url, options["api_key"], credentials=credentials)
    confinement = choose(options["confinement"])
    _confirm(pages, base_url, confinement, yes=options["yes"])
    with _deployment(base_url) as url:
        settings = ExamplesSettings(
            RelayTarget(url, options["api_key"], gateway.authorization),
            confinement,
            folders=(*options["folders"], SCENARIOS / "files"),
            resources=(SPEC, SCENARIOS),
            scenarios=SCENARIOS,
            limit=options["limit"],
        )
        run = _run(pages, settings, base_url or "a sandbox", gateway.secrets)
    for path in _report(run, options["report"]):
        click.echo(f"Wrote {path}")
    return run.exit_code


@contextmanager
def _deployment(base_url: str) -> Iterator[str]:
    """Yield the base URL of the deployment: the given one, or that of a sandbox started for it."""
    from qlara_contract.targets import running_sandbox

    if base_url:
        yield base_url
        return
    with running_sandbox() as url:
        yield url


def _run(
    pages: list[DocumentationPage],
    settings: ExamplesSettings,
    target: str,
    secrets: tuple[str, ...],
) -> ExamplesRun:
    from qlara_examples.confinement import ConfinementMode
    from qlara_examples.report import ExamplesRun
    from qlara_examples.run import is_sandbox, run_page

    started = datetime.now(UTC)
    sandbox = is_sandbox(settings)
    if settings.confinement.mode is not ConfinementMode.BUBBLEWRAP:
        click.echo(f"{_paragraph(settings.confinement)}\n", err=True)
    results = [each for page in pages for each in run_page(page, settings, sandbox=sandbox)]
    return ExamplesRun(tuple(results), target, started, settings.confinement, secrets)


def _report(run: ExamplesRun, folder: Path | None) -> list[Path]:
    """Print the results, write the reports, and return their paths."""
    from rich.console import Console

    from qlara_examples.report import print_run, write_report

    print_run(Console(), run)
    return write_report(run, folder) if folder else []


def _paragraph(confinement: Confinement) -> str:
    return textwrap.fill(confinement.description, width(96), break_on_hyphens=False)


def _need(*tools: str) -> None:
    if os.name != "posix":
        raise CannotRun("Running examples needs a POSIX system, such as WSL.")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise CannotRun(f"Running examples needs {' and '.join(missing)}.")


def _confirm(
    pages: list[DocumentationPage], base_url: str, confinement: Confinement, *, yes: bool
) -> None:
    """Show pages from outside this project, and runs that leave this machine, and ask."""
    foreign = [page for page in pages if not is_ours(page.path)]
    away = base_url and not is_loopback(base_url)
    if yes or not (foreign or away):
        return
    for page in pages if away else foreign:
        _show(page)
    reason = f"These commands run against {base_url}." if away else ""
    click.echo(_paragraph(confinement))
    if not sys.stdin.isatty():
        why = reason or "These commands come from outside this project."
        raise CannotRun(f"{why} Look at them, then run them with --yes.")
    if not click.confirm(f"{reason}\nRun these commands?".lstrip()):
        raise CannotRun("Nothing was run.")


def is_ours(path: Path) -> bool:
    """Return whether a page is part of this project's checkout, and so is trusted."""
    return (_PROJECT / "pyproject.toml").is_file() and path.resolve().is_relative_to(_PROJECT)


def _show(page: DocumentationPage) -> None:
    """Show what would run, and nothing that a terminal obeys: a page may try to hide commands."""
    click.echo(f"{visible(str(page.path))}:")
    for step in page.steps:
        heading = f", below {step.heading!r}" if step.heading else ""
        click.echo(f"  scenario {step.world.scenario}{heading}")
        for command in step.commands:
            for line in command.lines:
                click.echo(f"  {line.number:5}  {visible(line.text)}")
        if step.response:
            status = f" with status {step.status}" if step.status else ""
            numbers = f"{step.response.lines[0].number}–{step.response.lines[-1].number}"
            click.echo(f"         compared with the response on lines {numbers}{status}")
    if not page.steps:
        click.echo("  no commands")
