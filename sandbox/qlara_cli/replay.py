"""The command ``qlara-sandbox replay``: a bundle of the proxy, played back and compared."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qlara_cli import shared_options
from qlara_cli.completion import scenario_names
from qlara_cli.exit_codes import could_not_run, one_means_wrong
from qlara_cli.shared_options import Key
from qlara_contract.errors import CannotRun
from qlara_contract.masking import mask
from qlara_contract.settings import Mode, RunSettings, split_credentials

if TYPE_CHECKING:
    from qlara_proxy.bundling import ReadBundle
    from qlara_proxy.comparing import ComparedResponses
    from qlara_proxy.replaying import Replayed

_MOST_ROWS = 60
_NARROWEST = 20


@click.command()
@click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--base-url",
    envvar="SANDBOX_BASE_URL",
    default="",
    metavar="URL",
    help="Play it back to this deployment: the part of its URLs before /api. Default: a sandbox.",
)
@click.option(
    "--api-key",
    envvar="SANDBOX_API_KEY",
    default="",
    metavar="KEY",
    type=Key(),
    help="The API key for --base-url.",
)
@click.option(
    "--mode",
    envvar="SANDBOX_MODE",
    type=click.Choice([each.value for each in Mode]),
    help="read-only sends only GET requests. Default: full on this machine, read-only elsewhere.",
)
@click.option(
    "--scenario",
    envvar="SANDBOX_SCENARIO",
    default="",
    metavar="NAME",
    shell_complete=scenario_names,
    help="What the account of the sandbox holds: a scenario, or the file of one. Default: what the bundle shows.",
)
@shared_options.timeout_option
@shared_options.header_option
@shared_options.ca_file_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def replay(file: Path, **options: Any) -> None:
    """Play back the traffic in a bundle that `proxy --bundle` wrote.

    Sends the recorded requests in their order and compares each response with the recorded one: status, shape
    and meaning. Ids of lists that imports create are translated. Without --base-url it starts a sandbox whose
    accounts hold what the bundle shows. A deployment gets the imports, too, if --mode is full: they write to
    the account of the key. Exit code: 0 the same, 1 different, 2 could not run, 130 interrupted.

    \b
    Examples:
      qlara-sandbox replay traffic.zip
      qlara-sandbox replay traffic.zip --base-url https://api.example.com --api-key KEY --mode full
    """
    with one_means_wrong(), could_not_run():
        raise SystemExit(_replayed(file, options))


def _replayed(file: Path, options: dict[str, Any]) -> int:
    from qlara_proxy.bundling import read_bundle

    settings = _settings(options)
    bundle = read_bundle(file)
    rows: list[Replayed] = []
    if settings is None:
        tally = _to_sandbox(bundle, options["scenario"], rows)
    else:
        tally = _to_deployment(bundle, settings, rows)
    _show(rows, tally, settings, as_json=options["as_json"])
    return tally.exit_code


def _settings(options: dict[str, Any]) -> RunSettings | None:
    """Return the settings for a deployment; None for a sandbox."""
    base_url, credentials = split_credentials(options["base_url"].rstrip("/"))
    if not base_url:
        # A key without a deployment is of no use, but SANDBOX_API_KEY may be set for other commands.
        return None
    if not options["api_key"]:
        raise click.UsageError("--base-url needs --api-key: the bundle has no key.")
    if options["scenario"]:
        raise click.UsageError("--scenario is for a sandbox; --base-url names a deployment.")
    return RunSettings(
        base_url=base_url,
        credentials=credentials,
        api_key=options["api_key"],
        mode=Mode(options["mode"]) if options["mode"] else None,
        timeout=options["timeout"],
        headers=options["header"],
        ca_file=str(options["ca_file"] or ""),
        deadline=604_800.0,
    )


def _to_sandbox(bundle: ReadBundle, scenario: str, rows: list[Replayed]) -> ComparedResponses:
    from qlara_proxy.replaying import replay, sandbox_for

    with sandbox_for(bundle, scenario) as target:
        return replay(bundle, target, rows.append)


def _to_deployment(
    bundle: ReadBundle, settings: RunSettings, rows: list[Replayed]
) -> ComparedResponses:
    from qlara_proxy.replaying import DeploymentTarget, busiest_account, replay

    if settings.effective_mode is Mode.FULL:
        click.echo(
            f"Mode full: the imports of the bundle are sent to {settings.base_url}, and write there.",
            err=True,
        )
    else:
        click.echo("Mode read-only: imports are not sent; --mode full sends them.", err=True)
    with closing(DeploymentTarget(settings, busiest_account(bundle))) as target:
        try:
            return replay(bundle, target, rows.append)
        except CannotRun as error:
            raise CannotRun(mask(str(error), settings.placeholders)) from error


def _show(
    rows: list[Replayed], tally: ComparedResponses, settings: RunSettings | None, *, as_json: bool
) -> None:
    if as_json:
        from qlara_proxy.replaying import as_json as value

        click.echo(json.dumps(value(rows, tally), indent=2))
        return
    secrets = settings.placeholders if settings else {}
    for line in _table(rows):
        click.echo(mask(line, secrets))
    click.echo()
    for line in tally.lines("The recording", settings.base_url if settings else "the sandbox"):
        click.echo(mask(line, secrets))


def _table(rows: list[Replayed]) -> list[str]:
    """Return one line for each request; of many, only those that are not the same."""
    from qlara_contract.untrusted import visible

    shown = rows
    if len(rows) > _MOST_ROWS:
        shown = [one for one in rows if one.difference or one.reason]
    left = len(shown) - _MOST_ROWS
    lines = [f"{'#':>5}  {'':<7}{'recorded':>8}{'now':>5}  {'request':<{_width()}}  result"]
    for one in shown[:_MOST_ROWS]:
        request, response = one.exchange.request, one.exchange.response
        before, now = response.status if response else "·", one.status or "·"
        target = _shortened(visible(request.target))
        lines.append(
            f"{one.exchange.number:>5}  {request.method:<7}{before:>8}{now:>5}  {target}  {visible(one.said)}"
        )
    if left > 0:
        lines.append(f"… and {left} more; --json shows all.")
    return lines


def _width() -> int:
    return max(_NARROWEST, min(60, shutil.get_terminal_size().columns - 60))


def _shortened(target: str) -> str:
    width = _width()
    short = target if len(target) <= width else "…" + target[1 - width :]
    return f"{short:<{width}}"
