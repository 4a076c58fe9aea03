"""The command ``qlara-sandbox proxy``: what real traffic shows, forwarded byte for byte."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from qlara_cli import shared_options
from qlara_cli.colours import painter
from qlara_cli.completion import scenario_names
from qlara_cli.exit_codes import could_not_run, one_means_wrong
from qlara_cli.listening import is_loopback, leads_to, listen, shown_url, token_for
from qlara_cli.shared_options import WritableFolder, ensure_writable
from qlara_cli.time_span import TimeSpan
from qlara_contract.errors import CannotRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_proxy.bundling import Bundle
    from qlara_proxy.forwarding.target import ProxyTarget
    from qlara_proxy.recording import Recording
    from qlara_proxy.running import Passed
    from qlara_proxy.shadowing import Shadow
    from qlara_proxy.traffic import Watcher
    from qlara_proxy.verdicts import TrafficVerdicts

_NAMED_UPLOADS = 3
# How long one thread of Python may run while another waits: those who watch must not hold up who forwards.
_SWITCH_SECONDS = 0.0001


@click.command()
@click.option(
    "--to",
    envvar="SANDBOX_TO",
    required=True,
    metavar="URL",
    callback=shared_options.required,
    help="The deployment: the part of its URLs before /api.",
)
@click.option(
    "--host",
    envvar="SANDBOX_HOST",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    envvar="SANDBOX_PORT",
    default=8090,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--for",
    "seconds",
    envvar="SANDBOX_FOR",
    metavar="TIME",
    type=TimeSpan(),
    help="Stop after this time, such as 90s, 10m or 2h. Default: with Ctrl-C.",
)
@click.option(
    "--report",
    envvar="SANDBOX_REPORT",
    metavar="DIR",
    type=WritableFolder(),
    help="Write the report to this folder at the end: the same files as verify.",
)
@click.option(
    "--fail-on-drift",
    envvar="SANDBOX_FAIL_ON_DRIFT",
    is_flag=True,
    help="End with 1 if a promise was broken, and with 2 if the traffic showed none.",
)
@click.option(
    "--sole-client",
    envvar="SANDBOX_SOLE_CLIENT",
    is_flag=True,
    help="Nobody else uses the accounts: what changes in them is of this traffic.",
)
@shared_options.overlay_option
@click.option(
    "--record",
    envvar="SANDBOX_RECORD",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=shared_options.writable,
    help="Write a scenario file that answers the same reads. Personal data is replaced.",
)
@click.option(
    "--bundle",
    envvar="SANDBOX_BUNDLE",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=shared_options.writable,
    help="Write report, journal and masked exchanges to one archive, for the vendor.",
)
@click.option(
    "--keep-data",
    envvar="SANDBOX_KEEP_DATA",
    is_flag=True,
    help="Do not replace names, numbers and addresses in the files that are written.",
)
@click.option(
    "--shadow",
    envvar="SANDBOX_SHADOW",
    metavar="SCENARIO",
    shell_complete=scenario_names,
    help="Send each request to a sandbox with this scenario too, and list the differences.",
)
@shared_options.ca_file_option
@shared_options.insecure_option
@click.option(
    "--admin-token",
    envvar="SANDBOX_ADMIN_TOKEN",
    metavar="TOKEN",
    help="Token for /__admin. Default: none on loopback, generated elsewhere.",
)
@click.option(
    "--log-format",
    envvar="SANDBOX_LOG_FORMAT",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json"]),
    help="Format of log lines.",
)
@click.option("--quiet", envvar="SANDBOX_QUIET", is_flag=True, help="Log problems only.")
def proxy(**options: Any) -> None:
    """Forward a client's traffic to a deployment, and judge what passes.

    The client uses the proxy's URL as its base URL, with its own API key. Requests and responses
    pass byte for byte, only Host is changed, and the proxy sends no request of its own. Each promise
    ends as kept, broken (with the exchange) or not seen. Ctrl-C, --for and SIGTERM end it, and print
    the result; /__console and /__admin/report show it meanwhile.

    Exit code: 0, or with --fail-on-drift 1 if a promise was broken; 2 could not run, 130 interrupted
    a second time.

    \b
    Examples:
      qlara-sandbox proxy --to https://api.example.com
      qlara-sandbox proxy --to https://api.example.com --for 10m --report report --fail-on-drift
      qlara-sandbox proxy --to http://127.0.0.1:8080 --record seen.yaml
    """
    with one_means_wrong(), could_not_run():
        raise SystemExit(_proxied(options))


def _proxied(options: dict[str, Any]) -> int:
    from qlara_cli import logs
    from qlara_proxy.forwarding.target import target_of
    from qlara_proxy.running import Proxy, ProxySettings

    target = target_of(options["to"], options["ca_file"], insecure=options["insecure"])
    for folder in _folders(options):
        ensure_writable(folder)
    if options["insecure"]:
        click.secho(
            "--insecure: the certificate of the deployment is not checked. Anybody between this "
            "machine and it can read the key.",
            fg="red",
            bold=True,
            err=True,
        )
    log_request = logs.configure(options["log_format"], quiet=options["quiet"])
    # Requests to the sandboxes of a shadow and of a recording are no traffic.
    logging.getLogger("qlara_sandbox.access").propagate = False
    host, token = options["host"], token_for(options["host"], options["admin_token"])
    watchers = _watchers(target, options)
    settings = ProxySettings(
        target,
        watchers.all,
        overlay=options["overlay"],
        admin_token=token,
        loopback=is_loopback(host),
        seconds=options["seconds"],
        report=watchers.verdicts.report,
        broken=watchers.verdicts.broken_by,
        log_request=log_request,
    )
    sys.setswitchinterval(_SWITCH_SECONDS)
    with listen(host, options["port"], f"qlara-sandbox proxy --to {target.url}") as listener:
        port = listener.getsockname()[1]
        if leads_to(listener, target.host, target.port):
            raise CannotRun(
                "--to: expected the URL of a deployment; found that of the proxy itself."
            )
        url = shown_url(host, port)
        new_token = None if options["admin_token"] else token
        passed = Proxy(settings).run(listener, lambda: _welcome(url, target, new_token))
    return _ended(watchers, passed, options)


def _folders(options: dict[str, Any]) -> list[Path]:
    """Return the folders to which files are written at the end."""
    files = (options["record"], options["bundle"])
    folders = [each.parent for each in files if each is not None]
    return [*folders, options["report"]] if options["report"] else folders


class _Watchers(NamedTuple):
    """Those who watch: always ``verdicts``, the others if they were asked for."""

    verdicts: TrafficVerdicts
    recording: Recording | None
    bundle: Bundle | None
    shadow: Shadow | None

    @property
    def all(self) -> Sequence[Watcher]:
        return [each for each in self if each is not None]


def _watchers(target: ProxyTarget, options: dict[str, Any]) -> _Watchers:
    from qlara_proxy.bundling import Bundle
    from qlara_proxy.recording import Recording
    from qlara_proxy.shadowing import Shadow
    from qlara_proxy.verdicts import TrafficVerdicts

    keep_data, overlay = options["keep_data"], options["overlay"]
    return _Watchers(
        TrafficVerdicts(
            target.url,
            overlay,
            is_sole_client=options["sole_client"],
            keeps_data=keep_data,
        ),
        Recording(target.url, keep_data, overlay=overlay) if options["record"] else None,
        Bundle(target.url, keep_data) if options["bundle"] else None,
        Shadow(options["shadow"], overlay=overlay, base_url=target.url)
        if options["shadow"]
        else None,
    )


def _welcome(url: str, target: ProxyTarget, new_token: str | None) -> None:
    """Say that the proxy is ready, and what to change in the client."""
    paint = painter(sys.stdout)
    lines = [
        f"Qlara proxy at {paint('bold', url)}, which passes on to {target.url}",
        f"In your client: base URL {url} instead of {target.url}; its API key stays as it is.",
        f"In a browser: {url}/__console to see what passes, {url}/__admin/report for the report",
    ]
    if "api" in target.base_path.split("/"):
        lines.append(
            f"Paths begin with /api already: requests go to {target.url}/api/…. Is that meant?"
        )
    if new_token:
        lines.append(f"Console and report: Authorization: Bearer {new_token}")
    click.echo("\n".join([*lines, "Ctrl-C ends it, and prints what the traffic showed."]))
    sys.stdout.flush()


def _ended(watchers: _Watchers, passed: Passed, options: dict[str, Any]) -> int:
    """Write the files, print the result, and return the exit code."""
    from qlara_proxy.judging.report import write_report
    from qlara_proxy.verdicts import exit_code, print_summary

    verdicts, recording, bundle, shadow = watchers
    outcome = verdicts.finish()
    # The report first: it is there even if the output is cut short.
    written = write_report(outcome, options["report"]) if options["report"] else []
    print_summary(outcome)
    notes = _notes(passed)
    if shadow is not None:
        shadow.close()  # sends what still waits
        click.echo(f"{shadow.text()}\n")
    if recording is not None:
        written += recording.write(options["record"])
        notes += recording.notes
        recording.close()
    if bundle is not None:
        bundle.write(options["bundle"], outcome, write_report)
        written.append(options["bundle"])
        notes += bundle.notes
    for line in [*notes, *_wrote(written)]:
        click.echo(line)
    return exit_code(outcome, passed.failures) if options["fail_on_drift"] else 0


def _wrote(written: Sequence[Path]) -> list[str]:
    """Return what was written, in sentences: of the uploads of a recording, which may be hundreds, their number."""
    uploads = [each for each in written if each.suffix == ".vcf"]
    if len(uploads) <= _NAMED_UPLOADS:
        return [f"Wrote {path}" for path in written]
    others = [f"Wrote {path}" for path in written if path.suffix != ".vcf"]
    return [*others, f"Wrote {len(uploads)} uploads to {uploads[0].parent}"]


def _notes(passed: Passed) -> list[str]:
    """Return what the result does not rest on, in sentences."""
    notes = {
        "refused": "{} not passed on: malformed, or to another server. The log says why.",
        "cut": "{} cut as the proxy stopped.",
        "unseen": "{} passed, but not judged: too many came at once.",
        "failures": "{} not judged in full, because of a bug of qlara-sandbox. The log has it.",
    }
    counts = {name: getattr(passed, name) for name in notes}
    return [
        text.format(f"{count} {'request was' if count == 1 else 'requests were'}")
        for name, text in notes.items()
        if (count := counts[name])
    ]
