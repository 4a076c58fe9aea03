"""Real clients, unchanged, import whole files of 10 MB through a proxy, several at a time, and it stays small."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import httpx2 as httpx
import pytest

from qlara_sandbox.samples.generating import Spec, generate
from tests.clients.test_clients import EXPECTED, LIMIT, NAME, PERSON, PROGRAMS
from tests.qlara_proxy.commands import ended, proxying
from tests.server import serving, until
from tests.wire import peak_megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.clients

TIMES = 2  # that each client is run: one of each at a time
MOST_MEGABYTES = 300  # 96 files took 80


class Client(NamedTuple):
    """A client, and what it is run with."""

    name: str
    command: list[str]
    needs: tuple[str, ...] = ()


CLIENTS = (
    Client("node", ["node", str(PROGRAMS / "node_fetch.mjs")], ("node",)),
    Client(
        "java", ["java", "-Dfile.encoding=UTF-8", str(PROGRAMS / "JavaClient.java")], ("javac",)
    ),
    Client("requests", [sys.executable, str(PROGRAMS / "python_requests.py")]),
    Client("httpx", [sys.executable, str(PROGRAMS / "python_httpx.py")]),
    Client("go", ["go", "run", str(PROGRAMS / "go_client.go")], ("go",)),
    Client("curl", ["bash", str(PROGRAMS / "curl.sh")], ("curl",)),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the files that every client uploads: the one that is imported is as large as one may be."""
    files = tmp_path_factory.mktemp("large")
    first = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{PERSON}\r\nTEL:+39 347 555 0199\r\nEND:VCARD\r\n".encode()
    rest = generate(Spec(contacts=12_000, duplicates=500, size=LIMIT - len(first))).data
    (files / NAME).write_bytes(first + rest)
    (files / "no-vcard.vcf").write_bytes(b"name,phone\n".ljust(LIMIT, b"x"))
    (files / "oversized.vcf").write_bytes(b"BEGIN:VCARD\r\n".ljust(LIMIT + 1, b"x"))
    return files


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("go")


def missing(client: Client) -> str:
    return next((each for each in client.needs if shutil.which(each) is None), "")


def run(client: Client, url: str, folder: Path, cache: Path, number: int) -> tuple[list[str], str]:
    """Return what a client prints, in lines, and its errors."""
    go = {"GOCACHE": str(cache), "GO111MODULE": "off"}
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8", **go}
    done = subprocess.run(
        [*client.command, url, str(folder), f"sandbox_{client.name}-{number}"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=folder,
        timeout=300,
        check=False,
    )
    return done.stdout.splitlines(), done.stderr


@pytest.fixture(scope="module", params=["http", "https"])
def deployment(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[str]]]:
    """Serve a sandbox; yield its URL and the options with which a proxy reaches it."""
    is_tls = request.param == "https"
    with serving(*(["--tls"] if is_tls else [])) as running:
        yield running.url, (["--insecure"] if is_tls else [])


def test_whole_files_of_10_mb_pass_several_at_a_time_and_nothing_is_called_broken(
    deployment: tuple[str, list[str]], folder: Path, cache: Path
) -> None:
    url, options = deployment
    clients = [each for each in CLIENTS if not missing(each)]
    runs = [(each, number) for number in range(TIMES) for each in clients]
    with proxying(url, "--quiet", *options) as proxy:
        before = peak_megabytes(proxy)
        with ThreadPoolExecutor(len(clients)) as pool:
            said = [
                pool.submit(run, client, proxy.url, folder, cache, number)
                for client, number in runs
            ]
            found = [each.result() for each in said]
        report = f"{proxy.url}/__admin/report"
        requests = len(EXPECTED) * len(runs)
        until(lambda: httpx.get(report, timeout=60).json()["requests"] >= requests)
        states = {each["id"]: each["state"] for each in httpx.get(report).json()["promises"]}
        grown = peak_megabytes(proxy) - before
        done = ended(proxy)

    assert [
        (each, *one) for (each, _), one in zip(runs, found, strict=True) if one[0] != EXPECTED
    ] == []
    assert {"broken", "differs"} & set(states.values()) == set()
    assert states["upload.summary-adds-up"] == "kept"
    assert (done.code, grown < MOST_MEGABYTES) == (0, True), f"{grown:.0f} MB {done.output}"
    if absent := [each.name for each in CLIENTS if missing(each)]:
        pytest.skip(f"the others passed, but there is no {', no '.join(absent)}")
