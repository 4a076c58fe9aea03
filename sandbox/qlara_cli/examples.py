"""The command ``qlara-sandbox examples``: run the commands of documentation pages."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qlara_cli.exit_codes import could_not_run
from qlara_contract.errors import CannotRun
from qlara_contract.settings import is_loopback
from qlara_contract.targets import SCENARIOS, SPEC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_examples.page import DocumentationPage
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
@click.option("--show", is_flag=True, help="Dry run: show what would run, and in which scenario.")
def examples(files: tuple[Path, ...], **options: Any) -> None:
    """Run the curl examples of documentation pages and check the documented responses.

    Reads Markdown, HTML as saved by a browser, shell scripts, and plain text. The commands really
    run, confined to a scratch folder, in fresh worlds of a sandbox. A heading like "409 Conflict"
    selects the scenario; a comment `<!-- sandbox: scenario=NAME -->` overrides it.

    Exit code: 0 every page is right, 1 something differs or could not run, 2 nothing could run.

    \b
    Examples:
      qlara-sandbox examples README.md docs/walkthrough.md
      qlara-sandbox examples saved-page.html --files ~/exports --report report
    """
    from qlara_examples.page import read_page
    from qlara_examples.run import ExamplesSettings

    with could_not_run():
        _need("bash", "curl")
        pages = [read_page(path) for path in files]
        if options["show"]:
            for page in pages:
                _show(page)
            return
        base_url = options["base_url"].rstrip("/")
        _confirm(pages, base_url, yes=options["yes"])
        with _deployment(base_url) as url:
            folders = (*options["folders"], SCENARIOS / "files")
            settings = ExamplesSettings(
                url, options["api_key"], folders, SCENARIOS, options["limit"]
            )
            exit_code = _run(pages, settings, base_url or "a sandbox", options["report"])
    raise SystemExit(exit_code)


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
    pages: list[DocumentationPage], settings: ExamplesSettings, target: str, report: Path | None
) -> int:
    from rich.console import Console

    from qlara_examples.report import ExamplesRun, print_run, write_report
    from qlara_examples.run import is_sandbox, run_page

    started = datetime.now(UTC)
    secrets = (settings.api_key,) if settings.api_key else ()
    sandbox = is_sandbox(settings)
    results = [each for page in pages for each in run_page(page, settings, sandbox=sandbox)]
    run = ExamplesRun(tuple(results), target, started, secrets)
    print_run(Console(), run)
    for path in write_report(run, report) if report else ():
        click.echo(f"Wrote {path}")
    return run.exit_code


def _need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise CannotRun(f"Running examples needs {' and '.join(missing)}.")


def _confirm(pages: list[DocumentationPage], base_url: str, *, yes: bool) -> None:
    """Show pages from outside this project, and runs that leave this machine, and ask."""
    foreign = [page for page in pages if not is_ours(page.path)]
    away = base_url and not is_loopback(base_url)
    if yes or not (foreign or away):
        return
    for page in pages if away else foreign:
        _show(page)
    reason = f"These commands run against {base_url}." if away else ""
    if not sys.stdin.isatty():
        why = reason or "These commands come from outside this project."
        raise CannotRun(f"{why} Look at them, then run them with --yes.")
    if not click.confirm(f"{reason}\nRun these commands?".lstrip()):
        raise CannotRun("Nothing was run.")


def is_ours(path: Path) -> bool:
    """Return whether a page is part of this project's checkout, and so is trusted."""
    return (_PROJECT / "pyproject.toml").is_file() and path.resolve().is_relative_to(_PROJECT)


def _show(page: DocumentationPage) -> None:
    click.echo(f"{page.path}:")
    for step in page.steps:
        heading = f", below {step.heading!r}" if step.heading else ""
        click.echo(f"  scenario {step.world.scenario}{heading}")
        for command in step.commands:
            for line in command.lines:
                click.echo(f"  {line.number:5}  {line.text}")
        if step.response:
            status = f" with status {step.status}" if step.status else ""
            numbers = f"{step.response.lines[0].number}–{step.response.lines[-1].number}"
            click.echo(f"         compared with the response on lines {numbers}{status}")
    if not page.steps:
        click.echo("  no commands")
