"""A response that goes out in one piece is, octet for octet, what two messages would make of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from qlara_sandbox.http.connection import whole_sender
from qlara_sandbox.http.protocol import Exchange
from tests.qlara_sandbox.web.calls import QUOTA
from tests.server import exchange

if TYPE_CHECKING:
    from tests.server import Running

HEADERS = [(b"content-type", b"application/json"), (b"x-request-id", b"req_1")]


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True


def one_exchange(transport: Transport, method: str, *, keep_alive: bool) -> Exchange:
    return Exchange(
        scope={"method": method},  # type: ignore[typeddict-item]
        transport=transport,
        flow=FlowControl(transport),
        logger=None,  # type: ignore[arg-type]
        access_logger=None,  # type: ignore[arg-type]
        access_log=False,
        default_headers=[(b"date", b"today")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )


@pytest.mark.parametrize("size", [0, 2, 64 * 1024, 64 * 1024 + 1])
@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_it_is_what_two_messages_make_of_it(method: str, size: int, *, keep_alive: bool) -> None:
    async def sent(*, at_once: bool) -> tuple[bytes, bool, bool]:
        transport = Transport()
        one = one_exchange(transport, method, keep_alive=keep_alive)
        body = b"x" * size
        headers = [*HEADERS, (b"content-length", b"%d" % size)]
        if at_once:
            await one.send_whole(404, headers, body)
        else:
            await one.send({"type": "http.response.start", "status": 404, "headers": headers})
            await one.send({"type": "http.response.body", "body": body, "more_body": False})
        return b"".join(transport.written), transport.closed, one.response_complete

    assert asyncio.run(sent(at_once=True)) == asyncio.run(sent(at_once=False))


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\nb", b"a\rb"])
def test_a_header_cannot_bring_another_one(value: bytes) -> None:
    async def send() -> list[bytes]:
        transport = Transport()
        one = one_exchange(transport, "GET", keep_alive=True)
        with pytest.raises(RuntimeError, match=r"Invalid HTTP header value\."):
            await one.send_whole(200, [(b"x-sandbox-session", value)], b"")
        assert not one.response_started
        return transport.written

    assert asyncio.run(send()) == []


def test_a_client_that_is_gone_is_sent_nothing() -> None:
    async def send() -> list[bytes]:
        transport = Transport()
        one = one_exchange(transport, "GET", keep_alive=True)
        one.disconnected = True
        await one.send_whole(200, HEADERS, b"{}")
        return transport.written

    assert asyncio.run(send()) == []


def test_something_in_between_sees_the_two_messages() -> None:
    async def wrapped(message: Any) -> None:
        """Look at a message."""

    assert whole_sender(wrapped) is None


def test_a_page_of_another_origin_gets_its_headers_all_the_same(server: Running) -> None:
    sent = (
        f"GET {QUOTA} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: YOUR_API_KEY\r\n"
        "Origin: http://example.com\r\nConnection: close\r\n\r\n"
    )

    assert b"access-control-allow-origin: *\r\n" in exchange(server.port, sent.encode())
