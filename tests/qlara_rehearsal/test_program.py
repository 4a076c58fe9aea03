"""How a client is run: what it is told, how long it may take, and what is kept of its output."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from qlara_contract.errors import CannotRun
from qlara_rehearsal.program import CommandClient, ManualClient, Part, filled

PART = Part(
    base_url="http://127.0.0.1:8080",
    api_key=f"sandbox_secret-of-the-act-{os.getpid()}",  # whatever has it is ended with the act
    file=Path("/files/contacts.vcf"),
    list_id="list_rehearsal",
    list_name="",
    strategy="SKIP",
)
SHOW = (
    "import os, sys; print(sys.argv[1:], os.environ.get('QLARA_LIST_ID'), os.environ.get('MINE'))"
)

_ENDS_WITHIN = 10.0


def client(script: str, *arguments: str, timeout: float = 20.0, **additions: str) -> CommandClient:
    command = (sys.executable, "-c", script, *arguments)
    return CommandClient(command, dict(os.environ), additions, timeout)


def test_a_client_gets_its_part_in_the_environment_and_in_placeholders() -> None:
    ending = client(SHOW, "{base_url}/x", "{list_id}", "{other}", MINE="{file}").play(PART, "")

    assert ending.output == (
        "['http://127.0.0.1:8080/x', 'list_rehearsal', '{other}'] list_rehearsal /files/contacts.vcf\n"
    )
    assert (ending.exit_code, ending.is_well) == (0, True)


def test_the_key_is_not_kept_of_what_a_client_prints() -> None:
    ending = client("import os; print(os.environ['QLARA_API_KEY'])").play(PART, "")

    assert ending.output == "YOUR_API_KEY\n"


def test_a_client_that_does_not_end_is_stopped_with_all_that_it_has_started() -> None:
    script = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "print(child.pid, flush=True); time.sleep(600)"
    )

    ending = client(script, timeout=2.0).play(PART, "")

    assert (ending.exit_code, ending.is_well) == (None, False)
    assert _is_dead(int(ending.output))


def _is_dead(process: int) -> bool:
    """Return whether a process ends, also if nobody has buried it; on a busy machine it takes a moment."""
    end = time.monotonic() + _ENDS_WITHIN
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").split()[2]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_a_child_in_a_session_of_its_own_is_stopped_as_well() -> None:
    script = (
        "import subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
        "start_new_session=True); print(child.pid)"
    )

    ending = client(script).play(PART, "")

    assert ending.exit_code == 0
    assert _is_dead(int(ending.output))


def test_a_gigabyte_of_output_takes_neither_memory_nor_disk() -> None:
    script = "import os\nfor _ in range(1024): os.write(1, b'x' * 1_048_576)"

    ending = client(script, timeout=60).play(PART, "")

    assert (ending.exit_code, len(ending.output)) == (0, 200_003)


@pytest.mark.parametrize("length", [0, 1, 99_999, 100_000, 100_001, 199_999, 200_000])
def test_an_output_up_to_the_bound_is_kept_whole(length: int) -> None:
    ending = client(f"print('x' * {length}, end='')").play(PART, "")

    assert ending.output == "x" * length


def test_secrets_of_the_one_who_rehearses_are_not_kept_either() -> None:
    command = (sys.executable, "-c", "print('token-of-mine')")

    ending = CommandClient(command, {}, secrets=("token-of-mine",)).play(PART, "")

    assert ending.output == "YOUR_API_KEY\n"


def test_a_program_that_kills_itself_has_a_negative_exit_code() -> None:
    ending = client("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").play(PART, "")

    assert (ending.exit_code, ending.is_well) == (-9, False)
    assert ending.how == "ended by SIGKILL"


def test_of_a_long_output_the_beginning_and_the_end_are_kept() -> None:
    ending = client("print('begin'); print('x' * 1_000_000); print('end')").play(PART, "")

    assert len(ending.output) < 210_000
    assert (ending.output[:5], ending.output[-4:]) == ("begin", "end\n")


def test_a_command_that_is_not_there_cannot_be_rehearsed() -> None:
    with pytest.raises(CannotRun, match=r"no-such-program: cannot be run: No such file"):
        CommandClient(("no-such-program",), {}).play(PART, "")


def test_an_argument_that_no_program_can_get_cannot_be_rehearsed() -> None:
    with pytest.raises(CannotRun, match=r"echo: cannot be run: embedded null byte"):
        CommandClient(("echo", "a\0b"), {}).play(PART, "")


def test_braces_that_are_no_placeholders_stay() -> None:
    assert filled('{"a": {file}, {}}', {"file": "x"}) == '{"a": x, {}}'


@pytest.mark.parametrize(("answer", "told"), [(True, False), (False, True)])
def test_a_person_is_told_the_part_and_asked_how_it_ended(answer: bool, told: bool) -> None:
    said: list[Part] = []

    ending = ManualClient(said.append, lambda _: answer).play(PART, "Did it?")

    assert said == [PART]
    assert (ending.has_told, ending.is_well) == (told, answer)


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        (b"\x1b[1;31mfailed\x1b[0m\n", "failed\n"),
        (b"\x1b]0;importing\x07done\x1b[2K", "done"),
        (b"one\r\n 10 %\r 90 %\rdone\r\n", "one\n 10 %\n 90 %\ndone\n"),
        (b"bash: import.sh\r: No such file\r\r\n", "bash: import.sh\r: No such file\n"),
        ("importazione fallita: già\r\n".encode("utf-16"), "importazione fallita: già\n"),
        ("failed\n".encode("utf-16-be"), "failed\n"),
        ("\ufeffstarted\n".encode(), "started\n"),
        (b"caf\xe9 \x00\xff\n", "caf\ufffd \x00\ufffd\n"),
    ],
)
def test_the_output_is_read_as_a_person_reads_it(printed: bytes, text: str) -> None:
    ending = client(f"import sys; sys.stdout.buffer.write({printed!r})").play(PART, "")

    assert ending.output == text


def test_a_proxy_of_the_network_is_not_between_a_client_and_the_sandbox() -> None:
    command = (
        sys.executable,
        "-c",
        "import os; print(os.environ.get('NO_PROXY'), os.environ.get('no_proxy'))",
    )
    environments: list[dict[str, str]] = [
        {"HTTPS_PROXY": "http://proxy.corp:3128"},
        {"http_proxy": "http://proxy.corp:3128", "no_proxy": ".corp"},
        {},
    ]

    said = [CommandClient(command, each).play(PART, "").output.split() for each in environments]
    mine = CommandClient(command, environments[0], {"NO_PROXY": "", "no_proxy": "a"}).play(PART, "")

    assert said == [
        ["127.0.0.1,localhost"] * 2,
        [".corp,127.0.0.1,localhost"] * 2,
        ["None"] * 2,
    ]
    assert mine.output.split() == ["a"]
