"""A group of commands that are imported only when they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

import click
from click.shell_completion import CompletionItem

from qlara_cli.interrupts import ends_at_once

# A command's name leads to what imports it, and to the line that ``--help`` shows.
Commands = Mapping[str, tuple[Callable[[], click.Command], str]]

_OURS = {
    "qlara_sandbox",
    "qlara_cli",
    "qlara_mcp",
    "qlara_contract",
    "qlara_examples",
    "qlara_rehearsal",
    "qlara_proxy",
}


class _CannotRun(click.ClickException):
    exit_code = 2  # 1 is a verdict of the commands that check something


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are used.

    Each import stands in a function of its own, so that tools see it. The commands in *ends_at_once*
    end with 130 when they are interrupted, from their import on; they may handle signals themselves.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        commands: Commands,
        ends_at_once: Sequence[str] = (),
        **options: object,
    ) -> None:
        super().__init__(name, **options)  # type: ignore[arg-type]
        self._commands = commands
        self._ends_at_once = frozenset(ends_at_once)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[:1] and args[0] in self._ends_at_once and not ctx.resilient_parsing:
            ctx.with_resource(ends_at_once())
        if args[0] not in self._commands and args[0][:1].isalnum() and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}.{self._near(args[0])}")
        return super().resolve_command(ctx, args)

    def _near(self, name: str) -> str:
        """Return which command was probably meant, as a question; empty if none is near."""
        near = get_close_matches(name.lower(), self._commands, n=2)
        return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command without importing any."""
        found = [
            CompletionItem(name, help=text)
            for name, (_, text) in self._commands.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return self._commands[cmd_name][0]() if cmd_name in self._commands else None

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in _OURS:
                raise
            raise _CannotRun(
                f"This command needs {error.name}, which is not installed. "
                "In a checkout, run: make suite (or pip install '.[contract,tls]')."
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._commands.items()])
