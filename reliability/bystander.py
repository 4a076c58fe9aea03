"""Somebody else, who lists contacts while others do what they do, and takes the time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

from reliability import wire

if TYPE_CHECKING:
    from reliability.serving import Sandbox

KEY = "sandbox_bystander__crm-migration"
_PAUSE_SECONDS = 0.01


class Sample(NamedTuple):
    """What one look saw: when, in seconds since the first one, and the server's memory and descriptors."""

    at: float
    memory_mb: float
    descriptors: int


class Bystander:
    """Makes a list request every few milliseconds until the block ends; ``samples`` once a second.

    ``latencies`` are in seconds, each with the time at which it was taken. ``errors`` says what went
    wrong instead.
    """

    def __init__(self, running: Sandbox) -> None:
        self.latencies: list[tuple[float, float]] = []
        self.samples: list[Sample] = []
        self.errors: list[str] = []
        self._running = running
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self._began = time.perf_counter()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _go_on(self) -> None:
        client = wire.Client(self._running.port, KEY)
        while not self._ended.wait(_PAUSE_SECONDS):
            at = time.perf_counter() - self._began
            try:
                status = client.get(wire.LIST.format(wire.DESTINATION)).status
            except wire.Gone as error:
                self.errors.append(f"no response after {at:.0f} s: {error}")
                continue
            self.latencies.append((at, time.perf_counter() - self._began - at))
            if status != 200:
                self.errors.append(f"a {status} after {at:.0f} s")
            if not self.samples or at - self.samples[-1].at >= 1:
                running = self._running
                self.samples.append(Sample(at, running.memory_mb(), running.descriptors()))
        client.close()
