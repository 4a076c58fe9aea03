"""What goes wrong between client and deployment reaches the other side as it would without the proxy."""

from __future__ import annotations

import json
import resource
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from qlara_contract.errors import CannotRun
from qlara_proxy.forwarding.keeping import Room
from qlara_proxy.forwarding.target import target_of, why_unreachable
from qlara_proxy.keeping import KeptTraffic, kept
from tests.qlara_proxy.passing import exchange
from tests.qlara_proxy.targets import Peer, byte_target, forwarding
from tests.server import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
MEGABYTE = 1024 * 1024


def _reset(peer: Peer) -> None:
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.socket.close()


def _listen(peer: Peer) -> None:
    peer.to_end()


def test_a_response_that_comes_before_the_upload_has_ended_reaches_the_client() -> None:
    refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"

    def refuse(peer: Peer) -> None:
        peer.head()
        peer.send(refusal)
        peer.socket.shutdown(socket.SHUT_WR)
        peer.to_end()

    with byte_target(refuse) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 20971520\r\n\r\n")
        try:
            for _ in range(20):
                client.send(bytes(MEGABYTE))
        except ConnectionError:
            pass  # as without the proxy, a client that sends on may be told to stop
        response = client.to_end()
        [seen] = proxy.seen()

    assert response == refusal
    assert (seen.status, seen.received, seen.received_whole, seen.sent_whole) == (
        413,
        b"no",
        True,
        False,
    )


def test_a_deployment_that_responds_early_still_gets_the_rest_of_the_upload() -> None:
    def respond(peer: Peer) -> None:
        peer.head()
        peer.send(OK)
        peer.until(b"end")
        peer.head()
        peer.send(OK)

    with byte_target(respond) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000003\r\n\r\n")
        client.until(b"ok")
        client.send(bytes(1_000_000) + b"end" + GET)
        client.until(b"ok")
        seen = [(each.status, len(each.sent), each.sent_whole) for each in proxy.seen()]

    assert seen == [(200, 1_000_003, True), (200, 0, True)]


