"""The stand-in for curl: which argument is a file that curl sends, and which is not."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from qlara_examples import curl_shim

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("before", "argument", "changed"),
    [
        ("-F", "file=@/path/to/a.vcf", 'file=@"found"'),
        ("-F", "file=@a.vcf;type=text/vcard", 'file=@"found";type=text/vcard'),
        ("-sSF", 'file=@"a b.vcf"', 'file=@"found"'),
        ("", "-Ffile=@a.vcf", '-Ffile=@"found"'),
        ("--form", "tags=<tags.txt", 'tags=<"found"'),
        ("--data-binary", "@a.vcf", "@found"),
        ("-d", "@a.vcf", "@found"),
        ("-F", "listId=list_a", "listId=list_a"),
        ("-H", "X-Note: @a.vcf", "X-Note: @a.vcf"),
        ("--form-string", "name=@a.vcf", "name=@a.vcf"),
        ("-X", "POST", "POST"),
    ],
)
def test_only_files_that_curl_sends_are_replaced(before: str, argument: str, changed: str) -> None:
    assert curl_shim.with_file(argument, before, lambda _: "found") == changed


def test_a_file_that_is_there_is_sent_as_it_is() -> None:
    argument = 'file=@"a.vcf";type=text/vcard'
    assert curl_shim.with_file(argument, "-F", lambda path: path) == argument


def test_it_runs_without_site_packages(tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_text("BEGIN:VCARD", encoding="utf-8")
    echo = tmp_path / "echo"
    echo.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    echo.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-I", "-S", curl_shim.__file__, "-F", "file=@/nowhere/a.vcf"],
        capture_output=True,
        text=True,
        check=True,
        env={"SANDBOX_CURL": str(echo), "SANDBOX_FILES": str(tmp_path)},
    )
    assert done.stdout == f'-F\nfile=@"{tmp_path}/a.vcf"\n'
    assert (
        done.stderr == f"sandbox shell: /nowhere/a.vcf does not exist; sending {tmp_path}/a.vcf\n"
    )
