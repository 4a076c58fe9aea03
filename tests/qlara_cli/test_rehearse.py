"""The command ``rehearse``: what it takes, what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from qlara_cli import main
from tests.qlara_rehearsal.playing import CLIENTS, GOOD, ROOT

WRONG = (sys.executable, str(CLIENTS / "wrong" / "sends_the_key_in_the_query.py"))


def run(*arguments: str, answers: str = "") -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "qlara_sandbox", "rehearse", *arguments],
        env=environment,
        input=answers,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_client_that_handles_its_acts_ends_with_0(tmp_path: Path) -> None:
    code, said = run(
        *("--act", "documented-import", "--act", "update", "--jobs", "2"),
        *("--report", str(tmp_path / "report"), "--", *GOOD),
    )

    assert code == 0, said
    assert "handled  documented-import  The documented import (3 requests, " in said
    assert "\nReady: all 2 acts are handled.\n" in said
    assert f"Wrote {tmp_path / 'report' / 'report.html'}" in said


def test_a_client_that_mishandles_one_ends_with_1_and_is_told_what_to_do() -> None:
    code, said = run("--act", "documented-import", "--", *WRONG)

    assert code == 1
    assert "  ✗ The API key is in the query.\n    Expected: The key is in the header" in said
    assert 'curl "$QLARA_BASE_URL/api/partner-gateway/v1/contacts/upload/vcard?apiKey=' in said
    assert "sandbox_rehearsal" not in said
    assert said.rstrip().endswith("Not ready: of 1 act 1 mishandled.")


def test_an_act_that_is_not_reached_is_not_handled() -> None:
    code, said = run("--act", "slow", "--", sys.executable, "-c", "print('hello')")

    assert code == 1
    assert "The act is about uploadVCard (fault delay); the client sent no request at all." in said
    assert "Not ready: of 1 act 1 not reached." in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--", "no-such-program"], "no-such-program: cannot be run: No such file or directory."),
        ([], "Expected a command after --, or --manual."),
        (["--manual", "--", "x"], "Expected a command or --manual; found both."),
        (["--act", "sloww", "--", "x"], "--act: unknown act 'sloww'. Expected one of connection-"),
        (["--act", "slow", "--skip", "slow", "--", "x"], "No act is left to play."),
        (["--act", "update", "--strategy", "SKIP", "--", "x"], "No act is for SKIP"),
        (["--", ""], "Expected a command after --; it is empty."),
        (
            ["--", "bash", "-c", "no-such-program"],
            "bash: ended with exit code 127 and without a request",
        ),
        (["--env", "A", "--", "x"], "'A': expected NAME=VALUE, such as API_URL={base_url}."),
    ],
)
def test_what_cannot_be_rehearsed_ends_with_2(arguments: list[str], message: str) -> None:
    code, said = run(*arguments)

    assert (code, message in said) == (2, True), said


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_played(
    tmp_path: Path,
) -> None:
    marker = tmp_path / "played"
    script = f"import pathlib; pathlib.Path({str(marker)!r}).touch()"

    code, said = run("--report", "/proc/report", "--", sys.executable, "-c", script)

    assert (code, "/proc/report: cannot be written to: " in said) == (2, True), said
    assert not marker.exists()


def test_a_secret_in_the_command_is_not_in_the_report(tmp_path: Path) -> None:
    secret = f"token-of-the-crm-{os.getpid()}"

    code, said = run(
        *("--act", "slow", "--env", f"CRM_TOKEN={secret}", "--report", str(tmp_path)),
        *("--", sys.executable, "-c", "import os; print(os.environ['CRM_TOKEN'])", secret),
    )

    written = [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()]
    assert (code, len(written)) == (1, 3)
    assert "YOUR_API_KEY" in said
    assert not any(secret in text for text in (said, *written))


def test_the_names_of_acts_can_be_completed(tmp_path: Path) -> None:
    (tmp_path / "slowest.yaml").touch()
    words = f"qlara-sandbox rehearse --acts {tmp_path} --act slo"
    done = CliRunner().invoke(
        main,
        env={
            "_QLARA_SANDBOX_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": "5",
        },
        prog_name="qlara-sandbox",
    )

    assert done.output == "plain,slow\nplain,slowest\n"


def test_a_script_with_line_ends_of_windows_is_told_from_one_that_is_not_there(
    tmp_path: Path,
) -> None:
    script = tmp_path / "import.sh"
    script.write_bytes(b"#!/bin/bash\r\ntrue\r\n")
    script.chmod(0o755)

    code, said = run("--act", "slow", "--", str(script))

    assert code == 2
    assert "its lines end as on Windows (CR LF), so that the program in its first line" in said


def test_what_is_no_request_is_told_as_such() -> None:
    script = (
        "import os, socket, urllib.parse\n"
        "where = urllib.parse.urlsplit(os.environ['QLARA_BASE_URL'])\n"
        "with socket.create_connection((where.hostname, where.port)) as connection:\n"
        "    connection.sendall(bytes([0, 255]) + b' garbage\\r\\n\\r\\n'); connection.recv(100)"
    )

    code, said = run("--act", "slow", "--", sys.executable, "-c", script)

    assert code == 1
    assert "What was sent is no HTTP request." in said


def test_the_shipped_acts_can_be_checked_without_playing_them() -> None:
    assert run("--check") == (0, "19 acts are right.\n")


def test_an_act_with_mistakes_ends_with_2_and_tells_them(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("title: T\nstorry: S\n", encoding="utf-8")

    code, said = run("--acts", str(tmp_path), "--", "x")

    assert code == 2
    assert f"{tmp_path / 'mine.yaml'}:2: storry: unknown field; did you mean 'story'?" in said


def test_variables_of_other_names_and_placeholders_serve_a_client_that_wants_them() -> None:
    script = (
        "import os, runpy, sys\n"
        "os.environ.update(QLARA_BASE_URL=os.environ['API_URL'], QLARA_FILE=sys.argv[1])\n"
        f"sys.argv[1:] = []; runpy.run_path({GOOD[1]!r}, run_name='__main__')"
    )

    code, said = run(
        *("--act", "documented-import", "--env", "API_URL={base_url}"),
        *("--", sys.executable, "-c", script, "{file}"),
    )

    assert code == 0, said


def test_a_person_is_told_what_to_do_and_asked_how_it_ended() -> None:
    code, said = run("--manual", "--act", "plan-full", "--strategy", "UPDATE", answers="\ny\n")

    assert code == 1
    for line in ("The plan is full", "Base URL  http://127.0.0.1:", "List id   list_rehearsal"):
        assert line in said
    assert "Did it say that all went well? [y/N]:" in said
    assert "Not ready: of 1 act 1 not reached." in said


def test_the_acts_and_their_schema_can_be_printed() -> None:
    runner = CliRunner()
    listed = runner.invoke(main, ["rehearse", "--list"])
    schema = runner.invoke(main, ["rehearse", "--schema"])

    assert "lost-response      The response is lost after the import." in listed.output
    assert listed.output.endswith("\n19 acts\n")
    assert "expect" in json.loads(schema.output)["required"]


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_ctrl_c_ends_it_and_the_client_with_130(jobs: str, tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys, time; "
        "pathlib.Path(sys.argv[1], str(os.getpid())).touch(); time.sleep(600)"
    )
    command = ["rehearse", "--jobs", jobs, "--", sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "qlara_sandbox", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        while len(list(tmp_path.iterdir())) < int(jobs):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)

    assert (process.returncode, said.strip()) == (130, "Interrupted.")
    assert [each.name for each in tmp_path.iterdir() if _runs(int(each.name))] == []


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return state != "Z"


def test_nobody_who_answers_is_no_interruption() -> None:
    code, said = run("--manual", "--act", "documented-import")

    assert code == 2
    assert said.rstrip().endswith(
        "Error: --manual asks on standard input, which has ended: run it in a terminal."
    )


def test_an_act_that_is_nearly_known_is_named() -> None:
    code, said = run("--act", "documented-imprt", "--", "true")

    assert code == 2
    assert said.rstrip().endswith(", update; did you mean documented-import?")


def test_how_a_client_was_ended_is_told_by_the_name_of_the_signal() -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"

    code, said = run("--act", "documented-import", "--", sys.executable, "-c", script)

    assert code == 1
    assert "(0 requests, " in said
    assert "s, ended by SIGSEGV)" in said
    assert "no request at all. It must send them to the base URL that it is told" in said
    assert "\nClient: has sent nothing\n" in said


def test_a_person_is_not_told_of_variables_where_nothing_came() -> None:
    code, said = run("--manual", "--act", "documented-import", answers="\ny\n")

    assert code == 1
    assert "/documented-import/contacts.vcf\n" in said
    assert "no request at all. Was the base URL of this act entered?" in said
