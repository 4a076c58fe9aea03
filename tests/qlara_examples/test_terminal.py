"""What the commands of a page may do and may not, in the terminal that runs them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qlara_contract.errors import CannotRun
from qlara_examples.bash import commands_of
from qlara_examples.blocks import numbered
from qlara_examples.confinement import AUTO, ConfinementMode, choose
from qlara_examples.landlock import version
from qlara_examples.terminal import CommandResult, Terminal, outside_target
from tests.qlara_examples.running import running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bash", "curl", "jq")),
    reason="needs bash, curl and jq",
)

HOST = "lora-api.agiletelecom.com"
needs_landlock = pytest.mark.skipif(version() == 0, reason="the kernel has no Landlock")
needs_closed_ports = pytest.mark.skipif(version() < 4, reason="Landlock closes no ports here")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder outside the terminal that holds one file that must survive."""
    (tmp_path / "kept.txt").write_text("kept", encoding="utf-8")
    return tmp_path


@pytest.fixture(params=[AUTO, ConfinementMode.LANDLOCK, ConfinementMode.NONE])
def terminal(folder: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    try:
        confinement = choose(request.param)
    except CannotRun as error:
        pytest.skip(str(error))
    with Terminal([HOST], [folder], confinement) as opened:
        yield opened


@pytest.fixture
def landlocked(folder: Path) -> Iterator[Terminal]:
    with Terminal([HOST], [folder], choose(ConfinementMode.LANDLOCK)) as opened:
        yield opened


def paste(terminal: Terminal, text: str, limit: float = 20) -> list[CommandResult]:
    return [terminal.run(command, limit) for command in commands_of(numbered(text))]


def untouched(folder: Path) -> bool:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {
        "kept.txt": "kept"
    }


@pytest.mark.parametrize(
    "command",
    [
        "echo lost > {}/new.txt",
        "echo lost > {}/kept.txt",
        'echo lost >> "{}/kept.txt"',
        "printf lost >| {}/kept.txt",
        "curl -o {}/kept.txt https://" + HOST,
        "curl --output {}/new.txt https://" + HOST,
        "curl -sD {}/new.txt https://" + HOST,
    ],
)
def test_what_is_plainly_meant_for_elsewhere_is_not_written(
    terminal: Terminal, folder: Path, command: str
) -> None:
    [ran] = paste(terminal, command.format(folder))

    assert ran.status != 0
    assert "outside" in ran.stderr
    assert untouched(folder)


@needs_landlock
@pytest.mark.parametrize(
    "command",
    [
        "D={}; echo lost > $D/kept.txt",
        "echo lost | tee {}/kept.txt",
        "sed -i s/kept/lost/ {}/kept.txt",
        "touch {}/new.txt",
        "mkdir {}/new",
        "/bin/rm {}/kept.txt",
        "/bin/mv {}/kept.txt stolen.txt",
        "/bin/ln {}/kept.txt link && echo lost > link",
        "/bin/ln -s {}/kept.txt link && echo lost > link",
        'awk \'BEGIN {{print "lost" > "{}/kept.txt"}}\'',
        "bash -c 'echo lost > {}/kept.txt'",
    ],
)
def test_landlock_holds_whatever_the_way(landlocked: Terminal, folder: Path, command: str) -> None:
    [ran] = paste(landlocked, command.format(folder))

    assert ran.status != 0
    assert untouched(folder)


@needs_closed_ports
def test_no_other_address_can_be_reached_without_curl_either(landlocked: Terminal) -> None:
    [ran] = paste(landlocked, "exec 5<>/dev/tcp/127.0.0.1/22")

    assert "Permission denied" in ran.stderr


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        ("curl https://example.com/", 7, f"examples may only reach {HOST}, not example.com"),
        ("curl --connect-to ::example.com:80 https://" + HOST, 2, "--connect-to is not among"),
        ("curl -sK config https://" + HOST, 2, "-sK is not among the options"),
        ("curl -K config https://" + HOST, 2, "-K is not among the options"),
        ("curl -x http://example.com https://" + HOST, 2, "-x is not among the options"),
        ("curl -F file=@/etc/passwd https://" + HOST, 26, "there is no passwd in"),
        ("curl --data-binary @../control/curl.json https://" + HOST, 26, "there is no curl.json"),
    ],
)
def test_curl_reaches_no_other_host_and_sends_no_other_file(
    terminal: Terminal, command: str, status: int, says: str
) -> None:
    [ran] = paste(terminal, command)

    assert ran.status == status
    assert says in ran.stderr


def test_nothing_of_the_environment_is_seen(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "hush")
    [ran] = paste(terminal, "env; echo ~")

    assert b"hush" not in ran.stdout
    assert str(Path.home()).encode() not in ran.stdout.splitlines()[-1]


def test_variables_and_the_last_status_pass_from_command_to_command(terminal: Terminal) -> None:
    ran = paste(terminal, 'NAME=Rossi\nfalse\necho "$? $NAME"\necho $?')

    assert [each.stdout for each in ran] == [b"", b"", b"1 Rossi\n", b"0\n"]


def test_files_that_a_command_writes_are_there_for_the_next(terminal: Terminal) -> None:
    *_, ran = paste(terminal, "mkdir -p out\necho hello > out/a.txt\ncat ./out/a.txt")

    assert ran.stdout == b"hello\n"


def test_a_complaint_of_bash_names_the_line_of_the_page(terminal: Terminal) -> None:
    [ran] = paste(terminal, "for i in 1; do\n  echo fine\n  crul x\ndone")

    assert (ran.line, ran.stderr) == (3, "bash: crul: command not found\n")


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(
    terminal: Terminal,
) -> None:
    marker = f"600.{os.getpid()}"
    [started] = paste(terminal, f"sleep {marker} & echo started")
    [stuck] = paste(terminal, "sleep 600", limit=0.5)

    assert (started.status, stuck.status) == (0, None)
    assert running(marker) == []


def test_exit_ends_the_terminal_and_the_next_command_gets_another(terminal: Terminal) -> None:
    [left] = paste(terminal, "exit 3")
    [after] = paste(terminal, "echo again")

    assert (left.status, left.exited) == (3, True)
    assert (after.stdout, after.exited) == (b"again\n", False)


def test_a_script_that_stops_at_the_first_failure_stops(terminal: Terminal) -> None:
    [_, failed] = paste(terminal, "set -e\nfalse")

    assert (failed.status, failed.exited) == (1, True)


def test_the_scratch_folder_is_gone_afterwards(folder: Path) -> None:
    with Terminal([HOST], [folder], choose()) as opened:
        paste(opened, "echo x > x.txt")
        work = opened.work
        assert (work / "x.txt").is_file()

    assert not work.parent.exists()


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("echo a > /etc/passwd", "/etc/passwd"),
        ("echo a >> ~/x", "~/x"),
        ("echo a 2> ../x", "../x"),
        ("echo a &> ../../x", "../../x"),
        ("echo a > out.txt", None),
        ("echo a > /dev/null 2>&1", None),
        ("echo 'a > /b'", None),
        ('jq "select(.total > /x/)"', None),
        ("jq '.[] | select(.a >= 1)' <<< \"$X\"", None),
        ("echo a -> /b", None),
    ],
)
def test_a_plain_look_tells_where_a_command_would_write(command: str, target: str | None) -> None:
    assert outside_target(command) == target
