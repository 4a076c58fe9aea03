"""The command ``qlara-sandbox rehearse``: whether a client is ready, found out by running it."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import click

from qlara_cli.completion import act_names
from qlara_cli.exit_codes import could_not_run, one_means_wrong
from qlara_cli.fitting import fitted
from qlara_cli.shared_options import Amount, WritableFolder, ensure_writable
from qlara_contract.errors import CannotRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qlara_rehearsal.acts import Act
    from qlara_rehearsal.judge import ActResult
    from qlara_rehearsal.program import Part, Performer
    from qlara_rehearsal.rehearsal import Rehearsal

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _additions(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Return environment variables, given as ``NAME=VALUE``."""
    found = {}
    for each in value:
        name, equals, text = each.partition("=")
        if not equals or not _NAME.fullmatch(name) or "\0" in text:
            raise click.BadParameter(
                f"{name!r}: expected NAME=VALUE, such as API_URL={{base_url}}."
            )
        found[name] = text
    return found


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("command", nargs=-1, metavar="[-- COMMAND…]", type=click.UNPROCESSED)
@click.option(
    "--act",
    "wanted",
    envvar="SANDBOX_ACT",
    multiple=True,
    metavar="NAME",
    shell_complete=act_names,
    help="Play only this act; repeatable.",
)
@click.option(
    "--skip",
    "unwanted",
    envvar="SANDBOX_SKIP",
    multiple=True,
    metavar="NAME",
    shell_complete=act_names,
    help="Leave this act out; repeatable. The report names it.",
)
@click.option(
    "--acts",
    "folder",
    envvar="SANDBOX_ACTS",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with acts of your own (*.yaml), beside the shipped ones.",
)
@click.option(
    "--strategy",
    envvar="SANDBOX_STRATEGY",
    type=click.Choice(["SKIP", "UPDATE", "DUPLICATE"]),
    help="The duplicateStrategy that the client uses: plays only the acts that are for it.",
)
@click.option(
    "--env",
    "additions",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_additions,
    help="Set this variable for the client; placeholders are replaced. Repeatable.",
)
@click.option(
    "--timeout",
    envvar="SANDBOX_TIMEOUT",
    default=60.0,
    show_default=True,
    type=Amount(1, 3600, "a number of seconds"),
    metavar="SECONDS",
    help="How long the client may take in one act.",
)
@click.option(
    "--jobs",
    envvar="SANDBOX_JOBS",
    default=1,
    show_default=True,
    type=click.IntRange(1, 16),
    metavar="N",
    help="How many acts are played at the same time.",
)
@click.option(
    "--seed",
    envvar="SANDBOX_SEED",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed for the files: the same seed makes the same ones.",
)
@click.option(
    "--manual",
    envvar="SANDBOX_MANUAL",
    is_flag=True,
    help="For clients that no command starts: say what to do, and wait.",
)
@click.option(
    "--report",
    envvar="SANDBOX_REPORT",
    metavar="DIR",
    type=WritableFolder(),
    help="Write report.html, junit.xml and report.json to this folder.",
)
@click.option("--list", "lists", is_flag=True, help="Print the acts and exit.")
@click.option("--check", "checks", is_flag=True, help="Check the files of the acts and exit.")
@click.option("--schema", "shows_schema", is_flag=True, help="Print the JSON Schema of an act.")
def rehearse(command: tuple[str, ...], **options: Any) -> None:
    """Rehearse a client: run it once per act, and judge what it did.

    COMMAND is your import program, in any language. Each act is a fresh account on a sandbox that
    is started for the rehearsal. The program gets QLARA_BASE_URL, QLARA_API_KEY, QLARA_FILE (the
    file to import), QLARA_LIST_ID, QLARA_LIST_NAME (in one act) and QLARA_STRATEGY; in COMMAND and in --env,
    {base_url}, {api_key}, {file}, {list_id}, {list_name} and {strategy} stand for the same.

    An act is handled, mishandled, or not reached if the client never sent what it is about. Exit
    code: 0 all handled, 1 one was not, 2 could not run, 130 interrupted.

    \b
    Examples:
      qlara-sandbox rehearse -- python import_contacts.py {file} {list_id}
      qlara-sandbox rehearse --act lost-response --env API_URL={base_url} -- npm run import
      qlara-sandbox rehearse --manual --act many-pages
    """
    with one_means_wrong(), could_not_run():
        raise SystemExit(_rehearsed(command, options))


