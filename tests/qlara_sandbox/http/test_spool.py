from __future__ import annotations

import resource
from contextlib import ExitStack
from typing import TYPE_CHECKING

from qlara_sandbox.http.spool import KEPT_IN_MEMORY, Budget, Spool
from tests.server import serving
from tests.wire import MEDIA, connected, head, part, peak_megabytes, until_read

if TYPE_CHECKING:
    import pytest

CHUNK = b"x" * 1000


def test_a_file_is_read_as_it_was_written_in_memory_and_on_disk() -> None:
    for total in (0, 2_500, 10_000):
        spool = Spool(Budget(total))
        pieces = [bytes([number]) * 1000 for number in range(5)]
        for piece in pieces:
            spool.write(piece)

        assert spool.read() == b"".join(pieces)
        spool.close()


def test_what_is_on_disk_or_closed_takes_no_room_from_others() -> None:
    budget = Budget(1_500)
    first, second = Spool(budget), Spool(budget)
    first.write(CHUNK)
    second.write(CHUNK)  # goes to disk

    assert budget.take(500)
    assert not budget.take(1)
    first.write(CHUNK)  # follows it
    assert budget.take(1_000)
    budget.give_back(1_500)
    first.close()
    second.close()
    assert budget.take(1_500)


def test_a_long_file_goes_to_disk_though_there_is_room() -> None:
    budget = Budget(10 * KEPT_IN_MEMORY)
    spool = Spool(budget)
    spool.write(b"x" * KEPT_IN_MEMORY)
    assert not budget.take(10 * KEPT_IN_MEMORY)
    spool.write(b"x")

    assert budget.take(10 * KEPT_IN_MEMORY)
    assert len(spool.read()) == KEPT_IN_MEMORY + 1
    spool.close()


def test_a_file_stays_in_memory_if_no_descriptor_is_left(caplog: pytest.LogCaptureFixture) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    spool = Spool(Budget(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        spool.write(CHUNK)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert spool.read() == CHUNK
    assert "kept in memory" in caplog.text
    spool.close()


def test_uploads_that_stop_under_a_megabyte_share_one_bound() -> None:
    with serving() as running, ExitStack() as stack:
        until_read(running)
        before = peak_megabytes(running)
        start = head("stalled", MEDIA, "Content-Length: 1048576")
        file = part("file", b"x" * 900_000, filename="c.vcf")
        for _ in range(150):
            connection = stack.enter_context(connected(running))
            connection.sendall(start + file)
        until_read(running)

        assert peak_megabytes(running) - before < 80
