"""Contract coverage of a test run: a section, a file and a verdict, however many sandboxes took part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox.testing import running
from qlara_sandbox.testing.coverage_collecting import CoverageCollector
from tests.qlara_sandbox.testing.test_fixture import CARD, run

if TYPE_CHECKING:
    from pathlib import Path

IMPORTS = f"""
import pytest
{CARD}
@pytest.mark.parametrize("turn", range(4))
def test_an_import(qlara_sandbox, turn):
    assert qlara_sandbox.upload(CARD, tags="crm").status == 200
"""
ANOTHER = f"""
from qlara_sandbox.testing import running
{CARD}
def test_another_sandbox():
    with running(scenario="quota-exhausted") as other:
        assert other.upload(CARD).status == 409
"""


def written(folder: Path) -> dict[str, int]:
    """Return the items that were met with their requests, of the file that a run has written."""
    found = json.loads((folder / "out" / "coverage.json").read_text(encoding="utf-8"))
    return {
        f"{one['kind']} {one['name']}": one["requests"]
        for one in found["items"]
        if one["requests"] and one["kind"] in {"status", "scenario"}
    }


def test_nothing_is_shown_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert "coverage" not in run(tmp_path, test_it=IMPORTS).stdout


def test_a_section_at_the_end_tells_what_was_never_met(tmp_path: Path) -> None:
    done = run(tmp_path, "--qlara-coverage", test_it=IMPORTS)

    section = done.stdout.partition(" contract coverage ")[2].splitlines()
    assert done.returncode == 0
    assert section[1] == "uploadVCard: 4 requests"
    assert section[2].split("  never: ") == [
        "  statuses            1 of 8", "400, 401, 403, 404, 409, 413, 429",
    ]  # fmt: skip
    assert "getContactQuota: never called" in section
    assert "Met 7 of 68 items of the contract (10.2 %) in 4 requests." in section


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_all_sandboxes_and_workers_of_a_run_are_added_up(
    tmp_path: Path, workers: list[str]
) -> None:
    options = ["--qlara-coverage-json", "out/coverage.json", *workers]
    done = run(tmp_path, *options, test_it=IMPORTS, test_another=ANOTHER)

    assert done.returncode == 0, done.stdout
    assert written(tmp_path) == {
        "status 200": 4,
        "status 409": 1,
        "scenario default": 4,
        "scenario quota-exhausted": 1,
    }
    assert "in 5 requests." in done.stdout


def test_a_worker_that_crashes_is_told_as_what_is_missing(tmp_path: Path) -> None:
    crashes = "import os\n\ndef test_crash():\n    os._exit(1)\n"
    done = run(tmp_path, "--qlara-coverage", "-n", "1", test_a=IMPORTS, test_b=crashes)

    assert "Without what 1 worker met that ended early." in done.stdout


@pytest.mark.parametrize(
    ("least", "code", "last"),
    [("10", 0, " in 4 requests."), ("50", 1, "Contract coverage of 10.2 % is less than 50 %.")],
)
def test_a_run_that_meets_too_little_fails(
    tmp_path: Path, least: str, code: int, last: str
) -> None:
    done = run(tmp_path, f"--qlara-coverage-fail-under={least}", test_it=IMPORTS)

    assert done.returncode == code
    assert done.stdout.splitlines()[-2].endswith(last)


def test_a_run_without_a_sandbox_meets_nothing(tmp_path: Path) -> None:
    nothing = "def test_nothing():\n    pass\n"
    done = run(tmp_path, "--qlara-coverage-fail-under=1", test_it=nothing)

    assert done.returncode == 1
    assert "No sandbox has run in these tests." in done.stdout


def test_a_list_of_tests_is_no_run(tmp_path: Path) -> None:
    done = run(tmp_path, "--collect-only", "--qlara-coverage-fail-under=1", test_it=IMPORTS)

    assert done.returncode == 0
    assert "contract coverage" not in done.stdout


def test_a_file_that_cannot_be_written_fails_the_run_and_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "--qlara-coverage-json=pytest.ini/coverage.json", test_it=IMPORTS)

    assert done.returncode == 1
    assert "The contract coverage could not be written: " in done.stdout


# Without pytest


def statuses(found: dict[str, Any]) -> list[str]:
    return [one["name"] for one in found["items"] if one["kind"] == "status" and one["requests"]]


def test_a_sandbox_tells_what_all_its_accounts_have_met() -> None:
    with running() as sandbox:
        sandbox.account("anna").upload("nothing")
        sandbox.account("ben").upload(
            "BEGIN:VCARD\nVERSION:3.0\nFN:B\nTEL:347 123 4567\nEND:VCARD\n"
        )

        assert statuses(sandbox.coverage()) == ["200", "400"]
        assert statuses(sandbox.account("anna").control("GET", "coverage")) == ["400"]


def test_sandboxes_that_run_and_those_that_have_ended_are_gathered() -> None:
    collector = CoverageCollector()
    collector.start()
    try:
        assert collector.collected() is None
        with running() as one:
            one.upload("nothing")
            with running() as other:
                other.upload("nothing")
            found = collector.collected()
    finally:
        collector.stop()

    assert found is not None
    assert found.requests == 2
