"""Commands that try to get out: what confines them holds, and what does not hold is said."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qlara_cli.examples import examples
from qlara_contract.errors import CannotRun
from qlara_examples import bubblewrap, landlock
from qlara_examples.bash import commands_of
from qlara_examples.blocks import numbered
from qlara_examples.confinement import Confinement, ConfinementMode, choose
from qlara_examples.terminal import CommandResult, Terminal
from qlara_examples.usage import MOST_PROCESSES
from tests.qlara_examples.running import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.server import Running

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bash", "curl", "jq")),
    reason="needs bash, curl and jq",
)

BUBBLEWRAP, LANDLOCK, NONE = ConfinementMode
PAGE = Path(__file__).parent / "pages" / "script.sh"
SECRET = "hush-hush"  # noqa: S105 - it guards nothing

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
needs_setsid = pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid")


def confinement(mode: ConfinementMode) -> Confinement:
    try:
        return choose(mode)
    except CannotRun as error:
        pytest.skip(str(error))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with files to send, as ``--files`` names it."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept", encoding="utf-8")
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder that no option names, with a private key in it."""
    (tmp_path / "outside" / ".ssh").mkdir(parents=True)
    (tmp_path / "outside" / ".ssh" / "id_ed25519").write_text(SECRET, encoding="utf-8")
    return tmp_path / "outside"


@pytest.fixture
def wrapped(files: Path) -> Iterator[Terminal]:
    with Terminal([], [files], confinement(BUBBLEWRAP)) as terminal:
        yield terminal