def test_a_connection_that_the_deployment_resets_is_reset_for_the_client() -> None:
    def respond(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        peer.until(b"go")
        _reset(peer)

    with byte_target(respond) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        client.until(b"half")
        client.send(b"go")
        with pytest.raises(ConnectionResetError):
            client.socket.recv(100)
        [seen] = proxy.seen()

    assert (seen.status, seen.received, seen.received_whole) == (200, b"half", False)
    assert seen.failure == "The deployment broke off the connection in the middle of the response."


def test_a_client_that_breaks_off_while_the_deployment_reads_nothing_is_gone_there_too() -> None:
    is_over = threading.Event()

    def hang(peer: Peer) -> None:
        peer.head()
        is_over.wait(30)
        peer.to_end()

    with byte_target(hang) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 99000000\r\n\r\n")
        client.socket.settimeout(0.5)
        with suppress(TimeoutError):
            for _ in range(99):
                client.send(bytes(MEGABYTE))
        _reset(client)
        until(proxy.seen)
        [seen] = proxy.seen()
        is_over.set()
        [received] = target.received()

    assert (seen.status, seen.failure) == (None, "The client closed the connection.")
    assert len(received) < 99_000_000


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nConte"], ids=["at once", "in its head"])
def test_a_deployment_that_hangs_up_is_no_response_of_the_proxy(sent: bytes) -> None:
    def hang_up(peer: Peer) -> None:
        peer.head()
        peer.send(sent)

    with byte_target(hang_up) as target, forwarding(target.url) as proxy:
        assert proxy.exchange(GET) == sent
        [seen] = proxy.seen()

    where = "in the middle of the response" if sent else "without a response"
    assert (seen.status, seen.failure) == (
        None,
        f"The deployment closed the connection {where}.",
    )


def test_a_deployment_that_cannot_be_reached_is_said_in_the_name_of_the_proxy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with forwarding(f"http://127.0.0.1:{port}") as proxy:
        response = proxy.exchange(GET)
        [seen] = proxy.seen()

    head, _, body = response.partition(b"\r\n\r\n")
    message = f"The deployment at http://127.0.0.1:{port} refused the connection."
    assert head.splitlines()[:2] == [
        b"HTTP/1.1 502 Bad Gateway",
        b"X-Sandbox-Proxy: unreachable",
    ]
    assert json.loads(body) == {"status": "error", "message": message}
    assert (seen.status, seen.failure) == (None, f"{message} The client got 502 of the proxy.")


def test_a_deployment_that_does_not_take_the_connection_in_time_is_a_504() -> None:
    target = target_of("http://127.0.0.1:9")

    assert why_unreachable(TimeoutError(), target) == (
        504,
        "The deployment at http://127.0.0.1:9 could not be reached in time.",
    )


def test_a_client_that_breaks_off_its_upload_does_so_for_the_deployment() -> None:
    with byte_target(_listen) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        client.socket.close()
        [received] = target.received()
        seen = proxy.seen()

    assert received.endswith(b"\r\n\r\nhalf")
    assert [(each.status, each.sent, each.sent_whole) for each in seen] == [(None, b"half", False)]


def test_a_client_that_sends_no_more_still_gets_its_response() -> None:
    def respond(peer: Peer) -> None:
        peer.to_end()
        peer.send(OK)

    with byte_target(respond) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(GET)
        client.socket.shutdown(socket.SHUT_WR)

        assert client.to_end() == OK


def test_a_connection_that_the_deployment_closes_while_it_is_idle_is_closed_for_the_client() -> (
    None
):
    def respond_once(peer: Peer) -> None:
        peer.head()
        peer.send(OK)

    with byte_target(respond_once) as target, forwarding(target.url) as proxy:
        assert proxy.exchange(GET) == OK


def test_an_exchange_that_is_under_way_may_finish_when_the_proxy_stops() -> None:
    def respond(peer: Peer) -> None:
        peer.head()
        peer.until(b"go")
        peer.send(OK)

    with byte_target(respond) as target, forwarding(target.url) as proxy:
        client, idle = proxy.connect(), proxy.connect()
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        while not proxy.hub.requests:
            pass
        client.send(b"go")
        cut = proxy.stop()

        assert (cut, client.to_end(), idle.to_end()) == (0, OK, b"")
        assert [each.status for each in proxy.collector.seen] == [200]


def test_an_exchange_that_does_not_end_is_cut_when_the_proxy_stops_and_is_not_the_deployments_fault() -> (
    None
):
    with (
        byte_target(_listen) as target,
        forwarding(target.url) as proxy,
    ):
        client = proxy.connect()
        client.send(GET)
        while not proxy.hub.requests:
            pass
        cut = proxy.stop(0.05)

        assert cut == 1
        assert [each.failure for each in proxy.collector.seen] == ["The proxy was stopped."]


@contextmanager
def _a_full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond 300 KB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300 * 1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_all_of_it_passes_and_only_the_beginning_is_kept() -> None:
    def respond(peer: Peer) -> None:
        peer.head()
        peer.until(b"END")
        peer.send(OK)

    body = b"x" * MEGABYTE + b"END"
    request = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    with _a_full_disk(), byte_target(respond) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(request + body)
        response = client.until(b"ok")
        [received] = target.received()
        [seen] = proxy.seen()

    assert (response, received.partition(b"\r\n\r\n")[2]) == (OK, body)
    assert (seen.status, len(seen.sent) in range(1, len(body))) == (200, True)


def test_on_a_full_disk_exchanges_are_left_out_and_small_ones_still_kept() -> None:
    traffic = KeptTraffic()
    with _a_full_disk():
        traffic.add(kept(exchange(1, body=b"x" * MEGABYTE)))
        traffic.add(kept(exchange(2, body=b"small")))

    assert ([each.number for each in traffic], traffic.left_out) == ([2], 1)


def test_of_bodies_without_room_only_the_beginning_is_kept_and_all_of_it_passes() -> None:
    body = bytes(range(256)) * 4096

    def respond(peer: Peer) -> None:
        peer.head()
        while len(peer.received) < len(body):
            peer._more()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        peer.to_end()

    with byte_target(respond) as target, forwarding(target.url, Room(300_000)) as proxy:
        client = proxy.connect()
        client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        client.head()
        while len(client.received) < len(body):
            client._more()
        [seen] = proxy.seen()
        [passed] = proxy.collector.exchanges

    assert client.received.endswith(body)
    assert seen.sent == body[:300_000]
    assert passed.request.body.size == len(body)


BAD_URLS = {
    "ftp://a.example": "--to: expected a URL that begins with http:// or https://, and a host.",
    "https://": "--to: expected a URL that begins with http:// or https://, and a host.",
    "https://u:geheim@a.example": "--to: expected a URL without a user or password: the client sends its own.",
    "https://a.example?x=1": "--to: expected a URL without ? and #: paths are put behind it.",
    "https://a.example:port": "--to: expected a URL such as https://api.example.com.",
}


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_deployment_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(CannotRun) as refused:
        target_of(url)

    assert str(refused.value) == BAD_URLS[url]


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate", encoding="utf-8")

    with pytest.raises(CannotRun) as refused:
        target_of("https://a.example", file)

    assert str(refused.value) == f"--ca-file: expected certificates in PEM in {file}."
