"""Exit codes of the commands that check something: 0 right, 1 not, 2 could not run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

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
