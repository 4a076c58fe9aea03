"""The pytest fixture in a project of its own: alone, in parallel, with options, with strict warnings."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.testing import Sandbox

CARD = r'''
CARD = """BEGIN:VCARD
VERSION:3.0
FN:Marco Rossi
TEL:347 123 4567
END:VCARD
"""
'''
# Each of these fails if another test's import can be seen.
ALONE = f"""
import pytest
{CARD}
@pytest.mark.parametrize("turn", range(8))
def test_nobody_else_is_here(qlara_sandbox, turn):
    assert qlara_sandbox.quota().used == 0
    assert qlara_sandbox.requests() == []
    assert qlara_sandbox.upload(CARD).status == 200
    assert [contact.name for contact in qlara_sandbox.contacts()] == ["Marco Rossi"]
    assert len(qlara_sandbox.requests()) == 1
"""


def run(folder: Path, *options: str, **files: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a project with these files (``name="text"``, ``.py`` is added)."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    fast = ["-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest"]
    command = [sys.executable, "-m", "pytest", "-W", "error", *fast, *options]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def passed(done: subprocess.CompletedProcess[str], number: int) -> bool:
    return done.returncode == 0 and f"{number} passed" in done.stdout


def test_the_fixture_is_there_without_any_import(qlara_sandbox: Sandbox) -> None:
    qlara_sandbox.upload("BEGIN:VCARD\nVERSION:3.0\nFN:Marco\nTEL:347 123 4567\nEND:VCARD\n")

    assert [contact.phone_number for contact in qlara_sandbox.contacts()] == ["+393471234567"]


def test_every_test_is_alone_in_its_sandbox(tmp_path: Path) -> None:
    done = run(tmp_path, test_alone=ALONE)

    assert passed(done, 8), done.stdout


def test_every_test_is_alone_in_its_sandbox_when_several_run_at_once(tmp_path: Path) -> None:
    done = run(tmp_path, "-n", "2", test_alone=ALONE)

    assert passed(done, 8), done.stdout


def test_a_test_gets_the_same_ids_whatever_ran_before_it(tmp_path: Path) -> None:
    told = f"""
{CARD}
def test_other(qlara_sandbox):
    qlara_sandbox.upload(CARD)

def test_told(qlara_sandbox):
    print("told", qlara_sandbox.upload(CARD).body["importId"])
"""
    whole = run(tmp_path, "-s", test_ids=told)
    alone = run(tmp_path, "-s", "-k", "told")

    ids = [
        next(line for line in done.stdout.splitlines() if "told imp_" in line).partition("told ")[2]
        for done in (whole, alone)
    ]
    assert ids[0] == ids[1]


def test_a_project_gives_its_own_options(tmp_path: Path) -> None:
    (tmp_path / "stories").mkdir()
    (tmp_path / "stories" / "tiny.yaml").write_text(
        "title: Tiny\nstory: Room for one.\naccount: {quota: {total: 1}}\n", encoding="utf-8"
    )
    conftest = """
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def qlara_sandbox_options():
    return {"scenarios": Path(__file__).parent / "stories", "scenario": "tiny"}
"""
    uses = """
def test_tiny(qlara_sandbox):
    assert qlara_sandbox.quota().total == 1
"""
    done = run(tmp_path, conftest=conftest, test_tiny=uses)

    assert passed(done, 1), done.stdout


def test_an_unknown_scenario_fails_the_test_that_asks_for_it(tmp_path: Path) -> None:
    uses = 'def test_it(qlara_sandbox):\n    qlara_sandbox.scenario("quota-exhuasted")\n'
    done = run(tmp_path, test_it=uses)

    assert done.returncode == 1
    assert "quota-exhausted" in done.stdout


def test_who_does_not_use_the_fixture_pays_nothing_for_it(tmp_path: Path) -> None:
    heavy = """
import sys

def test_nothing_heavy_is_there():
    loaded = {name.partition(".")[0] for name in sys.modules}
    assert not loaded & {"starlette", "uvicorn", "yaml", "phonenumbers", "jsonschema_rs", "orjson"}
    assert not {name for name in sys.modules if name.startswith("qlara_sandbox.web")}
"""
    done = run(tmp_path, test_light=heavy)

    assert passed(done, 1), done.stdout


@pytest.mark.parametrize("option", ["--fixtures", "--help"])
def test_pytest_itself_works_with_the_plugin(tmp_path: Path, option: str) -> None:
    assert run(tmp_path, option).returncode == 0
