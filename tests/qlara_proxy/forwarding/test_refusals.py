"""What two readers could read in two ways goes nowhere, and the proxy says so in its own name."""

from __future__ import annotations

import json

import pytest

from tests.qlara_proxy.targets import Peer, byte_target, forwarding

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"

AMBIGUOUS = {
    "a length and chunks": (
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Expected Content-Length or Transfer-Encoding; found both.",
    ),
    "two lengths": (
        POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
        "Expected one Content-Length; found several.",
    ),
    "the same length twice": (
        POST + b"Content-Length: 4, 4\r\n\r\nbody",
        "Expected one Content-Length; found several.",
    ),
    "a length with a sign": (
        POST + b"Content-Length: +4\r\n\r\nbody",
        "Expected a Content-Length that is a number of bytes.",
    ),
    "chunks that are not the last coding": (
        POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "Expected a Transfer-Encoding that ends with one chunked.",
    ),
    "chunks twice": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Expected a Transfer-Encoding that ends with one chunked.",
    ),
    "a coding with a letter before it": (
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Expected a Transfer-Encoding that ends with one chunked.",
    ),
    "chunks in HTTP/1.0": (
        b"POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Expected no Transfer-Encoding in HTTP/1.0; found one.",
    ),
    "a blank before the colon": (
        POST + b"Content-Length : 4\r\n\r\nbody",
        "Expected a header field in line 3 of the request; found something else.",
    ),
    "a folded header": (
        POST + b"X-A: 1\r\n Content-Length: 4\r\n\r\nbody",
        "Expected a header field in line 4 of the request; found something else.",
    ),
    "a carriage return alone": (
        POST + b"X-A: 1\rContent-Length: 4\r\n\r\nbody",
        "Expected a header field in line 3 of the request; found something else.",
    ),
    "a line feed alone": (
        b"GET /a HTTP/1.1\nHost: x\n\n",
        "Expected lines that end with CR LF; found one that ends with LF.",
    ),
    "a NUL": (
        POST + b"X-A: a\0b\r\n\r\n",
        "Expected a header field in line 3 of the request; found something else.",
    ),
    "two hosts": (
        POST + b"Host: y\r\n\r\n",
        "Expected one Host; found several (RFC 9112 section 3.2).",
    ),
    "a blank in the target": (
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        "Expected a request line such as GET /path HTTP/1.1; found one that begins with 'GET'.",
    ),
    "HTTP/2": (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "Expected HTTP/1.1; found the beginning of HTTP/2.",
    ),
    "CONNECT": (
        b"CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n",
        "Expected a request to the deployment; found CONNECT. This proxy is no forward proxy: use its URL as the base URL of the client.",
    ),
    "the URL of another server": (
        b"GET http://other.example/a HTTP/1.1\r\nHost: other.example\r\n\r\n",
        "Expected a path; found the URL of another server. This proxy passes on to one deployment only: use its URL as the base URL of the client.",
    ),
}


@pytest.mark.parametrize(("request_", "message"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_is_ambiguous_or_not_http_reaches_nobody(request_: bytes, message: str) -> None:
    with byte_target(lambda _: None) as target, forwarding(target.url) as proxy:
        head, _, body = proxy.exchange(request_).partition(b"\r\n\r\n")
        seen, peers = proxy.seen(), target.peers

    assert head.splitlines()[:2] == [b"HTTP/1.1 400 Bad Request", b"X-Sandbox-Proxy: refused"]
    assert json.loads(body) == {"status": "fail", "data": {"request": message}}
    assert (seen, peers) == ([], [])


def test_a_head_without_an_end_is_refused() -> None:
    with byte_target(lambda _: None) as target, forwarding(target.url) as proxy:
        response = proxy.exchange(POST + b"X-A: " + b"a" * 300_000)

    assert response.startswith(b"HTTP/1.1 431 ")
    assert b"Expected at most 256 KB of headers." in response


BAD_CHUNKS = {
    "a size that is none": b"x\r\n",
    "a size with a sign": b"+1\r\na\r\n",
    "a line feed alone": b"1\na\n0\n\n",
    "a chunk that is longer": b"1\r\nab\r\n",
    "a trailer that is none": b"0\r\nno colon\r\n\r\n",
}


def _encourage(peer: Peer) -> None:
    peer.head()
    peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    peer.to_end()


@pytest.mark.parametrize("chunks", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_of_chunks_that_are_none_nothing_goes_on(chunks: bytes) -> None:
    after = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    with byte_target(_encourage) as target, forwarding(target.url) as proxy:
        client = proxy.connect()
        client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        client.head()
        client.send(chunks + after)
        response = client.head()
        [received] = target.received()
        [seen] = proxy.seen()

    assert response.startswith(b"HTTP/1.1 400 Bad Request\r\nX-Sandbox-Proxy: refused\r\n")
    assert b"hidden" not in received
    assert (seen.status, seen.sent_whole) == (None, False)
    assert seen.failure.startswith("Refused by the proxy with 400: Expected a body in chunks")


@pytest.mark.parametrize("path", ["/__admin/report", "/__console", "/__docs?x", "/__health/ready"])
def test_the_proxys_own_paths_are_never_passed_on(path: str) -> None:
    with byte_target(lambda _: None) as target, forwarding(target.url) as proxy:
        proxy.exchange(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())

        assert (target.peers, proxy.seen()) == ([], [])


def _respond(peer: Peer) -> None:
    peer.head()
    peer.send(OK)


TARGETS = {
    ("", "/a?b"): b"/a?b",
    ("", "/__administration"): b"/__administration",
    ("/base/", "/a?b"): b"/base/a?b",
    ("/base", "http://{host}/base/a"): b"/base/a",
    ("", "http://{host}"): b"/",
    ("", "HTTP://{host}?q"): b"/?q",
}


@pytest.mark.parametrize(("base", "target_"), TARGETS)
def test_a_target_goes_on_behind_the_base_path(base: str, target_: str) -> None:
    with byte_target(_respond) as target, forwarding(target.url + base) as proxy:
        sent = target_.replace("{host}", target.authority).encode()
        response = proxy.exchange(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % sent)
        [received] = target.received()
        [seen] = proxy.seen()

    assert response == OK
    assert received.split(b" ")[1] == TARGETS[base, target_]
    assert base.rstrip("/") + seen.target == TARGETS[base, target_].decode()
