"""A group of commands that are imported only when they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click

# A command's name leads to what imports it, and to the line that ``--help`` shows.
Commands = Mapping[str, tuple[Callable[[], click.Command], str]]

_OURS = {"qlara_sandbox", "qlara_cli", "qlara_contract", "qlara_examples"}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are used.

    Each import stands in a function of its own, so that tools see it.
    """

    def __init__(self, name: str | None = None, *, commands: Commands, **options: object) -> None:
        super().__init__(name, **options)  # type: ignore[arg-type]
        self._commands = commands

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
            raise click.ClickException(
                f"This command needs {error.name}, which is not installed. "
                "In a checkout, run: make suite (or pip install '.[contract,tls]')."
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._commands.items()])
