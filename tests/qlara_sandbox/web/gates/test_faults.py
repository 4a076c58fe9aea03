"""Faults on a real connection, seen through a raw socket."""

from __future__ import annotations

import json
import socket
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from starlette.testclient import TestClient

from qlara_sandbox.web.app import create_app
from tests.qlara_sandbox.web.calls import LIST, QUOTA, UPLOAD, vcf

if TYPE_CHECKING:
    from tests.server import Running


def admin(server: Running, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{server.url}/__admin{path}", data, {"Content-Type": "application/json"})  # noqa: S310 - our own server
    with urlopen(request, timeout=10) as response:  # noqa: S310 - as above
        return json.load(response)


def order(server: Running, key: str, **fault: Any) -> None:
    """Order a fault of every request of *key*."""
    admin(server, "/faults", {"apiKey": f"sandbox_fault_{key}", "fault": {"on": "*", **fault}})


def ask(key: str, path: str = QUOTA, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: sandbox_fault_{key}\r\n\r\n".encode()


def upload(key: str, data: bytes) -> bytes:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="c.vcf"\r\n\r\n'
        + data
        + b'\r\n--b\r\nContent-Disposition: form-data; name="listId"\r\n\r\nlist_crm_migration\r\n--b--\r\n'
    )
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: sandbox_fault_{key}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def until_closed(server: Running, request: bytes) -> bytes:
    """Return what comes back until the server closes; raises ConnectionResetError if it resets."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def used(server: Running, key: str) -> int:
    headers = {"X-Api-Key": f"sandbox_fault_{key}"}
    with urlopen(Request(server.url + QUOTA, None, headers), timeout=10) as response:  # noqa: S310 - as above
        count: int = json.load(response)["used"]
        return count


def last_entry(server: Running, key: str) -> dict[str, Any]:
    entry: dict[str, Any] = admin(server, f"/requests?apiKey=sandbox_fault_{key}&limit=1")[
        "requests"
    ][0]
    return entry


def test_an_empty_response_is_a_closed_connection_without_a_byte(server: Running) -> None:
    order(server, "empty", network="EMPTY_RESPONSE")

    assert until_closed(server, ask("empty")) == b""
    assert last_entry(server, "empty")["answer"] is None


def test_a_reset_connection_is_reset_and_not_closed(server: Running) -> None:
    order(server, "reset", network="CONNECTION_RESET")

    with pytest.raises(ConnectionResetError):
        until_closed(server, ask("reset"))
    assert last_entry(server, "reset")["faults"] == ["CONNECTION_RESET"]


def test_a_truncated_body_is_shorter_than_its_length_says(server: Running) -> None:
    whole = b'{"used":0,"total":50000}'
    order(server, "truncated", network="TRUNCATED_BODY")
    head, _, body = until_closed(server, ask("truncated")).partition(b"\r\n\r\n")

    assert b"content-length: %d" % len(whole) in head
    assert body == whole[: len(whole) // 2]


def test_a_malformed_chunk_follows_a_good_one(server: Running) -> None:
    order(server, "malformed", network="MALFORMED_CHUNK")
    head, _, body = until_closed(server, ask("malformed")).partition(b"\r\n\r\n")
    size, _, rest = body.partition(b"\r\n")
    chunk, after = rest[: int(size, 16)], rest[int(size, 16) :]

    assert b"transfer-encoding: chunked" in head
    assert b"content-length" not in head
    assert chunk == b'{"used":0,"t'
    assert after == b"\r\nthis is no chunk size\r\n"


def test_a_connection_that_fails_before_has_imported_nothing(server: Running) -> None:
    order(server, "before", count=1, network="CONNECTION_RESET")
    with pytest.raises(ConnectionResetError):
        until_closed(server, upload("before", vcf(("Marco", "347 123 4567"))))

    assert used(server, "before") == 0


def test_a_connection_that_fails_after_has_imported_all(server: Running) -> None:
    order(server, "after", count=1, network="EMPTY_RESPONSE", when="after")

    assert until_closed(server, upload("after", vcf(("Marco", "347 123 4567")))) == b""
    assert used(server, "after") == 1
    assert admin(server, "/requests?apiKey=sandbox_fault_after&status=0")["total"] == 1


def test_a_large_upload_meets_an_empty_response_and_no_reset(server: Running) -> None:
    order(server, "large", count=1, network="EMPTY_RESPONSE")

    assert until_closed(server, upload("large", b"x" * 3_000_000)) == b""


def test_the_next_request_is_answered_as_ever(server: Running) -> None:
    order(server, "next", count=1, network="CONNECTION_RESET")
    with pytest.raises(ConnectionResetError):
        until_closed(server, ask("next"))

    assert used(server, "next") == 0


def test_a_delayed_answer_takes_at_least_that_long_and_others_do_not(server: Running) -> None:
    order(server, "delayed", delay={"fixed": "1s"})
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as slow:
        began = perf_counter()
        slow.sendall(ask("delayed"))
        assert used(server, "punctual") == 0
        slow.setblocking(False)
        with pytest.raises(BlockingIOError):
            slow.recv(1)
        slow.settimeout(10)
        assert slow.recv(9) == b"HTTP/1.1 "
        assert perf_counter() - began >= 0.99


def test_a_dribbling_body_comes_in_pieces_and_whole(server: Running) -> None:
    order(server, "dribble", dribble={"chunks": 4, "over": "400ms"})
    pieces: list[bytes] = []
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        began = perf_counter()
        connection.sendall(ask("dribble"))
        while not b"".join(pieces).endswith(b"}"):
            pieces.append(connection.recv(65536))
        lasted = perf_counter() - began

    assert b"".join(pieces).endswith(b'\r\n\r\n{"used":0,"total":50000}')
    assert len(pieces) >= 4
    assert lasted >= 0.39


def test_an_ordered_answer_comes_with_its_body_and_headers_and_changes_nothing(
    server: Running,
) -> None:
    respond = {"status": 503, "body": "down for tea", "headers": {"Retry-After": "7"}}
    order(server, "ordered", count=1, respond=respond)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(upload("ordered", vcf(("Marco", "347 123 4567"))))
        response = connection.recv(65536)
        while not response.endswith(b"tea"):
            response += connection.recv(65536)

    assert response.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nretry-after: 7\r\n" in response
    assert b"\r\ncontent-type: text/plain; charset=utf-8\r\n" in response
    assert used(server, "ordered") == 0


@pytest.mark.parametrize("status", [204, 304])
def test_an_ordered_answer_without_content_has_none(server: Running, status: int) -> None:
    order(server, f"none{status}", count=1, respond={"status": status, "body": {"a": 1}})
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(ask(f"none{status}"))
        first = connection.recv(65536)
        connection.sendall(ask(f"none{status}"))
        second = connection.recv(65536)

    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert first.endswith(b"\r\n\r\n")
    assert second.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("network", ["EMPTY_RESPONSE", "TRUNCATED_BODY"])
def test_a_network_fault_without_a_network_is_told_plainly(network: str) -> None:
    client = TestClient(
        create_app(), base_url="http://localhost", headers={"X-Api-Key": "YOUR_API_KEY"}
    )
    client.post("/__admin/faults", json={"fault": {"on": "listContacts", "network": network}})
    response = client.get(LIST)

    assert response.status_code == 501
    assert response.json() == {
        "status": "error",
        "message": f"The fault {network} needs a real connection; "
        "the sandbox was called in process.",
    }


def test_faults_come_after_the_key_the_permission_and_a_forced_answer() -> None:
    client = TestClient(
        create_app(), base_url="http://localhost", headers={"X-Api-Key": "YOUR_API_KEY"}
    )
    fault = {"on": "*", "count": 1, "respond": {"status": 503}}
    client.post("/__admin/faults", json={"fault": fault})

    assert client.get(QUOTA, headers={"X-Api-Key": "unknown"}).status_code == 401
    assert client.get(LIST, headers={"Prefer": "code=404"}).status_code == 404
    assert [client.get(QUOTA).status_code for _ in range(2)] == [503, 200]


def test_a_status_that_nobody_has_assigned_says_so(server: Running) -> None:
    order(server, "unassigned", count=1, respond={"status": 599})
    with pytest.raises(HTTPError) as caught:
        used(server, "unassigned")

    assert (caught.value.status, json.load(caught.value)["error"]) == (599, "Unassigned")
