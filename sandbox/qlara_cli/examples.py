"""The command ``qlara-sandbox examples``: run the commands of documentation pages."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qlara_contract.settings import is_loopback
from qlara_contract.targets import SPEC

if TYPE_CHECKING:
    from qlara_examples.page import Page
    from qlara_examples.run import ExamplesSettings

_PROJECT = SPEC.parent


class CouldNotRun(click.ClickException):
    """The run could not be made; ends with 2."""

    exit_code = 2


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
    help="The deployment: the part of its addresses before /api. Default: a sandbox of its own.",
)
@click.option(
    "--api-key",
    envvar="SANDBOX_API_KEY",
    default="",
    metavar="KEY",
    help="The key that takes the place of YOUR_API_KEY.",
)
@click.option(
    "--files",
    "folders",
    envvar="SANDBOX_FILES",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the files lie that the commands send; repeatable. Then come the shipped ones.",
)
@click.option(
    "--report",
    envvar="SANDBOX_REPORT",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write examples.html, examples.xml (JUnit) and examples.json there.",
)
@click.option(
    "--limit",
    envvar="SANDBOX_LIMIT",
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    help="Stop a command that takes longer.",
)
@click.option("--yes", envvar="SANDBOX_YES", is_flag=True, help="Run pages from elsewhere unasked.")
@click.option("--show", is_flag=True, help="Show what would be run, and where, and end.")
def examples(files: tuple[Path, ...], **options: Any) -> None:
    """Run the curl examples of documentation pages and compare the documented answers.

    Reads Markdown, HTML as a browser saves it, shell scripts, and plain text. The commands run for
    real, in a scratch folder that nothing leaves, in fresh worlds of a sandbox. A heading like
    "409 Conflict" chooses the scenario; a comment `<!-- sandbox: scenario=NAME -->` overrides it.

    Ends with 0 if every page is right, 1 if something differs or could not run, 2 if nothing could.

    \b
    Examples:
      qlara-sandbox examples README.md docs/walkthrough.md
      qlara-sandbox examples saved-page.html --files ~/exports --report report
    """
    from qlara_examples.run import ExamplesSettings

    _need("bash", "curl")
    pages = [_read(path) for path in files]
    if options["show"]:
        for page in pages:
            _show(page)
        return
    settings = ExamplesSettings(
        options["base_url"].rstrip("/"), options["api_key"], options["folders"], options["limit"]
    )
    _confirm(pages, settings, yes=options["yes"])
    raise SystemExit(_run(pages, settings, options["report"]))


def _run(pages: list[Page], settings: ExamplesSettings, report: Path | None) -> int:
    from rich.console import Console

    from qlara_contract.targets import SandboxDidNotStart
    from qlara_examples.report import Run, print_run, write_report
    from qlara_examples.run import CannotRun, deployment, run_page

    started = datetime.now(UTC)
    secrets = (settings.api_key,) if settings.api_key else ()
    try:
        with deployment(settings) as at:
            results = tuple(each for page in pages for each in run_page(page, settings, at))
    except (CannotRun, SandboxDidNotStart) as error:
        raise CouldNotRun(str(error)) from error
    target = settings.base_url or "a sandbox of its own"
    run = Run(results, target, started, secrets)
    print_run(Console(), run)
    for path in write_report(run, report) if report else ():
        click.echo(f"wrote {path}")
    return run.exit_code


def _read(path: Path) -> Page:
    from qlara_examples.blocks import InvalidDirective, UnreadablePage
    from qlara_examples.page import read_page

    try:
        return read_page(path)
    except UnreadablePage as error:
        raise CouldNotRun(str(error)) from error
    except InvalidDirective as error:
        raise CouldNotRun(f"{path}: {error}") from error


def _need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise CouldNotRun(f"{' and '.join(missing)} must be installed to run examples.")


def _confirm(pages: list[Page], settings: ExamplesSettings, *, yes: bool) -> None:
    """Show and confirm pages that are not of this project, and runs that leave this machine."""
    foreign = [page for page in pages if not is_ours(page.path)]
    away = settings.base_url and not is_loopback(settings.base_url)
    if yes or not (foreign or away):
        return
    for page in pages if away else foreign:
        _show(page)
    reason = f"They run against {settings.base_url}, for real." if away else ""
    if not sys.stdin.isatty():
        why = reason or "These commands come from elsewhere."
        raise CouldNotRun(f"{why} Look at them, then run them with --yes.")
    if not click.confirm(f"{reason}\nRun these commands?".lstrip()):
        raise CouldNotRun("Nothing was run.")


def is_ours(path: Path) -> bool:
    """Return whether a page belongs to this project's own checkout, and so is trusted."""
    return (_PROJECT / "pyproject.toml").is_file() and path.resolve().is_relative_to(_PROJECT)


def _show(page: Page) -> None:
    click.echo(f"{page.path}:")
    for step in page.steps:
        heading = f", below {step.heading!r}" if step.heading else ""
        click.echo(f"  scenario {step.place.scenario}{heading}")
        for command in step.commands:
            for line in command.lines:
                click.echo(f"  {line.number:5}  {line.text}")
        if step.answer:
            status = f" with status {step.status}" if step.status else ""
            numbers = f"{step.answer.lines[0].number}–{step.answer.lines[-1].number}"
            click.echo(f"         compared with the answer of lines {numbers}{status}")
    if not page.steps:
        click.echo("  no commands")
