"""What the targets that speak HTTP share: a sandbox process, and whether it is well."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from reliability import serving, wire
from reliability.statistics import percentile
from reliability.target import Figures, InvariantBroken

if TYPE_CHECKING:
    from reliability.serving import Sandbox

KEY = "sandbox_fuzz"
CPU_SECONDS = 0.3
"""The CPU time that the server may need for one input of at most 64 KB; it usually needs a thousandth."""

# What the first request for a page loads, such as every scenario, is no cost of an input.
_LOADED_ONCE = ("/llms.txt", "/__docs", "/__admin/health")
# Few worlds: what fuzzed keys and sessions bring about is evicted again.
OPTIONS = ("--worlds", "100", "--journal", "4")

_LAST_REQUESTS = 8  # an input is one or a few, and the bystander's questions after it


class Host(Protocol):
    """Where a target sends its inputs."""

    port: int

    @property
    def is_alive(self) -> bool:
        """Whether there is anybody at the port."""

    def trouble(self) -> str:
        """Return what the log says of bugs since the last call."""

    def memory_mb(self, field: str = "VmRSS") -> float:
        """Return resident memory in MB."""

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server has used."""


class Served:
    """A sandbox that is started when it is needed, and started anew when it has died."""

    def __init__(self, host: Host | None = None) -> None:
        self._given = host
        self._own: Sandbox | None = None
        self._latencies: list[float] = []
        self._cpu_seconds: float | None = None
        self._client: wire.Client | None = None

    @property
    def host(self) -> Host:
        """The running sandbox."""
        if self._given is not None:
            return self._given
        if self._own is None or not self._own.is_alive:
            self._own = serving.start(*OPTIONS)
            with wire.Client(self._own.port, KEY) as client:
                for path in _LOADED_ONCE:
                    client.get(path)
            self._client = self._cpu_seconds = None
        return self._own

    @property
    def client(self) -> wire.Client:
        """The connection of a bystander, who sends only proper requests."""
        if self._client is None:
            self._client = wire.Client(self.host.port, KEY)
        return self._client

    def used(self) -> int:
        """Return how many contacts the account holds, as a bystander asks for it.

        Raises:
            InvariantBroken: it has no proper response.
        """
        began = time.perf_counter()
        try:
            response = self.client.get(wire.QUOTA)
        except wire.Gone as error:
            self.check()
            self.close()  # what hangs once would do so for every input that follows
            raise InvariantBroken("others are served", str(error)) from error
        self._latencies.append(time.perf_counter() - began)
        if response.status != 200:
            raise InvariantBroken("others are served", f"{response.status} {response.body[:300]!r}")
        used: int = response.json()["used"]
        return used

    def start_over(self) -> None:
        """Forget every world and every chosen scenario."""
        self.client.json("POST", "/__admin/reset", {})
        self.client.json("PUT", "/__admin/scenario", {"scenario": "default"})

    def ordered_faults(self) -> bool:
        """Return whether a scenario or a call ordered one of the last responses."""
        requests = self.client.get("/__admin/requests?limit=20").json()["requests"]
        return any(entry["faults"] for entry in requests)

    def has_just_imported(self) -> bool:
        """Return whether the journal has an import among the last requests, seen by its client or not."""
        newest = self.client.get("/__admin/requests?limit=1").json()["requests"]
        path = f"/__admin/requests?limit=1&status=200&operation=uploadVCard&apiKey={KEY}"
        found = self.client.get(path).json()["requests"]
        return bool(found) and _number(newest[0]["id"]) - _number(found[0]["id"]) < _LAST_REQUESTS

    def check(self) -> None:
        """Look whether the server is well.

        Raises:
            InvariantBroken: it has ended, its log speaks of a bug, or it was too busy since the last call.
        """
        if not self.host.is_alive:
            raise InvariantBroken("the server lives", "the process has ended")
        trouble = self.host.trouble()
        if trouble:
            last = trouble.strip().splitlines()[-1]
            raise InvariantBroken(f"the log is clean ({last[:60]})", trouble)
        before, self._cpu_seconds = self._cpu_seconds, self.host.cpu_seconds()
        if before is not None and self._cpu_seconds - before > CPU_SECONDS:
            detail = f"{self._cpu_seconds - before:.2f} s of CPU time"
            raise InvariantBroken("the cost of a request is bounded", detail)

    def figures(self) -> Figures:
        """Return the peak memory, and the latency of the bystander."""
        if not self._latencies:
            return Figures()
        p99 = percentile(self._latencies, 99) * 1000
        return Figures(round(self.host.memory_mb("VmHWM"), 1), round(p99, 2))

    def close(self) -> None:
        """Stop the sandbox, if it is our own."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._own is not None:
            serving.stop(self._own)
            self._own = None


def _number(request_id: str) -> int:
    """Return the running number of a request: 12 of ``req_00000012``."""
    return int(request_id.rpartition("_")[2])
