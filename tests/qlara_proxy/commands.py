"""``qlara-sandbox proxy`` as a process, for tests."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.server import SANDBOX, Running

if TYPE_CHECKING:
    from collections.abc import Iterator

READY = "Ctrl-C ends it"


class Ended(NamedTuple):
    """How a command ended, and what it printed; ``log`` is its standard error."""

    code: int
    output: str
    log: str


@contextmanager
def proxying(to: str, *options: str) -> Iterator[Running]:
    """Run a proxy before *to* on a free port until the block ends, or `ended` is called."""
    command = [sys.executable, *SANDBOX, "proxy", "--to", to, "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield _when_ready(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def ended(proxy: Running, number: int | None = signal.SIGINT) -> Ended:
    """End a proxy with a signal, or wait for its own end; return what it said."""
    if number is not None:
        proxy.process.send_signal(number)
    output, log = proxy.process.communicate(timeout=30)
    return Ended(proxy.process.returncode, output, log)


def proxied(*options: str) -> Ended:
    """Run a proxy that ends by itself, or cannot run."""
    command = [sys.executable, *SANDBOX, "proxy", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return Ended(done.returncode, done.stdout, done.stderr)


def _when_ready(process: subprocess.Popen[str]) -> Running:
    assert process.stdout is not None
    banner = ""
    for line in process.stdout:
        banner += line
        if READY in line:
            url = re.search(r"https?://[^ ,]+", banner)
            assert url is not None, banner
            return Running(process, url[0], banner)
    _, errors = process.communicate(timeout=30)
    message = f"the proxy did not start:\n{banner}{errors}"
    raise AssertionError(message)
