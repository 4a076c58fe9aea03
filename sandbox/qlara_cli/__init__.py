"""The command line: one module per command, loaded when the command is used."""

from __future__ import annotations

from qlara_cli.interrupts import ends_at_once

with ends_at_once():
    import sys

    import click

    from qlara_cli.lazy_group import Commands, LazyGroup
    from qlara_sandbox import __version__


# One function per command: the import happens when the command is used, and tools see it all the same.
def _serve() -> click.Command:
    from qlara_cli.serve import serve

    return serve


def _scenarios() -> click.Command:
    from qlara_cli.scenarios import scenarios

    return scenarios


def _shell() -> click.Command:
    from qlara_cli.shell.command import shell

    return shell


def _examples() -> click.Command:
    from qlara_cli.examples import examples

    return examples


def _verify() -> click.Command:
    from qlara_cli.verify import verify

    return verify


def _vcard() -> click.Command:
    from qlara_cli.vcard import vcard

    return vcard


def _rehearse() -> click.Command:
    from qlara_cli.rehearse import rehearse

    return rehearse


def _proxy() -> click.Command:
    from qlara_cli.proxy import proxy

    return proxy


def _replay() -> click.Command:
    from qlara_cli.replay import replay

    return replay


def _contract() -> click.Command:
    from qlara_cli.contract import contract

    return contract


def _coverage() -> click.Command:
    from qlara_cli.coverage import coverage

    return coverage


def _mcp() -> click.Command:
    from qlara_cli.mcp import mcp

    return mcp


def _wait() -> click.Command:
    from qlara_cli.wait import wait

    return wait


def _completion() -> click.Command:
    from qlara_cli.completion import completion

    return completion


COMMANDS: Commands = {
    "serve": (_serve, "Start the sandbox."),
    "wait": (_wait, "Wait until a sandbox is ready, for CI."),
    "scenarios": (_scenarios, "List, show and check the scenarios."),
    "shell": (_shell, "Open a shell in which the documented commands work as printed."),
    "examples": (_examples, "Run the commands of documentation pages."),
    "verify": (_verify, "Check any deployment against the contract."),
    "rehearse": (_rehearse, "Run a client through failures and limits, and judge what it does."),
    "proxy": (_proxy, "Forward a client's traffic, and judge what passes."),
    "replay": (_replay, "Play recorded traffic back, and compare."),
    "contract": (_contract, "Show the contract, and what a change of it means."),
    "coverage": (_coverage, "Show what of the contract tests have met in a sandbox."),
    "vcard": (_vcard, "Inspect, convert and generate vCard files."),
    "mcp": (_mcp, "Give agents the sandbox, its contract and `verify` as tools."),
    "completion": (_completion, "Print what completes commands in bash, zsh or fish."),
}


@click.command(
    cls=LazyGroup,
    commands=COMMANDS,
    ends_at_once=("verify", "proxy", "mcp"),
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
