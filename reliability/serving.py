"""A sandbox in a process of its own, and what can be seen of it from outside."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY = "Stop with Ctrl-C."
_STOP_SECONDS = 20
_TROUBLE = re.compile(r"Traceback|CancelledError|: a bug|breaks the contract|never awaited")
_LOG_BYTES = 2000
_TICKS = os.sysconf("SC_CLK_TCK")


class Sandbox:
    """A running sandbox; ``port`` is where it listens on 127.0.0.1."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self._read = 0

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def memory_mb(self, field: str = "VmRSS") -> float:
        """Return resident memory in MB (10^6 bytes): now, or with ``VmHWM`` at its peak; 0 if unknown."""
        status = Path(f"/proc/{self.process.pid}/status")
        found = re.search(rf"{field}:\s+(\d+) kB", status.read_text()) if status.exists() else None
        return int(found[1]) * 1024 / 1e6 if found else 0.0

    def cpu_seconds(self) -> float:
        """Return the CPU time that the process has used; 0 where the system does not tell."""
        path = Path(f"/proc/{self.process.pid}/stat")
        if not path.exists():
            return 0.0
        fields = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def descriptors(self) -> int:
        """Return how many descriptors the process has open; 0 where the system does not tell."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        return len(list(folder.iterdir())) if folder.exists() else 0

    def trouble(self) -> str:
        """Return what the log says since the last call, if any of it speaks of a bug; else nothing."""
        if self.log.stat().st_size == self._read:
            return ""
        with self.log.open("rb") as log:
            log.seek(self._read)
            said = log.read().decode("utf-8", "replace")
            self._read = log.tell()
        found = _TROUBLE.search(said)
        if found is None:
            return ""
        start = said.rfind("\n", 0, found.start()) + 1
        return said[start : start + _LOG_BYTES]


@contextmanager
def sandbox(*options: str, **environment: str) -> Iterator[Sandbox]:
    """Run ``serve`` with *options* on a free port until the block ends."""
    started = start(*options, **environment)
    try:
        yield started
    finally:
        stop(started)


def start(*options: str, **environment: str) -> Sandbox:
    """Start ``serve`` with *options* on a free port.

    Raises:
        RuntimeError: it does not start; the message is what it said.
    """
    with tempfile.NamedTemporaryFile(prefix="sandbox-", suffix=".log", delete=False) as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "qlara_sandbox", "serve", "--port", "0", "--quiet", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **environment},
        )
    assert process.stdout is not None
    banner = ""
    for line in process.stdout:
        banner += line
        if _READY in line:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", banner)
            assert found is not None, banner
            return Sandbox(process, int(found[1]), Path(log.name))
    process.wait(timeout=_STOP_SECONDS)
    message = f"the sandbox did not start: {banner}{Path(log.name).read_text(encoding='utf-8')}"
    raise RuntimeError(message)


def stop(running: Sandbox) -> None:
    """End a sandbox as an operator would, and by force if it does not end."""
    if running.is_alive:
        running.process.send_signal(signal.SIGTERM)
    try:
        running.process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        running.process.kill()
        running.process.communicate()
    running.log.unlink(missing_ok=True)
