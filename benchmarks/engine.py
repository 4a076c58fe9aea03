"""A Redis or Valkey of its own for a measurement, as one would run it: on loopback, with its append-only file."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import redis

from benchmarks import requests
from benchmarks.servers import CannotMeasure, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START_SECONDS = 10.0
_PAUSE_SECONDS = 0.02


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run an engine with its files in *folder* until the block ends; yield its URL.

    Raises:
        CannotMeasure: there is none on this machine, or it does not start.
    """
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        message = "there is no redis-server or valkey-server on this machine"
        raise CannotMeasure(message)
    port = free_port()
    options = ["--port", str(port), "--bind", requests.HOST, "--dir", str(folder)]
    command = [program, *options, "--appendonly", "yes", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until_ready(process, port)
        yield f"redis://{requests.HOST}:{port}/0"
    finally:
        process.terminate()
        process.wait()


def used_bytes(url: str) -> int:
    """Return how much memory an engine has given to what it keeps."""
    with redis.Redis.from_url(url) as client:
        used: int = client.info("memory")["used_memory"]
    return used


def _until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.perf_counter() + _START_SECONDS
    while process.poll() is None and time.perf_counter() < end:
        try:
            with socket.create_connection((requests.HOST, port), timeout=1):
                return
        except OSError:
            time.sleep(_PAUSE_SECONDS)
    message = "the engine did not start"
    raise CannotMeasure(message)
