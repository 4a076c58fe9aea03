"""The one door to the sandbox: where its contract is, and how to start one for a run."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox import resources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPEC: Path = resources.SPEC
SANDBOX_KEY = "YOUR_API_KEY"

_URL = re.compile(r"http://127\.0\.0\.1:\d+")


class SandboxDidNotStart(RuntimeError):
    """The sandbox ended before it was ready; the message holds what it said."""


@contextmanager
def running_sandbox(*arguments: str) -> Iterator[str]:
    """Start a sandbox on a free port of this machine; yield its base URL; stop it at the end.

    *arguments* go to ``qlara-sandbox serve``. Raise ``SandboxDidNotStart``.
    """
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", "--quiet", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        try:
            yield _announced_url(process)
        finally:
            process.terminate()


def _announced_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := _URL.search(line):
            return found[0]
    raise SandboxDidNotStart("The sandbox did not start: " + "".join(said).strip())
