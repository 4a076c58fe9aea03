"""The client: 429 is waited out, TLS is checked, and nothing is sent again otherwise."""

from __future__ import annotations

import socket
import ssl
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from qlara_contract.client import Client, Unreachable
from qlara_contract.contract import contract
from qlara_contract.exchange import ApiExchange, ApiRequest
from qlara_contract.promises import QUOTA
from qlara_contract.settings import RunSettings
from tests.qlara_contract.deployments import SECRET, asked, serving

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


def test_patience_ends() -> None:
    seen, last = _responses(*[(429, LIMITED)] * 7)
    assert (len(seen), last.response.status) == (7, 429)


def test_nothing_else_is_sent_again() -> None:
    seen, last = _responses((503, {}), (200, {}))
    assert ([each.response.status for each in seen], last.response.status) == ([503], 503)


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
    with pytest.raises(Unreachable, match=r"^TLS with https://.* failed: CERTIFICATE_VERIFY"):
        asked(RunSettings(tls_url, SECRET))


def test_an_authority_can_be_trusted(tls_url: str, authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    exchange = asked(RunSettings(tls_url, SECRET, ca_file=str(tmp_path / "ca.pem")))
    assert exchange.response.status == 200
