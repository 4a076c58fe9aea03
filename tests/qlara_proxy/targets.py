"""Deployments for tests that speak in bytes, and a forwarder in front of them."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from qlara_proxy.forwarding.hub import Hub
from qlara_proxy.forwarding.target import target_of
from qlara_proxy.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_proxy.forwarding.keeping import Room
    from qlara_proxy.traffic import PassedExchange

_PATIENCE = 10.0


@dataclass
class Peer:
    """One connection that a deployment has accepted; ``received`` is all that has arrived on it."""

    socket: socket.socket
    received: bytearray = field(default_factory=bytearray)
    _at: int = 0

    def until(self, end: bytes) -> bytes:
        """Return what arrives until *end*, from where the last call stopped."""
        while (found := self.received.find(end, self._at)) < 0:
            if not self._more():
                break
        stop = found + len(end) if found >= 0 else len(self.received)
        taken, self._at = bytes(self.received[self._at : stop]), stop
        return taken

    def head(self) -> bytes:
        """Return the next head."""
        return self.until(b"\r\n\r\n")

    def to_end(self) -> bytes:
        """Return everything until the connection ends."""
        while self._more():
            pass
        return bytes(self.received)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self.received += data
        return bool(data)


class ByteTarget:
    """A deployment that does with each connection what *script* says; ``peers`` are all of them, in order."""

    def __init__(self, script: Callable[[Peer], None]) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._port: int = self._listener.getsockname()[1]
        self._has_peer = threading.Condition()
        self._threads: list[threading.Thread] = []
        self.peers: list[Peer] = []

    @property
    def url(self) -> str:
        return f"http://{self.authority}"

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    def received(self) -> list[bytes]:
        """Return what each connection has received, once all scripts have ended."""
        with self._has_peer:
            self._has_peer.wait_for(lambda: bool(self._threads), _PATIENCE)
        for thread in self._threads:
            thread.join(_PATIENCE)
        return [bytes(each.received) for each in self.peers]

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer = Peer(self._listener.accept()[0])
                peer.socket.settimeout(_PATIENCE)
                thread = threading.Thread(target=self._play, args=(peer,), daemon=True)
                with self._has_peer:
                    self.peers.append(peer)
                    self._threads.append(thread)
                    thread.start()
                    self._has_peer.notify_all()

    def _play(self, peer: Peer) -> None:
        with suppress(OSError), peer.socket:
            self._script(peer)


class Seen(NamedTuple):
    """An exchange as a watcher saw it, with its bodies."""

    number: int
    connection: int
    method: str
    target: str
    sent: bytes
    sent_whole: bool
    status: int | None
    received: bytes
    received_whole: bool
    failure: str


class Collector:
    """A watcher that remembers everything."""

    def __init__(self) -> None:
        self.exchanges: list[PassedExchange] = []
        self.seen: list[Seen] = []

    def passed(self, exchange: PassedExchange) -> None:
        request, response = exchange.request, exchange.response
        self.exchanges.append(exchange)
        self.seen.append(
            Seen(
                exchange.number,
                exchange.connection,
                request.method,
                request.target,
                request.body.read(),
                request.is_whole,
                response.status if response else None,
                response.body.read() if response else b"",
                response.is_whole if response else False,
                exchange.failure,
            )
        )


class Forwarder:
    """A forwarder in a thread of its own, listening on ``port``; ``collector`` sees what passes."""

    def __init__(self, url: str, room: Room | None = None) -> None:
        self.collector = Collector()
        self._watching = Watching([self.collector])
        self._clients: list[Peer] = []
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.hub = Hub(target_of(url), self._watching.put, _no_pages, room)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._watching.start()
        self._server = self._loop.run_until_complete(self.hub.serve(self._listener))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def stop(self, grace_seconds: float = _PATIENCE) -> int:
        """Stop; return how many exchanges were cut."""
        stopping = asyncio.run_coroutine_threadsafe(
            self.hub.stop(self._server, grace_seconds), self._loop
        )
        cut = stopping.result(_PATIENCE * 2)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._watching.close(_PATIENCE)
        self._loop.close()
        return cut

    def seen(self) -> list[Seen]:
        """Return what has passed so far, also what the loop is just dealing with."""
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(_PATIENCE)
        return self._watching.ask(lambda: list(self.collector.seen))

    def connect(self) -> Peer:
        """Return a connection of a client."""
        client = Peer(socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE))
        self._clients.append(client)
        return client

    def close_clients(self) -> None:
        for each in self._clients:
            each.socket.close()

    def exchange(self, request: bytes) -> bytes:
        """Send bytes, and return everything until the connection ends."""
        peer = self.connect()
        with peer.socket:
            peer.send(request)
            return peer.to_end()


@contextmanager
def forwarding(url: str, room: Room | None = None) -> Iterator[Forwarder]:
    """Forward to *url* until the block ends."""
    forwarder = Forwarder(url, room)
    forwarder.start()
    try:
        yield forwarder
    finally:
        forwarder.close_clients()
        if forwarder._thread.is_alive():
            forwarder.stop(0.0)


@contextmanager
def byte_target(script: Callable[[Peer], None]) -> Iterator[ByteTarget]:
    """Serve a deployment that does with each connection what *script* says."""
    target = ByteTarget(script)
    target.start()
    try:
        yield target
    finally:
        target.close()


async def _no_pages(_: asyncio.Protocol) -> asyncio.Transport:
    message = "a forwarder alone has no pages of its own"
    raise ConnectionRefusedError(message)
