"""Puts load on a server with wrk, where it is installed: it takes a fifth of the CPU time that our own sender takes.

That matters where sender and servers share the processors, and several processes are to show what they can do.
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
from typing import TYPE_CHECKING

from benchmarks import processes
from benchmarks.servers import CannotMeasure
from benchmarks.windows import Window

if TYPE_CHECKING:
    from benchmarks.servers import Served
    from benchmarks.windows import Load

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_GRACE_SECONDS = 30.0
_ANSWERED = re.compile(r"(\d+) requests in ([\d.]+)s")
_FAILED = re.compile(r"Non-2xx or 3xx responses: .*|Socket errors: .*")


def is_there() -> bool:
    """Return whether wrk is installed."""
    return shutil.which("wrk") is not None


def window(served: Served, load: Load, seconds: float, first: int = 0) -> Window:  # noqa: ARG001
    """Put *load*, which is a GET without pauses, on a server for so many whole seconds, one at least.

    Raises:
        CannotMeasure: a response is no success.
    """
    request = load.request
    headers = [part for each in request.headers.items() for part in ("-H", ": ".join(each))]
    much = ["-t1", f"-c{load.connections}", f"-d{max(round(seconds), 1)}s", "--latency"]
    command = ["wrk", *much, *headers, f"http://{served.host}:{served.port}{request.path}"]
    before = processes.cpu_seconds(served.pid) if served.pid else None
    mine = _children_seconds()
    timeout = seconds + _GRACE_SECONDS
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    answered, failed = _ANSWERED.search(done.stdout), _FAILED.search(done.stdout)
    if answered is None or failed is not None:
        message = f"{served.name}: {failed[0] if failed else done.stderr.strip() or done.stdout}"
        raise CannotMeasure(message)
    used = processes.cpu_seconds(served.pid) - before if served.pid and before is not None else None
    return Window(
        int(answered[1]),
        float(answered[2]),
        _percentile(done.stdout, 50),
        _percentile(done.stdout, 99),
        _children_seconds() - mine,
        used,
    )


def _percentile(said: str, rank: int) -> float:
    found = re.search(rf"^\s+{rank}%\s+([\d.]+)(us|ms|s)$", said, re.MULTILINE)
    if found is None:
        message = f"wrk did not tell the {rank}th percentile:\n{said}"
        raise CannotMeasure(message)
    return float(found[1]) * _UNITS[found[2]]


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
