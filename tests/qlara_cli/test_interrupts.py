"""A signal in the first second of ``verify``, while it imports, ends it with 130 and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

COMMAND = ("-X", "importtime", "-m", "qlara_sandbox", "verify")
OPTIONS = ("--base-url", "http://127.0.0.1:9", "--api-key", "a-key")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    "module",
    ["click._compat", "yaml", "qlara_contract.masking", "qlara_contract.contract", "httpx2"],
)
def test_a_signal_while_it_imports_ends_with_130(sent: signal.Signals, module: str) -> None:
    with subprocess.Popen(
        [sys.executable, *COMMAND, *OPTIONS], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.rstrip().endswith(f" {module}"):
                process.send_signal(sent)
                break
        said += process.stderr.readlines()
    text = [each for each in said if not each.startswith("import time:")]
    assert (process.returncode, text) == (130, []), said[-3:]
