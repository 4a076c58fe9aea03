"""The command line: one module per command, loaded when the command is used."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from sandbox import __version__

COMMANDS = {
    "serve": ("sandbox.cli.serve:serve", "Start the sandbox."),
    "scenarios": ("sandbox.cli.scenarios:scenarios", "List, show and check the scenarios."),
    "shell": (
        "sandbox.cli.shell:shell",
        "A shell in which the documented commands work as printed.",
    ),
    "examples": (
        "contract_tests.examples.cli:examples",
        "Run the commands of documentation pages.",
    ),
    "verify": ("contract_tests.cli:verify", "Check any deployment against the contract."),
    "vcard": ("sandbox.cli.vcard:vcard", "Inspect and generate vCard files."),
}
OURS = {"sandbox", "contract_tests"}


class Lazy(click.Group):
    """A group whose commands are imported only when they are asked for.

    ``commands_at`` maps a name to ``module:attribute`` and the line that ``--help`` shows.
    """

    def __init__(
        self, *args: object, commands_at: dict[str, tuple[str, str]], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._at:
            return None
        module, _, attribute = self._at[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in OURS:
                raise
            raise click.ClickException(
                f"This command needs {error.name}, which is not installed. "
                "Install the extra: pip install '.[contract,tls]' in a checkout"
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._at.items()])


@click.command(
    cls=Lazy,
    commands_at=COMMANDS,
    epilog="""\b
Examples:
  qlara-sandbox serve
  qlara-sandbox serve --scenario quota-exhausted --port 0
  qlara-sandbox vcard inspect contacts.vcf
""",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="qlara-sandbox")
def main() -> None:
    """Run a local sandbox of the Qlara contact API, and check any deployment of it."""


if __name__ == "__main__":
    sys.exit(main())
