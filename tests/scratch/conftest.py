"""An environment of its own, with an ordinary installation of the wheel, and projects inside it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scratch.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
# What projects have beside ours; all of them are loaded by themselves.
PLUGINS = (
    "anyio",
    "pytest-asyncio",
    "pytest-base-url",
    "pytest-playwright",
    "pytest-randomly",
    "pytest-xdist",
)


@pytest.fixture(scope="session")
def interpreter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that holds the wheel, its extra and common plugins.

    What comes from elsewhere is kept between runs, in pytest's cache; the wheel is built and
    installed anew in every run, by the first worker that needs it.
    """
    environment = request.config.cache.mkdir(f"scratch-{_fingerprint()}")
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent  # what the workers of one run share
    python = environment / "bin" / "python"
    with _locked(environment.with_suffix(".lock")):
        if not (run / "installed").exists():
            _install(environment, python, run)
            (run / "installed").touch()
    return python


@pytest.fixture
def project(interpreter: Path, tmp_path: Path) -> Project:
    """Return a project without any tests yet, that runs them in the environment."""
    made = Project(tmp_path, interpreter)
    # Unset, the option is a warning of pytest-asyncio, and here warnings are errors.
    made.write({"pytest.ini": "[pytest]\nasyncio_default_fixture_loop_scope = function\n"})
    return made


def _install(environment: Path, python: Path, run: Path) -> None:
    wheels = run / "wheels"
    _pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
    [wheel] = wheels.iterdir()
    complete = environment / "complete"
    if not complete.exists():
        shutil.rmtree(environment)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        requirements = (f"{wheel}[contract]", *PLUGINS)
        _pip("--python", str(python), "install", "--constraint", str(CONSTRAINTS), *requirements)
        complete.touch()
    _pip("--python", str(python), "install", "--no-deps", "--force-reinstall", str(wheel))


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _fingerprint() -> str:
    """Return what the kept part of the environment is made from, as one word."""
    hashed = hashlib.sha256(f"{sys.version} {PLUGINS}".encode())
    for path in (CONSTRAINTS, ROOT / "pyproject.toml"):
        hashed.update(path.read_bytes())
    return hashed.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
