from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from qlara_cli.vcard.generate import generate
from tests.simple_import import simple_import

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(generate, [str(argument) for argument in arguments], env=env)


def test_it_writes_the_file_and_prints_what_its_import_gives(tmp_path: Path) -> None:
    file = tmp_path / "crm.vcf"
    options = [
        "--contacts",
        "20",
        "--duplicates",
        "3",
        "--invalid-phones",
        "2",
        "--missing-phones",
        "1",
    ]

    result = run(*options, "-o", file)

    outcome = simple_import(file.read_bytes())
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "file": str(file),
        "bytes": file.stat().st_size,
        "summary": {"total": 26, "imported": 20, "duplicates": 3, "errors": 3, "skipped": 6},
        "errors": [
            {"line": line, "name": name, "reason": reason} for line, name, reason in outcome.errors
        ],
    }
    assert outcome.summary == json.loads(result.stdout)["summary"]


def test_a_dash_sends_the_file_to_standard_output_and_the_json_to_standard_error() -> None:
    result = run("--contacts", "2", "-o", "-")

    assert simple_import(result.stdout_bytes).summary == json.loads(result.stderr)["summary"]


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("10MB", 10_485_760),
        ("10 mb", 10_485_760),
        ("10485761", 10_485_761),
        ("512KB", 524_288),
        ("70000B", 70_000),
    ],
)
def test_a_size_is_exact_and_in_binary_units(tmp_path: Path, text: str, octets: int) -> None:
    file = tmp_path / "sized.vcf"

    run("--size", text, "-o", file)

    assert file.stat().st_size == octets


def test_every_option_can_come_from_the_environment(tmp_path: Path) -> None:
    by_option, by_environment = tmp_path / "option.vcf", tmp_path / "environment.vcf"
    values = {
        "contacts": "4",
        "duplicates": "3",
        "invalid-phones": "2",
        "missing-phones": "1",
        "version": "4.0",
        "size": "20KB",
        "region": "GB",
    }
    options = [text for name, value in values.items() for text in (f"--{name}", value)]
    environment = {
        f"SANDBOX_VCARD_{name.upper().replace('-', '_')}": value for name, value in values.items()
    }

    run(*options, "--seed", "9", "-o", by_option)
    run(env={**environment, "SANDBOX_SEED": "9", "SANDBOX_VCARD_OUTPUT": str(by_environment)})

    assert by_environment.read_bytes() == by_option.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--size 10XB", "'--size': '10XB': expected bytes, or KB or MB, up to 1024MB"),
        ("--size 0", "'--size': '0': expected bytes"),
        ("--size 2000MB", "'--size': '2000MB': expected bytes"),
        ("--contacts 3 --size 20", "--size: expected 348 bytes, or 356 and more, for 3 cards"),
        ("--contacts -1", "'--contacts': -1 is not in the range"),
        ("--contacts 0", "--contacts: expected at least one card in the file"),
        ("--contacts 0 --duplicates 2", "--duplicates: expected at least one contact to repeat"),
        ("--version 2.1", "'--version': '2.1' is not one of"),
        ("--region Italy", "--region: expected a code such as IT, not 'Italy'"),
    ],
)
def test_a_wrong_option_is_named_with_what_was_expected(
    tmp_path: Path, arguments: str, message: str
) -> None:
    result = run(*arguments.split(), "-o", tmp_path / "never.vcf")

    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "never.vcf").exists()


def test_a_file_that_cannot_be_written_is_a_clear_message(tmp_path: Path) -> None:
    file = tmp_path / "no" / "such" / "folder.vcf"

    result = run("--contacts", "1", "-o", file)

    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: cannot write {file}: No such file or directory\n",
    )


def test_the_output_has_to_be_named() -> None:
    assert "Missing option '-o' / '--output'" in run("--contacts", "1").stderr


def test_help_shows_examples() -> None:
    assert "  qlara-sandbox vcard generate --size 10485761 -o oversized.vcf" in run("--help").stdout
