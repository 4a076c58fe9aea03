"""A terminal for a page: one bash, a scratch folder, a few tools, and a time limit per command."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, Self

from qlara_examples.bubblewrap import View, is_in_system
from qlara_examples.scratch import Scratch, remove_abandoned
from qlara_examples.supervisor import tasks_of_user
from qlara_examples.usage import LOOKS_EVERY_SECONDS, MOST_PROCESSES, UsageWatch, scheduled_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_examples.bash import Command
    from qlara_examples.confinement import Confinement

# What the commands of a page may use beside curl. None of them deletes or overwrites files by itself.
_TOOLS = """
bash sh jq cat head tail grep sed cut sort uniq tr wc date sleep seq base64 basename dirname
printf echo test true false expr paste fold nl rev column diff cmp od xxd md5sum sha256sum env
ls mktemp mkdir touch tee awk xargs id uname
"""

# What the commands write to, and what is ours
_WRITABLE = ("work", "home", "tmp", "output")
_READABLE = ("control", "bin", "shared")
_EXITS_WITHIN_SECONDS = 5

# ulimit: no core files, files of 64 MB, 120 s of processor time, 1 GB of memory, a number of processes
_LOOP = """\
ulimit -c 0; ulimit -f 65536; ulimit -t 120; ulimit -v 1048576; ulimit -u "$1"; shift
exec 9>&1
__status=0
__as_before() { return "$__status"; }
while IFS= read -r __job; do
  exec >"SCRATCH/output/$__job.out" 2>"SCRATCH/output/$__job.err"
  if __as_before; then source "SCRATCH/control/$__job.sh" </dev/null 9>&-
  else __as_before || source "SCRATCH/control/$__job.sh" </dev/null 9>&-; fi
  __status=$?
  printf '%s\\n' "$__status" >&9
