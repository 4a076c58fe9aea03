"""The console that reports are printed to: one whose reader may go away."""

from __future__ import annotations

import os
import sys

from rich.console import Console


class ReportConsole(Console):
    """A console that says nothing more once nobody reads it, as after ``| head``.

    rich would end the process with 1, which is the exit code of drift.
    """

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
