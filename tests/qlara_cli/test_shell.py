"""``shell`` as a user has it: documented commands reach the sandbox, and nothing else changes."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "https://lora-api.agiletelecom.com"
QUOTA = f'curl -sS {HOST}/api/v1/partner-gateway/subscription/contacts -H "X-Api-Key: YOUR_API_KEY"'
UPLOAD = rf"""
curl -sS -X POST {HOST}/api/partner-gateway/v1/contacts/upload/vcard \
-H "X-Api-Key: YOUR_API_KEY" \
-F "file=@/path/to/contacts-export.vcf" \
-F "listId=list_crm_migration" \
-F "duplicateStrategy=SKIP" \
-F "tags=crm-import,q2-2026"
"""
END_TO_END = rf"""
# 1. Quota
echo "=== Quota ==="
curl -s -X GET {HOST}/api/v1/partner-gateway/subscription/contacts \
-H "X-Api-Key: YOUR_API_KEY" | jq -c '{{used, total, available: (.total - .used)}}'
# 2. Import
RESULT=$(curl -s -X POST {HOST}/api/partner-gateway/v1/contacts/upload/vcard \
-H "X-Api-Key: YOUR_API_KEY" \
-F "file=@./crm-export-2026-04.vcf" \
-F "listId=list_crm_migration")
echo "$RESULT" | jq -c '.summary'
# 3. Verify
LIST_ID=$(echo "$RESULT" | jq -r '.listId')
curl -s -X GET "{HOST}/api/partner-gateway/v1/contacts/list/${{LIST_ID}}/contacts?limit=2" \
-H "X-Api-Key: YOUR_API_KEY" | jq -c '.contacts[] | {{name, phoneNumber}}'
"""
_ASKS = r"\(qlara sandbox\) [^\n]*[$#] $"
SHELL = [sys.executable, "-m", "qlara_sandbox", "shell"]


pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bash", "curl", "jq")),
    reason="needs bash, curl and jq",
)


class Home:
    """A user with a home of their own, in which ``shell`` is run."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.temporary = folder / "tmp"
        self.work = folder / "work"
        for each in (self.home, self.temporary, self.work):
            each.mkdir()
        hidden = ("PROXY", "CURL", "SANDBOX_", "SSL_", "REQUESTS_", "XDG_")
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(hidden)}
        kept = {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}
        self.environment = {
            **kept,
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "SHELL": "/bin/bash",
        }

    def run(
        self, script: str, *options: str, program: str = "bash"
    ) -> subprocess.CompletedProcess[str]:
        return self.start([*SHELL, *options, program, "-c", script])

    def start(self, command: list[str], **rest: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.work,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **rest,
        )

    @property
    def leftovers(self) -> list[str]:
        return sorted(path.name for path in self.temporary.iterdir())


