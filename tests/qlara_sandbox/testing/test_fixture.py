"""The pytest fixture in a project of its own: alone, in parallel, with options, with strict warnings."""

from __future__ import annotations

import re
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


def section(done: subprocess.CompletedProcess[str]) -> str:
    """Return the section of a failing test that shows its exchanges."""
    after = done.stdout.partition(" Qlara sandbox: last exchanges ")[2].partition("\n")[2]
    return re.split(r"\n[_=-]{3,}", after)[0]


def test_a_failing_test_shows_its_last_exchanges_and_no_others(tmp_path: Path) -> None:
    uses = f"""
from urllib.error import HTTPError
from urllib.request import urlopen
import pytest
{CARD}
def test_other(qlara_sandbox):
    qlara_sandbox.upload(CARD, listId="list_of_another_test")

def test_failing(qlara_sandbox):
    qlara_sandbox.upload(CARD, listId="list_of_nobody")
    with pytest.raises(HTTPError):
        urlopen(qlara_sandbox.base_url + "/api/v1/partner-gateway/subscription/contacts")
    qlara_sandbox.scenario("quota-exhausted")
    assert qlara_sandbox.upload(CARD).status == 200
"""
    done = run(tmp_path, test_it=uses)
    assert (
        section(done)
        == r"""
404 POST /api/partner-gateway/v1/contacts/upload/vcard
    listId: No list with id 'list_of_nobody' in this account.
    printf 'BEGIN:VCARD\nVERSION:3.0\nFN:Marco Rossi\nTEL:347 123 4567\nEND:VCARD\n' |
    curl http://127.0.0.1:8080/api/partner-gateway/v1/contacts/upload/vcard \
      -H 'X-Api-Key: YOUR_API_KEY' \
      -F 'file=@-;filename=contacts.vcf' \
      --form-string listId=list_of_nobody
401 GET /api/v1/partner-gateway/subscription/contacts
    sent without an API key
    apiKey: Missing API key. Expected the X-Api-Key header. Accepted: YOUR_API_KEY, and any key that begins with sandbox_.
    curl http://127.0.0.1:8080/api/v1/partner-gateway/subscription/contacts
409 POST /api/partner-gateway/v1/contacts/upload/vcard
    contacts: Contact quota exceeded. Current: 50000/50000. Upgrade your plan to import more contacts.
    printf 'BEGIN:VCARD\nVERSION:3.0\nFN:Marco Rossi\nTEL:347 123 4567\nEND:VCARD\n' |
    curl http://127.0.0.1:8080/api/partner-gateway/v1/contacts/upload/vcard \
      -H 'X-Api-Key: YOUR_API_KEY' \
      -H 'X-Sandbox-Scenario: quota-exhausted' \
      -F 'file=@-;filename=contacts.vcf' \
      --form-string listId=list_crm_migration
Each command runs against a sandbox of your own: start one with `qlara-sandbox serve`.""".lstrip()
    )


def test_a_failing_test_shows_the_other_accounts_that_it_made(tmp_path: Path) -> None:
    uses = f"""
{CARD}
def test_failing(qlara_sandbox):
    assert qlara_sandbox.account("other").upload(CARD).status == 201
"""
    assert section(run(tmp_path, test_it=uses)).startswith("200 POST /api/")


def test_a_failing_test_in_a_worker_shows_its_exchanges_too(tmp_path: Path) -> None:
    uses = f"{CARD}\ndef test_failing(qlara_sandbox):\n    assert not qlara_sandbox.upload(CARD)\n"
    assert section(run(tmp_path, "-n", "1", test_it=uses)).startswith("200 POST /api/")


def test_a_test_that_fails_before_any_request_says_so(tmp_path: Path) -> None:
    uses = "def test_failing(qlara_sandbox):\n    assert qlara_sandbox.quota().used\n"
    assert section(run(tmp_path, test_it=uses)) == "No request has arrived."


@pytest.mark.parametrize("ends", ["return", "pytest.skip()", "pytest.xfail()"])
def test_a_test_that_does_not_fail_shows_no_exchanges(tmp_path: Path, ends: str) -> None:
    uses = f"import pytest\n{CARD}\ndef test_it(qlara_sandbox):\n"
    uses += f"    qlara_sandbox.upload(CARD)\n    {ends}\n"
    assert "last exchanges" not in run(tmp_path, "-rA", test_it=uses).stdout


@pytest.mark.parametrize(
    "call",
    [
        'scenario("quota-exhuasted")',
        'upload("missing.vcf")',
        'contacts("list_of_nobody")',
        'fault(on="nothing")',
        'clock(freeze="yesterday")',
        'control("GET", "requests/req_none")',
        'account("no label")',
    ],
)
def test_the_traceback_of_a_mistake_ends_in_the_line_that_made_it(
    tmp_path: Path, call: str
) -> None:
    done = run(tmp_path, test_it=f"def test_it(qlara_sandbox):\n    qlara_sandbox.{call}\n")
    places = re.findall(r"^(\S+\.py):(\d+): ", done.stdout, re.MULTILINE)
    assert (done.returncode, places) == (1, [("test_it.py", "2")])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('{"scenario": "nowhere"}', "Unknown scenario 'nowhere'"),
        ('{"scenaro": "default"}', "unknown: scenaro; there are scenario, scenarios, spec"),
    ],
)
def test_a_mistake_in_the_options_is_told_without_a_traceback(
    tmp_path: Path, options: str, told: str
) -> None:
    conftest = f"""
import pytest

@pytest.fixture(scope="session")
def qlara_sandbox_options():
    return {options}
"""
    done = run(tmp_path, conftest=conftest, test_it="def test_it(qlara_sandbox):\n    pass\n")
    assert (done.returncode, told in done.stdout, "qlara_sandbox/" in done.stdout) == (
        1,
        True,
        False,
    )


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
