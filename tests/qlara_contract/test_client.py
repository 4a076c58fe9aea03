"""The client: 429 is waited out, TLS is checked, what is safe is sent again, and an outage ends the run."""

from __future__ import annotations

import json
import socket
import ssl
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from qlara_contract.client import Client, retry_after
from qlara_contract.contract import contract
from qlara_contract.errors import CannotRun, DeadlineReached, DeploymentLost, Interrupted
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.settings import RunSettings
from tests.qlara_contract.deployments import SECRET, asked, serving, serving_with

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASK = ApiRequest("GET", contract().path_of(QUOTA))
LIMITED = {"status": 429, "error": "Too Many Requests", "message": "Wait.", "retryAfter": 0}


def _responses(*responses: tuple[int, Any]) -> tuple[list[ApiExchange], ApiExchange]:
    """Ask a server that gives *responses* in turn; return all exchanges and the last."""
    due, seen = iter(responses), list[ApiExchange]()
    with serving(lambda *_: next(due)) as url:
        client = Client(RunSettings(url, SECRET), watch=seen.append)
        last = client.send(ASK)
        client.close()
    return seen, last


def test_a_429_is_waited_out_and_noted() -> None:
    quota = {"used": 1, "total": 2}
    seen, last = _responses((429, LIMITED), (429, LIMITED), (200, quota))
    assert [each.response.status for each in seen] == [429, 429, 200]
    assert last.response.json == quota


def test_patience_ends_with_the_run() -> None:
    impatient = {**LIMITED, "retryAfter": 3600}
    with pytest.raises(DeploymentLost, match=r"keeps refusing requests as too many \(429\)"):
        _responses((429, impatient))


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ((("retry-after", "7"),), b"{}", 7.0),
        ((("retry-after", "Fri, 27 Nov 1998 10:00:00 GMT"),), b"{}", 0.0),
        ((), b'{"retryAfter": 12}', 12.0),
        ((("retry-after", "soon"),), b"{}", None),
        ((), b"<html>", None),
    ],
)
def test_a_429_says_in_three_ways_when_to_come_back(
    headers: tuple[tuple[str, str], ...], body: bytes, seconds: float | None
) -> None:
    assert retry_after(ApiResponse(429, headers, body)) == seconds


def test_a_get_is_sent_again_when_a_gateway_fails() -> None:
    quota = {"used": 1, "total": 2}
    seen, last = _responses((502, {}), (503, {}), (200, quota))
    assert [each.response.status for each in seen] == [502, 503, 200]
    assert last.response.json == quota


def test_a_gateway_that_keeps_failing_interrupts() -> None:
    with pytest.raises(Interrupted, match=r"503, which comes from a gateway"):
        _responses(*[(503, {})] * 3)


def test_a_post_is_not_sent_again() -> None:
    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(502)

        def log_message(self, *_: object) -> None:
            return

    seen = list[ApiExchange]()
    with serving_with(Gateway) as url:
        client = Client(RunSettings(url, SECRET), watch=seen.append)
        with pytest.raises(Interrupted):
            client.send(ApiRequest("POST", contract().path_of(UPLOAD), body=b""))
        client.close()
    assert len(seen) == 1


def test_a_post_is_not_lost_with_an_old_connection_twice() -> None:
    class Dropping(BaseHTTPRequestHandler):
        """Serves the first request of a connection, and closes it without a word at the next."""

        protocol_version = "HTTP/1.1"
        served = 0

        def do_POST(self) -> None:
            self.served += 1
            self.close_connection = self.served > 1
            if not self.close_connection:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    post = ApiRequest("POST", contract().path_of(UPLOAD), body=b"")
    with serving_with(Dropping) as url:
        client = Client(RunSettings(url, SECRET), watch=lambda _: None)
        client.send(post)
        with pytest.raises(Interrupted, match="closed the connection"):
            client.send(post)
        statuses = [client.send(post).response.status for _ in range(3)]
        client.close()
    assert statuses == [200, 200, 200]


def test_an_outage_is_told_from_a_failure() -> None:
    with serving(lambda *_: (503, {})) as url:
        client = Client(RunSettings(url, SECRET), watch=lambda _: None)
        failures = list[type[Exception]]()
        for _ in range(3):
            with pytest.raises((Interrupted, DeploymentLost)) as raised:
                client.send(ASK)
            failures.append(raised.type)
        client.close()
    assert failures == [Interrupted, Interrupted, DeploymentLost]


