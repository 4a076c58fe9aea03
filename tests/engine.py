"""A real Redis or Valkey on a free port of this machine, for the time of some tests."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
import redis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SERVER = shutil.which("redis-server") or shutil.which("valkey-server")


_BUS = 10_000
_CLUSTER = [
    *("--cluster-enabled", "yes", "--cluster-node-timeout", "500"),
    *("--cluster-require-full-coverage", "no"),
]


def _free_port() -> int:
    """Return a port that no connection is given by chance, with the one on which nodes of a cluster speak."""
    while True:
        port = random.randrange(11_000, 22_000)
        try:
            with (
                socket.create_server(("127.0.0.1", port)),
                socket.create_server(("127.0.0.1", port + _BUS)),
            ):
                return port
        except OSError:
            continue


class EngineProcess:
    """A Redis or Valkey server with its files in *folder*."""

    def __init__(self, folder: Path, more: Sequence[str] = ()) -> None:
        self._folder = folder
        self._more = more
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it responds."""
        assert SERVER is not None, "asked before"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [SERVER, *options, *durable, *self._more], stdout=log, stderr=log
            )
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as there:
                    there.sendall(b"PING\r\n")
                    if there.recv(16) == b"+PONG\r\n":
                        return
            except OSError:
                assert self._process.poll() is None, (self._folder / "log").read_text()

    @property
    def pid(self) -> int:
        assert self._process is not None, "started before"
        return self._process.pid

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


def _is_part_of_a_cluster(node: EngineProcess) -> bool:
    with redis.Redis(port=node.port) as client:
        info = client.execute_command("CLUSTER", "INFO")
    return b"cluster_state:ok" in info and b"cluster_known_nodes:3" in info


class ClusterProcesses:
    """Three nodes of a cluster, without replicas: what is on a node that stops, is away."""

    def __init__(self, folder: Path) -> None:
        self.nodes = []
        for name in "abc":
            (folder / name).mkdir()
            node = EngineProcess(folder / name, _CLUSTER)
            node.start()
            self.nodes.append(node)
        addresses = [f"127.0.0.1:{node.port}" for node in self.nodes]
        command = ["redis-cli", "--cluster", "create", *addresses, "--cluster-yes"]
        subprocess.run(command, check=True, capture_output=True)
        while not all(map(_is_part_of_a_cluster, self.nodes)):
            pass
        self.url = f"redis+cluster://{addresses[0]}"

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()


def start_cluster(folder: Path) -> ClusterProcesses:
    """Start a cluster with its files in *folder*; skip the test if there is no engine on this machine."""
    if SERVER is None or shutil.which("redis-cli") is None:
        assert not os.environ.get("CI"), "continuous integration installs redis-server"
        pytest.skip("needs redis-server and redis-cli")
    return ClusterProcesses(folder)