@pytest.fixture(params=list(ConfinementMode))
def terminal(files: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    with Terminal([], [files], confinement(request.param)) as terminal:
        yield terminal


@pytest.fixture
def mark() -> str:
    """Return a number of seconds that no other test lets a process sleep."""
    return f"600.{int(token_hex(5), 16)}"


@pytest.fixture
def _tried_anew() -> Iterator[None]:
    """Let bubblewrap be looked for again, before the test and after it."""
    bubblewrap.obstacle.cache_clear()
    yield
    bubblewrap.obstacle.cache_clear()


def run(terminal: Terminal, text: str, limit: float = 20) -> CommandResult:
    *_, last = (terminal.run(command, limit) for command in commands_of(numbered(text)))
    return last


def python(program: str) -> str:
    return f"{sys.executable} -I -S -c '{program}'"


# --- bubblewrap -------------------------------------------------------------------------------------


@needs_proc
def test_the_environment_of_processes_outside_cannot_be_read(wrapped: Terminal) -> None:
    with subprocess.Popen(["sleep", "600"], env={"A_SECRET": SECRET}) as bystander:
        ran = run(wrapped, f"cat /proc/*/environ /proc/{bystander.pid}/environ")
        bystander.kill()

    assert b"CURL_SHIM=" in ran.stdout
    assert SECRET.encode() not in ran.stdout


def test_no_datagram_leaves(wrapped: Terminal) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        port = receiver.getsockname()[1]
        run(wrapped, f"exec 5<>/dev/udp/127.0.0.1/{port}; echo {SECRET} >&5; echo {SECRET} >&5")

        with pytest.raises(BlockingIOError):
            receiver.recv(100)


def test_no_port_of_this_machine_is_reached(wrapped: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ran = run(wrapped, f"exec 5<>/dev/tcp/127.0.0.1/{server.getsockname()[1]}")

    assert "Connection refused" in ran.stderr


def test_no_abstract_unix_socket_is_reached(wrapped: Terminal) -> None:
    name = f"qlara-{token_hex(8)}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0{name}")
        server.listen()
        ran = run(
            wrapped,
            python(f'import socket; socket.socket(socket.AF_UNIX).connect("\\0{name}")'),
        )

    assert ran.stderr.splitlines()[-1].startswith("ConnectionRefusedError")


def test_no_unix_socket_of_another_folder_is_reached(
    wrapped: Terminal, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(outside)  # its whole path may be too long for a socket
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        server.listen()
        ran = run(
            wrapped,
            python(
                f'import os, socket; os.chdir("{outside}"); '
                'socket.socket(socket.AF_UNIX).connect("socket")'
            ),
        )

    assert ran.stderr.splitlines()[-1].startswith("FileNotFoundError")


@pytest.mark.parametrize(
    "command",
    ["/bin/chmod 777 {}", "touch -d 2001-01-01 {}", "/bin/rm -f {}", "echo lost | tee {}"],
)
def test_files_to_send_keep_their_content_mode_and_times(
    wrapped: Terminal, files: Path, command: str
) -> None:
    kept = files / "kept.txt"
    before = kept.stat()
    ran = run(wrapped, command.format(kept))

    assert ran.status != 0
    assert "Read-only file system" in ran.stderr
    assert (kept.stat().st_mode, kept.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    assert kept.read_text(encoding="utf-8") == "kept"


def test_files_that_no_option_names_are_not_there(wrapped: Terminal, outside: Path) -> None:
    key = outside / ".ssh" / "id_ed25519"
    ran = run(wrapped, f"cat {key} ~/.ssh/id_ed25519 {Path.home()}/.ssh/id_ed25519")

    assert (ran.status, ran.stdout) == (1, b"")
    assert ran.stderr.count("No such file or directory") == 3


def test_the_home_folder_is_empty(wrapped: Terminal) -> None:
    assert run(wrapped, "ls -A ~").stdout == b""


@pytest.mark.parametrize("name", ["kernel/core_pattern", "kernel/pid_max", "vm/drop_caches"])
def test_settings_of_the_kernel_cannot_be_written_even_by_root(
    wrapped: Terminal, name: str
) -> None:
    ran = run(wrapped, python(f'open("/proc/sys/{name}", "a")'))

    assert ran.stderr.splitlines()[-1].startswith(("OSError: [Errno 30]", "PermissionError"))


def test_nothing_can_be_written_outside_the_scratch_folder(wrapped: Terminal) -> None:
    ran = run(
        wrapped, "touch /a /usr/a /dev/a /dev/shm/a /proc/a ../control/a ../bin/a ../shared/a"
    )

    assert ran.status == 1
    assert ran.stderr.count("touch: ") == 8


def test_no_other_process_is_seen(wrapped: Terminal) -> None:
    ran = run(wrapped, "kill -0 -1; printf '%s\\n' /proc/[0-9]*/comm | wc -l")

    assert int(ran.stdout) < 6


# --- every mode -------------------------------------------------------------------------------------


@needs_proc
@needs_setsid
@pytest.mark.parametrize(
    "command",
    [
        "/usr/bin/setsid sleep {}",
        "/usr/bin/setsid sleep {} </dev/null >/dev/null 2>&1 &",
        "(/usr/bin/setsid bash -c 'trap \"\" TERM HUP; sleep {} & sleep {}' &) ; exit",
    ],
)
def test_nothing_that_a_command_has_started_outlives_the_page(
    terminal: Terminal, mark: str, command: str
) -> None:
    run(terminal, command.replace("{}", mark), limit=0.5)
    terminal.close()

    assert running(mark) == []


@needs_proc
@pytest.mark.parametrize("mode", list(ConfinementMode))
def test_a_fork_bomb_is_stopped_with_every_process(
    files: Path, mark: str, mode: ConfinementMode
) -> None:
    if os.getuid() == 0:
        pytest.skip(
            "the kernel limits no processes of root: a bomb would hit the machine of the tests"
        )
    with Terminal([], [files], confinement(mode)) as terminal:
        ran = run(terminal, f"bash -c 'bomb() {{ bomb | bomb & }}; bomb; sleep {mark}' {mark}")

    assert ran.status is None
    assert running(mark) == []


@needs_proc
def test_too_many_processes_are_a_reason_to_stop(terminal: Terminal, mark: str) -> None:
    ran = run(terminal, f"for n in $(seq {MOST_PROCESSES + 5}); do sleep {mark} & done; sleep 60")

    assert ran.stopped == f"it started more than {MOST_PROCESSES} processes"
    assert running(mark) == []


def test_one_process_gets_no_more_memory_than_the_limit(terminal: Terminal) -> None:
    ran = run(terminal, python("bytearray(2 * 1024 ** 3)"))

    assert ran.stderr.splitlines()[-1] == "MemoryError"


@needs_proc
def test_processes_that_take_too_much_memory_together_are_stopped(
    terminal: Terminal, mark: str
) -> None:
    hog = python('import time; a = b"x" * 400 * 1024 ** 2; time.sleep(600)')
    ran = run(terminal, f"for n in 1 2 3; do {hog} {mark} & done; wait")

    assert ran.stopped == "it used more than 1024 MB of memory"
    assert running(mark) == []


def test_a_file_grows_no_larger_than_the_limit(terminal: Terminal) -> None:
    ran = run(terminal, "head -c 100M /dev/zero | tee large > /dev/null")

    assert (terminal.work / "large").stat().st_size == 64 * 1024**2
    assert ran.status is not None


def test_a_planted_link_makes_this_process_read_and_write_nothing(
    terminal: Terminal, outside: Path
) -> None:
    key = outside / ".ssh" / "id_ed25519"
    links = [f"../output/job-1.{kind}" for kind in ("out", "err", "curl")]
    ran = run(terminal, "; ".join(f"/bin/ln -s {key} {link}" for link in links) + "\necho x")

    assert SECRET.encode() not in ran.stdout
    assert SECRET not in ran.stderr


def test_folders_without_permissions_are_deleted_too(terminal: Terminal) -> None:
    run(terminal, "mkdir -p a/b && touch a/b/c && /bin/chmod 0 a/b a")
    terminal.close()

    assert not terminal.work.parent.exists()


# --- Landlock ---------------------------------------------------------------------------------------


@needs_proc
@pytest.mark.skipif(landlock.version() == 0, reason="the kernel has no Landlock")
def test_landlock_keeps_the_environment_of_processes_outside_secret(files: Path) -> None:
    with (
        Terminal([], [files], choose(LANDLOCK)) as terminal,
        subprocess.Popen(["sleep", "600"], env={"A_SECRET": SECRET}) as bystander,
    ):
        ran = run(terminal, f"cat /proc/*/environ /proc/{bystander.pid}/environ")
        bystander.kill()

    assert b"CURL_SHIM=" in ran.stdout
    assert SECRET.encode() not in ran.stdout


@pytest.mark.skipif(
    landlock.version() < landlock.SCOPES_SINCE, reason="Landlock scopes no sockets here"
)
def test_landlock_closes_abstract_sockets_and_signals_and_what_is_ours(files: Path) -> None:
    name = f"qlara-{token_hex(8)}"
    with (
        Terminal([], [files], choose(LANDLOCK)) as terminal,
        socket.socket(socket.AF_UNIX) as server,
    ):
        server.bind(f"\0{name}")
        server.listen()
        connect = python(f'import socket; socket.socket(socket.AF_UNIX).connect("\\0{name}")')
        connected = run(terminal, connect)
        signalled = run(terminal, f"kill -0 {os.getpid()}")
        written = run(terminal, "echo {} | tee ../control/curl.json")

    assert connected.stderr.splitlines()[-1].startswith("PermissionError")
    assert "Operation not permitted" in signalled.stderr
    assert "Permission denied" in written.stderr


# --- which one, and what is said --------------------------------------------------------------------


@contextmanager
def only(folder: Path, **programs: str) -> Iterator[None]:
    """Let only these shell scripts be on the PATH, by name."""
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder))
        yield


@pytest.mark.usefixtures("_tried_anew")
def test_without_bubblewrap_the_next_best_is_chosen_and_the_reason_said(tmp_path: Path) -> None:
    with only(tmp_path / "bin"):
        chosen = choose()

    assert (chosen.mode is LANDLOCK) == bool(landlock.version())
    assert chosen.mode is not BUBBLEWRAP
    assert chosen.reason.startswith("bubblewrap is not installed")


@pytest.mark.usefixtures("_tried_anew")
def test_a_bubblewrap_that_may_make_no_namespaces_is_not_used(tmp_path: Path) -> None:
    said = "No permissions to create new namespace"
    with only(tmp_path / "bin", bwrap=f"echo 'bwrap: {said}' >&2; exit 1"):
        chosen = choose()
        with pytest.raises(CannotRun, match=f"confined by bubblewrap: .*{said}"):
            choose(BUBBLEWRAP)

    assert chosen.mode is not BUBBLEWRAP
    assert chosen.reason.startswith(f"bubblewrap does not work here ({said})")


@pytest.mark.parametrize("mode", list(ConfinementMode))
def test_a_page_runs_in_every_mode_and_the_mode_is_in_output_and_reports(
    server: Running, tmp_path: Path, mode: ConfinementMode
) -> None:
    chosen = confinement(mode)
    words = ["--base-url", server.url, "--confinement", mode.value, "--report", str(tmp_path)]
    result = CliRunner().invoke(examples, [*words, str(PAGE)])
    written = json.loads((tmp_path / "examples.json").read_text(encoding="utf-8"))
    description = " ".join(result.output.split())

    assert result.exit_code == 0, result.output
    assert chosen.summary in description
    assert (chosen.description in description) == (mode is not BUBBLEWRAP)
    assert written["confinement"] == {"mode": mode.value, "text": chosen.summary}
    assert chosen.summary in (tmp_path / "examples.html").read_text(encoding="utf-8")
    assert f'name="confinement" value="{mode}"' in (tmp_path / "examples.xml").read_text("utf-8")


@pytest.mark.parametrize("mode", list(ConfinementMode))
def test_commands_of_a_page_from_elsewhere_are_asked_about_with_what_confines_them(
    server: Running, tmp_path: Path, mode: ConfinementMode
) -> None:
    page = tmp_path / "page.sh"
    page.write_text("curl -s \x1b[2Khttps://example.com/\n", encoding="utf-8")
    chosen = confinement(mode)
    words = ["--base-url", server.url, "--confinement", mode.value]
    result = CliRunner().invoke(examples, [*words, str(page)])

    assert result.exit_code == 2
    assert chosen.description in " ".join(result.output.split())
    assert "curl -s \\x1b[2Khttps" in result.output
    assert "\x1b" not in result.output


@pytest.mark.parametrize(("said", "exit_code"), [("n", 2), ("", 2), ("y", 0)])
def test_nothing_runs_unless_the_question_is_answered_with_yes(
    server: Running, tmp_path: Path, said: str, exit_code: int
) -> None:
    page = tmp_path / "page.sh"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    ours, theirs = os.openpty()
    os.write(ours, f"{said}\n".encode())
    command = [sys.executable, "-m", "qlara_sandbox", "examples", "--base-url", server.url]
    done = subprocess.run([*command, str(page)], stdin=theirs, capture_output=True, check=False)
    os.close(theirs)
    os.close(ours)

    assert done.returncode == exit_code, done.stderr
    assert b"Run these commands? [y/N]" in done.stdout
    assert (b"documented responses match" in done.stdout) == (said == "y")


@needs_proc
@pytest.mark.parametrize("mode", list(ConfinementMode))
def test_commands_end_with_a_run_that_is_killed(
    server: Running, tmp_path: Path, mark: str, mode: ConfinementMode
) -> None:
    confinement(mode)
    page = tmp_path / "page.sh"
    page.write_text(
        f"echo $X; bash -c 'curl -V >/dev/null; sleep {mark} & sleep {mark}'\n", "utf-8"
    )
    command = [sys.executable, "-m", "qlara_sandbox", "examples", "--yes", "--limit", "600"]
    command += ["--base-url", server.url, "--confinement", mode.value, str(page)]
    with (
        TemporaryDirectory() as scratch,  # which a run that is killed cannot delete
        subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": scratch},
        ) as process,
    ):
        assert eventually(lambda: len(running(mark)) >= 2)
        process.send_signal(signal.SIGKILL)
        process.wait()

        assert eventually(lambda: running(mark) == [])


def eventually(holds: Callable[[], bool], within: float = 20) -> bool:
    """Return whether a condition comes to hold before a deadline."""
    until = time.monotonic() + within
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.02)
    return held
