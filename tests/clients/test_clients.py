"""Real HTTP clients against a real server: each one imports, lists, is refused, and goes on.

A client whose tools are not installed is skipped, and the reason names what is missing.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.qlara_proxy.commands import proxying
from tests.server import Running, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path(__file__).parent / "programs"
NAME = "Rubrica Città.vcf"
PERSON = "José Ångström 山田"
EXPECTED = ["200", "200", "400", "401", "409", "413", f"200 {PERSON} città q2"]
LIMIT = 10_485_760

PYTHON = ["requests", "httpx", "httpx2", "urllib3", "aiohttp"]
# What a client is run with, and how many connections it may open for its seven requests.
OTHERS = {
    "curl.sh": ("bash", 1),
    "php_curl.php": ("php", 1),
    "ruby_net_http.rb": ("ruby", 1),
    "node_fetch.mjs": ("node", 2),
}
NODE_PACKAGES = ["node_axios.mjs", "node_got.mjs"]


@pytest.fixture(scope="module", params=["direct", "through a proxy"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Running]:
    with serving() as running:
        if request.param == "direct":
            yield running
        else:
            with proxying(running.url, "--quiet") as proxy:
                yield proxy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the files that every client uploads."""
    files = tmp_path_factory.mktemp("clients")
    card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{PERSON}\r\nTEL:+39 347 555 0199\r\nEND:VCARD\r\n"
    (files / NAME).write_text(card, encoding="utf-8", newline="")
    (files / "no-vcard.vcf").write_text("name,phone\nJosé,347\n", encoding="utf-8")
    (files / "oversized.vcf").write_bytes(b"BEGIN:VCARD\r\n".ljust(LIMIT + 1, b"x"))
    return files


@contextmanager
def counted(port: int) -> Iterator[tuple[str, list[socket.socket]]]:
    """Forward to *port* from a port of its own; yield its URL and the connections that it has had."""
    connections: list[socket.socket] = []
    upstreams: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                upstream = socket.create_connection(("127.0.0.1", port))
                connections.append(client)
                upstreams.append(upstream)
                Thread(target=_pump, args=(client, upstream), daemon=True).start()
                Thread(target=_pump, args=(upstream, client), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
        listener.shutdown(socket.SHUT_RDWR)
    for connection in (*connections, *upstreams):
        connection.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def run(
    command: list[str], sandbox: Running, folder: Path, key: str, most_connections: int, **more: str
) -> None:
    """Run a client; hold what it prints, and how many connections it took, against what is expected."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8", **more}
    with counted(sandbox.port) as (url, connections):
        done = subprocess.run(
            [*command, url, str(folder), key],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
            cwd=folder,
            timeout=120,
            check=False,
        )
        assert done.stdout.splitlines() == EXPECTED, done.stderr
        assert len(connections) <= most_connections


@pytest.mark.parametrize("library", PYTHON)
def test_a_python_client(library: str, sandbox: Running, folder: Path) -> None:
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    program = str(PROGRAMS / f"python_{library}.py")
    run([sys.executable, program], sandbox, folder, f"sandbox_python-{library}", 1)


@pytest.mark.parametrize("program", OTHERS)
def test_a_client(program: str, sandbox: Running, folder: Path) -> None:
    tool, connections = OTHERS[program]
    if shutil.which(tool) is None or shutil.which("curl") is None:
        pytest.skip(f"{tool} or curl is not installed")
    key = f"sandbox_{Path(program).stem.replace('_', '-')}"
    run([tool, str(PROGRAMS / program)], sandbox, folder, key, connections)


def test_httpie(sandbox: Running, folder: Path) -> None:
    httpie = Path(sys.executable).with_name("http")
    if not httpie.exists():
        pytest.skip("httpie is not installed")
    command = ["bash", str(PROGRAMS / "httpie.sh")]
    run(command, sandbox, folder, "sandbox_httpie", 7, HTTPIE=str(httpie))


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the packages of the Node.js clients beside them."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js or npm is not installed")
    inside = tmp_path_factory.mktemp("node")
    for name in ("package.json", *NODE_PACKAGES):
        shutil.copy(PROGRAMS / name, inside)
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    done = subprocess.run(command, cwd=inside, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm install failed: {done.stderr[-200:]}")
    return inside


@pytest.mark.parametrize("program", NODE_PACKAGES)
def test_a_client_of_a_node_package(
    program: str, node_folder: Path, sandbox: Running, folder: Path
) -> None:
    key = f"sandbox_{Path(program).stem.replace('_', '-')}"
    run(["node", str(node_folder / program)], sandbox, folder, key, 1)


def test_the_http_client_of_java(sandbox: Running, folder: Path) -> None:
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("a JDK is not installed")
    command = ["java", "-Dfile.encoding=UTF-8", str(PROGRAMS / "JavaClient.java")]
    run(command, sandbox, folder, "sandbox_java", 2)


def test_the_http_client_of_go(sandbox: Running, folder: Path, tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("Go is not installed")
    binary = str(tmp_path / "client")
    environment = {**os.environ, "GOCACHE": str(tmp_path / "cache"), "GO111MODULE": "off"}
    build = ["go", "build", "-o", binary, str(PROGRAMS / "go_client.go")]
    subprocess.run(build, env=environment, check=True, capture_output=True, timeout=300)
    run([binary], sandbox, folder, "sandbox_go", 1)
