"""The programs of ``docs/clients.md``, in six languages: what each prints when all is well, and when it is not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from qlara_sandbox import resources
from tests.clients.tools.installed import HERE, need, run
from tests.qlara_rehearsal.playing import found, played, shipped
from tests.server import Running, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.clients.tools.installed import Tools

pytestmark = pytest.mark.clients

PROGRAMS = resources.ROOT / "docs" / "examples" / "clients"
LIST = "list_crm_migration"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
REPORT = """\
230 of 250 imported, 15 duplicates
line 45: Luca Verdi: Invalid phone number format
line 89: Anna Neri: Missing phone number
line 648: Studio Tecnico Fontana: Invalid phone number format
line 1126: Giorgio Parisi Conti: Invalid phone number format
line 1768: Assistenza Clienti: Invalid phone number format
"""
REST = """\
230 contacts in list_crm_migration, the last of them Elisa Marini
230 of 50000 contacts used
"""
ORDERED = (
    '{"status":503,"error":"Service Unavailable","message":"Response ordered by the scenario."}'
)
# Scenario, file, list, and what a program says of the refusal.
REFUSALS = {
    "no vCard file": (
        "default",
        "bad-header.vcf",
        LIST,
        "400 InvalidRequest: file: Invalid VCard format. Expected BEGIN:VCARD header.",
    ),
    "a revoked key": (
        "revoked-key",
        "contacts-export.vcf",
        LIST,
        "401 InvalidKey: apiKey: Unknown or inactive API key.",
    ),
    "a key without permission": (
        "no-permission",
        "contacts-export.vcf",
        LIST,
        "403 NotPermitted: apiKey: This API key lacks the 'contacts' permission.",
    ),
    "an unknown list": (
        "default",
        "contacts-export.vcf",
        "list_unknown",
        "404 UnknownList: listId: No list with id 'list_unknown' in this account.",
    ),
    "a full plan": (
        "quota-exhausted",
        "contacts-export.vcf",
        LIST,
        "409 QuotaExceeded: contacts: Contact quota exceeded. Current: 50000/50000. "
        "Upgrade your plan to import more contacts.",
    ),
    "a large file": (
        "default",
        "oversized.vcf",
        LIST,
        "413 FileTooLarge: file: File size exceeds maximum allowed (10 MB)",
    ),
}
SCENARIOS = {
    "short-limit": "rate_limit: {requests: 2, per: 1s}",
    "a-date": (
        "faults: [{on: uploadVCard, respond: {status: 429, headers: "
        '{Retry-After: "Fri, 31 Dec 2027 23:59:59 GMT"}, body: busy}}]'
    ),
    "moved": (
        "faults: [{on: uploadVCard, respond: {status: 307, headers: "
        '{Location: "http://localhost:9/"}, body: elsewhere}}]'
    ),
    "empty": "faults: [{on: uploadVCard, respond: {status: 200, body: '{}'}}]",
    "stuck": "faults: [{on: uploadVCard, delay: {fixed: 60s}}]",
    "down": "faults: [{on: uploadVCard, respond: {status: 503}}]",
    "half": "faults: [{on: listContacts, network: TRUNCATED_BODY}]",
    "twice": (
        "faults: [{on: uploadVCard, count: 1, network: EMPTY_RESPONSE, when: after}, "
        "{on: uploadVCard, count: 1, respond: {status: 503}}]"
    ),
}


class Program(NamedTuple):
    """How a program is run, and a label for its accounts."""

    command: list[str]
    label: str


class Ended(NamedTuple):
    code: int
    printed: str
    complaint: str


def python(_folder: Path, _tools: Tools) -> list[str]:
    return [sys.executable, str(PROGRAMS / "import_contacts.py")]


def typescript(folder: Path, tools: Tools) -> list[str]:
    need("node")
    workshop = tools.workshop(folder / "typescript")
    shutil.copy(PROGRAMS / "import_contacts.ts", workshop)
    shutil.copy(HERE / "tsconfig.json", workshop)
    run(tools.npm("tsc"), "--project", ".", cwd=workshop)
    return ["node", str(workshop / "built" / "import_contacts.js")]


def java(folder: Path, _tools: Tools) -> list[str]:
    need("java", "javac")
    source = PROGRAMS / "ImportContacts.java"
    run("javac", "-Xlint:all,-serial", "-Werror", "-d", folder, source, cwd=folder)
    return ["java", "-cp", str(folder), "ImportContacts"]


def php(_folder: Path, _tools: Tools) -> list[str]:
    need("php")
    return ["php", "-d", "error_reporting=-1", str(PROGRAMS / "import_contacts.php")]


def go(folder: Path, _tools: Tools) -> list[str]:
    need("go")
    source, binary = PROGRAMS / "import_contacts.go", folder / "import_contacts"
    environment = {"GOCACHE": str(folder / "cache"), "GO111MODULE": "off"}
    run("go", "vet", source, cwd=folder, **environment)
    run("go", "build", "-o", binary, source, cwd=folder, **environment)
    return [str(binary)]


def csharp(folder: Path, tools: Tools) -> list[str]:
    """Compile against .NET Core 3.1, whose runtime comes as a Python package, with the compiler of Mono."""
    need("mcs")
    found = list((tools.folder / "python").glob("lib/*/site-packages/dotnetcore2/bin"))
    if not found:
        pytest.skip("no package of .NET Core for this platform")
    (assemblies,) = found[0].glob("shared/Microsoft.NETCore.App/*")
    names = [
        "System.Private.CoreLib",
        "System.Runtime",
        "System.Runtime.Extensions",
        "System.Collections",
        "System.Console",
        "System.IO.FileSystem",
        "System.Linq",
        "System.Memory",
        "System.Net.Http",
        "System.Net.Primitives",
        "System.Private.Uri",
        "System.Text.Json",
        "System.Threading.Tasks",
    ]
    references = [f"-reference:{assemblies / name}.dll" for name in names]
    program = folder / "ImportContacts.dll"
    options = ["-nostdlib", "-noconfig", *references, f"-out:{program}"]
    run("mcs", *options, PROGRAMS / "ImportContacts.cs", cwd=folder)
    framework = '{"name": "Microsoft.NETCore.App", "version": "3.1.0"}'
    (folder / "ImportContacts.runtimeconfig.json").write_text(
        f'{{"runtimeOptions": {{"framework": {framework}}}}}', encoding="utf-8"
    )
    host = found[0] / "dotnet"
    host.chmod(0o755)  # the package loses it
    return [str(host), str(program)]


LANGUAGES: dict[str, Callable[[Path, Tools], list[str]]] = {
    "python": python,
    "typescript": typescript,
    "java": java,
    "php": php,
    "go": go,
    "csharp": csharp,
}


@pytest.fixture(scope="module", params=LANGUAGES)
def program(
    request: pytest.FixtureRequest, tools: Tools, tmp_path_factory: pytest.TempPathFactory
) -> Program:
    label: str = request.param
    return Program(LANGUAGES[label](tmp_path_factory.mktemp(label), tools), label)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a sandbox that knows more scenarios."""
    folder = tmp_path_factory.mktemp("scenarios")
    for name, line in SCENARIOS.items():
        lists = f"lists: [{{id: {LIST}, name: CRM migration}}]"
        text = f"title: {name}\nstory: For this test.\n{lists}\n{line}\n"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with serving("--scenarios", str(folder), "--scenario", "stuck") as running:
        yield running


