"""The snippets are programs: each runs as it is copied, with the real key and the chosen file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.console.using import (
    account_of_its_own,
    card,
    demonstrate,
    drop,
    journal,
    send_form,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.server import Running


class Language(NamedTuple):
    """How a program is run: the file that it is put in, and the commands."""

    file: str
    commands: tuple[tuple[str, ...], ...]

    @property
    def missing(self) -> str | None:
        """The first tool that is not at hand."""
        return next((one[0] for one in self.commands if shutil.which(one[0]) is None), None)


LANGUAGES = {
    "curl": Language("example.sh", (("bash", "example.sh"), ("curl", "--version"))),
    "python": Language(
        "example.py", ((sys.executable, "-W", "error::SyntaxWarning", "example.py"),)
    ),
    "javascript": Language("example.mjs", (("node", "example.mjs"),)),
    "php": Language("example.php", (("php", "example.php"),)),
    "java": Language("Example.java", (("java", "Example.java"),)),
    "csharp": Language(
        "example.cs",
        (
            ("mcs", "-langversion:latest", "-r:System.Net.Http.dll", "example.cs"),
            ("mono", "example.exe"),
        ),
    ),
}
HTTP_OF_MONO = Path("/usr/lib/mono/4.5/System.Net.Http.dll")
AWKWARD = 'Anna\'s "list"; 100 % $HOME \\n `id` – è'


def copied(page: Page, language: str) -> str:
    page.click(f"#language-{language}")
    page.hover("#snippet")
    page.click("#snippet .copy")
    page.locator("#snippet .copy", has_text="Copied").wait_for()
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def run(program: str, language: str, folder: Path) -> str:
    """Return what a program prints."""
    file, commands = LANGUAGES[language]
    if (missing := LANGUAGES[language].missing) is not None:
        pytest.skip(f"{missing} is not installed")
    if language == "csharp" and not HTTP_OF_MONO.exists():
        pytest.skip("Mono's System.Net.Http is not installed")
    (folder / file).write_text(program, encoding="utf-8")
    printed = ""
    for command in commands:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        printed = printed if command[-1] == "--version" else done.stdout
    return printed


@pytest.mark.parametrize("language", LANGUAGES)
def test_reading_the_quota(page: Page, sandbox: Running, tmp_path: Path, language: str) -> None:
    key = account_of_its_own(page, sandbox)
    demonstrate(page, "quota-exhausted")
    page.click("#ask-quota")
    page.locator("#body", has_text="50000").wait_for()
    printed = run(copied(page, language), language, tmp_path)

    assert json.loads(printed[printed.index("{") :]) == {"used": 50000, "total": 50000}
    assert [entry["operation"] for entry in journal(sandbox, apiKey=key)[:2]] == (
        ["getContactQuota"] * 2
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_importing_the_chosen_file(
    page: Page, sandbox: Running, tmp_path: Path, language: str
) -> None:
    key = account_of_its_own(page, sandbox)
    text = card("Anna Neri", "347 123 4567") + card("Luca Verdi", "348 987 6543")
    (tmp_path / "my people.vcf").write_bytes(text.encode())
    drop(page, "my people.vcf", text)
    page.fill("#list-name", AWKWARD)
    page.fill("#tags", "@tag,<b>")
    send_form(page)
    printed = run(copied(page, language), language, tmp_path)

    report = json.loads(printed[printed.index("{") :])
    assert report["summary"]["total"] == 2
    again, first = journal(sandbox, apiKey=key)
    assert again["request"]["form"] == first["request"]["form"]
    assert again["request"]["form"]["fields"]["listName"] == AWKWARD


@pytest.mark.parametrize("language", LANGUAGES)
def test_importing_a_sample(page: Page, sandbox: Running, tmp_path: Path, language: str) -> None:
    key = account_of_its_own(page, sandbox)
    demonstrate(page, "new-list")
    program = copied(page, language)
    if language != "curl":  # which fetches it by itself
        assert f"The file: curl -O {sandbox.url}/__console/samples/outlook-contacts.vcf" in program
        subprocess.run(
            ["curl", "-sO", f"{sandbox.url}/__console/samples/outlook-contacts.vcf"],
            cwd=tmp_path,
            check=True,
        )
    printed = run(program, language, tmp_path)

    assert json.loads(printed[printed.index("{") :])["summary"]["total"] == 12
    again, first = journal(sandbox, apiKey=key)
    assert again["request"]["form"] == first["request"]["form"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_that_somebody_chose_is_copied_and_not_shown(
    page: Page, sandbox: Running, language: str
) -> None:
    key = account_of_its_own(page, sandbox)
    demonstrate(page, "quota")
    program = copied(page, language)

    assert key in program
    assert key not in page.inner_text("#snippet")
    assert page.inner_text("#snippet-note") == "The key is shown masked; what you copy has it."


def test_the_language_is_remembered(page: Page) -> None:
    page.click("#language-php")
    page.reload()
    page.wait_for_selector("body[data-ready]")

    assert page.get_attribute("#language-php", "aria-selected") == "true"
    demonstrate(page, "quota")
    assert page.inner_text("#curl").startswith("<?php")
