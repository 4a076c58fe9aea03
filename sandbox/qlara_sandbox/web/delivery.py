"""Sends a response as it is, slowly, or not at all: the connection itself can fail as ordered."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from qlara_sandbox.http.connection import connection_of, whole_sender
from qlara_sandbox.http.response import Response
from qlara_sandbox.state.faults import LEAVES_NOTHING, Network

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from qlara_sandbox.http.response import RawHeaders
    from qlara_sandbox.state.faults import Dribble
    from qlara_sandbox.web.context import RequestContext

_CLOSE_SECONDS = 5.0
_NEARLY_READ_SECONDS = 0.3
# SO_LINGER with a time of 0: closing sends RST instead of FIN.
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Sent(NamedTuple):
    """What reached the client: ``status`` 0 where nothing did."""

    status: int
    headers: RawHeaders
    body: bytes


NOTHING = Sent(0, [], b"")


async def deliver(
    context: RequestContext,
    response: Response,
    headers_for: Callable[[RequestContext, Response, int], RawHeaders],
    send: Send,
) -> Sent:
    """Send *response* with the headers that ``headers_for`` gives it; return what was sent."""
    matched = context.faults
    network = matched.network if matched is not None else None
    if network is not None and connection_of(context.scope) is None:
        response, network = _in_process(network), None
    if response.stream is not None and context.scope["method"] != "HEAD":
        await response.stream(context.scope, context.receive, send)
        return Sent(response.status, [], b"")
    body = response.body()
    headers = headers_for(context, response, len(body))
    start = {"type": "http.response.start", "status": response.status, "headers": headers}
    if network is not None:
        await context.body.drain()
        await _fail(network, context.scope, context.receive, send, (start, body))
        if network in LEAVES_NOTHING:
            return NOTHING
    elif matched is not None and matched.dribble is not None:
        await context.body.drain()
        await _dribble(matched.dribble, start, body, send)
    elif matched is None and context.body.complete and (whole := whole_sender(send)) is not None:
        await whole(response.status, headers, body)
    else:
        await _send(context, start, body, send)
    return Sent(response.status, headers, body)


async def _send(context: RequestContext, start: dict[str, Any], body: bytes, send: Send) -> None:
    """Send a response, and see to it that a client that is still sending can read it."""
    if context.body.is_nearly_read:
        # The connection stays open for the client's next request.
        await context.body.drain(within=_NEARLY_READ_SECONDS)
    unread = not context.body.complete
    if unread:
        start["headers"].append((b"connection", b"close"))
    await send(start)
    shown = b"" if context.scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": shown, "more_body": unread})
    if unread:
        await context.body.drain()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _in_process(network: Network) -> Response:
    message = f"The fault {network} needs a real connection; the sandbox was called in process."
    return Response(501, {"status": "error", "message": message})


async def _fail(
    network: Network, scope: Scope, receive: Receive, send: Send, response: tuple[Any, bytes]
) -> None:
    """Let the connection fail; *response* is the start message and the body that were to be sent."""
    connection = connection_of(scope)
    assert connection is not None, "asked before"
    transport = connection.transport
    if network is Network.CONNECTION_RESET:
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO
        )
        transport.abort()
    else:
        if network is not Network.EMPTY_RESPONSE:
            await _half_a_response(network, transport, send, response)
        transport.close()
    await _closed(transport, receive)


async def _dribble(order: Dribble, start: Any, body: bytes, send: Send) -> None:
    """Send a response in pieces: the first at once, the last after the ordered time."""
    await send(start)
    count = max(min(order.chunks, len(body)), 1)
    pause = order.seconds / (count - 1) if count > 1 else order.seconds
    for number in range(count):
        if number or count == 1:
            await asyncio.sleep(pause)
        piece = body[len(body) * number // count : len(body) * (number + 1) // count]
        last = number == count - 1
        await send({"type": "http.response.body", "body": piece, "more_body": not last})


async def _half_a_response(
    network: Network, transport: Any, send: Send, response: tuple[Any, bytes]
) -> None:
    start, body = response
    half = body[: len(body) // 2]
    if network is Network.MALFORMED_CHUNK:
        start = {**start, "headers": _chunked(start["headers"])}
    await send(start)
    await send({"type": "http.response.body", "body": half, "more_body": True})
    if network is Network.MALFORMED_CHUNK:
        # Where the size of the next chunk stands (RFC 9112 section 7.1), there is none.
        transport.write(b"this is no chunk size\r\n")


def _chunked(headers: RawHeaders) -> RawHeaders:
    kept = [header for header in headers if header[0] != b"content-length"]
    return [*kept, (b"transfer-encoding", b"chunked")]


async def _closed(transport: Any, receive: Receive) -> None:
    # The server must have seen the end before the request ends, or it would send a 500.
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:  # a client that does not read
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
