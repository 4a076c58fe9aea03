"""Server-sent events, read from a real connection."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from qlara_sandbox.web.observers.event_stream import event_stream
from qlara_sandbox.web.observers.events import RESUME_SECONDS, Backlog, Events
from tests.qlara_sandbox.web.calls import LIST, QUOTA
from tests.server import exchange, read_to_end, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from starlette.types import Scope

    from tests.server import Running

GET: Scope = {"type": "http", "method": "GET"}


@contextmanager
def listening(server: Running, headers: str = "") -> Iterator[BinaryIO]:
    """Open the stream; lines of it can be read once this returns."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = f"GET /__admin/events HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
        connection.sendall(head.encode())
        lines = connection.makefile("rb")
        while lines.readline() != b": listening\n":
            pass
        yield lines


def ask(server: Running, key: str) -> None:
    with urlopen(Request(server.url + QUOTA, None, {"X-Api-Key": key}), timeout=10) as response:  # noqa: S310 - our own server
        response.read()


def call(server: Running, method: str, path: str, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    request = Request(  # noqa: S310 - our own server
        f"{server.url}/__admin{path}", json.dumps(body).encode(), headers, method=method
    )
    with urlopen(request, timeout=10) as response:  # noqa: S310 - as above
        response.read()


def events(lines: BinaryIO, count: int) -> list[tuple[str, Any]]:
    """Return the next events of the stream."""
    found: list[tuple[str, Any]] = []
    kind = ""
    while len(found) < count:
        line = lines.readline().decode().strip()
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((kind, json.loads(line.removeprefix("data: "))))
    return found


def ids(lines: BinaryIO, count: int) -> list[str]:
    """Return the ids of the next events of the stream."""
    found: list[str] = []
    while len(found) < count:
        line = lines.readline().decode().strip()
        if line.startswith("id: "):
            found.append(line.removeprefix("id: "))
    return found


def read_events(lines: BinaryIO) -> Iterator[tuple[str, Any]]:
    while True:
        yield from events(lines, 1)


def ask_for_much(server: Running, count: int) -> None:
    """Send requests whose responses are large: each is an event of 64 KB."""
    request = f"GET {LIST}?limit=1000 HTTP/1.1\r\nHost: localhost\r\n"
    request += "X-Api-Key: sandbox_much__large-account\r\nConnection: close\r\n\r\n"
    for _ in range(count):
        assert exchange(server.port, request.encode()).startswith(b"HTTP/1.1 200")


def resident_bytes(server: Running) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    kilobytes = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert kilobytes is not None
    return int(kilobytes[1]) * 1024


def test_requests_and_worlds_are_told_as_they_come(server: Running) -> None:
    with listening(server) as lines:
        ask(server, "sandbox_events")
        (first, world), (second, request) = events(lines, 2)

    assert (first, world["what"], world["scenario"]) == ("world", "grown", "default")
    assert (second, request["operation"]) == ("request", "getContactQuota")
    assert request["answer"]["status"] == 200
    assert "sandbox_events" not in json.dumps([world, request])


def test_what_the_control_api_does_is_told(server: Running) -> None:
    ask(server, "sandbox_told")
    whom = {"apiKey": "sandbox_told"}
    with listening(server) as lines:
        call(server, "POST", "/faults", {**whom, "fault": {"on": "*", "delay": {"fixed": "1ms"}}})
        call(server, "PUT", "/clock", {**whom, "freeze": True})
        call(server, "POST", "/reset", whom)
        told = [(kind, data["what"]) for kind, data in events(lines, 3)]

    assert told == [("world", "armed"), ("world", "clock"), ("world", "reset")]


def test_two_listeners_hear_the_same(server: Running) -> None:
    with listening(server) as one, listening(server) as other:
        ask(server, "sandbox_twice")
        assert events(one, 2) == events(other, 2)


def test_an_open_stream_does_not_hold_up_the_end_of_the_server() -> None:
    with serving() as server, listening(server) as lines:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=5) == 0
        assert lines.read().endswith(b"0\r\n\r\n")  # the last chunk, RFC 9112 section 7.1


