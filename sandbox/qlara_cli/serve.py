"""``serve``: start the sandbox and say what to try first."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from qlara_cli import state
from qlara_cli.addresses import hosts_of
from qlara_cli.completion import scenario_names
from qlara_cli.listening import is_loopback, listen, reserve, shown_url, token_for
from qlara_cli.overlay_file import OverlayFile
from qlara_cli.server_process import Hooks, run, run_workers
from qlara_cli.state import EngineUrl, StatePlace, StatePrefix
from qlara_cli.time_span import TimeSpan
from qlara_cli.welcome import Welcome
from qlara_sandbox import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.http.server import ServerConfig
    from qlara_sandbox.http.tls import Certificates
    from qlara_sandbox.web.observers.journal import JournalEntry
    from qlara_sandbox.web.runtime import Runtime, SandboxSettings
    from qlara_sandbox.web.state_file import StateFile

_MEGABYTE = 1024 * 1024


def _option(name: str, variable: str, help_: str, **rest: Any) -> Callable[..., Any]:
    return click.option(
        *name.split(), envvar=f"SANDBOX_{variable}", show_envvar=True, help=help_, **rest
    )


def _as_keys(_: click.Context, __: click.Parameter, keys: tuple[str, ...]) -> frozenset[str]:
    """Return the keys; one that no header can carry is a mistake, and is not shown."""
    for key in keys:
        if not _KEY.fullmatch(key):
            raise click.BadParameter("expected visible ASCII characters, without blanks.")
    return frozenset(keys)


_KEY = re.compile(r"[!-~]{1,1000}")
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_SECONDS = click.FloatRange(min=0, min_open=True)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog="""\b
Examples:
  qlara-sandbox serve
  qlara-sandbox serve --scenario crm-migration
  qlara-sandbox serve --port 0 --seed 7 --log-format json
