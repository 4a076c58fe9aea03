"""The server around the connections: time limits, clients that leave, and an orderly stop."""

from __future__ import annotations

import re
import select
import signal
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.qlara_sandbox.web.calls import LIST, QUOTA, fail, vcf
from tests.server import exchange, logged, read_to_end, serving, until
from tests.wire import (
    BODY,
    CONTINUE,
    MEDIA,
    arm,
    chunks,
    connected,
    good_form,
    head,
    journal,
    offering,
    quota,
    replies,
    request,
    reset_on_close,
    statuses,
    until_read,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server import Running

# Time limits


@pytest.fixture(scope="module")
def hurried() -> Iterator[Running]:
    """Start a sandbox that has little patience."""
    limits = ("--idle-timeout=1", "--head-timeout=1", "--stall-timeout=1")
    with serving(*limits) as running:
        yield running


STALLED = fail(body="Expected the rest of the body; nothing has arrived for 1 second.")


def test_a_connection_that_never_asks_is_closed(hurried: Running) -> None:
    assert exchange(hurried.port) == b""


def test_a_connection_is_closed_when_nothing_follows_a_response(hurried: Running) -> None:
    assert statuses(exchange(hurried.port, quota("idle") + quota("idle"))) == [200, 200]


def test_a_client_that_has_ended_its_side_is_not_waited_for_without_end(hurried: Running) -> None:
    arm(hurried, "left", {"on": "getContactQuota", "delay": {"fixed": "6s"}})
    with connected(hurried) as connection:
        connection.sendall(quota("left"))
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert read_to_end(connection) == b""


def test_an_empty_line_after_a_request_does_not_begin_another(hurried: Running) -> None:
    assert statuses(exchange(hurried.port, quota("idle") + b"\r\n")) == [200]


def test_a_head_that_does_not_end_is_refused_however_steadily_it_arrives(hurried: Running) -> None:
    with connected(hurried) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        while not select.select([connection], [], [], 0.05)[0]:
            connection.sendall(b"x")
        [reply] = replies(read_to_end(connection))

    expected = fail(request="Expected the whole head within 1 second.")
    assert (reply.status, reply.body, reply.headers["connection"]) == (408, expected, "close")


@pytest.mark.parametrize(
    "start",
    [
        head("stall", MEDIA, "Content-Length: 1000") + BODY[:100],
        head("stall", MEDIA, "Transfer-Encoding: chunked") + chunks(BODY)[:100],
        head("stall", MEDIA, "Content-Length: 20000000") + BODY[:100],
        offering("stall", "TLS/1.2"),
        quota("stall") + head("stall", MEDIA, "Content-Length: 1000"),
    ],
)
def test_a_body_that_stops_arriving_is_refused_and_journalled(
    hurried: Running, start: bytes
) -> None:
    reply = replies(exchange(hurried.port, start))[-1]

    assert (reply.status, reply.body, reply.headers["connection"]) == (408, STALLED, "close")
    assert "link" not in reply.headers  # /__docs has no section on it
    entry = journal(hurried, "stall")[0]
    assert (entry["operation"], entry["answer"]["status"]) == ("uploadVCard", 408)
    assert used(hurried, "stall") == 0


def test_a_body_that_was_asked_for_and_does_not_come_is_refused(hurried: Running) -> None:
    start = head("asked", MEDIA, "Content-Length: 1000", "Expect: 100-continue")

    assert statuses(exchange(hurried.port, start)) == [100, 408]


def test_a_body_that_is_not_needed_may_stop_but_not_hold_the_connection(hurried: Running) -> None:
    start = head("unread", "Content-Length: 1000", path=QUOTA, method="GET")

    assert statuses(exchange(hurried.port, start)) == [200]


def test_a_slow_body_is_read_as_long_as_it_goes_on(hurried: Running) -> None:
    start = head("slow", MEDIA, f"Content-Length: {len(BODY)}", "Connection: close")
    with connected(hurried) as connection:
        connection.sendall(start)
        for octet in BODY:  # takes several times the limit
            assert not select.select([connection], [], [], 0.01)[0]
            connection.sendall(bytes([octet]))
        assert statuses(read_to_end(connection)) == [200]


def test_a_delay_of_our_own_is_not_the_fault_of_the_client(hurried: Running) -> None:
    arm(hurried, "delayed", {"on": "uploadVCard", "delay": {"fixed": "2s"}})
    start = head(
        "delayed",
        MEDIA,
        f"Content-Length: {len(BODY)}",
        "Expect: 100-continue",
        "Connection: close",
    )
    with connected(hurried) as connection:
        connection.sendall(start)
        assert connection.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE
        connection.sendall(BODY)
        assert statuses(read_to_end(connection)) == [200]


def descriptors(server: Running) -> int:
    """Return how many file descriptors the server has open."""
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())


