"""The program that stands before curl: which files it finds, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder of sample files."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "contacts.vcf").write_text("shipped", encoding="utf-8")
    return folder


def curl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a curl that only shows its arguments."""
    return subprocess.run(
        [sys.executable, "-m", "qlara_cli.shell.curl_shim", *arguments],
        env={**os.environ, "SANDBOX_FILES": str(folder), "SANDBOX_CURL": "/bin/echo"},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (("-F", "file=@/path/to/contacts.vcf"), '-F file=@"{}"'),
        (("-F", "file=@contacts.vcf;type=text/vcard"), '-F file=@"{}";type=text/vcard'),
        (("--form", 'file=@"/path/to/contacts.vcf"'), '--form file=@"{}"'),
        (("-Ffile=@contacts.vcf",), '-Ffile=@"{}"'),
        (("--data-binary", "@contacts.vcf"), "--data-binary @{}"),
    ],
)
def test_a_file_that_is_not_there_is_taken_from_the_samples(
    files: Path, given: tuple[str, ...], sent: str
) -> None:
    ran = curl(files, *given)

    assert ran.stdout == sent.format(files / "contacts.vcf") + "\n"
    assert f"is not there; sending {files / 'contacts.vcf'}" in ran.stderr


@pytest.mark.parametrize(
    "given",
    [
        ("-F", "file=@other.vcf"),
        ("-F", "file=@own.vcf"),
        ("-F", "listId=list_crm_migration"),
        ("-d", "@-"),
        ("-H", "X-At: @contacts.vcf"),
        ("https://example.org/@contacts.vcf",),
    ],
)
def test_everything_else_is_left_to_curl(files: Path, given: tuple[str, ...]) -> None:
    (files.parent / "own.vcf").write_text("own", encoding="utf-8")
    ran = curl(files, *given)

    assert (ran.stdout, ran.stderr) == (" ".join(given) + "\n", "")