done
"""
_WHERE = re.compile(r"^\S*/job-\d+\.sh: line (\d+): ", re.MULTILINE)
_REDIRECTION = re.compile(r"(?<![<>=\d&$-])(?:\d|&)?>{1,2}\|?\s*([^\s;&|()<>]+)")


@dataclass(frozen=True)
class CommandResult:
    """The result of a command.

    ``status`` is its exit status (``None``: it was stopped), ``curls`` exit status and stderr of each
    curl in it, ``line`` the line of the page that an error of bash names, ``exited`` whether it ended
    the shell, ``stopped`` why it was stopped.
    """

    status: int | None
    stdout: bytes
    stderr: str
    curls: tuple[tuple[int, str], ...]
    line: int | None = None
    exited: bool = False
    stopped: str = ""


class Terminal:
    """One bash that runs a page's commands one after the other, as a reader would paste them.

    Variables last from one command to the next. The environment outside is hidden; whatever is
    written stays in a scratch folder, which ``close`` deletes. *folders* hold the files that commands
    send, *resources* are further paths that they may read.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        folders: Sequence[Path],
        confinement: Confinement,
        resources: Sequence[Path] = (),
    ) -> None:
        remove_abandoned(_delete)
        self._own = Scratch(_delete)
        self._scratch = self._own.path
        self._confinement = confinement
        self._readable = [path.resolve() for path in (*folders, *resources)]
        self._control: dict[str, Any] = {
            "relay": str(self.relay_socket),
            "hosts": list(hosts),
            "folders": [str(folder.resolve()) for folder in folders],
            "curl": _real_path("curl"),
        }
        for name in (*_WRITABLE, *_READABLE):
            (self._scratch / name).mkdir()
        self._install_tools()
        self._bash: subprocess.Popen[bytes] | None = None
        self._jobs = 0

    @property
    def work(self) -> Path:
        """The working folder of the commands."""
        return self._scratch / "work"

    @property
    def shared(self) -> Path:
        """A folder whose files the commands may read and not change."""
        return self._scratch / "shared"

    @property
    def relay_socket(self) -> Path:
        """The UNIX socket at which curl expects the relay."""
        return self.shared / "relay"

    def run(
        self,
        command: Command,
        limit: float,
        substitute: Path | None = None,
        fallback: Path | None = None,
    ) -> CommandResult:
        """Run a command for at most *limit* seconds.

        Every upload in it sends *substitute*, if given; one whose file cannot be found sends
        *fallback*.
        """
        outside = outside_target(command.text)
        if outside:
            return CommandResult(
                1, b"", f"not run: it writes to {outside}, outside the working folder", ()
            )
        name = f"job-{self._jobs}"
        self._jobs += 1
        output = self._scratch / "output" / name
        self._configure_curl(substitute, fallback, output)
        (self._scratch / "control" / f"{name}.sh").write_text(command.text, encoding="utf-8")
        bash = self._bash = self._bash or self._start()
        assert bash.stdin is not None
        bash.stdin.write(f"{name}\n".encode())
        bash.stdin.flush()
        with scheduled_first():
            reported, stopped = self._wait(bash, limit)
            status = int(reported) if reported else self._end(bash, stopped)
        stderr = _read(output.with_suffix(".err")).decode("utf-8", "replace")
        where = _WHERE.search(stderr)
        line = command.lines[min(int(where[1]), len(command.lines)) - 1].number if where else None
        stderr = _WHERE.sub("bash: ", stderr).replace(str(self._scratch), "")
        stdout = _read(output.with_suffix(".out"))
        curls = _curls(output.with_suffix(".curl"))
        return CommandResult(status, stdout, stderr, curls, line, not reported, stopped)

    def close(self) -> None:
        """End bash and whatever it started, and delete the scratch folder."""
        if self._bash is not None:
            self._end(self._bash, "the page has ended")
        self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _install_tools(self) -> None:
        folder = self._scratch / "bin"
        for tool in _TOOLS.split():
            found = _real_path(tool)
            if found:
                (folder / tool).symlink_to(found)
                self._readable.append(Path(found))
        self._readable.append(Path(self._control["curl"] or "/usr/bin/curl"))
        shim = Path(__file__).with_name("curl_shim.py")
        self._write_tool("curl", f'-I -S "{shim}"')
        self._write_tool("qlara-sandbox", "-I -m qlara_sandbox")

    def _write_tool(self, name: str, arguments: str) -> None:
        tool = self._scratch / "bin" / name
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', encoding="utf-8")
        tool.chmod(0o755)

    def _start(self) -> subprocess.Popen[bytes]:
        loop = self._scratch / "control" / "loop.bash"
        loop.write_text(_LOOP.replace("SCRATCH", str(self._scratch)), encoding="utf-8")
        # What is above MOST_PROCESSES is seen and stopped; this holds what is faster than that.
        processes = str(tasks_of_user() + 2 * MOST_PROCESSES)
        program = [_real_path("bash") or "bash", "--norc", "--noprofile", str(loop), processes]
        view = View(
            readable=(
                *(path for path in self._readable if not is_in_system(path)),
                *(self._scratch / name for name in _READABLE),
            ),
            writable=tuple(self._scratch / name for name in _WRITABLE),
            start=self.work,
            temporary=self._scratch / "tmp",
        )
        return subprocess.Popen(
            self._confinement.command(program, view),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.work,
            env=self._environment(),
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": str(self._scratch / "bin"),
            "HOME": str(self._scratch / "home"),
            "TMPDIR": str(self._scratch / "tmp"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "CURL_SHIM": str(self._scratch / "control" / "curl.json"),
        }

    def _configure_curl(self, substitute: Path | None, fallback: Path | None, output: Path) -> None:
        settings = {
            **self._control,
            "log": str(output.with_suffix(".curl")),
            "substitute": str(substitute.resolve()) if substitute else None,
            "fallback": str(fallback.resolve()) if fallback else None,
        }
        path = self._scratch / "control" / "curl.json"
        path.write_text(json.dumps(settings), encoding="utf-8")

    def _wait(self, bash: subprocess.Popen[bytes], limit: float) -> tuple[str, str]:
        """Return the status that bash reports, and why it is stopped; both empty: it ended."""
        assert bash.stdout is not None
        reported, until = b"", monotonic() + limit
        watch = UsageWatch(bash.pid)
        while not reported.endswith(b"\n"):
            left = until - monotonic()
            if left <= 0:
                return "", "it took longer than the time limit"
            if not _ready(bash.stdout, min(left, LOOKS_EVERY_SECONDS)):
                excess = watch.excess()
                if excess:
                    return "", excess
                continue
            chunk = os.read(bash.stdout.fileno(), 64)
            if not chunk:
                return "", ""
            reported += chunk
        return reported.decode().strip(), ""

    def _end(self, bash: subprocess.Popen[bytes], stopped: str) -> int | None:
        """End bash with all that it started; return its exit status if it ended by itself."""
        self._bash = None
        status = None
        if not stopped:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = bash.wait(_EXITS_WITHIN_SECONDS)
        self._confinement.end(bash)
        for stream in (bash.stdin, bash.stdout):
            if stream is not None:
                _close(stream)
        return status


def outside_target(text: str) -> str | None:
    """Return where a command would redirect output outside its folder, as far as its text shows.

    A first check that works on any system; no confinement relies on it.
    """
    bare = re.sub(r"'[^']*'", "''", text)
    bare = re.sub(r'"(?:\\.|[^"\\])*"', lambda found: re.sub(r"[<>]", "", found[0]), bare)
    for found in _REDIRECTION.finditer(bare):
        target = found[1].strip("\"'")
        if target.startswith("&") or target in {"/dev/null", "/dev/stdout", "/dev/stderr"}:
            continue
        if target.startswith(("/", "~")) or ".." in target.split("/"):
            return target
    return None


def _ready(stream: IO[bytes], seconds: float) -> bool:
    return bool(select.select([stream], [], [], seconds)[0])


def _close(stream: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):
        stream.close()


def _real_path(tool: str) -> str | None:
    found = shutil.which(tool)
    return str(Path(found).resolve()) if found else None


def _curls(log: Path) -> tuple[tuple[int, str], ...]:
    lines = _read(log).decode("utf-8", "replace").splitlines()
    return tuple((each["status"], each["stderr"]) for each in map(json.loads, lines))


def _read(path: Path) -> bytes:
    """Return the content of a file that commands may have replaced: no link is followed."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with open(opened, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        return file.read() if stat.S_ISREG(os.fstat(opened).st_mode) else b""


def _delete(folder: Path) -> None:
    """Delete a folder, whatever the modes of the folders in it; no link is followed."""
    for path, names, _ in os.walk(folder):
        for inner in (Path(path, name) for name in names):
            if not inner.is_symlink():
                inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
