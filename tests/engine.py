"""A real Redis or Valkey on a free port of this machine, for the time of some tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SERVER = shutil.which("redis-server") or shutil.which("valkey-server")


class EngineProcess:
    """A Redis or Valkey server with its files in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it responds."""
        assert SERVER is not None, "asked before"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([SERVER, *options, *durable], stdout=log, stderr=log)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as there:
                    there.sendall(b"PING\r\n")
                    if there.recv(16) == b"+PONG\r\n":
                        return
            except OSError:
                assert self._process.poll() is None, (self._folder / "log").read_text()

    def stop(self) -> None:
        """Stop it as a machine that loses power does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def start_engine(folder: Path) -> EngineProcess:
    """Start an engine with its files in *folder*; skip the test if there is none on this machine."""
    if SERVER is None:
        assert not os.environ.get("CI"), "continuous integration installs redis-server"
        pytest.skip("needs redis-server or valkey-server")
    engine = EngineProcess(folder)
    engine.start()
    return engine
