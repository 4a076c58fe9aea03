"""Carry out a fault: wait, answer otherwise, or let the connection fail on the socket itself."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from qlara_sandbox.http.response import JSON, Response
from qlara_sandbox.state.faults import Network

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from qlara_sandbox.state.faults import Dribble, MatchedFaults, Respond
    from qlara_sandbox.web.observers.journal import RawHeaders

# Where the server puts the connection, so that a fault can reach it (ASGI: extensions).
CONNECTION = "sandbox.connection"
NO_RESPONSE = Response(0, b"")
_CLOSE_SECONDS = 5.0
_NO_CONTENT = frozenset({204, 205, 304})
_TEXT = "text/plain; charset=utf-8"
# SO_LINGER with a time of 0: closing sends RST instead of FIN.
_LINGER_ZERO = struct.pack("ii", 1, 0)


async def before(matched: MatchedFaults) -> Response | None:
    """Wait as ordered; return the answer that takes the real one's place, if one does."""
    if matched.delay:
        await asyncio.sleep(matched.delay)
    if matched.respond is not None:
        return ordered(matched.respond)
    return NO_RESPONSE if matched.network is not None and not matched.after else None


def ordered(respond: Respond) -> Response:
    """Return the answer that a rule orders."""
    body, status = respond.body, respond.status
    headers = {name.lower(): value for name, value in respond.headers.items()}
    media_type = headers.pop("content-type", _TEXT if isinstance(body, str) else JSON)
    if status in _NO_CONTENT:
        return Response(status, b"", headers, media_type)
    if isinstance(body, str):
        return Response(status, body.encode("utf-8"), headers, media_type)
    return Response(status, _default(status) if body is None else body, headers, media_type)


def is_connected(scope: Scope) -> bool:
    """Return whether the request came over a connection that can fail."""
    return _transport(scope) is not None


def in_process(network: Network) -> Response:
    """Return the answer to a network fault where there is no network."""
    message = f"The fault {network} needs a real connection; the sandbox was called in process."
    return Response(501, {"status": "error", "message": message})


async def fail(
    network: Network, scope: Scope, receive: Receive, send: Send, response: tuple[Any, bytes]
) -> None:
    """Let the connection fail; *answer* is the start message and the body that were to be sent."""
    transport = _transport(scope)
    assert transport is not None, "asked before"
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


async def dribble(order: Dribble, start: Any, body: bytes, send: Send) -> None:
    """Send an answer in pieces: the first at once, the last after the ordered time."""
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
    # The server must have seen the end before the request ends, or it would answer 500.
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:  # a client that does not read
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def _transport(scope: Scope) -> Any:
    connection = scope.get("extensions", {}).get(CONNECTION)
    return connection.transport if connection is not None else None


def _default(status: int) -> dict[str, Any]:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unassigned"
    return {"status": status, "error": phrase, "message": "The scenario orders this answer."}
