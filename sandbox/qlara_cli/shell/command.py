"""``shell``: a subshell in which the documented commands reach the sandbox, host and all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from qlara_cli.completion import scenario_names
from qlara_sandbox import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_cli.shell.shell_env import ShellTarget
    from qlara_sandbox.web.runtime import Runtime

_PROMPT = "(qlara sandbox) "
_LOOK_EVERY_SECONDS = 0.5
_OWNER_COMES_WITHIN_SECONDS = 30


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="""\b
Examples:
  qlara-sandbox shell
  qlara-sandbox shell --scenario quota-exhausted --files ~/exports
  qlara-sandbox shell bash documented-script.sh
  eval "$(qlara-sandbox shell --env)"      # in a script; qlara_sandbox_stop ends it
  qlara-sandbox shell --proxy python3 import_contacts.py
""",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND…]")
@click.option(
    "--scenario",
    envvar="SANDBOX_SCENARIO",
    default="crm-migration",
    show_default=True,
    shell_complete=scenario_names,
    help="Scenario for requests that do not choose one.",
)
@click.option(
    "--files",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder to look in for documented files that do not exist here; repeatable.",
)
@click.option("--env", "as_env", is_flag=True, help="Print variables for eval, for scripts.")
@click.option(
    "--proxy",
    envvar="SANDBOX_PROXY",
    is_flag=True,
    help="Also route clients that honour HTTPS_PROXY, such as Python's, to the sandbox.",
)
@click.option(
    "--spec",
    envvar="SANDBOX_SPEC",
    default=resources.SPEC,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Contract file; its servers are the hosts to replace.  [default: the shipped openapi.yaml]",
)
def shell(command: tuple[str, ...], *, as_env: bool, **options: Any) -> None:
    """Open a shell in which the documented curl commands work as printed.

    A sandbox with TLS starts for it, and curl, by a configuration of its own, connects to it
    instead of the documented host. Nothing outside the shell changes, your own configuration of
    curl stays in force, and all is gone on exit. A COMMAND is run in place of a shell.

    Clients other than curl find the sandbox at $SANDBOX_BASE_URL. They trust its certificate, but
    still look the documented host up by its name; --proxy leads those that honour HTTPS_PROXY.
    """
    if os.name != "posix":
        raise click.ClickException("The shell needs a POSIX system, such as WSL.")
    if as_env:
        _print_env(options)
        return
    with _sandbox(options) as (folder, target, variables):
        environment = {**os.environ, **variables}
        status = _run(_command(list(command), folder, target, environment), environment, folder)
    raise SystemExit(status)


class _Running(NamedTuple):
    """A sandbox that runs: its folder, how it is reached, and the variables that a shell needs."""

    folder: Path
    target: ShellTarget
    variables: dict[str, str]


@contextmanager
def _sandbox(options: dict[str, Any]) -> Iterator[_Running]:
    """Run a sandbox for the block."""
    from qlara_cli.shell.background import background_sandbox
    from qlara_cli.shell.janitor import removing
    from qlara_cli.shell.shell_env import ShellTarget, prepare
    from qlara_sandbox.http import tls
    from qlara_sandbox.web.app import assemble
    from qlara_sandbox.web.cut_heads import cut_heads_of

    if shutil.which("curl") is None:
        raise click.ClickException("curl is not installed.")
    runtime = _runtime(options)
    hosts = tls.documented_hosts(runtime.contract)
    folder = Path(tempfile.mkdtemp(prefix="qlara-shell-"))
    try:
        with removing(folder):
            certificates = tls.issue(folder, hosts)
            proxied = hosts if options["proxy"] else ()
            upstream = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or ""
            with background_sandbox(
                assemble(runtime), certificates, proxied, upstream, cut_heads_of(runtime)
            ) as ports:
                certificates.remove_key()
                folders = (*options["folders"], resources.SCENARIOS / "files")
                target = ShellTarget(ports, hosts, folders)
                variables = prepare(folder, target, certificates, os.environ)
                yield _Running(folder, target, variables)
    except tls.TlsUnavailable as error:
        raise click.ClickException(str(error)) from error


def _runtime(options: dict[str, Any]) -> Runtime:
    from qlara_cli import logs
    from qlara_sandbox.http.contract import InvalidContract
    from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
    from qlara_sandbox.web.runtime import Runtime, SandboxSettings

    logs.configure("text", quiet=True)
    try:
        return Runtime(
            SandboxSettings(spec=options["spec"].resolve(), scenario=options["scenario"])
        )
    except (InvalidContract, InvalidScenario, UnknownScenario) as error:
        raise click.ClickException(str(error)) from error


def _command(
    command: list[str], folder: Path, target: ShellTarget, environment: dict[str, str]
) -> list[str]:
    """Return *command*, or a shell if there is none."""
    if not command:
        command = _shell_command(folder, environment)
        if sys.stdin.isatty():
            _print_banner(target)
    return command


def _run(command: list[str], environment: dict[str, str], folder: Path) -> int:
    """Run a command, and return its exit status."""
    from qlara_cli.shell.janitor import ending_with_us, has_ended

    if shutil.which(command[0], path=environment.get("PATH")) is None:
        reason = os.strerror(errno.EACCES if Path(command[0]).exists() else errno.ENOENT)
        raise click.ClickException(f"Cannot run {command[0]}: {reason}")
    # The shell deals with Ctrl-C itself; a hang-up or a plea to end must not leave a folder behind.
    signal.signal(signal.SIGINT, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    with subprocess.Popen(ending_with_us(command, folder), env=environment) as process:  # noqa: S603 - what the user asked for
        try:
            status = process.wait()
        except SystemExit:
            _terminate(process)
            raise
        finally:
            has_ended(folder)
    return status if status >= 0 else 128 - status


def _terminate(process: subprocess.Popen[bytes]) -> None:
    """Ask a shell to end, as a terminal that goes away does; insist if it does not hear that."""
    process.send_signal(signal.SIGHUP)  # interactive shells do not end for SIGTERM
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()


def _exit(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _shell_command(folder: Path, environment: dict[str, str]) -> list[str]:
    from qlara_cli.shell.shell_env import rc_file, zsh_folder

    own = os.environ.get("SHELL") or "/bin/sh"
    name = Path(own).name
    if not sys.stdin.isatty():
        return [own]
    if name == "bash":
        return [own, "--rcfile", str(rc_file(folder, _PROMPT, os.environ)), "-i"]
    if name == "zsh":
        environment["ZDOTDIR"] = str(zsh_folder(folder, _PROMPT, os.environ))
    else:
        environment["PS1"] = f"{_PROMPT}$ "
    return [own, "-i"]


def _print_banner(target: ShellTarget) -> None:
    hosts = ", ".join(f"https://{host}" for host in target.hosts)
    click.echo(
        f"Sandbox shell: here, curl reaches a sandbox instead of {hosts}.\n"
        f"Documented commands work as printed, with the key YOUR_API_KEY. Files that they name and\n"
        f"that are not there come from {', '.join(map(str, target.folders))}.\n"
        f"Other clients: http://127.0.0.1:{target.ports.plain} ($SANDBOX_BASE_URL); "
        f"a browser: http://127.0.0.1:{target.ports.plain}/__console\n"
        f"Start over: curl -X POST $SANDBOX_BASE_URL/__admin/reset\n"
        f"Type exit to leave; everything is removed.\n"
    )


def _print_env(options: dict[str, Any]) -> None:
    """Print shell code for eval, and leave a sandbox behind that ends with the shell that runs it."""
    from qlara_cli.shell.shell_env import exports

    reader, writer = os.pipe()
    sys.stdout.flush()
    if os.fork() == 0:
        os.close(reader)
        os.setsid()
        _serve_in_background(options, writer)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor, not a path
        text = pipe.read()
    if not text:
        raise click.ClickException("The sandbox did not start.")
    started = json.loads(text)
    if "error" in started:
        raise click.ClickException(started["error"])
    owner = Path(started["folder"]) / "owner"
    click.echo(exports(started["variables"], os.environ), nl=False)
    click.echo(f"echo $$ > '{owner}'")
    click.echo(
        f"qlara_sandbox_stop() {{ kill {started['pid']} 2>/dev/null; qlara_sandbox_restore; "
        "unset -f qlara_sandbox_stop; }"
    )


def _serve_in_background(options: dict[str, Any], writer: int) -> NoReturn:
    """Serve until the shell that evaluates our variables is gone, or somebody ends us."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    signal.signal(signal.SIGTERM, _exit)
    try:
        with _sandbox(options) as (folder, _, variables):
            started = {"pid": os.getpid(), "folder": str(folder), "variables": variables}
            os.write(writer, json.dumps(started).encode())
            os.close(writer)
            _wait_for_owner(folder / "owner")
    except click.ClickException as error:
        os.write(writer, json.dumps({"error": error.message}).encode())
    except SystemExit:
        pass
    os._exit(0)


def _wait_for_owner(path: Path) -> None:
    until = monotonic() + _OWNER_COMES_WITHIN_SECONDS
    while path.exists() or monotonic() < until:
        sleep(_LOOK_EVERY_SECONDS)
        text = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        if text and not _is_alive(int(text)):
            return


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
