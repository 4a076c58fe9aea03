"""Options of ``verify`` that cannot be used: a sentence that names the option and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qlara_cli.verify import verify
from tests.foreign import serving

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def _verify(*options: str) -> Result:
    usual = ["--base-url", "http://127.0.0.1:9", "--api-key", "a-key"]
    return CliRunner().invoke(verify, [*usual, *options])


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--timeout", "0.0001", "expected a number of seconds from 0.1 to 3600; found '0.0001'."),
        ("--timeout", "nan", "expected a number of seconds from 0.1 to 3600; found 'nan'."),
        ("--timeout", "inf", "expected a number of seconds from 0.1 to 3600; found 'inf'."),
        ("--timeout", "-1", "expected a number of seconds from 0.1 to 3600; found '-1'."),
        ("--timeout", "", "expected a number of seconds from 0.1 to 3600; found ''."),
        ("--deadline", "0", "expected a number of seconds from 1 to 604800; found '0'."),
        ("--rate", "nan", "expected requests per second from 0.001 to 10000; found 'nan'."),
        ("--base-url", "", "expected a URL; it is empty."),
        ("--api-key", " ", "expected a key without line ends or blanks around it; one read from"),
        ("--api-key", "", "expected a KEY; it is empty."),
        ("--exhausted-key", "a\n", "expected a key without line ends or blanks around it"),
        ("--only", ",", "expected the id of a promise; `verify --list` shows them."),
        ("--assume", "region=ZZ", "country with telephone numbers, such as IT; found 'ZZ'."),
        ("--assume", "region", "'region': expected NAME=VALUE, such as region=DE."),
        ("--header", "x", "'x': expected NAME:VALUE in ASCII, such as X-Tenant:demo."),
        ("--header", "Host:x", "Host: the run sets this header itself."),
        ("--proxy", "nonsense", "expected a URL such as http://proxy.example:3128"),
        ("--proxy", "http://u:secret@h:99999", "expected a URL such as http://proxy.example"),
        ("--ca-file", "/nowhere.pem", "File '/nowhere.pem' does not exist."),
        ("--report", "/dev/null/x", "expected a folder; '/dev/null' is none."),
        (
            "--write-deviations",
            "/dev/null/x",
            "/dev/null/x: expected a file in a folder; /dev/null is none.",
        ),
        ("--write-deviations", ".", "File '.' is a directory."),
    ],
)
def test_a_value_that_cannot_be_used_is_told(option: str, value: str, expected: str) -> None:
    result = _verify(option, value)
    assert (result.exit_code, option in result.output) == (2, True), result.output
    assert expected in result.output
    assert "secret" not in result.output


def test_a_list_that_the_deployment_does_not_know_is_told_once_and_breaks_nothing() -> None:
    with serving.running() as url:
        arguments = ["--base-url", url, "--api-key", serving.KEY, "--list-id", "list_nowhere"]
        result = CliRunner().invoke(verify, [*arguments, "--mode", "read-only"])
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith(
        "--list-id list_nowhere: the deployment has no such list for this key (404), so the run goes on "
        "without it."
    )
    assert result.stderr.count("list_nowhere") == 1


def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    path = tmp_path / "some.pem"
    path.write_text("nothing", "utf-8")
    said = [_verify(option, str(path)) for option in ("--ca-file", "--cert")]
    assert [(each.exit_code, each.output) for each in said] == [
        (2, f"Error: --ca-file {path}: expected certificates in PEM.\n"),
        (
            2,
            f"Error: --cert {path}: expected a certificate and its private key, both in this one file "
            "and in PEM.\n",
        ),
    ]


def test_a_dry_run_tells_each_story_and_sends_the_deployment_nothing() -> None:
    asked = ("--dry-run", "--mode", "full", "--only", "quota.shape,upload.imports-a-file")
    result = _verify(*asked)
    assert result.exit_code == 0, result.output
    assert "Nothing was sent to it." in result.output
    assert "/api/partner-gateway/v1/contacts/upload/vcard  (import)" in result.output
    lines = [each.split("  ") for each in result.stdout.splitlines()]
    told = {each[1]: each[-1].strip() for each in lines if each[0] == "" and len(each) > 2}
    assert [told[each] for each in told if each.startswith("the quota can be read")] == ["1 quota"]
    imports, cards = told["a file of 250 cards is imported and listed whole"].split("; ")
    assert (" import" in imports, int(cards.removesuffix(" cards")) >= 250) == (True, True)
    assert "new lists named `contract-check …`. The API has no way to delete them." in result.stdout


def test_a_dry_run_that_only_reads_says_so() -> None:
    result = _verify("--dry-run", "--mode", "read-only", "--only", "quota.shape")
    assert result.stdout.endswith("GET requests only: nothing would be written or left behind.\n")
