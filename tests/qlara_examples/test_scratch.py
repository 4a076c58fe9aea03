"""Scratch folders: those of processes that were killed are removed, and no others."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qlara_examples.scratch import Scratch, remove_abandoned

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWNER = """
import shutil
from qlara_examples.scratch import Scratch
print(Scratch(shutil.rmtree).path, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


@pytest.fixture
def owner() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Return a process that owns a scratch folder, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", _OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_the_folder_of_a_process_that_was_killed_is_removed(
    owner: tuple[subprocess.Popen[str], Path],
) -> None:
    process, folder = owner
    (folder / "work").mkdir()
    process.send_signal(signal.SIGKILL)
    process.wait()

    remove_abandoned(shutil.rmtree)

    assert not folder.exists()


def test_the_folder_of_a_process_that_runs_stays(
    owner: tuple[subprocess.Popen[str], Path],
) -> None:
    own = Scratch(shutil.rmtree)

    remove_abandoned(shutil.rmtree)

    assert owner[1].is_dir()
    assert own.path.is_dir()
    own.close()
    assert not own.path.exists()


def test_folders_that_are_not_ours_stay(temporary: Path) -> None:
    others = temporary / "qlara-examples-of-somebody"
    (others / "work").mkdir(parents=True)
    marked = temporary / "marked"
    marked.mkdir()
    (marked / ".owner").touch()
    (temporary / "qlara-examples-link").symlink_to(marked)
    (temporary / "qlara-examples-file").touch()

    remove_abandoned(shutil.rmtree)

    assert sorted(each.name for each in temporary.iterdir()) == [
        "marked",
        "qlara-examples-file",
        "qlara-examples-link",
        "qlara-examples-of-somebody",
    ]
    assert (marked / ".owner").exists()
