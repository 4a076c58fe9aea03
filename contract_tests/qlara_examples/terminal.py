"""A terminal for a page: one bash, a scratch folder, a few tools, and a time limit per command."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_examples.bash import Command

# What the commands of a page may use beside curl. None of them deletes or overwrites files by itself.
_TOOLS = """
bash sh jq cat head tail grep sed cut sort uniq tr wc date sleep seq base64 basename dirname
printf echo test true false expr paste fold nl rev column diff cmp od xxd md5sum sha256sum env
ls mktemp mkdir touch tee awk xargs id uname
"""

_LOOP = """\
exec 9>&1
__status=0
__as_before() { return "$__status"; }
while IFS= read -r __job; do
  exec >"$__job.out" 2>"$__job.err"
  if __as_before; then source "$__job.sh" </dev/null 9>&-
  else __as_before || source "$__job.sh" </dev/null 9>&-; fi
  __status=$?
  printf '%s\\n' "$__status" >&9
done
"""
_WHERE = re.compile(r"^\S*/job-\d+\.sh: line (\d+): ", re.MULTILINE)
_REDIRECTION = re.compile(r"(?<![<>=\d&$-])(?:\d|&)?>{1,2}\|?\s*([^\s;&|()<>]+)")


@dataclass(frozen=True)
class CommandResult:
    """The result of a command.

    ``status`` is its exit status (``None``: stopped at the time limit), ``curls`` exit status and
    stderr of each curl in it, ``line`` the line of the page that an error of bash names, ``exited``
    whether it ended the shell.
    """

    status: int | None
    stdout: bytes
    stderr: str
    curls: tuple[tuple[int, str], ...]
    line: int | None = None
    exited: bool = False


class Terminal:
    """One bash that runs a page's commands one after the other, as a reader would paste them.

    Variables last from one command to the next. The environment outside is hidden; whatever is
    written stays in a scratch folder, which ``close`` deletes.
    """

    def __init__(self, relay_port: int, hosts: Sequence[str], folders: Sequence[Path]) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="examples-")).resolve()
        self._port = relay_port
        self._control: dict[str, Any] = {
            "relay": f"127.0.0.1:{relay_port}",
            "hosts": list(hosts),
            "folders": [str(folder.resolve()) for folder in folders],
            "log": str(self._scratch / "control" / "curl.log"),
            "curl": shutil.which("curl"),
        }
        for name in ("work", "home", "tmp", "control", "bin"):
            (self._scratch / name).mkdir()
        self._install_tools()
        self._bash: subprocess.Popen[bytes] | None = None
        self._jobs = 0

    @property
    def work(self) -> Path:
        """The working folder of the commands."""
        return self._scratch / "work"

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
        self._configure_curl(substitute, fallback)
        job = self._scratch / "control" / f"job-{self._jobs}"
        self._jobs += 1
        job.with_suffix(".sh").write_text(command.text, encoding="utf-8")
        bash = self._bash = self._bash or self._start()
        assert bash.stdin is not None
        bash.stdin.write(f"{job}\n".encode())
        bash.stdin.flush()
        reported = self._wait(bash, limit)
        status = int(reported) if reported else self._end(bash)
        stderr = _read(job.with_suffix(".err")).decode("utf-8", "replace")
        where = _WHERE.search(stderr)
        line = command.lines[min(int(where[1]), len(command.lines)) - 1].number if where else None
        stderr = _WHERE.sub("bash: ", stderr).replace(str(self._scratch), "")
        stdout = _read(job.with_suffix(".out"))
        return CommandResult(status, stdout, stderr, self._curls(), line, exited=not reported)

    def close(self) -> None:
        """End bash and whatever it started, and delete the scratch folder."""
        if self._bash is not None:
            self._end(self._bash)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _install_tools(self) -> None:
        folder = self._scratch / "bin"
        for tool in _TOOLS.split():
            found = shutil.which(tool)
            if found:
                (folder / tool).symlink_to(found)
        shim = Path(__file__).with_name("curl_shim.py")
        self._write_tool("curl", f'-I -S "{shim}"')
        self._write_tool("qlara-sandbox", "-I -m qlara_sandbox")

    def _write_tool(self, name: str, arguments: str) -> None:
        tool = self._scratch / "bin" / name
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', encoding="utf-8")
        tool.chmod(0o755)

    def _start(self) -> subprocess.Popen[bytes]:
        loop = self._scratch / "control" / "loop.bash"
        loop.write_text(_LOOP, encoding="utf-8")
        landlock = Path(__file__).with_name("landlock.py")
        confined = [sys.executable, "-I", "-S", str(landlock), str(self._scratch), str(self._port)]
        return subprocess.Popen(
            [*confined, shutil.which("bash") or "bash", "--norc", "--noprofile", str(loop)],
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

    def _configure_curl(self, substitute: Path | None, fallback: Path | None) -> None:
        settings = {
            **self._control,
            "substitute": str(substitute.resolve()) if substitute else None,
            "fallback": str(fallback.resolve()) if fallback else None,
        }
        control = self._scratch / "control"
        (control / "curl.json").write_text(json.dumps(settings), encoding="utf-8")
        (control / "curl.log").write_text("", encoding="utf-8")

    def _curls(self) -> tuple[tuple[int, str], ...]:
        lines = _read(Path(self._control["log"])).decode("utf-8").splitlines()
        return tuple((each["status"], each["stderr"]) for each in map(json.loads, lines))

    def _wait(self, bash: subprocess.Popen[bytes], limit: float) -> str:
        """Return the status that bash reports; empty: it ended, or time ran out."""
        assert bash.stdout is not None
        reported, until = b"", monotonic() + limit
        while not reported.endswith(b"\n"):
            left = until - monotonic()
            if left <= 0 or not _ready(bash.stdout, left):
                return ""
            chunk = os.read(bash.stdout.fileno(), 64)
            if not chunk:
                return ""
            reported += chunk
        return reported.decode().strip()

    def _end(self, bash: subprocess.Popen[bytes]) -> int | None:
        """End bash with all that it started; return its exit status if it ended by itself."""
        self._bash = None
        status = bash.poll()
        if status is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = bash.wait(timeout=0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(bash.pid, signal.SIGKILL)
        bash.wait()
        for stream in (bash.stdin, bash.stdout):
            if stream is not None:
                _close(stream)
        return status


def outside_target(text: str) -> str | None:
    """Return where a command would redirect output outside its folder, as far as its text shows.

    A first check that works on any system; Landlock does not rely on it.
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


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
