"""CPU time and memory are those of a process and all that it started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import processes

if not Path("/proc/self/stat").exists():
    pytest.skip("there is no /proc", allow_module_level=True)

# Starts another that says when it has worked, and waits until its input ends.
WORKER = "sum(range(3_000_000)); print('worked', flush=True); input()"
PARENT = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {WORKER!r}]))"


def test_a_child_counts_with_its_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        assert parent.stdout.readline() == "worked\n"

        found = processes.tree(parent.pid)
        assert found[0] == parent.pid
        assert len(found) == 2
        assert processes.cpu_seconds(parent.pid) > processes.cpu_seconds(found[1]) > 0
        assert processes.resident_mb(parent.pid) > processes.resident_mb(found[1]) > 1
        assert 0 < processes.proportional_mb(parent.pid) < processes.resident_mb(parent.pid)
        parent.stdin.write("\n")


def test_a_process_that_is_gone_cannot_be_measured() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()

    with pytest.raises(OSError, match="No such file"):
        processes.cpu_seconds(gone.pid)


def test_other_processes_do_not_count() -> None:
    assert os.getppid() not in processes.tree(os.getpid())
