"""The command ``qlara-sandbox verify``: the contract suite against any deployment."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qlara_cli import shared_options
from qlara_cli.exit_codes import could_not_run, one_means_wrong
from qlara_cli.fitting import fitted
from qlara_cli.interrupts import INTERRUPTED, interruptible
from qlara_cli.shared_options import Amount, Key, WritableFolder
from qlara_contract.masking import mask
from qlara_contract.settings import Mode, Profile, RunSettings, split_credentials

if TYPE_CHECKING:
    from qlara_contract.conventions import ReadOverlay
    from qlara_contract.deviations import Deviation
    from qlara_contract.engine import Outcome
    from qlara_contract.report.trend import Trend

_DEVIATION_LASTS = timedelta(days=90)


def _print_promises(context: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from qlara_contract.promises import PROMISES

    for each in PROMISES:
        click.echo(f"{each.id}  ({each.operation}, {each.severity})")
        click.echo(fitted(f"    {each.sentence}", 4))
        click.echo(fitted(f"    {each.source}", 4))
    click.echo(f"\n{len(PROMISES)} promises")
    context.exit()


@click.command()
@click.option(
    "--base-url",
    envvar="SANDBOX_BASE_URL",
    required=True,
    metavar="URL",
    callback=shared_options.required,
    help="The deployment to check: the part of its URLs before /api.",
)
@click.option(
    "--api-key",
    envvar="SANDBOX_API_KEY",
    required=True,
    metavar="KEY",
    type=Key(),
    callback=shared_options.required,
    help="An API key with contact permission.",
)
@click.option(
    "--mode",
    envvar="SANDBOX_MODE",
    type=click.Choice([each.value for each in Mode]),
    help="read-only sends only GET requests. Default: full on this machine, read-only elsewhere.",
)
@click.option(
    "--max-writes",
    envvar="SANDBOX_MAX_WRITES",
    type=click.IntRange(0),
    metavar="N",
    help="Maximum number of contacts to create. Default: 1000, or 20000 on this machine.",
)
@click.option(
    "--profile",
    envvar="SANDBOX_PROFILE",
    default=Profile.QUICK.value,
    show_default=True,
    type=click.Choice([each.value for each in Profile]),
    help="How much to send.",
)
@click.option(
    "--seed",
    envvar="SANDBOX_SEED",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed for the requests: the same seed sends the same ones.",
)
@click.option(
    "--rate",
    envvar="SANDBOX_RATE",
    type=Amount(0.001, 10_000, "requests per second"),
    metavar="N",
    help="Maximum requests per second.",
)
@click.option(
    "--only",
    envvar="SANDBOX_ONLY",
    multiple=True,
    metavar="ID",
    callback=shared_options.known_promises,
    help="Check only this promise; repeatable.",
)
@click.option(
    "--deviations",
    envvar="SANDBOX_DEVIATIONS",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of known deviations (YAML).",
)
@click.option(
    "--write-deviations",
    envvar="SANDBOX_WRITE_DEVIATIONS",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=shared_options.writable,
    help="Write a draft of known deviations from this run.",
)
@click.option(
    "--report",
    envvar="SANDBOX_REPORT",
    metavar="DIR",
    type=WritableFolder(),
    help="Write report.html, report.md, junit.xml, report.json, failures.har, ctrf.json and badges to this folder.",
)
@click.option(
    "--trend",
    envvar="SANDBOX_TREND",
    metavar="DIR",
    type=WritableFolder(),
    help="Keep this run in the folder, and show what has changed since the last one there.",
)
@click.option(
    "--exhausted-key",
    envvar="SANDBOX_EXHAUSTED_KEY",
    default="",
    metavar="KEY",
    type=Key(),
    help="API key of another account with an exhausted quota, to check 409.",
)
@click.option(
    "--nearly-exhausted-key",
    envvar="SANDBOX_NEARLY_EXHAUSTED_KEY",
    default="",
    metavar="KEY",
    type=Key(),
    help="API key of an account with little quota left, to check that nothing is half imported.",
)
@click.option(
    "--unpermitted-key",
    envvar="SANDBOX_UNPERMITTED_KEY",
    default="",
    metavar="KEY",
    type=Key(),
    help="API key without contact permission, to check 403.",
)
@click.option(
    "--list-id",
    envvar="SANDBOX_LIST_ID",
    default="",
    metavar="ID",
    help="A list with contacts, for read-only runs.",
)
@shared_options.ca_file_option
@click.option(
    "--cert",
    envvar="SANDBOX_CERT",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="Client certificate and its key (PEM).",
)
@shared_options.insecure_option
@click.option(
    "--proxy",
    envvar="SANDBOX_PROXY",
    default="",
    metavar="URL",
    callback=shared_options.proxy,
    help="Proxy for every request. Default: HTTPS_PROXY and the like; never one for this machine.",
)
@shared_options.header_option
@shared_options.timeout_option
@click.option(
    "--deadline",
    envvar="SANDBOX_DEADLINE",
    type=Amount(1, 604_800, "a number of seconds"),
    metavar="SECONDS",
    help="How long the whole run may take. Default: 600, or 3600 with --profile thorough.",
)
@click.option(
    "--assume",
    envvar="SANDBOX_ASSUME",
    multiple=True,
    metavar="NAME=VALUE,…",
    callback=shared_options.assumed,
    help="A convention of the deployment that the run need not learn, such as region=DE; repeatable.",
)
@shared_options.overlay_option
@click.option(
    "--write-overlay",
    envvar="SANDBOX_WRITE_OVERLAY",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=shared_options.writable,
    help="Write the conventions that were learnt as an overlay.",
)
@click.option(
    "--strict",
    envvar="SANDBOX_STRICT",
    is_flag=True,
    help="Fail too if the deployment decides an assumed thing otherwise.",
)
@click.option(
    "--dry-run",
    envvar="SANDBOX_DRY_RUN",
    is_flag=True,
    help="Send nothing; say what would be sent and written.",
)
@click.option(
    "--compare",
    envvar="SANDBOX_COMPARE",
    metavar="URL",
    help="Differential run: send the same requests to this deployment too, and show the differences.",
)
@click.option(
    "--compare-key",
    envvar="SANDBOX_COMPARE_KEY",
    default="",
    metavar="KEY",
    type=Key(),
    help="API key for --compare. Default: the one of --api-key.",
)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_promises,
    help="Print all promises and exit.",
)
def verify(**options: Any) -> None:
    """Check whether a deployment keeps its promises.

    Checks the deployment at --base-url against every promise of the contract, and shows each broken
    one with a request that reproduces it. First it learns what the deployment decides where the
    documentation is silent, and judges nothing by that. Exit code: 0 conforms, 1 drift, 2 could not
    run or had to stop, 130 interrupted.

    \b
    Examples:
      qlara-sandbox verify --base-url http://127.0.0.1:8080 --api-key YOUR_API_KEY
      qlara-sandbox verify --base-url https://api.example.com --api-key KEY --mode full \\
        --max-writes 300 --rate 5 --report report
    """
    with one_means_wrong():
        raise SystemExit(_verified(options))


def _verified(options: dict[str, Any]) -> int:
    """Check the deployment, or compare it with another; return the exit code."""
    settings = _settings(options)
    if options["insecure"]:
        click.secho(
            "--insecure: the certificate of the deployment is not checked. Anybody between this "
            "machine and it can read the key.",
            fg="red",
            bold=True,
            err=True,
        )
    if options["dry_run"]:
        return _announce(settings)
    for file in (options["write_deviations"], options["write_overlay"]):
        if file is not None:
            shared_options.ensure_writable(file.parent)
    deviations = _deviations(options["deviations"])
    if options["compare"]:
        base_url, credentials = split_credentials(options["compare"].rstrip("/"))
        other = replace(
            settings,
            base_url=base_url,
            credentials=credentials,
            api_key=options["compare_key"] or settings.api_key,
        )
        return _compare(settings, other, options["report"])
    outcome = _run(settings, deviations)
    _show(outcome, options["report"], options["trend"])
    if options["write_deviations"]:
        _draft(outcome, options["write_deviations"])
    if options["write_overlay"]:
        _write_overlay(outcome, options["write_overlay"])
    return outcome.exit_code


def _settings(options: dict[str, Any]) -> RunSettings:
    base_url, credentials = split_credentials(options["base_url"].rstrip("/"))
    return RunSettings(
        base_url=base_url,
        credentials=credentials,
        api_key=options["api_key"],
        mode=Mode(options["mode"]) if options["mode"] else None,
        max_writes=options["max_writes"],
        profile=Profile(options["profile"]),
        seed=options["seed"],
        only=options["only"],
        rate=options["rate"],
        exhausted_key=options["exhausted_key"],
        unpermitted_key=options["unpermitted_key"],
        list_id=options["list_id"],
        ca_file=str(options["ca_file"] or ""),
        nearly_exhausted_key=options["nearly_exhausted_key"],
        client_certificate=str(options["cert"] or ""),
        insecure=options["insecure"],
        proxy=options["proxy"],
        headers=options["header"],
        timeout=options["timeout"],
        deadline=options["deadline"],
        overlay=str(options["overlay"] or ""),
        assume=options["assume"],
        strict=options["strict"],
    )


def _announce(settings: RunSettings) -> int:
    from rich.console import Console

    from qlara_cli.dry_run import rehearse
    from qlara_contract.report.plan import planned
    from qlara_contract.report.terminal import live

    with could_not_run(), live(Console(stderr=True)) as progress:
        outcome, sent = rehearse(settings, progress)
    click.echo(mask(planned(settings, sent), settings.placeholders))
    return outcome.exit_code if outcome.stopped else 0


def _write_overlay(outcome: Outcome, path: Path) -> None:
    import yaml

    text = yaml.safe_dump(outcome.overlay, sort_keys=False, allow_unicode=True)
    path.write_text(mask(text, outcome.settings.secrets), encoding="utf-8")
    click.echo(f"Wrote {path}")


def _deviations(path: Path | None) -> tuple[Deviation, ...]:
    from qlara_contract.deviations import load_deviations

    if path is None:
        return ()
    with could_not_run():
        return load_deviations(path)


def _run(settings: RunSettings, deviations: tuple[Deviation, ...]) -> Outcome:
    from rich.console import Console

    from qlara_contract.engine import check_deployment
    from qlara_contract.report.terminal import live

    try:
        with could_not_run(), live(Console(stderr=True)) as progress, interruptible():
            return check_deployment(
                settings,
                deviations,
                progress,
                overlay=_overlay(settings),
                tell=lambda note: click.echo(mask(note, settings.placeholders), err=True),
            )
    except KeyboardInterrupt:
        click.echo("Interrupted before anything was found.", err=True)
        raise SystemExit(INTERRUPTED) from None


def _overlay(settings: RunSettings) -> ReadOverlay:
    """Return what assumed promises are judged by."""
    from qlara_contract.conventions import NO_OVERLAY, read_overlay

    return read_overlay(Path(settings.overlay)) if settings.overlay else NO_OVERLAY


def _show(outcome: Outcome, folder: Path | None, trend_folder: Path | None) -> None:
    from qlara_contract.report.console import ReportConsole
    from qlara_contract.report.files import write_report
    from qlara_contract.report.terminal import print_outcome

    # The files first: they are there even if the output is cut short.
    trend = _trend(outcome, trend_folder) if trend_folder else None
    written = write_report(outcome, folder, trend) if folder else []
    print_outcome(ReportConsole(), outcome, trend)
    for path in written:
        click.echo(f"Wrote {path}")


def _trend(outcome: Outcome, folder: Path) -> Trend:
    """Compare the run with the last one in *folder*, and keep it there."""
    from qlara_contract.report.files import as_json, json_text
    from qlara_contract.report.trend import keep_report, trend_of

    report = as_json(outcome)
    trend = trend_of(folder, report)
    text = json_text(report | {"trend": trend.as_json})
    keep_report(folder, report, mask(text, outcome.settings.placeholders))
    return trend


def _draft(outcome: Outcome, path: Path) -> None:
    from qlara_contract.deviations import draft
    from qlara_contract.results import PromiseState

    until = datetime.now(UTC).date() + _DEVIATION_LASTS
    states = [PromiseState.BROKEN, PromiseState.DEVIATION]
    if outcome.settings.strict:
        states.append(PromiseState.DIFFERS)
    results = [each for state in states for each in outcome.in_state(state)]
    text = mask(draft(results, until), outcome.settings.placeholders)
    path.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {path}")


def _compare(settings: RunSettings, other: RunSettings, folder: Path | None) -> int:
    from rich.console import Console

    from qlara_contract.differential import compare_deployments
    from qlara_contract.report import differential as report, terminal
    from qlara_contract.report.console import ReportConsole

    secrets = settings.secrets + other.secrets
    with could_not_run(), terminal.live(Console(stderr=True)) as progress, interruptible():
        comparison = compare_deployments(settings, other, progress, _overlay(settings))
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report.as_json(comparison), indent=2, ensure_ascii=False) + "\n"
        (folder / "twin.json").write_text(mask(text, secrets), encoding="utf-8")
    report.print_comparison(ReportConsole(), comparison, secrets)
    if folder:
        click.echo(f"Wrote {folder / 'twin.json'}")
    return comparison.exit_code
