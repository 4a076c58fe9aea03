"""A connection to where requests go, made when the first of them is there; what is sent before waits."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Connect = Callable[[asyncio.Protocol], Awaitable[asyncio.Transport]]


class Owner(Protocol):
    """The connection of a client, told what happens on the connection that belongs to it."""

    def heard(self, upstream: Upstream, data: bytes) -> None: ...
    def lost(self, upstream: Upstream, error: Exception | None) -> None: ...
    def not_reached(self, upstream: Upstream, error: Exception) -> None: ...
    def hold_client(self, reason: str, *, held: bool) -> None: ...


class Upstream(asyncio.Protocol):
    """One connection to the deployment (or to the proxy's own pages), for one connection of a client."""

    def __init__(self, owner: Owner, connect: Connect) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._ends = self._is_closed = False
        self._task = asyncio.ensure_future(self._connect(connect))

    def send(self, data: bytes) -> None:
        """Send, once there is a connection."""
        if self._transport is not None:
            self._transport.write(data)
        elif not self._is_closed:
            self._waiting.append(data)
            self._owner.hold_client("connecting", held=True)

    @property
    def is_tls(self) -> bool:
        """Whether it is encrypted, and cannot be closed by halves."""
        return self._transport is not None and not self._transport.can_write_eof()

    def end(self) -> None:
        """Say that nothing more comes, if the connection can be closed by halves; TLS cannot."""
        if self._transport is None:
            self._ends = True
        elif self._transport.can_write_eof():
            with suppress(OSError, RuntimeError):
                self._transport.write_eof()

    def hold(self, *, held: bool) -> None:
        """Read nothing more for now, or read on."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if held:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def close(self, *, broken: bool = False) -> None:
        """Close the connection; *broken*: as one that breaks off."""
        self._is_closed = True
        self._task.cancel()
        if self._transport is not None:
            if broken:
                reset(self._transport)
            else:
                self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._is_closed:
            self._transport.abort()
            return
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._transport.write(b"".join(waiting))
        if self._ends:
            self.end()
        self._owner.hold_client("connecting", held=False)

    def data_received(self, data: bytes) -> None:
        if not self._is_closed:
            self._owner.heard(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._owner.lost(self, exc)

    def pause_writing(self) -> None:
        self._owner.hold_client("upstream", held=True)

    def resume_writing(self) -> None:
        self._owner.hold_client("upstream", held=False)

    async def _connect(self, connect: Connect) -> None:
        try:
            await connect(self)
        except (OSError, TimeoutError) as error:  # ssl's are among them
            if not self._is_closed:
                self._is_closed = True
                self._owner.not_reached(self, error)


def reset(transport: asyncio.Transport) -> None:
    """Break a connection off, so that its other end sees that it was not closed in order."""
    found = transport.get_extra_info("socket")
    if found is not None and found.family != getattr(socket, "AF_UNIX", None):
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def is_broken_off(transport: asyncio.Transport) -> bool:
    """Return whether the other end has broken a connection off, also while nothing is read of it."""
    found = transport.get_extra_info("socket")
    try:
        return found is not None and found.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
    except OSError:  # it is closed
        return True
