"""``mcp``: give agents the sandbox, its contract and ``verify`` as tools of the Model Context Protocol."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from qlara_cli.interrupts import ends_at_once
from qlara_cli.listening import is_loopback, listen, shown_url, token_for
from qlara_cli.overlay_file import OverlayFile

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from qlara_mcp.toolkit import Toolkit

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OF_AN_OWN_SANDBOX = ("scenario", "scenarios", "spec", "overlay", "seed")
_STOP_SECONDS = 2


@click.command(
    epilog="""\b
Examples:
  qlara-sandbox mcp
  qlara-sandbox mcp --scenario crm-migration
  qlara-sandbox mcp --url http://127.0.0.1:8080
  qlara-sandbox mcp --http --port 8081
"""
)
@click.option(
    "--http", "over_http", is_flag=True, help="Serve over HTTP, at /mcp.  [default: stdio]"
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on, with --http."
)
@click.option(
    "--port",
    default=8081,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on, with --http; 0 picks a free one.",
)
@click.option(
    "--http-token",
    envvar="SANDBOX_MCP_TOKEN",
    show_envvar=True,
    help="Token that callers over HTTP need.  [default: none on loopback, generated elsewhere]",
)
@click.option(
    "--url",
    metavar="URL",
    help="A sandbox that runs already.  [default: one is started on a free port]",
)
@click.option(
    "--token",
    envvar="SANDBOX_ADMIN_TOKEN",
    show_envvar=True,
    help="Token of its control API, with --url.",
)
@click.option("--ca-file", type=_FILE, help="Trust this authority (PEM), with --url https://…")
@click.option("--scenario", help="Scenario of the sandbox that is started.  [default: default]")
@click.option(
    "--scenarios",
    type=_FOLDER,
    help="Folder of scenario files of your own, beside the shipped ones.",
)
@click.option("--spec", type=_FILE, help="Its contract file.")
@click.option("--overlay", type=OverlayFile(), help="OpenAPI Overlay over its contract.")
@click.option("--seed", type=int, help="Seed for its generated ids.  [default: 0]")
@click.option(
    "--files",
    type=_FOLDER,
    help="Upload no files but those below this folder.  [default: any over stdio, none over HTTP]",
)
@click.option(
    "--deployment",
    envvar="SANDBOX_BASE_URL",
    show_envvar=True,
    metavar="URL",
    help="A deployment that agents may verify with the key of --api-key.",
)
@click.option(
    "--api-key",
    envvar="SANDBOX_API_KEY",
    show_envvar=True,
    metavar="KEY",
    help="Its API key. Agents do not see it; it is sent to --deployment alone.",
)
def mcp(*, over_http: bool, host: str, port: int, http_token: str | None, **options: Any) -> None:
    """Give agents the sandbox, its contract and `verify` as tools (Model Context Protocol).

    Over standard input and output, as editors and agents start it, or over HTTP. Code under test
    calls the same sandbox: the tool get_sandbox says where it is.
    """
    _require_package()
    from qlara_cli import logs

    logs.configure("text", quiet=True)
    with _toolkit(options, over_http=over_http) as toolkit:
        if over_http:
            _serve(toolkit, host, port, http_token)
        else:
            click.echo(f"Sandbox at {toolkit.sandbox.base_url}; tools over stdio.", err=True)
            _run_stdio(toolkit)


def _require_package() -> None:
    try:
        import mcp.server  # noqa: F401
    except ModuleNotFoundError as error:
        _fail(
            f"This command needs {(error.name or 'mcp').partition('.')[0]}, which is not installed. "
            "Run: pip install '.[mcp]' (and '.[contract]' for the tool verify)."
        )


@contextmanager
def _toolkit(options: dict[str, Any], *, over_http: bool) -> Iterator[Toolkit]:
    from qlara_mcp.sandbox_client import SandboxClient
    from qlara_mcp.toolkit import Toolkit, UploadableFiles, VerifiedDeployment

    folder = options["files"]
    files = UploadableFiles(
        folder or (None if over_http else Path.cwd()), anywhere=folder is None and not over_http
    )
    deployment = None
    if options["deployment"] and options["api_key"]:
        deployment = VerifiedDeployment(options["deployment"].rstrip("/"), options["api_key"])
    with _sandbox_url(options) as url:
        try:
            client = SandboxClient(url, token=options["token"], ca_file=options["ca_file"])
        except (OSError, ValueError) as error:
            _fail(f"Cannot use {options['ca_file'] or url}: {error}")
        yield Toolkit(
            client,
            is_own=not options["url"],
            files=files,
            deployment=deployment,
            commands=dict(os.environ) if files.anywhere else None,
        )


@contextmanager
def _sandbox_url(options: dict[str, Any]) -> Iterator[str]:
    given = {name: options[name] for name in _OF_AN_OWN_SANDBOX if options[name] is not None}
    if options["url"]:
        if given:
            named = ", ".join(f"--{name}" for name in given)
            _fail(
                f"{named}: for a sandbox that is started here; --url names one that runs already."
            )
        if not options["url"].startswith(("http://", "https://")):
            _fail(f"--url: expected a URL like http://127.0.0.1:8080; found {options['url']!r}.")
        yield options["url"]
        return
    from qlara_sandbox.http.contract import InvalidContract
    from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
    from qlara_sandbox.testing import running

    try:
        sandbox = running(**given)
        started = sandbox.__enter__()
    except (InvalidContract, InvalidScenario, UnknownScenario) as error:
        _fail(str(error))
    try:
        yield started.base_url
    finally:
        sandbox.__exit__(None, None, None)


def _run_stdio(toolkit: Toolkit) -> None:
    import anyio

    from qlara_mcp.server import build_server
    from qlara_mcp.standard_input import mend_standard_input

    mend_standard_input()
    with ends_at_once(toolkit.stop_commands):
        anyio.run(build_server(toolkit).run_stdio_async)


@dataclass(frozen=True)
class HttpAccess:
    """Who may call the tools over HTTP: as for the control API."""

    admin_token: str | None
    loopback: bool


def _serve(toolkit: Toolkit, host: str, port: int, given_token: str | None) -> None:
    from qlara_mcp.server import MCP_PATH, build_server, http_application
    from qlara_sandbox.http.server import SandboxServer, configure

    token = token_for(host, given_token)
    app = http_application(build_server(toolkit), HttpAccess(token, is_loopback(host)))
    with listen(host, port, "qlara-sandbox mcp --http") as listener:
        notice = Notice(
            url=f"{shown_url(host, listener.getsockname()[1])}{MCP_PATH}",
            sandbox=toolkit.sandbox.base_url,
            new_token=None if given_token else token,
        )

        class ToolServer(SandboxServer):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                notice.show()

            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                await super().shutdown(sockets)
                await self.lifespan.shutdown()

        # uvicorn stops on these and then raises them once more for whoever called it: nobody did.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        settings = configure(app, lifespan="on", timeout_graceful_shutdown=_STOP_SECONDS)
        ToolServer(settings).run(sockets=[listener])
    click.echo("Stopped.", err=True)


class Notice(NamedTuple):
    """What is said when the tools can be called over HTTP; ``new_token`` where one was made."""

    url: str
    sandbox: str
    new_token: str | None

    def show(self) -> None:
        """Print it."""
        lines = [f"Tools for agents at {self.url}", f"Sandbox at {self.sandbox}"]
        if self.new_token:
            lines.append(f"Authorization: Bearer {self.new_token}")
        click.echo("\n".join([*lines, "Stop with Ctrl-C."]))
        sys.stdout.flush()


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(2)
