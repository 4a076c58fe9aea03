"""What all connections of one proxy share, and the server that accepts them."""

from __future__ import annotations

import asyncio
import logging
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING

from qlara_proxy.forwarding import target as targets
from qlara_proxy.forwarding.client import ClientConnection
from qlara_proxy.forwarding.exchange import OpenExchange
from qlara_proxy.forwarding.heads import addressed
from qlara_proxy.forwarding.keeping import Room

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from qlara_proxy.forwarding.heads import RequestHead
    from qlara_proxy.forwarding.target import ProxyTarget

    OwnPages = Callable[[asyncio.Protocol], Awaitable[asyncio.Transport]]

log = logging.getLogger("qlara_proxy")

CONNECT_SECONDS = 30.0
_POLL_SECONDS = 0.02
_BACKLOG = 2048
# Paths of the proxy itself: never passed on.
OWN_PATHS = ("/__admin", "/__assets", "/__console", "/__docs", "/__health")


class Hub:
    """One proxy: passes requests on to *target*, and gives those that are over to *passed*.

    *own_pages* connects with what serves the proxy's own paths. ``refusals`` counts the requests that were not
    passed on, ``requests`` those that were.
    """

    def __init__(
        self,
        target: ProxyTarget,
        passed: Callable[[OpenExchange], None],
        own_pages: OwnPages,
        room: Room | None = None,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self.target = target
        self._passed = passed
        self._own_pages = own_pages
        self._room = room or Room()
        self._connect_seconds = connect_seconds
        self._clients: set[ClientConnection] = set()
        self._numbers, self._connections = count(1), count(1)
        self.requests = self.refusals = 0

    async def serve(self, listener: socket.socket) -> asyncio.Server:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: ClientConnection(self), sock=listener, backlog=_BACKLOG
        )

    async def stop(self, server: asyncio.Server, grace_seconds: float) -> int:
        """Let what is under way finish in this time, and cut the rest; return how many that were."""
        server.close()
        for client in list(self._clients):
            client.stop()
        end = monotonic() + grace_seconds
        while self._clients and monotonic() < end:
            await asyncio.sleep(_POLL_SECONDS)
        left = list(self._clients)
        for client in left:
            client.cut()
        await asyncio.sleep(0)  # each is told that its connection is lost
        return len(left)

    async def connect(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Connect with the deployment."""
        return await targets.connect(self.target, protocol, self._connect_seconds)

    async def connect_own(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Connect with what serves the proxy's own paths."""
        return await self._own_pages(protocol)

    def why_unreachable(self, error: Exception) -> tuple[int, str]:
        """Return the status and the sentence of a connection that could not be made."""
        return targets.why_unreachable(error, self.target)

    def addressed(self, head: RequestHead) -> bytes:
        """Return the bytes of a head as they go on.

        Raises:
            UnclearRequest: it is to another server.
        """
        if _is_own(head.target):
            return head.raw
        return addressed(head, self.target.target_of(head), self.target.authority)

    def exchange(self, connection: int, head: RequestHead) -> OpenExchange:
        """Return a new exchange.

        Raises:
            UnclearRequest: it is not clear where the request's body ends.
        """
        target = self.target.path_of(head.target)
        exchange = OpenExchange(connection, head, target, self._room, is_own=_is_own(head.target))
        if not exchange.is_own:
            exchange.number = next(self._numbers)
            self.requests += 1
        return exchange

    def finish(self, exchange: OpenExchange) -> None:
        """Take an exchange that is over."""
        if exchange.is_own:
            exchange.release()
        else:
            self._passed(exchange)

    def refused(self, message: str) -> None:
        """Take note of a request that was not passed on."""
        self.refusals += 1
        log.warning("Refused a request: %s", message)

    def joined(self, client: ClientConnection) -> int:
        """Take note of a connection; return its number."""
        self._clients.add(client)
        return next(self._connections)

    def left(self, client: ClientConnection) -> None:
        """Take note that a connection is gone."""
        self._clients.discard(client)


def _is_own(target: str) -> bool:
    if not target.startswith("/__"):
        return False
    path = target.partition("?")[0]
    return any(path == own or path.startswith(f"{own}/") for own in OWN_PATHS)