def test_a_response_that_nobody_reads_is_cut() -> None:
    file = good_form(b"BEGIN:VCARD\r\nEND:VCARD\r\n" * 60_000)  # a report of about 8 MB
    with serving("--stall-timeout=1") as running, socket.socket() as connection:
        until_read(running)
        before = descriptors(running)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.connect(("127.0.0.1", running.port))
        connection.sendall(request("unread-report", file))
        until(lambda: journal(running, "unread-report"))
        until(lambda: descriptors(running) == before)
        received = read_to_end(connection)
        [entry] = journal(running, "unread-report")

    assert len(received) < entry["answer"]["bodyBytes"]


# Clients that leave, and a server that stops


def test_a_client_that_leaves_with_requests_in_the_pipe_leaves_no_trace() -> None:
    with logged() as (running, log):
        arm(running, "gone", {"on": "getContactQuota", "delay": {"fixed": "300ms"}})
        for sent in (
            quota("gone") * 50,
            quota("gone") + request("gone", BODY)[:-50],
            head("gone", path="/__admin/events", method="GET") + quota("gone"),
            request("gone", BODY) + b"\x00",
            request("gone", BODY)[:-10],
        ):
            with connected(running) as connection:
                connection.sendall(sent)
                until_read(running)
                reset_on_close(connection)
            with connected(running) as connection:
                connection.sendall(sent)
                until_read(running)
        until(lambda: len(journal(running, "gone")) >= 4)

    assert log() == "Stopped.\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "busy",
    [
        head("stop", MEDIA, "Content-Length: 1000") + BODY[:100],
        head("stop", MEDIA, "Content-Length: 1000", "Expect: 100-continue"),
        head("stop", path="/__admin/events", method="GET"),
        head("stop__slow", method="GET", path=LIST),
        quota("stop__delayed") * 5 + request("stop", BODY)[:-20],
        request("stop", good_form(vcf(*((f"N{n}", f"+39347{n:07d}") for n in range(60_000))))),
        b"GET / HTTP/1.1\r\nHost: x",
        b"",
    ],
    ids=["body", "expected body", "events", "dribble", "pipeline", "import", "head", "idle"],
)
def test_a_stop_ends_whatever_is_under_way_without_a_complaint(
    tmp_path: Path, busy: bytes, number: signal.Signals
) -> None:
    slow = "title: T\nstory: S\nfaults: [{on: '*', %s}]\n"
    (tmp_path / "default.yaml").write_text("title: T\nstory: S\n")
    (tmp_path / "slow.yaml").write_text(slow % "dribble: {chunks: 5, over: 20s}")
    (tmp_path / "delayed.yaml").write_text(slow % "delay: 20s")
    options = ("--scenarios", str(tmp_path), "--stop-timeout=1")
    with logged(*options) as (running, log), connected(running) as connection:
        connection.sendall(busy)
        until_read(running)
        running.process.send_signal(number)
        status = running.process.wait(timeout=5)

    assert (status, log()) == (0, "Stopped.\n")


def test_tls_has_the_same_limits_and_says_nothing_of_clients_that_do_not_speak_it() -> None:
    with logged("--tls", "--stall-timeout=1", "--idle-timeout=1") as (running, log):
        authority = re.search(r"--cacert (\S+)", running.banner)
        assert authority is not None
        context = ssl.create_default_context(cafile=authority[1])

        def secured(sent: bytes) -> bytes:
            with (
                connected(running) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1") as it,
            ):
                it.sendall(sent)
                return read_to_end(it)

        stalled = head("tls", MEDIA, "Content-Length: 1000") + BODY[:100]
        assert statuses(secured(quota("tls") + stalled)) == [200, 408]
        assert statuses(secured(offering("tls", "TLS/1.2") + BODY + b"GARBAGE\r\n")) == [200, 400]
        assert statuses(secured(head("tls", method="GET", path=QUOTA) * 1000)) == [200] * 1000
        with suppress(OSError):
            exchange(running.port, quota("plain"))
        with connected(running) as plain:
            reset_on_close(plain)

    assert log() == "Stopped.\n"
