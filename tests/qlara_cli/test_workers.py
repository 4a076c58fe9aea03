from __future__ import annotations

import os
import re
import signal
import socket
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from qlara_cli import main
from tests.engine import start_engine
from tests.server import serving, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engine import EngineProcess
    from tests.server import Running

QUOTA = "/api/v1/partner-gateway/subscription/contacts"
KEY = {"X-Api-Key": "YOUR_API_KEY"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    started = start_engine(tmp_path)
    yield started
    started.stop()


def children(pid: int) -> set[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return {int(each) for each in found.split()}


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def ask(running: Running, times: int) -> set[int]:
    """Ask for the quota again and again, each time on a connection of its own."""
    return {
        httpx.get(running.url + QUOTA, headers=KEY, timeout=20).status_code for _ in range(times)
    }


def count(running: Running) -> int:
    response = httpx.post(f"{running.url}/__admin/requests/count", json={}, timeout=20)
    return int(response.json()["count"])


@pytest.mark.parametrize("options", [[], ["--state", "accounts.jsonl"]])
def test_workers_need_a_state_that_they_share(options: list[str]) -> None:
    result = CliRunner().invoke(main, ["serve", "--workers", "2", *options])

    assert result.exit_code == 2
    assert result.output == (
        "--workers 2 needs a state that the workers share, such as --state redis://HOST:6379/0: "
        "in memory, or in a file, each of them would be a sandbox of its own.\n"
    )


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_workers_are_one_sandbox_and_one_that_is_killed_is_replaced(engine: EngineProcess) -> None:
    with serving("--workers", "2", "--state", engine.url) as running:
        assert ask(running, 12) == {200}
        assert count(running) == 12
        before = children(running.process.pid)

        os.kill(min(before), signal.SIGKILL)
        until(lambda: len(children(running.process.pid) - before) == 1)

        assert ask(running, 6) == {200}
        after = children(running.process.pid)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=20) == 0

    assert (len(before), len(after), len(before & after)) == (2, 2, 1)
    assert not any(map(is_there, before | after))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not spread connections")
def test_connections_that_are_opened_at_once_are_spread_over_the_workers(
    engine: EngineProcess,
) -> None:
    request = f"GET {QUOTA} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: YOUR_API_KEY\r\n\r\n"
    with serving("--workers", "2", "--state", engine.url) as running, ExitStack() as stack:
        address = ("127.0.0.1", running.port)
        connections = [
            stack.enter_context(socket.create_connection(address, timeout=20)) for _ in range(40)
        ]
        answered = []
        for connection in connections:
            connection.sendall(request.encode())
            answered.append(connection.recv(65_536).decode())

    ids = [int(re.findall(r"x-request-id: req_(\d+)", each)[0]) for each in answered]
    # Each process has a million numbers of its own for its requests.
    of_each = Counter(number // 1_000_000 for number in ids)
    assert len(of_each) == 2
    assert min(of_each.values()) >= 4


def test_a_port_on_which_workers_are_is_not_free(engine: EngineProcess) -> None:
    with serving("--workers", "2", "--state", engine.url) as running:
        options = ["--workers", "2", "--state", engine.url, "--port", str(running.port)]
        result = CliRunner().invoke(main, ["serve", *options])

    assert result.exit_code == 2
    assert "in use" in result.output


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_workers_do_not_outlive_what_watches_them(engine: EngineProcess) -> None:
    with serving("--workers", "2", "--state", engine.url) as running:
        workers = children(running.process.pid)
        running.process.kill()
        running.process.wait()

        until(lambda: not any(map(is_there, workers)))


def test_workers_end_where_their_state_cannot_be_had(engine: EngineProcess) -> None:
    engine.stop()

    result = CliRunner().invoke(main, ["serve", "--workers", "2", "--state", engine.url])

    assert result.exit_code == 2
    assert "does not respond" in result.output
