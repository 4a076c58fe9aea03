"""``make serve`` says what it does while it installs, and why if it cannot."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Stands for Python, for the one in the virtual environment, and for what is installed there.
STAND_IN = """#!/bin/sh
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$0" "$3/bin/qlara-sandbox" ;;
  *"pip"*"install"*)
    echo "Obtaining file:///checkout"
    echo "Collecting click>=8.2 (from qlara-sandbox==0.1.0)"
    echo "Collecting jsonschema[format]~=4.25 (from qlara-sandbox==0.1.0)"
    echo "Processing /mirror/uvloop-0.23.0-cp311-cp311-linux_x86_64.whl (from qlara-sandbox==0.1.0)"
    if [ -n "$BROKEN" ]; then echo "ERROR: no such version" >&2; exit 1; fi
    echo "Installing collected packages: click, jsonschema, uvloop" ;;
  "serve "*) echo "served with: $*" ;;
esac
"""


@pytest.fixture
def make(tmp_path: Path) -> list[str]:
    """Return the command that serves, with a stand-in for Python."""
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)
    return ["make", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}", "PORT=1234", "serve"]


def test_each_package_is_named_as_it_comes_and_the_second_time_nothing_is_installed(
    make: list[str], tmp_path: Path
) -> None:
    first, second = (
        subprocess.run(make, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
        for _ in range(2)
    )

    venv = tmp_path / "venv"
    assert first.stdout == (
        f"Making a virtual environment in {venv} …\n"
        f"Installing what the sandbox needs into {venv} (once; about a minute) …\n"
        "  click\n  jsonschema\n  uvloop\n  … unpacking\n"
        "served with: serve --port 1234\n"
    )
    assert second.stdout == "served with: serve --port 1234\n"


def test_what_goes_wrong_is_shown_whole_and_ends_it(
    make: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN", "1")
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 2
    assert "Obtaining file:///checkout\n" in done.stdout
    assert done.stdout.endswith("ERROR: no such version\n")
    assert not (tmp_path / "venv" / "serve").exists()
