from __future__ import annotations

import resource
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qlara_sandbox.http.descriptors import Descriptors
from tests.server import exchange, logged, until
from tests.wire import connected, quota, statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server import Running


@pytest.fixture
def spare() -> Iterator[int]:
    """Let this process have a few descriptors more than it uses; yield how many it may have."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = sum(1 for _ in Path("/dev/fd").iterdir()) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, limits[1]))
    yield few
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_shortage_is_told_once_a_minute(spare: int, caplog: pytest.LogCaptureFixture) -> None:
    descriptors = Descriptors()
    for now in (0.0, 1.0, 59.0, 60.0, 61.0):
        descriptors.watch(spare - 5, now)

    assert len(caplog.messages) == 2
    assert "File descriptors run short" in caplog.text
    assert "ulimit -n" in caplog.text


def test_as_long_as_there_are_enough_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    Descriptors().watch(10, 0.0)

    assert caplog.text == ""


def is_served(server: Running) -> bool:
    """Return whether the server responds to a new connection rather than closing it."""
    try:
        return statuses(exchange(server.port, quota("later", "Connection: close"))) == [200]
    except OSError:
        return False


def test_a_server_without_descriptors_says_so_and_serves_on_when_it_has_some() -> None:
    with logged() as (running, log):
        limits = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (40, limits[1]))
        with ExitStack() as stack:
            for _ in range(60):
                stack.enter_context(connected(running))
            assert running.process.stderr is not None
            assert (
                "File descriptors run short: 40 of 40 in use" in running.process.stderr.readline()
            )
        until(lambda: is_served(running))

    assert log() == "Stopped.\n"