"""
)
@_option("--host", "HOST", "Address to listen on.", default="127.0.0.1", show_default=True)
@_option(
    "--port",
    "PORT",
    "Port to listen on; 0 picks a free one.",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
)
@_option(
    "--scenario",
    "SCENARIO",
    "Scenario for requests that do not choose one.",
    default="default",
    show_default=True,
    shell_complete=scenario_names,
)
@_option(
    "--scenarios folder",
    "SCENARIOS",
    "Folder of scenario files of your own, beside the shipped ones; own names win.",
    default=resources.SCENARIOS,
    type=_FOLDER,
)
@_option(
    "--allow-outside",
    "ALLOW_OUTSIDE",
    "Allow scenarios to name vCard files outside their folder.",
    is_flag=True,
)
@_option(
    "--spec",
    "SPEC",
    "Contract file.  [default: the shipped openapi.yaml]",
    default=resources.SPEC,
    type=_FILE,
)
@_option(
    "--overlay",
    "OVERLAY",
    "OpenAPI Overlay over the contract: a file, or the name of a shipped one such as api-reference.",
    type=OverlayFile(),
)
@_option(
    "--reload",
    "RELOAD",
    "Reload the contract, overlay and scenario files when they change.",
    is_flag=True,
)
@_option("--seed", "SEED", "Seed for generated ids.", default=0, show_default=True, type=int)
@_option(
    "--sandbox-headers/--no-sandbox-headers",
    "HEADERS",
    "Add X-Sandbox-… headers to responses.",
    default=True,
    show_default=True,
)
@_option(
    "--log-format",
    "LOG_FORMAT",
    "Format of log lines.",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json"]),
)
@_option(
    "--tls",
    "TLS",
    "Serve https with a certificate made for this run; trust the authority file that is printed.",
    is_flag=True,
)
@_option(
    "--state place",
    "STATE",
    "Keep the accounts in this file, or in Redis or Valkey (redis://HOST:6379/0), which several sandboxes can share.",
    type=StatePlace(),
    metavar="FILE|URL",
)
@_option(
    "--workers",
    "WORKERS",
    "Processes that serve the port together; more than 1 need a --state that they share.",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    metavar="N",
)
@_option(
    "--state-wait",
    "STATE_WAIT",
    "How long to wait for the engine of --state at the start: 30s.",
    type=TimeSpan(),
    metavar="TIME",
)
@_option(
    "--state-prefix",
    "STATE_PREFIX",
    "What all keys in the engine begin with: sandboxes with another one are others.",
    type=StatePrefix(),
    default="qlara-sandbox:",
    show_default=True,
    metavar="TEXT",
)
@_option(
    "--tls-name tls_names",
    "TLS_NAME",
    "Serve https for this name or address too; repeatable.",
    multiple=True,
    metavar="NAME",
)
@_option(
    "--tls-authority",
    "TLS_AUTHORITY",
    "Serve https with the authority of this folder, made there once, so that it is trusted once.",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
)
@_option("--tls-cert", "TLS_CERT", "Serve https with this certificate chain (PEM).", type=_FILE)
@_option("--tls-key", "TLS_KEY", "The key of --tls-cert (PEM, without a password).", type=_FILE)
@_option("--quiet", "QUIET", "Log problems only.", is_flag=True)
@_option(
    "--accept-key accept_keys",
    "ACCEPT_KEY",
    "Accept this API key too, with an account of its own; repeatable.",
    multiple=True,
    metavar="KEY",
    callback=_as_keys,
)
@_option(
    "--any-key", "ANY_KEY", "Accept every API key, each with an account of its own.", is_flag=True
)
@_option(
    "--admin-token",
    "ADMIN_TOKEN",
    "Token for the control API.  [default: none on loopback, generated elsewhere]",
)
@_option(
    "--worlds",
    "WORLDS",
    "Worlds to keep; least recently used ones are evicted.",
    default=1000,
    show_default=True,
    type=click.IntRange(1),
)
@_option(
    "--world-memory",
    "WORLD_MEMORY",
    "Memory for all worlds together, in megabytes (estimated).",
    default=1024,
    show_default=True,
    type=click.IntRange(1),
)
@_option(
    "--journal",
    "JOURNAL",
    "Memory for recorded requests and responses, in megabytes.",
    default=32,
    show_default=True,
    type=click.IntRange(1),
)
@_option(
    "--idle-timeout",
    "IDLE_TIMEOUT",
    "Seconds before a connection without a request is closed.",
    default=75,
    show_default=True,
    type=_SECONDS,
)
@_option(
    "--head-timeout",
    "HEAD_TIMEOUT",
    "Seconds that the head of a request may take to arrive.",
    default=30,
    show_default=True,
    type=_SECONDS,
)
@_option(
    "--stall-timeout",
    "STALL_TIMEOUT",
    "Seconds without a byte of progress before an upload is refused (408), or an unread response cut.",
    default=30,
    show_default=True,
    type=_SECONDS,
)
@_option(
    "--stop-timeout",
    "STOP_TIMEOUT",
    "Seconds that running requests get to finish when the sandbox stops.",
    default=10,
    show_default=True,
    type=click.IntRange(0),
)
@_option(
    "--defect defects",
    "DEFECT",
    "Break one promise on purpose, to test your tests; repeatable. `list` shows all defects.",
    multiple=True,
    metavar="NAME",
)
def serve(
    host: str, port: int, log_format: str, *, reload: bool, quiet: bool, **options: Any
) -> None:
    """Start the sandbox.

    State is kept in memory and lost when the sandbox stops, unless --state names a file or an engine for it.
    Ctrl-C stops it once running requests have finished.
    """
    from qlara_cli import logs
    from qlara_sandbox.web.caller import AcceptedKeys
    from qlara_sandbox.web.runtime import SandboxSettings

    _require_shared(options["workers"], options["place"])
    break_on_purpose = _with_defects(options["defects"])
    log_request = logs.configure(log_format, quiet=quiet)
    settings = SandboxSettings(
        spec=options["spec"].resolve(),
        overlay=options["overlay"],
        scenarios=options["folder"].resolve(),
        scenario=options["scenario"],
        allow_outside=options["allow_outside"],
        seed=options["seed"],
        keys=AcceptedKeys(options["accept_keys"], options["any_key"]),
        sandbox_headers=options["sandbox_headers"],
        admin_token=token_for(host, options["admin_token"]),
        loopback=is_loopback(host),
        worlds=options["worlds"],
        world_bytes=options["world_memory"] * _MEGABYTE,
        journal_bytes=options["journal"] * _MEGABYTE,
        state=options["place"] if isinstance(options["place"], EngineUrl) else None,
        state_prefix=options["state_prefix"],
    )
    runtime, app = _application(settings, log_request, reload=reload)
    reloading = app if reload else None
    app = break_on_purpose(app)
    open_port = listen if options["workers"] == 1 else reserve
    kept = _state(options["place"], runtime, options["state_wait"] or 0.0)
    with (
        open_port(host, port, "qlara-sandbox serve") as listener,
        TemporaryDirectory(prefix="qlara-sandbox-") as folder,
    ):
        certificates = _certificates(Path(folder), host, options)
        port = listener.getsockname()[1]
        welcome = Welcome(
            url=shown_url(host, port, secure=certificates is not None),
            hosts=[*dict.fromkeys([*options["tls_names"], *hosts_of(host)])],
            names=options["tls_names"],
            scenario=settings.scenario,
            overlay=settings.overlay,
            keys=settings.keys,
            differs=_not_reproduced(runtime.contract),
            new_token=None if options["admin_token"] else settings.admin_token,
            authority=certificates.authority if certificates else None,
        )

        def ready() -> None:
            if certificates is not None:
                certificates.remove_key()  # a sandbox that is killed leaves none behind
            welcome.show()

        configuration = _configuration(app, runtime, options, certificates)
        ticks = [one.tick for one in (kept, reloading) if one is not None]
        hooks = Hooks(runtime, ready, ticks, folder, kept)
        if options["workers"] == 1:
            run(configuration, listener, hooks)
        else:
            run_workers(options["workers"], configuration, listener, hooks)


def _application(
    settings: SandboxSettings, log_request: Callable[[JournalEntry], None], *, reload: bool
) -> tuple[Runtime, Any]:
    from qlara_sandbox.http.contract import InvalidContract
    from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
    from qlara_sandbox.services.garbage import PausedGarbage
    from qlara_sandbox.web.app import assemble
    from qlara_sandbox.web.reload import Reloading
    from qlara_sandbox.web.runtime import Runtime

    try:
        runtime = Runtime(settings, log_request=log_request, apart=PausedGarbage().pause)
        if not runtime.library.own_names():
            what = "has no scenario files (*.yaml): only the shipped scenarios are served."
            click.echo(f"{settings.scenarios} {what}", err=True)
        return runtime, (Reloading(runtime, assemble) if reload else assemble(runtime))
    except (InvalidContract, InvalidScenario, UnknownScenario) as error:
        state.fail(str(error))


def _with_defects(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """Return what puts the defects with these names around an application.

    The catalogue belongs to the contract suite, which the sandbox does without otherwise.
    """
    if not names:
        return lambda app: app
    try:
        from qlara_contract import defects as catalogue
    except ModuleNotFoundError as error:
        state.fail(
            f"--defect needs {error.name}, which is not installed. "
            "In a checkout, run: make suite (or pip install '.[contract]')."
        )
    if {"list", "help"} & set(names):
        click.echo(catalogue.as_text())
        raise SystemExit(0)
    try:
        defects = catalogue.chosen(names)
    except catalogue.UnknownDefect as error:
        state.fail(str(error))
    for each in defects:
        click.echo(f"Defect {each.name}: {each.sentence}", err=True)
    return lambda app: catalogue.WrongDeployment(app, *defects)


def _configuration(
    app: Any, runtime: Runtime, options: dict[str, Any], certificates: Certificates | None
) -> ServerConfig:
    from qlara_sandbox.http.limits import Timeouts
    from qlara_sandbox.http.server import configure
    from qlara_sandbox.web.cut_heads import cut_heads_of

    return configure(
        app,
        Timeouts(options["idle_timeout"], options["head_timeout"], options["stall_timeout"]),
        cut_heads_of(runtime),
        runtime.stop,
        timeout_graceful_shutdown=options["stop_timeout"],
        **(certificates.options if certificates else {}),
    )


def _state(
    place: Path | EngineUrl | None, runtime: Runtime, wait_seconds: float
) -> StateFile | None:
    """Return the state file, if there is one, with its worlds restored; see that an engine is there."""
    if isinstance(place, EngineUrl):
        state.connect(runtime, place, wait_seconds)
    return state.restored(place, runtime) if isinstance(place, Path) else None


def _require_shared(workers: int, place: Path | EngineUrl | None) -> None:
    """Let workers pass that share their state, and a state that can be had; exit with 2 otherwise."""
    if isinstance(place, EngineUrl):
        state.require_client()
    if workers == 1:
        return
    if not isinstance(place, EngineUrl):
        state.fail(
            f"--workers {workers} needs a state that the workers share, such as --state redis://HOST:6379/0: "
            "in memory, or in a file, each of them would be a sandbox of its own."
        )
    if not hasattr(os, "fork"):
        state.fail("--workers needs a system that can fork. Start several sandboxes instead.")


def _certificates(folder: Path, host: str, options: dict[str, Any]) -> Certificates | None:
    """Return what https is served with; None for http."""
    chain, key, kept = options["tls_cert"], options["tls_key"], options["tls_authority"]
    names = options["tls_names"]
    if (chain is None) != (key is None):
        state.fail("Expected --tls-cert and --tls-key together.")
    if chain is not None and (names or kept):
        state.fail(
            "--tls-cert brings its own names and authority: leave --tls-name and --tls-authority out."
        )
    if not (options["tls"] or names or kept or chain):
        return None
    from qlara_sandbox.http.tls import TlsUnavailable, UnusableCertificate, issue, own

    try:
        if chain is not None:
            return own(chain.resolve(), key.resolve())
        return issue(folder, [*names, *hosts_of(host)], kept.resolve() if kept else None)
    except (TlsUnavailable, UnusableCertificate) as error:
        state.fail(str(error))


def _not_reproduced(contract: Contract) -> Sequence[str]:
    """Return the promises that the overlay says to differ: the sandbox has no convention for them."""
    if not contract.differs:
        return ()
    from qlara_contract.promises import UnusableDifference, require_assumed

    try:
        return list(require_assumed(contract.differs))
    except UnusableDifference as error:
        state.fail(f"{contract.overlay or contract.path}: {error}")