def ended(program: Program, url: str, key: str, *arguments: str | Path, **more: str) -> Ended:
    """Run a program until it ends; return what it printed, with request ids all alike."""
    environment = {
        "LC_ALL": "C.UTF-8",
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",  # without libicu
        "QLARA_BASE_URL": url,
        "QLARA_API_KEY": key,
    }
    done = subprocess.run(
        [*program.command, *(str(each) for each in arguments)],
        env={**os.environ, **environment, **more},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout, re.sub(r"req_\w+", "req_1", done.stderr))


def test_an_import_a_whole_list_and_the_quota(
    program: Program, sandbox: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__crm-migration"

    result = ended(program, sandbox.url + "/", key, files / "contacts-export.vcf", LIST)
    assert result == Ended(0, REPORT + REST, "")


def test_a_strategy_and_a_file_with_a_name_of_any_kind(
    program: Program, sandbox: Running, tmp_path: Path
) -> None:
    file = tmp_path / 'Rubrica "Città"; 山.vcf'
    shutil.copy(resources.SCENARIOS / "files" / "contacts-updated.vcf", file)
    key = f"sandbox_{program.label}__update-existing"

    result = ended(program, sandbox.url, key, file, LIST, "UPDATE")
    assert (result.code, result.printed.splitlines()[0]) == (0, "8 of 8 imported, 7 duplicates")


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_a_typed_error(
    case: str, program: Program, sandbox: Running, files: Path
) -> None:
    scenario, file, list_id, says = REFUSALS[case]
    key = f"sandbox_{program.label}-{case.replace(' ', '-')}__{scenario}"

    result = ended(program, sandbox.url, key, files / file, list_id)
    assert result == Ended(1, "", f"{says} (request req_1)\n")


def test_a_long_rate_limit_is_a_typed_error(
    program: Program, sandbox: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__rate-limited"
    for _ in range(10):
        httpx.get(sandbox.url + QUOTA, headers={"X-Api-Key": key})

    result = ended(program, sandbox.url, key, files / "contacts-export.vcf", LIST)
    complaint = re.sub(r"\d\d seconds", "60 seconds", result.complaint)
    assert complaint == "429 RateLimited: try again in: 60 seconds (request req_1)\n"


def test_a_short_rate_limit_is_waited_out(program: Program, prepared: Running, files: Path) -> None:
    key = f"sandbox_{program.label}__short-limit"

    result = ended(program, prepared.url, key, files / "contacts-export.vcf", LIST)
    assert result == Ended(0, REPORT + REST, "")


def test_a_rate_limit_of_somebody_else_is_one_too(
    program: Program, prepared: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__a-date"

    result = ended(program, prepared.url, key, files / "contacts-export.vcf", LIST)
    complaint = "429 RateLimited: try again in: 60 seconds (request req_1)\n"
    assert result == Ended(1, "", complaint)


def test_a_redirect_takes_no_key_to_another_host(
    program: Program, prepared: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__moved"

    result = ended(program, prepared.url, key, files / "contacts-export.vcf", LIST)
    complaint = "307 UnexpectedResponse: body: elsewhere (request req_1)\n"
    assert result == Ended(1, "", complaint)


def test_a_success_without_a_report_is_none(
    program: Program, prepared: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__empty"

    result = ended(program, prepared.url, key, files / "contacts-export.vcf", LIST)
    assert result == Ended(1, "", "200 UnexpectedResponse: body: {} (request req_1)\n")


def test_half_a_list_is_not_taken_for_the_list(
    program: Program, prepared: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__half"

    result = ended(program, prepared.url, key, files / "contacts-export.vcf", LIST)
    assert (result.code, result.printed, result.complaint[:13]) == (1, REPORT, "Unavailable: ")


def test_half_a_list_is_read_again(program: Program, sandbox: Running, files: Path) -> None:
    key = f"sandbox_{program.label}__truncated-response"

    result = ended(program, sandbox.url, key, files / "contacts-export.vcf", LIST)
    assert (result.code, result.complaint) == (0, "")
    assert "\n255 contacts in list_crm_migration, the last of them Elisa Marini\n" in result.printed


def test_a_server_in_trouble_for_a_while_is_waited_out(
    program: Program, sandbox: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__flaky"

    result = ended(program, sandbox.url, key, files / "contacts-export.vcf", LIST)
    assert result == Ended(0, REPORT + REST, "")


def test_a_server_in_trouble_for_long_is_a_typed_error(
    program: Program, prepared: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__down"

    result = ended(program, prepared.url, key, files / "contacts-export.vcf", LIST)
    complaint = f"503 UnexpectedResponse: body: {ORDERED} (request req_1)\n"
    assert result == Ended(1, "", complaint)


def test_an_import_that_could_double_is_not_sent_again(
    program: Program, prepared: Running, files: Path
) -> None:
    key = f"sandbox_{program.label}__twice"

    result = ended(program, prepared.url, key, files / "contacts-export.vcf", LIST, "DUPLICATE")
    assert (result.code, result.printed) == (1, "")


def test_a_rehearsal_finds_it_ready(program: Program) -> None:
    """Each act but that of a new list, which none of the programs creates."""
    command = (*program.command, "{file}", "{list_id}", "{strategy}")
    known = tuple(each for each in shipped() if each.name != "new-list")

    rehearsal = played(command, known, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1")  # without libicu

    assert found(rehearsal) == {}


def test_a_call_ends_at_its_time_limit(program: Program, prepared: Running, files: Path) -> None:
    key = f"sandbox_{program.label}__stuck"

    file = files / "contacts-export.vcf"
    result = ended(program, prepared.url, key, file, LIST, QLARA_TIMEOUT="0.5")
    assert (result.code, result.printed, result.complaint[:13]) == (1, "", "Unavailable: ")


def test_a_missing_file_or_argument_is_one_line(
    program: Program, sandbox: Running, tmp_path: Path
) -> None:
    missing = ended(program, sandbox.url, "sandbox_x", tmp_path / "none.vcf", LIST)
    without = ended(program, sandbox.url, "sandbox_x")

    assert (missing.code, missing.printed, missing.complaint.count("\n")) == (1, "", 1)
    assert (without.code, without.printed, "FILE LIST_ID" in without.complaint) == (1, "", True)