def _rehearsed(command: tuple[str, ...], options: dict[str, Any]) -> int:
    from qlara_rehearsal.acts import schema
    from qlara_rehearsal.rehearsal import RehearsalSettings, rehearse as play

    if options["shows_schema"]:
        click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
        return 0
    acts = _acts(options["folder"])
    if options["checks"]:
        click.echo(f"{len(acts)} acts are right.")
        return 0
    if options["lists"]:
        return _print_acts(acts)
    if bool(command) == options["manual"]:
        raise click.UsageError(
            "Expected a command after --, or --manual."
            if not command
            else "Expected a command or --manual; found both."
        )
    if command and not command[0].strip():
        raise click.UsageError("Expected a command after --; it is empty.")
    chosen = _chosen(acts, options["wanted"], options["unwanted"])
    settings = RehearsalSettings(
        acts=tuple(chosen),
        strategy=options["strategy"] or "",
        seed=options["seed"],
        jobs=1 if options["manual"] else options["jobs"],
        command=command,
        left_out=tuple(each.name for each in acts if each not in chosen),
        secrets=_secrets(options),
    )
    if options["report"]:
        ensure_writable(options["report"])
    with _progress(len(chosen), quiet=options["manual"]) as progress:
        rehearsal = play(settings, _client(command, options), progress.tell)
    _show(rehearsal, options["report"])
    return rehearsal.exit_code


def _acts(folder: Path | None) -> list[Act]:
    from qlara_rehearsal.acts import SHIPPED, load_acts

    return load_acts([SHIPPED, *([folder] if folder else [])])


def _print_acts(acts: Sequence[Act]) -> int:
    widest = max(len(each.name) for each in acts)
    for each in acts:
        click.echo(fitted(f"{each.name:<{widest}}  {each.title}. {each.story}", widest + 2))
    click.echo(f"\n{len(acts)} acts")
    return 0


def _chosen(acts: Sequence[Act], wanted: Sequence[str], unwanted: Sequence[str]) -> list[Act]:
    from qlara_rehearsal.stage import near

    known = [each.name for each in acts]
    for option, names in (("--act", wanted), ("--skip", unwanted)):
        for name in names:
            if name not in known:
                raise click.UsageError(
                    f"{option}: unknown act {name!r}. Expected {_listed(known)}{near(name, known) or '.'}"
                )
    chosen = [
        each for each in acts if (not wanted or each.name in wanted) and each.name not in unwanted
    ]
    if not chosen:
        raise CannotRun("No act is left to play.")
    return chosen


def _listed(names: Sequence[str]) -> str:
    return f"one of {', '.join(names)}"


def _client(command: tuple[str, ...], options: dict[str, Any]) -> Performer:
    from qlara_rehearsal.program import CommandClient, ManualClient

    if options["manual"]:
        return ManualClient(_tell, _ask)
    return CommandClient(
        command, dict(os.environ), options["additions"], options["timeout"], _secrets(options)
    )


def _secrets(options: dict[str, Any]) -> tuple[str, ...]:
    """Return the secrets of whoever rehearses: those of the environment, and of --env."""
    from qlara_rehearsal.secret_names import secrets_of

    return secrets_of({**os.environ, **options["additions"]})


def _ask(question: str) -> bool:
    try:
        return click.confirm(question)
    except click.Abort as error:
        if sys.stdin.isatty():
            raise
        raise CannotRun(
            "--manual asks on standard input, which has ended: run it in a terminal."
        ) from error


def _tell(part: Part) -> None:
    """Say what to do with the client, and wait until it is done."""
    click.echo(f"\nBase URL  {part.base_url}\nAPI key   {part.api_key}\nFile      {part.file}")
    where = f"New list  {part.list_name}" if part.list_name else f"List id   {part.list_id}"
    click.echo(f"{where}\nStrategy  {part.strategy}")
    click.echo("Import the file with your client, look at the list, and come back.")
    click.pause("Press Enter when it has ended. ")


class _Progress(Protocol):
    def tell(self, act: Act, result: ActResult | None) -> None: ...


class _Quiet:
    """Tells nobody how far a rehearsal is, except which act a person plays."""

    def __init__(self, *, names: bool) -> None:
        self._names = names

    def tell(self, act: Act, result: ActResult | None) -> None:
        if self._names and result is None:
            click.secho(f"\n{act.title}", bold=True)
            click.echo(fitted(act.story, 0))


class _Counting:
    """Tells a terminal how far a rehearsal is."""

    def __init__(self, total: int) -> None:
        from rich.console import Console

        self._total = total
        self._over = 0
        self._status = Console(stderr=True).status("Starting the sandbox")

    def __enter__(self) -> Self:
        self._status.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.__exit__(None, None, None)

    def tell(self, act: Act, result: ActResult | None) -> None:
        self._over += result is not None
        self._status.update(f"{self._over} of {self._total}: {act.title}")


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[_Progress]:
    if quiet or not sys.stderr.isatty():
        yield _Quiet(names=quiet)
        return
    with _Counting(total) as counting:
        yield counting


def _show(rehearsal: Rehearsal, folder: Path | None) -> None:
    from qlara_contract.report.console import ReportConsole
    from qlara_rehearsal.report.files import write_report
    from qlara_rehearsal.report.terminal import print_rehearsal

    # The files first: they are there even if the output is cut short.
    written = write_report(rehearsal, folder) if folder else []
    print_rehearsal(ReportConsole(), rehearsal)
    for path in written:
        click.echo(f"Wrote {path}")
