from __future__ import annotations

import resource
from contextlib import ExitStack

import pytest

from qlara_sandbox.http.spool import SMALL_BYTES, Budget, Spool, SpoolRoom
from tests.server import serving
from tests.wire import MEDIA, connected, head, part, peak_megabytes, until_read

CHUNK = b"x" * 1000


def room(small: int = 0, large: int = 0) -> SpoolRoom:
    return SpoolRoom(Budget(small), Budget(large))


@pytest.mark.parametrize("announced", [None, 2 * SMALL_BYTES])
@pytest.mark.parametrize("pieces", [5, 50])
@pytest.mark.parametrize("small", [0, 2_500, 10_000_000])
@pytest.mark.parametrize("large", [0, 10_000_000])
def test_a_file_is_read_as_it_was_written_in_memory_and_on_disk(
    small: int, large: int, pieces: int, announced: int | None
) -> None:
    there = room(small, large)
    spool = Spool(there, announced)
    content = [bytes([number]) * 30_000 for number in range(pieces)]
    for piece in content:
        spool.write(piece)

    assert spool.read() == spool.read() == b"".join(content)
    spool.close()
    assert there.small.take(small)
    assert there.large.take(large)


def test_what_is_on_disk_or_closed_takes_no_room_from_others() -> None:
    there = room(small=1_500)
    first, second = Spool(there), Spool(there)
    first.write(CHUNK)
    second.write(CHUNK)  # goes to disk

    assert there.small.take(500)
    assert not there.small.take(1)
    first.write(CHUNK)  # follows it
    assert there.small.take(1_000)
    there.small.give_back(1_500)
    first.close()
    second.close()
    assert there.small.take(1_500)


def test_a_larger_file_stays_in_memory_only_if_there_is_room_for_all_that_is_announced() -> None:
    there = room(small=2 * SMALL_BYTES, large=4 * SMALL_BYTES)
    first, second = Spool(there, 3 * SMALL_BYTES), Spool(there, 3 * SMALL_BYTES)
    for spool in (first, second):
        spool.write(b"x" * SMALL_BYTES)
    assert not there.small.take(1)
    for spool in (first, second):
        spool.write(b"x")

    assert there.small.take(2 * SMALL_BYTES), "neither of them is a small one any more"
    assert there.large.take(SMALL_BYTES)
    assert not there.large.take(1)
    first.close()
    assert there.large.take(3 * SMALL_BYTES)
    second.close()


@pytest.mark.parametrize("announced", [None, 10, SMALL_BYTES + 1])
def test_a_larger_file_than_was_announced_goes_to_disk(announced: int | None) -> None:
    there = room(small=10 * SMALL_BYTES, large=10 * SMALL_BYTES)
    spool = Spool(there, announced)
    spool.write(b"x" * SMALL_BYTES)
    for _ in range(2):
        spool.write(b"x")

    assert there.small.take(10 * SMALL_BYTES)
    assert there.large.take(10 * SMALL_BYTES)
    assert len(spool.read()) == SMALL_BYTES + 2
    spool.close()


def test_a_file_stays_in_memory_if_no_descriptor_is_left(caplog: pytest.LogCaptureFixture) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    spool = Spool(room())
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        spool.write(CHUNK)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert spool.read() == CHUNK
    assert "kept in memory" in caplog.text
    spool.close()


@pytest.mark.parametrize(
    ("announced", "sent"),
    [pytest.param(1_048_576, 900_000, id="small"), pytest.param(10_000_000, 2_000_000, id="large")],
)
def test_uploads_that_stop_share_one_bound(announced: int, sent: int) -> None:
    with serving() as running, ExitStack() as stack:
        until_read(running)
        before = peak_megabytes(running)
        start = head("stalled", MEDIA, f"Content-Length: {announced}")
        file = part("file", b"x" * sent, filename="c.vcf")
        for _ in range(150):
            connection = stack.enter_context(connected(running))
            connection.sendall(start + file)
        until_read(running)

        assert peak_megabytes(running) - before < 80
