"""A project of somebody else: its files, and commands that run in it with an environment's Python."""

from __future__ import annotations

import os
import subprocess
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

# What the tests around must not hand down to the project's.
_OURS = ("PYTEST_", "COVERAGE_", "COV_CORE_", "PYTHON", "VIRTUAL_ENV", "SANDBOX_")


class Done(NamedTuple):
    """A command that has ended, and everything that it printed."""

    status: int
    output: str


class Project(NamedTuple):
    """A folder of files, and the interpreter that runs them."""

    folder: Path
    interpreter: Path

    def write(self, files: dict[str, str]) -> None:
        """Write files by their path in the project."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")

    def python(self, *arguments: str) -> Done:
        """Run the interpreter in the project, with warnings as errors."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(_OURS)
        }
        done = subprocess.run(
            [self.interpreter, "-W", "error", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout)

    def pytest(self, *arguments: str) -> Done:
        """Run pytest in the project; pytest takes the interpreter's warning filters over."""
        return self.python("-m", "pytest", *arguments)