def test_a_request_without_a_body_of_its_own_ends_at_once(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"HEAD /__admin/events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        response = read_to_end(connection)

    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert response.endswith(b"\r\n\r\n")


def test_a_reader_that_falls_behind_is_told_how_many_it_missed_and_goes_on_from_now() -> None:
    async def slow() -> list[Any]:
        hub = Events(Backlog(most=3, name="run"))
        pieces = aiter(event_stream(hub, GET).body_iterator)
        await anext(pieces)
        for number in range(4):
            hub.tell("request", number)
        lagged = await anext(pieces)
        hub.tell("request", 4)
        return [lagged, await anext(pieces)]

    assert asyncio.run(slow()) == [
        b'id: run-3\nevent: lagged\ndata: {"missed":4}\n\n',
        b"id: run-4\nevent: request\ndata: 4\n\n",
    ]


def test_the_backlog_is_bounded_by_bytes_however_many_readers_there_are() -> None:
    async def pile_up() -> tuple[int, list[bytes]]:
        hub = Events(Backlog(most_bytes=10_000, name="run"))
        with ExitStack() as stack:
            readers = [stack.enter_context(hub.listen()) for _ in range(30)]
            for _ in range(100):
                hub.tell("request", "x" * 1000)
            return hub.backlog.bytes, [await reader.take() for reader in readers]

    size, first = asyncio.run(pile_up())

    assert 8_000 < size <= 10_000
    assert first == [b'id: run-99\nevent: lagged\ndata: {"missed":100}\n\n'] * 30


def test_a_backlog_that_nobody_comes_back_for_is_empty() -> None:
    async def leave() -> tuple[bool, bool, int]:
        passed = [0.0]
        hub = Events(seconds=lambda: passed[0])
        with hub.listen():
            hub.tell("request", 1)
        may_come_back = hub.watched
        passed[0] = RESUME_SECONDS
        hub.tell("request", 2)
        return may_come_back, hub.watched, hub.backlog.bytes

    assert asyncio.run(leave()) == (True, False, 0)


def test_a_reader_that_comes_back_goes_on_after_the_last_event_that_it_got() -> None:
    async def come_back(last: str) -> Any:
        hub = Events(Backlog(most=3, name="run"))
        with hub.listen():
            hub.tell("request", 0)
        for number in (1, 2, 3):
            hub.tell("request", number)
        scope = {**GET, "headers": [(b"last-event-id", last.encode())]}
        pieces = aiter(event_stream(hub, scope).body_iterator)
        await anext(pieces)
        hub.tell("request", 4)
        return await anext(pieces)

    first = {last: asyncio.run(come_back(last)) for last in ("run-1", "run-0", "other-1", "")}

    assert first == {
        "run-1": b"id: run-2\nevent: request\ndata: 2\n\n",
        "run-0": b'id: run-4\nevent: lagged\ndata: {"missed":4}\n\n',
        "other-1": b"id: run-4\nevent: request\ndata: 4\n\n",
        "": b"id: run-4\nevent: request\ndata: 4\n\n",
    }


def test_what_happens_between_two_connections_is_told_with_the_second(server: Running) -> None:
    with listening(server) as lines:
        ask(server, "sandbox_resumes")
        last = ids(lines, 2)[-1]
    ask(server, "sandbox_resumes")
    with listening(server, f"Last-Event-ID: {last}\r\n") as lines:
        [(kind, request)] = events(lines, 1)

    assert (kind, request["operation"]) == ("request", "getContactQuota")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_thirty_readers_that_never_read_cost_little_more_than_one_backlog() -> None:
    with serving("--journal", "1") as server, ExitStack() as stack:
        with listening(server):  # loads the control API, which takes memory once
            ask_for_much(server, 1)
        before = resident_bytes(server)
        stalled = [stack.enter_context(listening(server)) for _ in range(30)]
        ask_for_much(server, 600)  # 40 MB of events, five backlogs
        grown = resident_bytes(server) - before
        told = [next(read_events(stalled[0])) for _ in range(3)]
        until_lagged = (kind for kind, _ in read_events(stalled[1]))

        assert grown < 30_000_000
        assert told[0][0] == "request"
        assert "lagged" in until_lagged


def test_a_reader_that_never_reads_does_not_hold_up_the_end_of_the_server() -> None:
    with serving() as server, listening(server):
        ask_for_much(server, 100)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=5) == 0


def test_silence_is_filled_with_comments_and_nobody_is_told_after_leaving() -> None:
    async def silent() -> tuple[bytes, bool, bool]:
        hub = Events(seconds=count(0, RESUME_SECONDS).__next__)  # nobody comes back in time
        gone, sent = asyncio.Event(), asyncio.Queue[Any]()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        response = event_stream(hub, GET, keep_alive=0.01)
        streaming = asyncio.create_task(response(GET, receive, sent.put))
        _start, _greeting, silence = [await sent.get() for _ in range(3)]
        watched = hub.watched
        gone.set()
        await streaming
        return silence["body"], watched, hub.watched

    assert asyncio.run(silent()) == (b": nothing new\n\n", True, False)


def test_the_stream_leaves_the_server_of_the_process_as_it_was() -> None:
    script = """
import uvicorn
before = uvicorn.Server.handle_exit
import qlara_sandbox.web.observers.event_stream
assert uvicorn.Server.handle_exit is before
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
def test_the_stream_is_announced_as_one(server: Running, accept: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = f"GET /__admin/events HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n"
        connection.sendall(head.encode())
        response = connection.recv(4096)

    assert b"content-type: text/event-stream\r\n" in response
    assert b"cache-control: no-store\r\n" in response
