"""Servers under test, each in a process of its own: started, asked until it responds, and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_PAUSE_SECONDS = 0.002


class CannotMeasure(Exception):
    """Something that a measurement needs is not there, or does not respond as it should."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that can be measured; ``command`` makes the command line for a port.

    It runs in *folder*, where some leave files (None: in ours).
    """

    name: str
    version: str
    command: Callable[[int], list[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A server that responds: ``ready`` is the time from its start to its first 200, in seconds.

    ``pid`` is None if somebody else has started it; then neither CPU time nor memory is known.
    """

    name: str
    host: str
    port: int
    pid: int | None
    ready: float | None


@contextmanager
def serving(candidate: Candidate, log: Path) -> Iterator[Served]:
    """Run *candidate* on a free port until the block ends; what it says goes to the file *log*.

    Raises:
        CannotMeasure: it ends, or does not respond with 200 to a list request within a minute.
    """
    port = free_port()
    began = time.perf_counter()
    process = _start(candidate, port, log)
    try:
        _until_ready(candidate.name, process, port, log)
        ready = time.perf_counter() - began
        yield Served(candidate.name, requests.HOST, port, process.pid, ready)
    finally:
        _stop(process)


def _start(candidate: Candidate, port: int, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        try:
            return subprocess.Popen(
                candidate.command(port),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **candidate.environment},
                start_new_session=True,
                cwd=candidate.folder,
            )
        except OSError as error:
            message = f"{candidate.name} cannot be started: {error}"
            raise CannotMeasure(message) from error


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((requests.HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _until_ready(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.perf_counter() + START_SECONDS
    while not _responds(port):
        if process.poll() is not None:
            said = log.read_text(encoding="utf-8", errors="replace").strip()[-800:]
            message = f"{name} ended with status {process.returncode}: {said or 'it said nothing'}"
            raise CannotMeasure(message)
        if time.perf_counter() > end:
            message = f"{name} did not respond with 200 within {START_SECONDS:.0f} s"
            raise CannotMeasure(message)
        time.sleep(_PAUSE_SECONDS)


def _responds(port: int) -> bool:
    try:
        return requests.exchange(requests.HOST, port, requests.LIST).status == 200
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server as an operator would, by force if it does not end, and all that it has started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):  # nobody is left in its session
        os.killpg(process.pid, signal.SIGKILL)
