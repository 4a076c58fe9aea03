"""What arrives over a real socket: sizes, malformed bodies, clients that wait, stop or hurry."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.qlara_sandbox.web.calls import QUOTA, UPLOAD, fail, vcf
from tests.server import exchange, read_to_end
from tests.wire import form, good_form, head, parsed, part, request, used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server import Running

LIMIT = 10_485_760
TOO_LARGE = fail(file="File size exceeds maximum allowed (10 MB)")


def sized(octets: int) -> bytes:
    """Return a file of exactly *octets* bytes with one contact in it."""
    start = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Large\r\nTEL:347 123 4567\r\nNOTE:"
    end = b"\r\nEND:VCARD\r\n"
    return start + b"x" * (octets - len(start) - len(end)) + end


def test_a_file_of_exactly_the_limit_passes(server: Running) -> None:
    status, report = parsed(exchange(server.port, request("exact", good_form(sized(LIMIT)))))

    assert (status, report["summary"]["imported"]) == (200, 1)


def test_one_byte_more_is_refused_as_documented_and_leaves_nothing(server: Running) -> None:
    raw = exchange(server.port, request("over", good_form(sized(LIMIT + 1))))

    assert parsed(raw) == (413, TOO_LARGE)
    assert used(server, "over") == 0


def chunked(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 500_000):
        piece = body[start : start + 500_000]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


@pytest.mark.parametrize(("octets", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
def test_the_limit_holds_for_a_body_whose_length_is_not_announced(
    server: Running, octets: int, status: int
) -> None:
    start = head(
        f"chunked{octets}",
        "Content-Type: multipart/form-data; boundary=frontier",
        "Transfer-Encoding: chunked",
        "Connection: close",
    )
    raw = exchange(server.port, start, *chunked(good_form(sized(octets))))

    assert parsed(raw)[0] == status


def test_a_client_that_waits_for_continue_is_refused_before_it_sends(server: Running) -> None:
    start = head(
        "expect",
        "Content-Type: multipart/form-data; boundary=frontier",
        f"Content-Length: {LIMIT * 2}",
        "Expect: 100-continue",
    )

    raw = exchange(server.port, start)

    assert parsed(raw) == (413, TOO_LARGE)
    assert b"100 Continue" not in raw


def test_a_client_that_waits_for_continue_is_asked_to_go_on(server: Running) -> None:
    body = good_form(vcf(("Marco", "347 123 4567")))
    start = head(
        "continue",
        "Content-Type: multipart/form-data; boundary=frontier",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
        "Connection: close",
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(start)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(body)
        assert parsed(read_to_end(connection))[0] == 200


def test_a_client_without_a_key_can_send_all_it_has_and_reads_the_answer(server: Running) -> None:
    raw = exchange(server.port, request("x", good_form(sized(LIMIT))).replace(b"sandbox_x", b"no"))

    accepted = "Accepted: YOUR_API_KEY, and any key that begins with sandbox_."
    assert parsed(raw) == (401, fail(apiKey=f"Unknown or inactive API key. {accepted}"))


CARD = vcf(("Marco", "347 123 4567"))
FILE = part("file", CARD, filename="c.vcf")
LIST_ID = part("listId", b"list_crm_migration")
MALFORMED: dict[str, tuple[bytes, str | None, str]] = {
    "no content type": (b"x", "", "file"),
    "json": (b"{}", "application/json", "file"),
    "urlencoded": (b"listId=a", "application/x-www-form-urlencoded", "file"),
    "no boundary": (form(FILE, LIST_ID), "multipart/form-data", "file"),
    "wrong boundary": (form(FILE, LIST_ID), "multipart/form-data; boundary=other", "file"),
    "empty boundary": (form(FILE, LIST_ID), 'multipart/form-data; boundary=""', "file"),
    "endless boundary": (b"x", f"multipart/form-data; boundary={'b' * 300}", "file"),
    "truncated": (form(FILE, LIST_ID)[:-40], None, "file"),
    "no last boundary": (FILE + LIST_ID, None, "file"),
    "empty body": (b"", None, "file"),
    "no parts": (b"--frontier--\r\n", None, "file"),
    "two files": (form(FILE, FILE, LIST_ID), None, "file"),
    "two list ids": (form(FILE, LIST_ID, LIST_ID), None, "listId"),
    "a file as list id": (form(FILE, part("listId", b"a", filename="a")), None, "listId"),
    "text as file": (form(part("file", CARD), LIST_ID), None, "file"),
    "no file": (form(LIST_ID), None, "file"),
    "nul in a field": (form(FILE, part("listId", b"a\0b")), None, "listId"),
    "broken utf-8": (form(FILE, LIST_ID, part("tags", b"\xff\xfe")), None, "tags"),
    "a field without end": (form(FILE, LIST_ID, part("tags", b"t" * 70_000)), None, "tags"),
    "a part header without end": (
        form(part("file", CARD, filename="c" * 9_000), LIST_ID),
        None,
        "file",
    ),
    "a part without a name": (
        b"--frontier\r\nContent-Type: text/plain\r\n\r\nx\r\n" + form(LIST_ID),
        None,
        "file",
    ),
    "too much beside the file": (
        form(FILE, LIST_ID, part("other", b"o" * 1_500_000)),
        None,
        "body",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_form_is_refused_with_its_field_and_changes_nothing(
    server: Running, name: str
) -> None:
    body, content_type, field = MALFORMED[name]
    key = name.replace(" ", "-")
    sent = request(key, body, content_type=content_type)
    if content_type == "":
        sent = sent.replace(b"Content-Type: multipart/form-data; boundary=frontier\r\n", b"")
    status, response = parsed(exchange(server.port, sent))

    assert (status, response["status"]) == (400, "fail")
    assert field in response["data"]
    assert used(server, key) == 0


@pytest.mark.parametrize("filename", ['c.vcf"', "città.vcf", "", "..\\..\\etc\\passwd", "c.vcf\\"])
def test_no_file_name_spoils_an_import(server: Running, filename: str) -> None:
    escaped = filename.replace('"', "%22")
    body = form(part("file", CARD, filename=escaped), LIST_ID)

    assert parsed(exchange(server.port, request("names", body)))[0] == 200


@pytest.mark.parametrize(
    "nonsense",
    [b"HELLO\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"\x00" * 9 + b" HTTP/1.1\r\n\r\n"],
)
def test_what_is_no_request_is_refused_in_the_documented_shape(
    server: Running, nonsense: bytes
) -> None:
    status, response = parsed(exchange(server.port, nonsense))

    assert (status, response["status"]) == (400, "fail")


def test_a_head_without_end_is_refused_and_not_kept(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 200_000)
        assert parsed(read_to_end(connection)) == (
            431,
            fail(request="Expected at most 64 KB of headers."),
        )


def test_a_body_that_turns_into_nonsense_is_refused_and_nothing_else_is_sent(
    server: Running,
) -> None:
    start = head(
        "nonsense",
        "Content-Type: multipart/form-data; boundary=frontier",
        "Transfer-Encoding: chunked",
    )
    raw = exchange(server.port, start + b"5\r\nhello\r\nZZZ\r\n")

    assert parsed(raw) == (400, fail(request="Invalid HTTP request received."))
    assert raw.count(b"HTTP/1.1") == 1
    assert used(server, "nonsense") == 0


def test_what_follows_a_complete_request_does_not_take_its_answer_away(server: Running) -> None:
    sent = request("behind", good_form(CARD)).replace(b"Connection: close\r\n", b"")
    raw = exchange(server.port, sent + b"\x00garbage\r\n\r\n")

    assert re.findall(rb"HTTP/1\.1 (\d+) ", raw) == [b"200", b"400"]
    assert parsed(raw) == (400, fail(request="Invalid HTTP request received."))
    assert used(server, "behind") == 1


def test_a_client_that_offers_http_2_is_answered_over_http_1(server: Running) -> None:
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA")
    sent = request("java", good_form(CARD), *offer).replace(b"Connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_white_space_around_a_key_is_no_part_of_it(server: Running) -> None:
    raw = exchange(
        server.port,
        head("x ", "Connection: close", path=QUOTA, method="GET"),
    )

    assert parsed(raw)[0] == 200


def test_an_upload_that_is_broken_off_changes_nothing(server: Running) -> None:
    sent = request("gone", good_form(sized(1_000_000)))
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent[:500_000])

    assert used(server, "gone") == 0


def test_requests_that_arrive_together_are_answered_in_their_order(server: Running) -> None:
    first = head("pipe", path=QUOTA, method="GET")
    last = head("pipe", "Connection: close", path=UPLOAD, method="GET")
    raw = exchange(server.port, first + last)

    assert raw.index(b"HTTP/1.1 200") < raw.index(b"HTTP/1.1 405")


def test_imports_of_one_world_at_the_same_time_lose_and_repeat_nothing(server: Running) -> None:
    def send(batch: int) -> int:
        people = [(f"n{i}", f"+39347{batch * 1000 + i:07d}") for i in range(400)]
        shared = [("shared", "+39 351 1234567")]
        raw = exchange(server.port, request("crowd", good_form(vcf(*people, *shared))), timeout=60)
        imported: int = parsed(raw)[1]["summary"]["imported"]
        return imported

    with ThreadPoolExecutor(8) as pool:
        imported = list(pool.map(send, range(8)))

    assert sum(imported) == used(server, "crowd") == 8 * 400 + 1


@pytest.mark.parametrize(
    ("key", "file", "status"),
    [
        ("sandbox_again", b"no vCard", 400),
        ("unknown", vcf(("A", "347 1")), 401),
        ("sandbox_again__no-permission", vcf(("A", "347 1")), 403),
        ("sandbox_again__quota-exhausted", vcf(("A", "347 555 0001")), 409),
        ("sandbox_again", b"BEGIN:VCARD" + b"x" * LIMIT, 413),
    ],
)
def test_after_a_refusal_the_same_connection_goes_on(
    server: Running, key: str, file: bytes, status: int
) -> None:
    body = good_form(file)
    upload = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {key}\r\n"
        f"Content-Type: multipart/form-data; boundary=frontier\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    after = head("again", "Connection: close", path=QUOTA, method="GET")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(upload + body + after)
        received = read_to_end(connection)

    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", received)
    assert statuses == [str(status).encode(), b"200"]
