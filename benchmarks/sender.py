"""Sends one request again and again over connections that stay open: ``python -m benchmarks.sender``.

A process of its own, so that its CPU time is nobody else's. It reads its orders as JSON from standard
input and prints as JSON what it saw. A response that is not a 200 ends it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from typing import TYPE_CHECKING, Any, cast

from benchmarks.requests import PLACE
from reliability.statistics import percentile

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACE = PLACE.encode("ascii")
_STATUS = slice(9, 12)  # of "HTTP/1.1 200 OK"
_LENGTH = b"content-length: "


def is_whole(received: bytes) -> bool:
    """Return whether a response with a length or in chunks has arrived whole.

    Chunks are not read: whoever sends JSON sends no chunk that ends like the last one.
    """
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = received[:end].lower()
    at = head.find(_LENGTH)
    if at < 0:
        return received.endswith(b"\r\n0\r\n\r\n")
    digits = head[at + len(_LENGTH) :].partition(b"\r\n")[0]
    return len(received) >= end + 4 + int(digits)


class _Connection(asyncio.Protocol):
    """Sends the request, waits for the whole response, and begins again until the time is over."""

    transport: asyncio.Transport

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._received = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not is_whole(self._received):
            return
        if self._received[_STATUS] != b"200":
            self._run.fail(self._received[:300].decode("utf-8", "replace"))
        elif self._run.has(self._began):
            self._run.pause(self._send)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost(exc)

    def _send(self) -> None:
        self._received = b""
        self._began = time.perf_counter()
        self.transport.writelines(self._run.next_request())


class _Run:
    """What all connections share: until when they send, and what came of it."""

    def __init__(self, request: bytes, connections: int, first: int, pause: float) -> None:
        self.latencies: list[float] = []
        self.ended = asyncio.get_running_loop().create_future()
        # In parts: to make 10 MB anew for each request would take time of the processor from the server.
        self._parts = [memoryview(part) for part in request.split(_PLACE)]
        self._number = first
        self._pause = pause
        self._open = connections
        self._until = 0.0

    def begin(self, seconds: float) -> None:
        self._until = time.perf_counter() + seconds

    def next_request(self) -> list[bytes | memoryview]:
        self._number += 1
        number = b"%08d" % (self._number % 10 ** len(_PLACE))
        first, *others = self._parts
        return [first, *(each for part in others for each in (number, part))]

    def has(self, began: float) -> bool:
        """Take down a response to a request that was sent at *began*; return whether to go on."""
        now = time.perf_counter()
        self.latencies.append(now - began)
        return now < self._until

    def pause(self, then: Callable[[], None]) -> None:
        """Do *then* what comes next, at once if there is no pause."""
        if self._pause:
            asyncio.get_running_loop().call_later(self._pause, then)
        else:
            then()

    def fail(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(RuntimeError(why))

    def lost(self, error: Exception | None) -> None:
        self._open -= 1
        if time.perf_counter() < self._until:
            self.fail(f"the server closed a connection: {error}")
        elif not self._open and not self.ended.done():
            self.ended.set_result(None)


async def _send(orders: dict[str, Any]) -> dict[str, Any]:
    request = base64.b64decode(orders["request"])
    run = _Run(request, orders["connections"], orders["first"], orders["pause"])
    loop = asyncio.get_running_loop()
    cpu, began = time.process_time(), time.perf_counter()
    run.begin(orders["seconds"])
    for _ in range(orders["connections"]):
        await loop.create_connection(lambda: _Connection(run), orders["host"], orders["port"])
    await asyncio.wait_for(run.ended, orders["seconds"] + 60)
    return {
        "requests": len(run.latencies),
        "seconds": time.perf_counter() - began,
        "p50": percentile(run.latencies, 50),
        "p99": percentile(run.latencies, 99),
        "sender_cpu": time.process_time() - cpu,
    }


def main() -> int:
    orders = json.load(sys.stdin)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            seen = runner.run(_send(orders))
    except (RuntimeError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    json.dump(seen, sys.stdout)
    return 0


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
