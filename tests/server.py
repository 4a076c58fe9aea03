"""A real sandbox process for tests, and a raw socket to speak to it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READY = "Stop with Ctrl-C."
# How Python starts a sandbox. What records exchanges puts itself in its place.
SANDBOX = ["-m", "qlara_sandbox"]
# How coverage tells a Python that is started to measure, too; see `patch` in pyproject.toml.
COVERAGE = "COVERAGE_PROCESS_CONFIG"
# The tests for which a sandbox is something to talk to, and not what they test: measured, it takes twice as long.
_OF_OTHERS = tuple(f"tests/{each}/" for each in ("benchmarks", "console", "docs", "qlara_examples"))


class Running(NamedTuple):
    """A sandbox that answers at ``url``; its output so far is in ``banner``."""

    process: subprocess.Popen[str]
    url: str
    banner: str

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


def _environment() -> dict[str, str]:
    test = os.environ.get("PYTEST_CURRENT_TEST", "")
    is_of_others = test.startswith(_OF_OTHERS)
    variables = {
        name: text for name, text in os.environ.items() if not (is_of_others and name == COVERAGE)
    }
    # Where all sandboxes of the tests keep their worlds in one engine, each is apart from the others.
    return {"SANDBOX_STATE_PREFIX": f"{token_hex(8)}:", **variables}


@contextmanager
def serving(*options: str, **environment: str) -> Iterator[Running]:
    """Run ``serve`` on a free port until the block ends."""
    command = [sys.executable, *SANDBOX, "serve", "--port", "0", "--quiet", *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**_environment(), **environment},
    )
    try:
        yield _when_ready(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)


@contextmanager
def logged(*options: str) -> Iterator[tuple[Running, Callable[[], str]]]:
    """Run a sandbox, and return with it what gives its whole log once the block has ended."""
    lines: list[str] = []
    with serving(*options) as running:
        yield running, lambda: "".join(lines)
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
        lines.append(running.process.communicate(timeout=15)[1])


def _when_ready(process: subprocess.Popen[str]) -> Running:
    assert process.stdout is not None
    banner = ""
    for line in process.stdout:
        banner += line
        if READY in line:
            url = re.search(r"https?://[^ ]+", banner)
            assert url is not None, banner
            return Running(process, url[0], banner)
    _, errors = process.communicate(timeout=15)
    message = f"the sandbox did not start:\n{banner}{errors}"
    raise AssertionError(message)


def until(condition: Callable[[], object]) -> None:
    """Return as soon as *condition* holds; fail if it does not in ten seconds."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def exchange(port: int, *pieces: bytes, timeout: float = 10) -> bytes:
    """Send *pieces* over one connection and return all that comes back until it is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return read_to_end(connection)


def read_to_end(connection: socket.socket) -> bytes:
    """Return everything that arrives before the other side closes."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received