@pytest.fixture
def user(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_documented_import_works_as_printed_and_says_which_file_it_sent(user: Home) -> None:
    ran = user.run(UPLOAD)
    report = json.loads(ran.stdout)

    assert report["importId"] == "imp_v1c2a3r4d5"
    assert report["summary"] == {
        "total": 250,
        "imported": 230,
        "duplicates": 15,
        "errors": 5,
        "skipped": 20,
    }
    assert "/path/to/contacts-export.vcf does not exist; sending " in ran.stderr


def test_the_documented_script_works_as_printed(user: Home) -> None:
    ran = user.run(END_TO_END)

    assert ran.stdout.splitlines() == [
        "=== Quota ===",
        '{"used":0,"total":50000,"available":50000}',
        '{"total":250,"imported":230,"duplicates":15,"errors":5,"skipped":20}',
        '{"name":"Marco Rossi","phoneNumber":"+393471234567"}',
        '{"name":"Giulia Bianchi","phoneNumber":"+393489876543"}',
    ]


def test_a_file_that_is_there_is_sent_and_not_the_shipped_one(user: Home) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nTEL:347 123 4567\r\nEND:VCARD\r\n"
    (user.work / "contacts-export.vcf").write_text(card, encoding="utf-8", newline="")
    elsewhere = user.home / "exports"
    elsewhere.mkdir()
    (elsewhere / "crm-export-2026-04.vcf").write_text(card * 2, encoding="utf-8", newline="")
    named = UPLOAD.replace("/path/to/", "./")
    other = UPLOAD.replace("contacts-export", "crm-export-2026-04")
    ran = user.run(f"{named}echo{other}", "--files", str(elsewhere))

    assert [json.loads(line)["summary"]["total"] for line in ran.stdout.splitlines()] == [1, 2]


def test_a_scenario_can_be_chosen(user: Home) -> None:
    ran = user.run(QUOTA, "--scenario", "quota-exhausted")

    assert json.loads(ran.stdout) == {"used": 50000, "total": 50000}


def test_the_users_own_configuration_of_curl_stays_in_force(user: Home) -> None:
    (user.home / ".curlrc").write_text(
        'user-agent = "mine/1.0"\nwrite-out = "\\n[%{http_code}]"\n', encoding="utf-8"
    )
    ran = user.run(f'{QUOTA}; curl -s "$SANDBOX_BASE_URL/__admin/requests"')
    quota, code, *requests = ran.stdout.split("\n")

    assert (json.loads(quota), code[:5]) == ({"used": 0, "total": 50000}, "[200]")
    assert "mine/1.0" in code + "".join(requests)


def test_authorities_that_were_trusted_before_still_are(user: Home) -> None:
    own = user.home / "own.pem"
    own.write_text("-----BEGIN CERTIFICATE-----\nour own\n-----END CERTIFICATE-----\n", "utf-8")
    user.environment["SSL_CERT_FILE"] = str(own)
    ran = user.run('cat "$SSL_CERT_FILE"')

    assert "our own" in ran.stdout
    assert ran.stdout.count("BEGIN CERTIFICATE") > 1


def test_all_is_gone_afterwards_and_the_exit_status_is_that_of_the_command(user: Home) -> None:
    ran = user.run(f"{QUOTA} > /dev/null; ls $TMPDIR; exit 7")

    assert (ran.returncode, ran.stdout[:12], user.leftovers) == (7, "qlara-shell-", [])


def test_a_command_that_does_not_exist_is_said_so(user: Home) -> None:
    ran = user.start([*SHELL, "no-such-program"])

    assert (ran.returncode, ran.stderr) == (
        1,
        "Error: Cannot run no-such-program: No such file or directory\n",
    )
    assert user.leftovers == []


def test_an_unknown_scenario_is_said_so(user: Home) -> None:
    ran = user.run("true", "--scenario", "nope")

    assert (ran.returncode, "nope" in ran.stderr, user.leftovers) == (1, True, [])


def test_other_clients_find_the_sandbox_by_its_base_url_and_over_tls(user: Home) -> None:
    program = """
import os, urllib.request
def ask(base):
    url = base + "/api/v1/partner-gateway/subscription/contacts"
    request = urllib.request.Request(url, headers={"X-Api-Key": "YOUR_API_KEY"})
    return urllib.request.urlopen(request).read().decode()
print(ask(os.environ["SANDBOX_BASE_URL"]))
"""
    ran = user.run(f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}")

    assert (ran.stdout, ran.stderr) == ('{"used":0,"total":50000}\n', "")


def test_with_the_proxy_python_reaches_the_sandbox_under_the_documented_name(user: Home) -> None:
    program = f"""
import requests
url = "{HOST}/api/v1/partner-gateway/subscription/contacts"
print(requests.get(url, headers={{"X-Api-Key": "YOUR_API_KEY"}}).text)
"""
    ran = user.run(f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}; {QUOTA}", "--proxy")

    assert ran.stdout == '{"used":0,"total":50000}\n{"used":0,"total":50000}', ran.stderr


@pytest.mark.parametrize("program", ["bash", "sh"])
def test_a_script_gets_its_variables_by_eval_and_the_sandbox_ends_with_it(
    user: Home, program: str
) -> None:
    shell = " ".join(map(shlex.quote, SHELL))
    script = f'eval "$({shell} --env)"\n{QUOTA}\nls "$TMPDIR"'
    ran = user.start([program, "-c", script])

    assert ran.stdout.startswith('{"used":0,"total":50000}qlara-shell-'), ran.stderr
    assert _becomes_empty(user)


def test_a_script_can_put_everything_back_as_it_was(user: Home) -> None:
    user.environment["SSL_CERT_FILE"] = "/own.pem"
    shell = " ".join(map(shlex.quote, SHELL))
    script = f"""
before=$(export -p | grep -v -e _=)
eval "$({shell} --env)"
during=$(export -p | grep -v -e _=)
qlara_sandbox_stop
after=$(export -p | grep -v -e _=)
[ "$before" != "$during" ] && echo changed
[ "$before" = "$after" ] && echo restored
type qlara_sandbox_stop 2> /dev/null || echo gone
"""
    ran = user.start(["bash", "-c", script])

    assert ran.stdout.split() == ["changed", "restored", "gone"], ran.stderr
    assert _becomes_empty(user)


def test_what_cannot_start_leaves_the_script_as_it_was(user: Home) -> None:
    shell = " ".join(map(shlex.quote, SHELL))
    ran = user.start(
        ["bash", "-c", f'eval "$({shell} --env --scenario nope)"; echo "[$CURL_HOME]"']
    )

    assert (ran.stdout, "nope" in ran.stderr) == ("[]\n", True)


def test_a_person_gets_a_banner_and_a_prompt_and_their_own_settings(user: Home) -> None:
    (user.home / ".bashrc").write_text("alias hello='echo my own alias'\n", encoding="utf-8")
    said = "".join(_typed(user, ["hello", QUOTA, "exit"]))

    assert f"curl reaches a sandbox instead of {HOST}" in said
    assert "(qlara sandbox) " in said
    assert "my own alias" in said
    assert '{"used":0,"total":50000}' in said
    assert user.leftovers == []


def test_a_plain_shell_gets_the_prompt_too(user: Home) -> None:
    user.environment["SHELL"] = "/bin/sh"
    said = "".join(_typed(user, [QUOTA, "exit"]))

    assert "(qlara sandbox) " in said
    assert '{"used":0,"total":50000}' in said


def test_zsh_reads_the_users_own_settings_and_then_the_prompt_and_the_path(user: Home) -> None:
    zsh = user.home / "zsh"  # stands for one: it shows what a zsh would read
    zsh.write_text('#!/bin/sh\ncat "$ZDOTDIR/.zshenv" "$ZDOTDIR/.zshrc"\n', encoding="utf-8")
    zsh.chmod(0o755)
    user.environment |= {"SHELL": str(zsh), "ZDOTDIR": "/my/zsh"}
    [said] = _typed(user, [])
    lines = said.splitlines()

    assert "[ -f /my/zsh/.zshenv ] && . /my/zsh/.zshenv" in lines
    assert "[ -f /my/zsh/.zshrc ] && . /my/zsh/.zshrc" in lines
    assert "PROMPT='(qlara sandbox) '$PROMPT" in lines
    assert any(re.fullmatch(r"PATH=/.*/bin:\$PATH", line) for line in lines)


def test_without_curl_the_shell_says_so(user: Home) -> None:
    user.environment["PATH"] = "/nowhere"

    assert user.start([*SHELL, "true"]).stderr == "Error: curl is not installed.\n"


def test_without_the_package_for_tls_the_shell_says_what_to_install(user: Home) -> None:
    script = "import sys; sys.modules['trustme'] = None; from qlara_cli import main; main()"
    ran = user.start([sys.executable, "-c", script, "shell", "true"])

    assert ran.returncode == 1
    assert "TLS needs the package trustme" in ran.stderr
    assert user.leftovers == []


def test_a_shell_whose_terminal_goes_away_leaves_nothing_behind(user: Home) -> None:
    ours, process = _opened(user)
    assert "(qlara sandbox) " in _until(ours, _ASKS)
    with process:
        process.terminate()
        assert process.wait(timeout=20) == 128 + signal.SIGTERM
    assert user.leftovers == []
    os.close(ours)


def test_a_shell_command_that_is_killed_leaves_no_folder_and_no_child_behind(user: Home) -> None:
    with subprocess.Popen(
        [*SHELL, "bash", "-c", "echo $$; exec sleep 1000"],
        cwd=user.work,
        env=user.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        before = user.leftovers
        process.kill()
        process.wait(timeout=20)

    assert len(before) == 1
    assert _becomes_empty(user)
    assert _ends(child)


def test_an_interactive_shell_ends_with_the_command_that_is_killed(user: Home) -> None:
    ours, process = _opened(user)
    assert "(qlara sandbox) " in _until(ours, _ASKS)
    os.write(ours, b"echo pid=$$\n")
    found = re.search(r"pid=(\d+)\s", _until(ours, r"pid=\d+\s"))
    assert found is not None
    with process:
        process.kill()

    assert _becomes_empty(user)
    assert _ends(int(found[1]))
    os.close(ours)


def test_a_sandbox_that_is_killed_behind_a_script_leaves_nothing_behind(user: Home) -> None:
    shell = " ".join(map(shlex.quote, SHELL))
    script = f"""
eval "$({shell} --env)"
ls "$TMPDIR"
kill -9 $(type qlara_sandbox_stop | grep -o 'kill [0-9]*' | cut -d' ' -f2)
"""
    ran = user.start(["bash", "-c", script])

    assert ran.stdout.startswith("qlara-shell-"), ran.stderr
    assert _becomes_empty(user)


def test_the_key_of_the_server_is_on_no_disk_while_it_runs(user: Home) -> None:
    ran = user.run('grep -rl "PRIVATE KEY" "$CURL_HOME"; ls "$CURL_HOME"')

    assert "authority.pem" in ran.stdout.splitlines()
    assert "server-key.pem" not in ran.stdout


def test_outside_the_shell_its_certificate_is_worth_nothing(user: Home) -> None:
    ran = user.run(
        f'port=$(grep -o "443:127.0.0.1:[0-9]*" "$CURL_HOME/.curlrc" | cut -d: -f3)\n'
        f"/usr/bin/env -i $SANDBOX_CURL -sS --connect-to ::127.0.0.1:$port {HOST}/openapi.json"
    )

    assert (ran.returncode, "certificate" in ran.stderr) == (60, True)


def _opened(user: Home) -> tuple[int, subprocess.Popen[bytes]]:
    """Open an interactive shell; return our side of its terminal, and the process."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        SHELL,
        cwd=user.work,
        env=user.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    return ours, process


def _typed(user: Home, lines: list[str]) -> Iterator[str]:
    """Type lines into an interactive shell, each when it asks for one; yield what is seen."""
    ours, process = _opened(user)
    for line in lines:
        yield _until(ours, _ASKS)
        os.write(ours, f"{line}\n".encode())
    yield _until(ours, r"(?!)")
    assert process.wait(timeout=20) == 0
    os.close(ours)


def _until(terminal: int, pattern: str, seconds: float = 20) -> str:
    seen, end = "", time.monotonic() + seconds
    while not re.search(pattern, seen) and time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other side is closed
            return seen
        if not chunk:
            return seen
        seen += chunk.decode("utf-8", "replace")
    return seen


def _ends(pid: int) -> bool:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if _is_zombie(pid):  # in a container, nobody may collect it
            return True
        time.sleep(0.05)
    return False


def _is_zombie(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="latin-1").rpartition(")")[2].split()[0] == "Z"


def _becomes_empty(user: Home) -> bool:
    for _ in range(200):
        if not user.leftovers:
            return True
        time.sleep(0.05)
    return False
