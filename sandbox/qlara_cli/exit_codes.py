"""Exit codes of the commands that check something: 0 right, 1 not, 2 could not run."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qlara_cli.interrupts import INTERRUPTED
from qlara_contract.errors import CannotRun

if TYPE_CHECKING:
    from collections.abc import Iterator


class _ExitCode2(click.ClickException):
    exit_code = 2


@contextmanager
def could_not_run() -> Iterator[None]:
    """Turn ``CannotRun`` into an error message and exit code 2."""
    try:
        yield
    except CannotRun as error:
        raise _ExitCode2(str(error)) from error


@contextmanager
def one_means_wrong() -> Iterator[None]:
    """Let nothing but a verdict end with exit code 1: what else goes wrong ends with 2, or with 130.

    click, and Python itself, end with 1 where a file cannot be written, or where there is a bug.
    """
    try:
        yield
    except click.exceptions.Exit:
        raise
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        raise SystemExit(INTERRUPTED) from None
    except click.ClickException as error:
        if error.exit_code > 1:
            raise
        raise _ExitCode2(error.format_message()) from error
    except OSError as error:
        raise _ExitCode2(str(error)) from error
    except Exception:  # noqa: BLE001 - whatever it is, it says nothing of what was checked
        traceback.print_exc()
        click.echo("\nThis is a bug of qlara-sandbox, and no verdict.", err=True)
        raise SystemExit(_ExitCode2.exit_code) from None