def test_a_429_without_a_time_is_the_response_while_others_are_served() -> None:
    due = iter([*[(429, dict[str, int]())] * 3, (200, {"used": 1, "total": 2})])
    with serving(lambda *_: next(due)) as url:
        client = Client(RunSettings(url, SECRET), watch=lambda _: None)
        exchange = client.send(ApiRequest("GET", contract().path_of(LIST, listId="list_a")))
        client.close()
    assert (exchange.response.status, list(due)) == (429, [])


class _Cutting(BaseHTTPRequestHandler):
    """Ends each body ten bytes before its end, or ``later``."""

    later = 0

    def do_GET(self) -> None:
        body = json.dumps({"used": 1, "total": 2}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: -10 + type(self).later])

    def log_message(self, *_: object) -> None:
        return


def test_a_body_that_ends_at_one_byte_each_time_is_the_response() -> None:
    class Cutting(_Cutting):
        pass

    with serving_with(Cutting) as url:
        client = Client(RunSettings(url, SECRET), watch=lambda _: None)
        exchange = client.send(ASK)
        client.close()
    assert exchange.response.is_incomplete
    assert exchange.response.body == b'{"used": 1, "'
    assert "the connection ended before the body did" in exchange.shown_response()


def test_a_body_that_ends_anywhere_is_the_network() -> None:
    class Cutting(_Cutting):
        def do_GET(self) -> None:
            super().do_GET()
            type(self).later += 1

    with serving_with(Cutting) as url:
        client = Client(RunSettings(url, SECRET), watch=lambda _: None)
        with pytest.raises(Interrupted, match="closed the connection"):
            client.send(ASK)
        client.close()


def test_a_key_that_is_accepted_no_more_ends_the_run() -> None:
    due = iter([(200, {"used": 1, "total": 2})])
    with serving(lambda *_: next(due, (401, {}))) as url:
        client = Client(RunSettings(url, SECRET), watch=lambda _: None)
        with pytest.raises(DeploymentLost, match=r"does not accept the key any more \(401\)"):
            _ = [client.send(ASK) for _ in range(5)]
        client.close()


def test_the_deadline_ends_the_run() -> None:
    with serving(lambda *_: (429, {**LIMITED, "retryAfter": 60})) as url:
        client = Client(RunSettings(url, SECRET, deadline=20), watch=lambda _: None)
        with pytest.raises(DeadlineReached, match="--deadline"):
            client.send(ASK)
        client.close()


def test_a_certificate_file_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    with pytest.raises(CannotRun, match=r"^--ca-file .*ca\.pem: expected certificates in PEM"):
        Client(RunSettings("https://example.com", SECRET, ca_file=str(path)), watch=lambda _: None)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_url(authority: trustme.CA) -> Iterator[str]:
    """Serve one empty response over TLS, with a certificate of *authority*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_answer_once, args=(listener, context))
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def _answer_once(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with connection:
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.recv(65536)
                wrapped.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except ssl.SSLError:
            return  # the client did not trust us


def test_a_certificate_of_an_unknown_authority_is_told_apart(tls_url: str) -> None:
    with pytest.raises(Interrupted, match=r"^TLS with https://.* failed: CERTIFICATE_VERIFY"):
        asked(RunSettings(tls_url, SECRET))


def test_an_authority_can_be_trusted(tls_url: str, authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    exchange = asked(RunSettings(tls_url, SECRET, ca_file=str(tmp_path / "ca.pem")))
    assert exchange.response.status == 200


class _BreaksOff(BaseHTTPRequestHandler):
    """Announces more of each body than it sends."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"used": 1')
        self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_response_that_breaks_off_each_time_is_the_response(method: str) -> None:
    seen: list[ApiExchange] = []
    with serving_with(_BreaksOff) as url:
        client = Client(RunSettings(url, SECRET), watch=seen.append)
        if method == "GET":
            last = client.send(ASK)
        else:
            last = client.send_or_look(ApiRequest("POST", contract().path_of(UPLOAD), body=b"x"))
        client.close()
    assert (last.response.status, last.response.body) == (200, b'{"used": 1')
    assert seen == [last]


def test_a_429_to_one_request_alone_is_its_response() -> None:
    def respond(path: str, _: object) -> tuple[int, Any]:
        return (
            (429, {"retryAfter": "soon"}) if path == "/api/full" else (200, {"used": 1, "total": 2})
        )

    with serving(respond) as url:
        client = Client(RunSettings(url, SECRET), watch=lambda _: None)
        assert client.send(ApiRequest("GET", "/api/full")).response.status == 429
        client.close()
