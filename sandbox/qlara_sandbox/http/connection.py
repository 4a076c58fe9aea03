"""The connection under a request, as far as the application may touch it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from starlette.types import Scope, Send

    from qlara_sandbox.http.response import RawHeaders

    SendWhole = Callable[[int, RawHeaders, bytes], Awaitable[None]]

# Where the server puts it in a request's scope (ASGI: extensions).
CONNECTION = "sandbox.connection"
# The key of an "http.disconnect" message under which the server tells why no more of a body will come
# (a refusal). The client is still there, and is responded to.
FAILURE = "sandbox.failure"


class CutHead(NamedTuple):
    """A head that the server has refused before it was complete, as far as it had arrived; and the response.

    ``target`` is path and query. ``method`` and ``target`` are empty where what arrived has none.
    ``seconds``: since its first byte.
    """

    method: str
    target: bytes
    headers: RawHeaders
    seconds: float
    status: int
    response_headers: RawHeaders
    response: bytes


class Connection:
    """What the application may know of the connection: its transport, and when the server stops.

    ``on_shutdown`` is called then; a response that has no end of its own must end.
    """

    __slots__ = ("on_shutdown", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.on_shutdown: Callable[[], None] | None = None


def whole_sender(send: Send) -> SendWhole | None:
    """Return what sends a whole response at once: status, headers and body, as the server's exchange says.

    None where the request was made in process, or something between the server and the application wants to
    see the response.
    """
    found: SendWhole | None = getattr(getattr(send, "__self__", None), "send_whole", None)
    return found


def connection_of(scope: Scope) -> Connection | None:
    """Return the connection of a request; None where it was made in process."""
    found = scope.get("extensions", {}).get(CONNECTION)
    return found if isinstance(found, Connection) else None
