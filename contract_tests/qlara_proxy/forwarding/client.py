"""The connection of one client: its requests go on in order, and it sees what it would see without the proxy.

Each connection of a client has one of its own to the deployment. So keep-alive, its end, a broken connection and
everything that ``Connection`` says mean the same on both sides, and nothing of a head but Host needs to change.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Protocol, cast

from qlara_proxy.forwarding import refusals
from qlara_proxy.forwarding.bodies import MalformedBody
from qlara_proxy.forwarding.heads import UnclearRequest, end_of_request_head, parse_request
from qlara_proxy.forwarding.upstream import Upstream, is_broken_off, reset

if TYPE_CHECKING:
    from qlara_proxy.forwarding.exchange import OpenExchange
    from qlara_proxy.forwarding.heads import RequestHead

# Bytes of pipelined requests that are read before it is their turn.
_MOST_UNREAD = 64 * 1024
# How long a client that still sends is listened to after its last response, so that it can read that.
_LINGER_SECONDS = 60.0
_SILENT_SECONDS = 5.0
# How often a client that is not read for now is looked after: it may have gone meanwhile.
_LOOK_SECONDS = 1.0


class Shared(Protocol):
    """What all connections of a proxy share: where requests go, and who is told of them."""

    async def connect(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Connect with the deployment."""
        ...

    async def connect_own(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Connect with what serves the proxy's own paths."""
        ...

    def why_unreachable(self, error: Exception) -> tuple[int, str]:
        """Return the status and the sentence of a connection that could not be made."""
        ...

    def addressed(self, head: RequestHead) -> bytes:
        """Return the bytes of a head as they go on, or raise UnclearRequest."""
        ...

    def exchange(self, connection: int, head: RequestHead) -> OpenExchange:
        """Return a new exchange, or raise UnclearRequest."""
        ...

    def finish(self, exchange: OpenExchange) -> None:
        """Take an exchange that is over."""
        ...

    def refused(self, message: str) -> None:
        """Take note of a request that was not passed on."""
        ...

    def joined(self, client: ClientConnection) -> int:
        """Take note of a connection; return its number."""
        ...

    def left(self, client: ClientConnection) -> None:
        """Take note that a connection is gone."""
        ...


class ClientConnection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, hub: Shared) -> None:
        self._hub = hub
        self._number = 0
        self._transport: asyncio.Transport
        self._unread = b""
        self._exchange: OpenExchange | None = None
        self._active: Upstream | None = None
        self._target: Upstream | None = None
        self._own: Upstream | None = None
        self._holds: set[str] = set()
        self._is_tunnel = self._has_ended = self._is_leaving = self._is_last = False
        self._is_looked_after = self._is_broken_off = False
        self._heard = 0.0

    # What the client does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._number = self._hub.joined(self)

    def data_received(self, data: bytes) -> None:
        if self._is_leaving:
            self._heard = monotonic()
            return
        self._unread = self._unread + data if self._unread else data
        self._advance()

    def eof_received(self) -> bool:
        self._has_ended = True
        if self._is_leaving or (self._exchange is None and not self._is_tunnel):
            return False
        self._pass_end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        exchange = self._exchange
        if exchange is not None:
            exchange.failure = exchange.failure or "The client closed the connection."
            self._finish(exchange)
        for each in (self._target, self._own):
            if each is not None:
                each.close(broken=exc is not None or self._is_broken_off)
        self._target = self._own = self._active = None
        self._is_leaving = True
        self._hub.left(self)

    def pause_writing(self) -> None:
        if self._active is not None:
            self._active.hold(held=True)

    def resume_writing(self) -> None:
        for each in (self._target, self._own):
            if each is not None:
                each.hold(held=False)

    # What the deployment does

    def heard(self, upstream: Upstream, data: bytes) -> None:
        """Pass on what the deployment sends, at once and whatever it is."""
        exchange = self._exchange
        if self._is_leaving or (exchange is not None and upstream is not self._active):
            upstream.close()
            self._forget(upstream)
            return
        self._transport.write(data)
        if exchange is not None:  # else a tunnel, or what nobody asked for: as without the proxy
            # Not before it is written, which the loop does at the end of this turn.
            asyncio.get_running_loop().call_soon(self._account, exchange, data)

    def lost(self, upstream: Upstream, error: Exception | None) -> None:
        """Let the client see how the deployment's connection has ended."""
        self._forget(upstream)
        exchange = self._exchange
        if self._is_leaving:
            return
        if exchange is not None and self._active is upstream:
            exchange.end_of_connection(in_order=error is None)
            is_broken = error is not None and not exchange.response_is_whole
            self._finish(exchange)
            self._leave(broken=is_broken, lingers=not exchange.request_is_whole)
        elif exchange is None:
            self._leave(broken=error is not None and self._is_tunnel)

    def not_reached(self, upstream: Upstream, error: Exception) -> None:
        """Say, in the proxy's own name, that there is no deployment."""
        self._forget(upstream)
        exchange = self._exchange
        if exchange is None or self._is_leaving:
            return
        status, message = self._hub.why_unreachable(error)
        exchange.failure = f"{message} The client got {status} of the proxy."
        self._finish(exchange)
        self._transport.write(refusals.unreachable(status, message))
        self._leave(lingers=True)

    def hold_client(self, reason: str, *, held: bool) -> None:
        """Read nothing more of the client for a *reason*, or no longer for it."""
        before = bool(self._holds)
        if held:
            self._holds.add(reason)
        else:
            self._holds.discard(reason)
        if before != bool(self._holds) and not self._transport.is_closing():
            if self._holds:
                self._transport.pause_reading()
                self._look_after()
            else:
                self._transport.resume_reading()

    def _look_after(self) -> None:
        """While nothing of the client is read, see whether it has broken off: nobody else tells."""
        if self._is_looked_after:
            return
        self._is_looked_after = True

        def look() -> None:
            self._is_looked_after = False
            if not self._holds or self._transport.is_closing():
                return
            self._is_broken_off = is_broken_off(self._transport)
            if self._is_broken_off:
                self._transport.abort()
            else:
                self._look_after()

        asyncio.get_running_loop().call_later(_LOOK_SECONDS, look)

    def _account(self, exchange: OpenExchange, data: bytes) -> None:
        """Take note of what has been passed on of a response."""
        if exchange is not self._exchange:
            return
        exchange.feed_response(data)
        if exchange.switches:
            self._is_tunnel = True
            self._finish(exchange)
            self._advance()
        elif exchange.is_over:
            self._finish(exchange)
            self._go_on()

    # What the proxy does

    def stop(self) -> None:
        """Take no more requests; close once the one that is under way is over."""
        self._is_last = True
        if self._exchange is None and not self._is_tunnel:
            self._leave()
        elif self._exchange is None or self._exchange.is_own:
            self.cut()

    def cut(self) -> None:
        """Close at once."""
        if self._exchange is not None:
            self._exchange.failure = "The proxy was stopped."
        self._transport.abort()

    def _advance(self) -> None:
        """Deal with what has arrived, as far as it is its turn."""
        while self._unread and not self._is_leaving:
            if self._is_tunnel:
                self._pass_on(len(self._unread))
            elif self._exchange is None:
                if not self._begin():
                    break
            elif self._exchange.request_is_whole:
                break  # the next one waits for the response
            else:
                self._pass_body(self._exchange)
        self.hold_client(
            "queue", held=len(self._unread) > _MOST_UNREAD and self._exchange is not None
        )

    def _begin(self) -> bool:
        """Pass the next head on, if it is there; return whether it was."""
        try:
            end = end_of_request_head(self._unread)
            if end < 0:
                return False
            head = parse_request(self._unread[:end])
            raw = self._hub.addressed(head)
            self._exchange = self._hub.exchange(self._number, head)
        except UnclearRequest as error:
            self._hub.refused(error.message)
            self._refuse(error)
            return False
        self._unread = self._unread[end:]
        if self._exchange.is_own:
            self._own = self._active = self._own or Upstream(self, self._hub.connect_own)
        else:
            self._target = self._active = self._target or Upstream(self, self._hub.connect)
        self._active.send(raw)
        return True

    def _pass_body(self, exchange: OpenExchange) -> None:
        try:
            taken = exchange.feed_request(self._unread)
        except MalformedBody as error:
            message = f"Expected a body in chunks as RFC 9112 section 7.1 has them: {error}."
            self._refuse(UnclearRequest(message))
            return
        self._pass_on(taken)
        if exchange.is_over:  # the response came before the end of the request
            self._finish(exchange)
            self._go_on()

    def _pass_on(self, size: int) -> None:
        data = self._unread
        piece, self._unread = (data, b"") if size == len(data) else (data[:size], data[size:])
        if self._active is not None:
            self._active.send(piece)

    def _pass_end(self) -> None:
        """Tell the deployment that the client sends no more, once all of it is passed on."""
        exchange = self._exchange
        if self._active is not None and not self._unread:
            self._active.end()
            if exchange is not None and not exchange.request_is_whole and self._active.is_tls:
                exchange.failure = "The client closed the connection."
                self._transport.abort()  # TLS has no other way to say it

    def _finish(self, exchange: OpenExchange) -> None:
        self._exchange = None
        self._hub.finish(exchange)

    def _go_on(self) -> None:
        """Take the next request, or leave if there is none."""
        if self._is_last:
            self._leave()
            return
        if self._unread:
            self._advance()
        if self._has_ended:
            if self._exchange is None:
                self._leave()
            else:
                self._pass_end()

    def _refuse(self, error: UnclearRequest) -> None:
        """Refuse in the proxy's own name what cannot be passed on."""
        exchange, self._exchange = self._exchange, None
        begun = exchange is not None and exchange.has_begun
        if exchange is not None:
            exchange.failure = f"Refused by the proxy with {error.status}: {error.message}"
            self._hub.finish(exchange)
        if not begun:
            self._transport.write(refusals.refusal(error.status, "request", error.message))
        self._leave(lingers=True)

    def _leave(self, *, broken: bool = False, lingers: bool = False) -> None:
        """Close the connection; a client that still sends gets the time to read its response first."""
        self._is_leaving = True
        for each in (self._target, self._own):
            if each is not None:
                each.close()
        unread, self._unread = self._unread, b""
        if broken:
            reset(self._transport)
        elif lingers or unread or self._holds:
            self._linger()
        else:
            self._transport.close()

    def _linger(self) -> None:
        # To close with bytes unread would reset the connection, and take the response from the client.
        self._holds.clear()
        if self._has_ended or self._transport.is_closing():
            self._transport.close()
            return
        self._transport.write_eof()
        self._transport.resume_reading()
        self._heard = began = monotonic()
        loop = asyncio.get_running_loop()

        def look() -> None:
            now = monotonic()
            if now - self._heard >= _SILENT_SECONDS or now - began >= _LINGER_SECONDS:
                self._transport.close()
            elif not self._transport.is_closing():
                loop.call_later(_SILENT_SECONDS, look)

        loop.call_later(_SILENT_SECONDS, look)

    def _forget(self, upstream: Upstream) -> None:
        if upstream is self._target:
            self._target = None
        if upstream is self._own:
            self._own = None
