"""One candidate under load for a window of time, and all candidates in turn, window by window."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import processes
from benchmarks.servers import CannotMeasure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.requests import Request
    from benchmarks.servers import Served

_GRACE_SECONDS = 90.0
_FASTER = 1.03
_SLOWER_WINDOWS = 2
_MOST_WARM_UPS = 12
_NUMBERS_PER_WARM_UP = 50_000
_NUMBERS_PER_WINDOW = 1_000_000  # no window sends so many requests: each has numbers of its own


@dataclass(frozen=True, slots=True)
class Window:
    """What a window of load saw: latencies in seconds, CPU time in seconds.

    ``server_cpu`` is that of the server and all that it started; None if it is not ours to look at.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    sender_cpu: float
    server_cpu: float | None

    @property
    def rate(self) -> float:
        """Responses per second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Load:
    """A request that is sent again and again, over so many connections that stay open.

    Each connection waits for ``pause`` seconds before it sends again.
    """

    request: Request
    connections: int
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One of those that are measured in turn: what it is called, and which load goes where."""

    name: str
    served: Served
    load: Load


def window(served: Served, load: Load, seconds: float, first: int = 0) -> Window:
    """Put *load* on a server for so long; a place for a number in it counts up from *first*.

    Raises:
        CannotMeasure: a response is not a 200.
    """
    orders = {
        "host": served.host,
        "port": served.port,
        "request": base64.b64encode(load.request.encode(served.host, served.port)).decode("ascii"),
        "connections": load.connections,
        "seconds": seconds,
        "first": first,
        "pause": load.pause,
    }
    before = processes.cpu_seconds(served.pid) if served.pid else None
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sender"],
        input=json.dumps(orders),
        capture_output=True,
        text=True,
        timeout=seconds + _GRACE_SECONDS,
        check=False,
    )
    if done.returncode:
        message = f"{served.name}: {done.stderr.strip() or 'the sender failed'}"
        raise CannotMeasure(message)
    after = processes.cpu_seconds(served.pid) if served.pid else None
    used = after - before if before is not None and after is not None else None
    return Window(**json.loads(done.stdout), server_cpu=used)


def warm_up(served: Served, load: Load, seconds: float, least: int = 1) -> int:
    """Put load on a server until it gets no faster twice in a row; return after how many windows.

    That is after *least* windows or more: a JVM may take a rest before it gets faster again.
    """
    best, slower = 0.0, 0
    for count in range(1, _MOST_WARM_UPS + 1):
        rate = window(served, load, seconds, count * _NUMBERS_PER_WARM_UP).rate
        slower = 0 if rate > best * _FASTER else slower + 1
        if slower >= _SLOWER_WINDOWS and count >= least:
            return count
        best = max(best, rate)
    return _MOST_WARM_UPS


def in_turn(
    turns: Sequence[Turn],
    seconds: float,
    rounds: int,
    give_up: Callable[[str, CannotMeasure], None] | None = None,
    send: Callable[[Served, Load, float, int], Window] = window,
) -> dict[str, dict[str, list[float]]]:
    """Measure all *turns* alternately, so that all get the same of what disturbs them; *send* puts the load on.

    Returns:
        The figures of each by its name.

    Raises:
        CannotMeasure: one cannot be measured, and there is nobody to *give_up* to; else it is left out.
    """
    windows: dict[str, list[Window]] = {turn.name: [] for turn in turns}
    for number, turn in [(number, turn) for number in range(rounds) for turn in turns]:
        if turn.name not in windows:
            continue
        try:
            one = send(turn.served, turn.load, seconds, (number + 1) * _NUMBERS_PER_WINDOW)
            windows[turn.name].append(one)
        except CannotMeasure as error:
            if give_up is None:
                raise
            del windows[turn.name]
            give_up(turn.name, error)
    return {name: figures(measured) for name, measured in windows.items()}


def figures(windows: Sequence[Window]) -> dict[str, list[float]]:
    """Return what each of *windows* saw, in the units of the results.

    ``rate`` in responses per second, ``cpu`` and ``senderCpu`` in microseconds per request, ``p50`` and
    ``p99`` in milliseconds. Without ``cpu`` if the server is not ours to look at.
    """
    values = {
        "rate": [round(one.rate, 1) for one in windows],
        "p50": [round(one.p50 * 1e3, 3) for one in windows],
        "p99": [round(one.p99 * 1e3, 3) for one in windows],
        "senderCpu": [round(one.sender_cpu / one.requests * 1e6, 1) for one in windows],
    }
    cpu = [
        round(one.server_cpu / one.requests * 1e6, 1)
        for one in windows
        if one.server_cpu is not None
    ]
    return {**values, "cpu": cpu} if cpu else values
