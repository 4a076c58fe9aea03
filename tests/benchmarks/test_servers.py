"""A server is started on a free port, and ended with all that it started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks import candidates, processes, servers
from benchmarks.servers import Candidate, CannotMeasure
from tests.server import until


def has_ended(pid: int) -> bool:
    """Return whether a process is gone, or only waits for its parent to look."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_program_that_is_missing_is_told(tmp_path: Path) -> None:
    missing = Candidate("Mine", "1", lambda _: [str(tmp_path / "missing")])

    with (
        pytest.raises(CannotMeasure, match="Mine cannot be started"),
        servers.serving(missing, tmp_path / "log"),
    ):
        pass


def test_a_server_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    ends = Candidate("Mine", "1", lambda _: [sys.executable, "-c", "exit('no licence')"])

    with (
        pytest.raises(CannotMeasure, match=r"^Mine ended with status 1: no licence$"),
        servers.serving(ends, tmp_path / "log"),
    ):
        pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_a_child_ends_with_the_server_that_does_not_end_it(tmp_path: Path) -> None:
    def with_child(port: int) -> list[str]:
        [python, *serve] = candidates.quiet().command(port)
        start_another = (
            "import os, subprocess, sys;"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
            "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
        )
        return [python, "-c", start_another, *serve]

    with servers.serving(Candidate("Mine", "1", with_child), tmp_path / "log") as served:
        assert served.pid is not None
        [_, child] = processes.tree(served.pid)
        assert os.getpgid(child) == served.pid

    until(lambda: has_ended(child))
