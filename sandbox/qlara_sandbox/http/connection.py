"""The connection under a request, as far as the application may touch it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from starlette.types import Scope

# Where the server puts it in a request's scope (ASGI: extensions).
CONNECTION = "sandbox.connection"
# The key of an "http.disconnect" message under which the server tells why no more of a body will come
# (a refusal). The client is still there, and is responded to.
FAILURE = "sandbox.failure"


class Connection:
    """What the application may know of the connection: its transport, and when the server stops.

    ``on_shutdown`` is called then; a response that has no end of its own must end.
    """

    __slots__ = ("on_shutdown", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.on_shutdown: Callable[[], None] | None = None


def connection_of(scope: Scope) -> Connection | None:
    """Return the connection of a request; None where it was made in process."""
    found = scope.get("extensions", {}).get(CONNECTION)
    return found if isinstance(found, Connection) else None
