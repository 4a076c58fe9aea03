"""What the tests of clients' tools share: the tools themselves, a sandbox, and the files that are uploaded."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from qlara_sandbox import resources
from tests.clients.tools.installed import INSTALLED, Tools
from tests.server import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 10_485_760
COMMAND = str(Path(sys.executable).with_name("qlara-sandbox"))


@pytest.fixture(scope="session")
def tools() -> Tools:
    if not (INSTALLED / "ready").exists():
        pytest.skip("`make clients` installs these tools")
    return Tools(INSTALLED)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that every program uploads."""
    folder = tmp_path_factory.mktemp("files")
    for name in ("contacts-export.vcf", "bad-header.vcf"):
        shutil.copy(resources.SCENARIOS / "files" / name, folder)
    (folder / "oversized.vcf").write_bytes(b"BEGIN:VCARD\r\n".ljust(LIMIT + 1, b"x"))
    return folder


class Reports(NamedTuple):
    """The folders that ``verify`` and ``examples`` wrote to, of a right deployment and of a wrong one."""

    right: Path
    wrong: Path
    examples: Path


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    folder = tmp_path_factory.mktemp("reports")
    made = Reports(*(folder / name for name in Reports._fields))
    with serving() as right, serving("--defect", "summary-missing") as wrong:
        key = ("--api-key", "YOUR_API_KEY")
        verify = ("verify", "--mode", "full", *key, "--base-url")
        _write(made.right, *verify, right.url)
        _write(made.wrong, *verify, wrong.url)
        page = resources.ROOT / "docs" / "walkthrough.md"
        _write(made.examples, "examples", page, *key, "--base-url", wrong.url)
    return made


def _write(folder: Path, *command: str | Path) -> None:
    report = [str(part) for part in (*command, "--report", folder)]
    done = subprocess.run(
        [COMMAND, *report],
        capture_output=True,
        text=True,
        check=False,
    )
    assert list(folder.glob("*.html")), done.stdout + done.stderr
