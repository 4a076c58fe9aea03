"""Connections that break at either end, many at a time: nothing leaks, nobody is blamed, and the proxy still serves."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2 as httpx
import pytest

from tests.engine import start_engine
from tests.qlara_cli.test_workers import children
from tests.qlara_proxy.commands import ended, proxying
from tests.qlara_proxy.targets import Peer, byte_target
from tests.server import Running, serving, until
from tests.wire import good_form, head

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

QUOTA = "/api/v1/partner-gateway/subscription/contacts"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
MEDIA = "Content-Type: multipart/form-data; boundary=frontier"
CONNECTIONS = 200
LARGE = good_form(
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marta\r\nTEL:+39 347 555 0199\r\nNOTE:".ljust(
        3_000_000, b"x"
    )
    + b"\r\nEND:VCARD\r\n"
)


def card(number: int) -> bytes:
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marta {number}\r\nTEL:+39347{number:07}\r\nEND:VCARD\r\n".encode()


def quota(key: str) -> bytes:
    return head(key, path=QUOTA, method="GET")


def listed(key: str, query: str = "") -> bytes:
    return head(key, path=LIST + query, method="GET")


def upload(key: str, body: bytes) -> bytes:
    return head(key, MEDIA, f"Content-Length: {len(body)}") + body


def connect(proxy: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=30)


def reset(connection: socket.socket) -> None:
    """Break a connection off, as a process does that is killed with bytes unread."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def descriptors(proxy: Running) -> list[str]:
    """Return what the proxy has open."""
    found = []
    for each in Path(f"/proc/{proxy.process.pid}/fd").iterdir():
        with suppress(OSError):
            found.append(str(each.readlink()))
    return found


def exchange(connection: socket.socket, request: bytes) -> int:
    """Send a request over a connection that is kept; return the status of the response once all of it is here."""
    connection.sendall(request)
    received = b""
    while True:
        data = connection.recv(65536)
        assert data, received[-200:]
        received += data
        top, blank, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", top, re.IGNORECASE)
        if blank and length and len(body) >= int(length[1]):
            return int(top[9:12])


def report(proxy: Running) -> dict[str, Any]:
    value: dict[str, Any] = httpx.get(f"{proxy.url}/__admin/report", timeout=60).json()
    return value


def require_as_before(
    proxy: Running, open_before: int, requests: int, but: Collection[str] = ()
) -> None:
    """See that everything was judged, that nobody was blamed, that nothing is left open, and that it still serves."""
    with httpx.Client(
        base_url=proxy.url, headers={"X-Api-Key": "sandbox_after"}, timeout=30
    ) as client:
        assert client.get(QUOTA).status_code == 200
    until(lambda: report(proxy)["requests"] >= requests + 1)
    states = {each["id"]: each["state"] for each in report(proxy)["promises"]}
    blamed = {name for name, state in states.items() if state in {"broken", "differs"}}
    assert blamed.difference(but) == set()
    until(lambda: len(descriptors(proxy)) <= open_before)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture
def proxy(sandbox: Running) -> Iterator[Running]:
    with proxying(sandbox.url, "--quiet") as running:
        httpx.get(f"{running.url}/__admin/report", timeout=60)  # what is opened once
        yield running
        done = ended(running)
        assert (done.code, done.log) == (0, "")


def at_once(count: int, one: Callable[[int], object]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_two_hundred_connections_at_once_with_requests_of_all_kinds(proxy: Running) -> None:
    before = len(descriptors(proxy))
    all_open = threading.Barrier(CONNECTIONS)

    def use(number: int) -> list[int]:
        key = f"many{number % 20}"
        with connect(proxy) as connection:
            all_open.wait(30)
            return [
                exchange(connection, each)
                for each in (
                    quota(key),
                    upload(key, good_form(card(number))),
                    listed(key),
                    head(key, path="/nowhere", method="GET"),
                    upload(key, good_form(b"no card")),
                    listed(key, "?limit=5"),
                )
            ]

    found = at_once(CONNECTIONS, use)

    assert found == [[200, 200, 200, 404, 400, 200]] * CONNECTIONS
    require_as_before(proxy, before, CONNECTIONS * 6)


def test_more_connections_than_there_are_descriptors_are_refused_and_served_later(
    proxy: Running,
) -> None:
    before = len(descriptors(proxy))
    limits = resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (before + 20, limits[1]))
    clients = [connect(proxy) for _ in range(60)]
    until(lambda: len(descriptors(proxy)) >= before + 20)
    clients[0].sendall(quota("few"))
    refusal = clients[0].recv(65536)
    for each in clients:
        each.close()

    assert refusal.startswith(b"HTTP/1.1 502 ")
    assert b"The proxy has no file descriptor left for a connection to http://" in refusal
    require_as_before(proxy, before, 1)


