"""HTTP/1.1 over a real socket: offers, order and bounds, also for clients that misbehave."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from tests.qlara_sandbox.web.calls import QUOTA, fail, vcf
from tests.server import exchange, read_to_end, serving
from tests.wire import (
    BODY,
    CONTINUE,
    MEDIA,
    arm,
    chunks,
    connected,
    good_form,
    head,
    in_segments,
    journal,
    offering,
    peak_megabytes,
    quota,
    replies,
    request,
    statuses,
    until_read,
    used,
)

if TYPE_CHECKING:
    from tests.server import Running

INVALID = fail(request="Invalid HTTP request received.")


# An offer to upgrade (RFC 9110 section 7.8)

OFFERS = ["TLS/1.2", "websocket", "h2c", "h2c, websocket"]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_to_upgrade_is_ignored_and_the_connection_goes_on(
    server: Running, offer: str, chunked: bool
) -> None:
    key = f"offer-{OFFERS.index(offer)}-{chunked}"
    body = chunks(BODY) if chunked else BODY
    received = exchange(
        server.port, offering(key, offer, chunked=chunked) + body + quota(key, "Connection: close")
    )

    assert [(one.status, one.body.get("used")) for one in replies(received)] == [
        (200, None),
        (200, 1),
    ]


@pytest.mark.parametrize("connection", [b"Upgrade, close", b"close, Upgrade"])
@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_on_a_connection_that_closes_is_ignored_too(
    server: Running, offer: str, connection: bytes
) -> None:
    key = f"closing-{OFFERS.index(offer)}-{len(connection)}-{connection[:1].decode()}"
    sent = offering(key, offer).replace(b"Connection: Upgrade", b"Connection: " + connection)

    assert sent.count(connection) == 1
    assert statuses(exchange(server.port, sent + BODY)) == [200]
    assert statuses(exchange(server.port, quota(key) + sent + BODY)) == [200, 200]


@pytest.mark.parametrize("chunked", [False, True])
def test_an_offer_is_ignored_wherever_its_bytes_are_split(server: Running, chunked: bool) -> None:
    start = offering("split", "h2c", chunked=chunked)
    body = chunks(BODY) if chunked else BODY
    sent = start + body + quota("split", "Connection: close")
    cuts = [
        start.index(b"Upgrade: h2c") + 3,
        start.index(b"h2c") + 1,
        len(start) - 2,
        len(start),
        len(start) + 20,
        len(start + body) - 3,
        len(start + body) + 5,
    ]
    for cut in cuts:
        assert statuses(in_segments(server, sent[:cut], sent[cut:])) == [200, 200]


def test_an_offer_is_ignored_behind_other_requests(server: Running) -> None:
    upload = offering("behind-others", "h2c") + BODY
    get = head(
        "behind-others", "Connection: Upgrade", "Upgrade: websocket", path=QUOTA, method="GET"
    )
    sent = (
        quota("behind-others") + upload + get + upload + quota("behind-others", "Connection: close")
    )

    assert statuses(exchange(server.port, sent)) == [200] * 5


def test_a_client_that_offers_and_waits_is_asked_to_go_on(server: Running) -> None:
    with connected(server) as connection:
        connection.sendall(offering("wait", "TLS/1.2", "Expect: 100-continue"))
        assert connection.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE
        connection.sendall(BODY + quota("wait", "Connection: close"))
        assert statuses(read_to_end(connection)) == [200, 200]


def test_the_journal_keeps_the_offer(server: Running) -> None:
    received = exchange(server.port, offering("noted", "TLS/1.2", "X-Close: no"), BODY + b"\x00")
    assert statuses(received) == [200, 400]

    [entry] = journal(server, "noted")
    assert entry["request"]["headers"]["upgrade"] == "TLS/1.2"


def test_an_offer_does_not_hide_a_broken_head(server: Running) -> None:
    sent = offering("both", "h2c", "Transfer-Encoding: chunked") + chunks(BODY)

    assert [(one.status, one.body) for one in replies(exchange(server.port, sent))] == [
        (400, INVALID)
    ]
    assert used(server, "both") == 0


def test_a_request_to_connect_is_refused(server: Running) -> None:
    sent = b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n" + quota("x")
    [reply] = replies(exchange(server.port, sent))

    message = "Expected a request to this server; CONNECT is for proxies."
    assert (reply.status, reply.body) == (400, fail(request=message))


# Order (RFC 9112 section 9.3.2)


def test_a_committed_upload_has_its_response_before_garbage_is_refused(server: Running) -> None:
    for number, garbage in enumerate(
        (b"\x00garbage", b"GET nowhere HTTP/1.1\r\n\r\n", b"X" * 3 + b"\r\n")
    ):
        key = f"committed-{number}"
        received = exchange(
            server.port, head(key, MEDIA, "Transfer-Encoding: chunked") + chunks(BODY) + garbage
        )

        assert [one.status for one in replies(received)] == [200, 400]
        assert replies(received)[1].headers["connection"] == "close"
        assert used(server, key) == 1


def test_a_request_that_breaks_off_behind_others_is_refused_in_its_turn(server: Running) -> None:
    upload = request("in-turn", BODY).replace(b"Connection: close\r\n", b"")
    broken = head("in-turn", MEDIA, "Transfer-Encoding: chunked") + b"5\r\nhello\r\nZZZ\r\n"
    received = replies(exchange(server.port, upload + quota("in-turn") + broken))

    assert [one.status for one in received] == [200, 200, 400]
    assert received[2].body == INVALID
    assert [entry["answer"]["status"] for entry in journal(server, "in-turn")] == [400, 200, 200]


def test_many_requests_at_once_get_their_responses_in_order(server: Running) -> None:
    sent = b"".join(
        head("many", path=f"{QUOTA}/{number}", method="GET") for number in range(3000)
    ) + quota("many", "Connection: close")
    received = replies(exchange(server.port, sent, timeout=60))

    told = [one.body["data"]["path"].partition(". ")[0] for one in received[:-1]]
    assert told == [f"No such path in the contract: {QUOTA}/{number}" for number in range(3000)]
    assert received[-1].status == 200


def test_garbage_in_a_body_that_nobody_reads_does_not_become_a_second_response(
    server: Running,
) -> None:
    start = head("x", "Transfer-Encoding: chunked", path=QUOTA, method="GET")
    with connected(server) as connection:
        connection.sendall(start.replace(b"sandbox_x", b"unknown") + b"5\r\nhello\r\n")
        connection.sendall(b"ZZZ\r\n")
        received = replies(read_to_end(connection))

    assert [one.status for one in received] == [401]


def test_an_absolute_target_without_a_path_is_the_root(server: Running) -> None:
    sent = head("x", "Connection: close", path="http://localhost", method="GET")
    [reply] = replies(exchange(server.port, sent))

    assert (reply.status, reply.body["data"]) == (404, {"path": "No such path in the contract: /"})


# Bounds


@pytest.mark.parametrize("path", [QUOTA, "/__admin/version", "/__docs", "/nowhere"])
def test_a_long_head_is_refused_by_name_wherever_it_is_sent(server: Running, path: str) -> None:
    long = f"X-Long: {'x' * 70_000}"
    received = exchange(
        server.port, head("long", long, "Connection: close", path=path, method="GET")
    )
    [reply] = replies(received)

    expected = fail(**{"x-long": "Expected at most 64 KB of headers."})
    assert (reply.status, reply.body) == (431, expected)


def test_a_long_path_is_refused_by_name(server: Running) -> None:
    sent = head("long", "Connection: close", path=f"{QUOTA}?q={'x' * 70_000}", method="GET")
    [reply] = replies(exchange(server.port, sent))

    expected = fail(path="Expected at most 64 KB of path, query and headers.")
    assert (reply.status, reply.body) == (431, expected)


def test_a_head_of_too_many_fields_is_refused(server: Running) -> None:
    sent = head("fields", *["A: b"] * 300, path=QUOTA, method="GET")
    [reply] = replies(exchange(server.port, sent))

    assert (reply.status, reply.body) == (431, fail(request="Expected at most 256 header fields."))


def test_a_head_may_begin_in_a_segment_that_ends_a_long_body(server: Running) -> None:
    # Neither the body nor the rest of the segment counts for the head.
    upload = request("tail", BODY + b"\r\n" * 100_000).replace(b"Connection: close\r\n", b"")
    sent = upload + quota("tail", "Connection: close")

    assert statuses(in_segments(server, sent[:-20], sent[-20:])) == [200, 200]


TRAILERS = {
    "many fields": b"A: b\r\n" * 300,
    "a long field": b"A: " + b"b" * 200_000,
    "many long fields": (b"A: " + b"b" * 8_000 + b"\r\n") * 30,
}


@pytest.mark.parametrize("name", TRAILERS)
def test_an_endless_trailer_is_refused_in_the_documented_shape(server: Running, name: str) -> None:
    key = name.replace(" ", "-")
    start = head(key, MEDIA, "Transfer-Encoding: chunked")
    [reply] = replies(exchange(server.port, start + chunks(BODY)[:-2] + TRAILERS[name]))

    assert (reply.status, reply.headers["connection"]) == (431, "close")
    assert used(server, key) == 0
    assert journal(server, key)[-1]["answer"]["status"] == 431


def test_an_endless_chunk_extension_is_refused(server: Running) -> None:
    start = head("extension", MEDIA, "Transfer-Encoding: chunked")
    [reply] = replies(exchange(server.port, start + b"5;a=" + b"b" * 200_000))

    assert (reply.status, reply.headers["connection"]) == (431, "close")


def test_a_body_of_the_smallest_chunks_is_read(server: Running) -> None:
    file = good_form(vcf(*((f"Name {number}", f"347 {number:07d}") for number in range(900))))
    start = head("crumbs", MEDIA, "Transfer-Encoding: chunked", "Connection: close")
    [reply] = replies(exchange(server.port, start + chunks(file, size=1)))

    assert (reply.status, reply.body["summary"]["imported"]) == (200, 900)


def test_a_trailer_is_no_part_of_the_request(server: Running) -> None:
    start = head("trailer", MEDIA, "Transfer-Encoding: chunked", "Connection: close")
    trailer = b"X-Api-Key: sandbox_other\r\nX-More: yes\r\n"
    [reply] = replies(exchange(server.port, start + chunks(BODY, trailer=trailer)))

    assert reply.status == 200
    [entry] = journal(server, "trailer")
    assert "x-more" not in entry["request"]["headers"]


def test_a_flood_of_trailers_takes_no_memory() -> None:
    with serving() as running, connected(running) as connection:
        until_read(running)
        before = peak_megabytes(running)
        connection.sendall(head("flood", MEDIA, "Transfer-Encoding: chunked") + chunks(BODY)[:-2])
        with suppress(OSError):  # the server has closed
            for _ in range(450):
                connection.sendall(b"A: " + b"b" * 65_533)
            read_to_end(connection)

        assert peak_megabytes(running) - before < 10
        [entry] = journal(running, "flood")
        assert entry["answer"]["status"] == 431


# Heads that the server refuses itself


def refused_heads(server: Running) -> list[dict[str, Any]]:
    """Return what the journal has of heads that were refused, newest first."""
    with urlopen(f"{server.url}/__admin/requests", timeout=10) as response:  # noqa: S310 - our own
        entries = json.load(response)["requests"]
    return [
        {"status": entry["answer"]["status"], "apiKey": entry["apiKey"], **entry["request"]}
        for entry in entries
        if entry["operation"] is None
    ]


def test_a_head_that_the_server_refuses_is_journalled_with_its_key_masked() -> None:
    with serving() as running:
        fields = head("refused-key", *["A: b"] * 300, path=f"{QUOTA}?token=x", method="GET")
        assert statuses(exchange(running.port, fields)) == [431]
        [entry] = refused_heads(running)

        assert entry["apiKey"] == entry["headers"]["x-api-key"] != "sandbox_refused-key"
        assert (entry["status"], entry["method"], entry["path"]) == (431, "GET", QUOTA)
        assert entry["query"] == "token=%E2%80%A6"


def test_a_head_that_does_not_end_is_journalled() -> None:
    with serving("--head-timeout", "1") as running:
        start = head("slow", path=f"{QUOTA}?a=b", method="PUT").removesuffix(b"\r\n")
        assert statuses(exchange(running.port, start)) == [408]
        [entry] = refused_heads(running)

        assert (entry["status"], entry["method"], entry["path"]) == (408, "PUT", QUOTA)
        assert entry["query"] == "a=b"


def test_what_is_no_request_is_journalled_and_counted() -> None:
    with serving() as running:
        assert statuses(exchange(running.port, quota("before") + b"\x00\r\n\r\n")) == [200, 400]
        [entry] = refused_heads(running)

        assert (entry["status"], entry["method"], entry["path"]) == (400, "", "")
        assert entry["headers"] == {}
        with urlopen(f"{running.url}/__admin/metrics", timeout=10) as response:  # noqa: S310 - our own
            metrics = response.read().decode()
        assert 'sandbox_requests_total{operation="none",status="400"} 1' in metrics


# A client that ends its side after its request (RFC 9293 section 3.6)


def half_closed(server: Running, sent: bytes) -> bytes:
    """Send *sent* as ``nc -N`` does, and return what comes back until the server closes."""
    with connected(server) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return read_to_end(connection)


def test_a_client_that_has_ended_its_side_gets_its_response(server: Running) -> None:
    assert statuses(half_closed(server, quota("half"))) == [200]
    assert statuses(half_closed(server, request("half", BODY))) == [200]
    assert used(server, "half") == 1


def test_it_gets_every_response_that_is_due(server: Running) -> None:
    upload = request("half-many", BODY).replace(b"Connection: close\r\n", b"")

    assert statuses(half_closed(server, upload * 20 + quota("half-many"))) == [200] * 21
    assert statuses(half_closed(server, upload + b"\x00garbage")) == [200, 400]


def test_it_gets_a_response_that_is_delayed(server: Running) -> None:
    arm(server, "half-late", {"on": "getContactQuota", "delay": {"fixed": "500ms"}})

    assert statuses(half_closed(server, quota("half-late"))) == [200]


def test_it_gets_a_response_that_is_larger_than_the_buffers(server: Running) -> None:
    file = good_form(b"BEGIN:VCARD\nEND:VCARD\n" * 100_000)
    [reply] = replies(half_closed(server, request("half-large", file)))

    assert (reply.status, len(reply.body["errors"])) == (200, 100_000)


def test_a_request_that_ends_in_the_middle_is_not_carried_out(server: Running) -> None:
    upload = request("half-way", BODY).replace(b"Connection: close\r\n", b"")

    assert half_closed(server, upload[:-10]) == b""
    assert half_closed(server, quota("half-way")[:-10]) == b""
    assert statuses(half_closed(server, quota("half-way") * 2 + upload[:-10])) == [200, 200]
    assert used(server, "half-way") == 0


def test_a_connection_without_a_request_ends_with_the_client(server: Running) -> None:
    assert half_closed(server, b"") == b""


def test_a_stream_of_events_ends_with_the_client(server: Running) -> None:
    events = head("half-events", path="/__admin/events", method="GET")
    with connected(server) as connection:
        connection.sendall(events)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        connection.shutdown(socket.SHUT_WR)
        read_to_end(connection)
