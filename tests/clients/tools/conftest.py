"""What the tests of clients' tools share: the tools themselves, a sandbox, and the files that are uploaded."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox import resources
from tests.clients.tools.installed import INSTALLED, Tools
from tests.server import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 10_485_760


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