@pytest.mark.parametrize("ends", [reset, socket.socket.close], ids=["reset", "closed"])
def test_clients_that_die_in_the_middle_of_an_upload(
    ends: Callable[[socket.socket], None], proxy: Running
) -> None:
    before = len(descriptors(proxy))

    def die(number: int) -> None:
        connection = connect(proxy)
        request = upload(f"die{number}", LARGE)
        connection.sendall(request[: 200 + number * len(request) // 50])
        ends(connection)

    at_once(40, die)

    require_as_before(proxy, before, 40)


@pytest.mark.parametrize("ends", [reset, socket.socket.close], ids=["reset", "closed"])
def test_clients_that_die_in_the_middle_of_a_response(
    ends: Callable[[socket.socket], None], proxy: Running
) -> None:
    before = len(descriptors(proxy))

    def die(number: int) -> None:
        connection = connect(proxy)
        connection.sendall(listed(f"read{number}__large-account", "?limit=1000"))
        connection.recv(100 if number % 2 else 5_000)
        ends(connection)

    at_once(40, die)

    require_as_before(proxy, before, 40)


def test_clients_that_read_slowly_hold_up_nobody_and_get_all_of_it(proxy: Running) -> None:
    before = len(descriptors(proxy))
    may_read = threading.Event()

    def slowly() -> int:
        with connect(proxy) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            connection.sendall(listed("slow__large-account", "?limit=1000") * 2)
            may_read.wait(30)
            received = b""
            while received.count(b'"hasMore"') < 2:
                received += connection.recv(65536)
            return len(received)

    with ThreadPoolExecutor(12) as pool:
        reading = [pool.submit(slowly) for _ in range(12)]
        with connect(proxy) as connection:
            assert [exchange(connection, quota("quick")) for _ in range(50)] == [200] * 50
        may_read.set()
        sizes = {each.result() for each in reading}

    assert len(sizes) == 1
    require_as_before(proxy, before, 12 * 2 + 50)


def test_a_deployment_that_is_killed_and_started_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with proxying(f"http://127.0.0.1:{port}", "--quiet") as proxy:
        httpx.get(f"{proxy.url}/__admin/report", timeout=60)
        before = len(descriptors(proxy))
        stop = threading.Event()
        statuses: set[int] = set()

        def use(number: int) -> int:
            """Send requests of all kinds; return how many got a response."""
            responses = 0
            while not stop.wait(0.02):
                with suppress(OSError, AssertionError), connect(proxy) as connection:
                    for each in (
                        quota("up"),
                        upload(
                            f"up{number}", good_form(card(responses)) if responses % 9 else LARGE
                        ),
                        listed("up"),
                    ):
                        statuses.add(exchange(connection, each))
                        responses += 1
            return responses

        with ThreadPoolExecutor(12) as pool:
            using = [pool.submit(use, number) for number in range(12)]
            for _ in range(3):
                with serving("--port", port) as running:
                    until(lambda: 200 in statuses)
                    stop.wait(1)
                    running.process.send_signal(signal.SIGKILL)
                    running.process.wait()
                until(lambda: 502 in statuses)
                statuses.clear()
            stop.set()
            responses = sum(each.result() for each in using)

        with serving("--port", port):
            # One that begins anew gives its ids anew, and that is seen.
            require_as_before(proxy, before, responses, but={"upload.import-id-unique"})
        done = ended(proxy)

    assert (done.code, done.log) == (0, "")


def test_a_deployment_that_resets_every_connection_somewhere() -> None:
    body = b'{"used": 1, "total": 9999}'
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    whole = b"HTTP/1.1 200 OK\r\n" + length.encode() + body

    def broken(peer: Peer) -> None:
        peer.head()
        peer.send(whole[: len(whole) * (len(peers) % 10) // 10])
        peers.append(peer)
        reset(peer.socket)

    peers: list[Peer] = []
    with byte_target(broken) as target, proxying(target.url, "--quiet") as proxy:
        httpx.get(f"{proxy.url}/__admin/report", timeout=60)
        before = len(descriptors(proxy))

        def use(number: int) -> bytes:
            received = b""
            with suppress(ConnectionError), connect(proxy) as connection:
                connection.sendall(quota("reset") if number % 2 else upload("reset", LARGE))
                while data := connection.recv(65536):
                    received += data
            return received

        found = at_once(60, use)
        until(lambda: report(proxy)["requests"] == 60)
        states = {each["id"]: each["state"] for each in report(proxy)["promises"]}
        until(lambda: len(descriptors(proxy)) <= before)
        done = ended(proxy)

    assert (done.code, done.log) == (0, "")
    assert all(whole.startswith(each) for each in found)
    assert [name for name, state in states.items() if state == "broken"] == []


def test_two_processes_behind_tls_of_which_one_is_killed(tmp_path: Path) -> None:
    engine = start_engine(tmp_path)
    options = ("--tls", "--workers", "2", "--state", engine.url)
    try:
        with (
            serving(*options) as running,
            proxying(running.url, "--quiet", "--insecure", "--sole-client") as proxy,
        ):
            httpx.get(f"{proxy.url}/__admin/report", timeout=60)
            before = len(descriptors(proxy))
            statuses: list[int] = []

            def use(number: int) -> None:
                for at in range(40):
                    with suppress(OSError, AssertionError), connect(proxy) as connection:
                        requests = (
                            upload(f"tls{number}", good_form(card(at))),
                            listed(f"tls{number}"),
                            quota(f"tls{number}"),
                        )
                        statuses.extend(exchange(connection, each) for each in requests)

            with ThreadPoolExecutor(10) as pool:
                using = [pool.submit(use, number) for number in range(10)]
                until(lambda: len(statuses) > 100)
                os.kill(children(running.process.pid).pop(), signal.SIGKILL)
                for each in using:
                    each.result()

            # A connection that had come to the killed process is one to nobody: at most one of each client.
            lost = statuses.count(502)
            assert lost <= 10
            assert statuses.count(200) == len(statuses) - lost
            require_as_before(proxy, before, len(statuses) - lost)
            done = ended(proxy)
    finally:
        engine.stop()

    assert done.code == 0
    first, *others = done.log.splitlines()
    assert first.startswith("--insecure:")
    assert len(others) <= lost, others
