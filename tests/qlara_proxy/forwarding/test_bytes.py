"""What passes is what was sent, byte for byte, in both directions."""

from __future__ import annotations

import socket

import pytest

from tests.qlara_proxy.targets import Peer, byte_target, forwarding

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
GET = b"GET /a HTTP/1.1\r\nHost: proxy.example\r\nConnection: close\r\n\r\n"

REQUESTS = {
    "order, case, repetition and blanks of headers": (
        b"GET /a%2Fb?x=1&&y=%C3%A9 HTTP/1.1\r\nX-b: 2\r\nx-A:1\r\nHOST:   {host}\t\r\nX-b:  two \r\n"
        b"Accept: */*;q=0.1\r\nX-Empty:\r\nX-Latin: caf\xe9\r\nConnection: close, TE\r\nTE: trailers\r\n"
        b"Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n\r\n"
    ),
    "a body with a length": (
        b"POST /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 5\r\n\r\na\r\n\0\xff"
    ),
    "chunks with extensions and trailers": (
        b"POST /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\n"
        b"Trailer: X-Sum\r\n\r\n"
        b'003;name="v;w"\r\nabc\r\n1 ; x\r\n\n\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n'
    ),
    "an empty line before the request": b"\r\nGET /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    "HTTP/1.0 without Host": b"GET /a HTTP/1.0\r\nX-a: 1\r\n\r\n",
    "a method of its own": b"QUERY /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    "raw bytes in the path": b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    "OPTIONS for the whole server": b"OPTIONS * HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
}


def _whole(peer: Peer) -> None:
    peer.socket.settimeout(0.4)
    try:
        while peer._more():
            peer.socket.settimeout(0.4)
    except TimeoutError:
        pass
    peer.send(OK)


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("is_slow", [False, True], ids=["at once", "byte by byte"])
def test_of_a_request_only_host_changes(request_: bytes, is_slow: bool) -> None:
    with byte_target(_whole) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sent = request_.replace(b"{host}", b"proxy.example")
        for piece in [sent[at : at + 1] for at in range(len(sent))] if is_slow else [sent]:
            client.send(piece)
        response = client.to_end()
        received = target.received()

    assert received == [request_.replace(b"{host}", target.authority.encode())]
    assert response == OK


RESPONSES = {
    "a length": OK,
    "order, case and repetition of headers": (
        b"HTTP/1.1 200 Fine, thank you\r\nset-cookie: a=1\r\nB: 2\r\nSet-Cookie: b=2\r\nX-A:1  \r\n"
        b"content-LENGTH: 0\r\nConnection: close\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\r\n"
    ),
    "chunks with extensions and trailers": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"2;a=b\r\nok\r\n00\r\nX-Sum: 1\r\n\r\n"
    ),
    "a body that ends with the connection": b"HTTP/1.1 200 OK\r\n\r\nsome\r\n\r\nbytes",
    "interim responses": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + OK
    ),
    "no content": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "not modified, with a length": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\nConnection: close\r\n\r\n"
    ),
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "lines that end with LF": b"HTTP/1.1 200 OK\nContent-Length: 2\nConnection: close\n\nok",
    "a folded header": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    "no HTTP at all": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a status that is none": b"HTTP/1.1 9 Yes\r\n\r\nok",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokay",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
    "chunks that are none": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\nok\r\n0\r\n\r\n"
    ),
    "a head that breaks off": b"HTTP/1.1 200 OK\r\nContent-Le",
    "a body that breaks off": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok",
    "more than its length": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok and more",
}


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
@pytest.mark.parametrize("is_slow", [False, True], ids=["at once", "byte by byte"])
def test_a_response_arrives_as_it_was_sent(response: bytes, is_slow: bool) -> None:
    def respond(peer: Peer) -> None:
        peer.head()
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (
            [response[at : at + 1] for at in range(len(response))] if is_slow else [response]
        ):
            peer.send(piece)

    with byte_target(respond) as target, forwarding(target.url) as proxy:
        assert proxy.exchange(GET) == response


def test_a_response_to_head_has_no_body_whatever_its_length_says() -> None:
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"

    def respond(peer: Peer) -> None:
        peer.head()
        peer.send(response)
        peer.head()
        peer.send(OK)

    with byte_target(respond) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
        first = client.head()
        client.send(GET)
        second = client.until(b"ok")
        seen = [(each.method, each.status, each.received_whole) for each in proxy.seen()]

    assert (first, second) == (response, OK)
    assert seen == [("HEAD", 200, True), ("GET", 200, True)]


def test_pipelined_requests_get_their_responses_in_order_on_one_connection() -> None:
    def respond(peer: Peer) -> None:
        for number in range(3):
            peer.head()
            body = b"%d" % number
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)
        peer.to_end()

    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % each for each in range(3))
    with byte_target(respond) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(requests)
        client.socket.shutdown(socket.SHUT_WR)
        responses = client.to_end()
        received = target.received()
        seen = [(each.number, each.connection, each.target) for each in proxy.seen()]

    assert responses == b"".join(
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % each for each in range(3)
    )
    assert received == [requests.replace(b"Host: x", b"Host: " + target.authority.encode())]
    assert seen == [(1, 1, "/0"), (2, 1, "/1"), (3, 1, "/2")]


def test_the_head_of_a_request_that_expects_100_goes_on_before_its_body() -> None:
    def respond(peer: Peer) -> None:
        peer.head()
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.until(b"body")
        peer.send(OK)

    with byte_target(respond) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(
            b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
        )
        interim = client.head()
        client.send(b"body")
        final = client.to_end()

    assert (interim, final[len(interim) :]) == (b"HTTP/1.1 100 Continue\r\n\r\n", OK)


def test_after_an_upgrade_bytes_pass_both_ways_until_the_end() -> None:
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"

    def respond(peer: Peer) -> None:
        peer.head()
        peer.send(switching + b"hello")
        peer.send(peer.until(b"ping") + b"pong")

    with byte_target(respond) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(b"GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
        client.until(b"hello")
        client.send(b"\0ping")
        assert client.to_end() == switching + b"hello\0pingpong"
        assert [each.status for each in proxy.seen()] == [101]
