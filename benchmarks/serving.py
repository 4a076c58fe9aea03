"""How the running sandbox compares with a bare Starlette route, in one run.

``python -m benchmarks.serving`` prints: time until ready, throughput of the list with all checks on
against a route without any, the cost of the last page of a long list against the first, and the
latency of a list request while a 10 MB file is imported. Ratios count; absolute figures depend on
the machine. The load comes from one process with keep-alive connections.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import textwrap
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.samples.generating import Spec, generate

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
KEY = "sandbox_bench__crm-migration"
BIG = "sandbox_bench__large-account"
CONNECTIONS = 16
SECONDS = 2.0
ROUNDS = 5
EXPORT = Path(__file__).parents[1] / "scenarios" / "files" / "contacts-export.vcf"

BARE = textwrap.dedent(
    """
    import json, socket, sys, uvicorn
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    page = json.loads(sys.argv[1])
    async def contacts(request):
        return JSONResponse(page)
    app = Starlette(routes=[Route("/{rest:path}", contacts)])
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([listener])
    """
)


class Served(NamedTuple):
    """A server under test: its base URL, its process id, and the seconds until its first answer."""

    url: str
    pid: int
    ready: float

    @property
    def megabytes(self) -> float:
        """Resident memory now, in MB (10^6 bytes); 0 where the system does not tell."""
        status = Path(f"/proc/{self.pid}/status")
        text = status.read_text(encoding="ascii") if status.exists() else ""
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        return int(found[1]) * 1024 / 1e6 if found else 0.0


@contextmanager
def serving(*command: str) -> Iterator[Served]:
    """Run a server that prints its URL, until the block ends."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    found = re.search(r"http://[0-9.:]+", process.stdout.readline())
    assert found is not None, "the server printed no URL"
    wait_for(found[0] + LIST)
    try:
        yield Served(found[0], process.pid, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def wait_for(url: str) -> None:
    """Return when *url* answers."""
    while True:
        try:
            call(url)
        except OSError:
            time.sleep(0.002)
        else:
            return


def call(url: str, data: bytes | None = None, *, key: str = KEY) -> bytes:
    """Return the answer to one request; an upload if there is *data*."""
    headers = {"X-Api-Key": key}
    if data is not None:
        headers["Content-Type"] = "multipart/form-data; boundary=b"
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - as above
        body: bytes = answer.read()
        return body


def form(file: bytes) -> bytes:
    """Return an upload of *file* into the documented list."""
    return (
        b'--b\r\nContent-Disposition: form-data; name="listId"\r\n\r\nlist_crm_migration\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="c.vcf"\r\n\r\n'
        + file
        + b"\r\n--b--\r\n"
    )


async def requests_per_second(url: str, seconds: float = SECONDS) -> float:
    """Return how many answers *CONNECTIONS* clients get in a second."""
    counts = await asyncio.gather(*(_one_client(url, seconds) for _ in range(CONNECTIONS)))
    return sum(counts) / seconds


async def _one_client(url: str, seconds: float) -> int:
    host, port, path = re.match(r"http://([^:]+):(\d+)(.*)", url).groups()  # type: ignore[union-attr]
    reader, writer = await asyncio.open_connection(host, int(port))
    sent = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {KEY}\r\n\r\n".encode()
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length is not None
        await reader.readexactly(int(length[1]))
        count += 1
    writer.close()
    return count


def latencies(url: str, key: str, count: int) -> list[float]:
    """Return the milliseconds of *count* requests, one after another on fresh connections."""
    return [_milliseconds(url, key) for _ in range(count)]


def _milliseconds(url: str, key: str) -> float:
    began = time.perf_counter()
    call(url, key=key)
    return (time.perf_counter() - began) * 1000


def throughput(sandbox: Served, bare: Served) -> None:
    """Compare the list, all checks on, with a route that only sends the same body."""
    pairs = [
        (
            asyncio.run(requests_per_second(sandbox.url + LIST)),
            asyncio.run(requests_per_second(bare.url + LIST)),
        )
        for _ in range(ROUNDS)
    ]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine / other for mine, other in pairs)
    print(f"GET list           {ours:8.0f}/s   bare Starlette {theirs:8.0f}/s   {ratio:6.0%} of it")


def imports(sandbox: Served) -> None:
    """Import the 250 cards of the documentation, again and again."""
    body = form(EXPORT.read_bytes())
    times = []
    for _ in range(40):
        began = time.perf_counter()
        call(sandbox.url + UPLOAD, body)
        times.append((time.perf_counter() - began) * 1000)
    print(f"import, 250 cards  {statistics.median(times):8.1f} ms  ({len(body)} bytes)")


def pages(sandbox: Served) -> None:
    """Compare the last page of a long list with the first."""
    first = latencies(f"{sandbox.url}{LIST}?limit=10", BIG, 200)
    last = latencies(f"{sandbox.url}{LIST}?limit=10&page=4900", BIG, 200)
    one, other = statistics.median(first), statistics.median(last)
    print(f"page 1 of 4900     {one:8.2f} ms  page 4900 {other:8.2f} ms       {other / one:6.2f} ×")


def latency_beside_an_import(sandbox: Served) -> None:
    """Compare a list request while 10 MB are imported with one on an idle sandbox."""
    file = generate(Spec(contacts=45_000, duplicates=2_500, missing_phones=1_000, size=10_485_760))
    body = form(file.data)
    idle = statistics.median(latencies(sandbox.url + LIST, KEY, 200))
    script = "import sys; from benchmarks.serving import call; call(sys.argv[1], sys.stdin.buffer.read())"
    with subprocess.Popen(
        [sys.executable, "-c", script, sandbox.url + UPLOAD],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as sender:
        assert sender.stdin is not None
        sender.stdin.write(body)
        sender.stdin.close()
        busy = []
        while sender.poll() is None:
            busy.append(_milliseconds(sandbox.url + LIST, KEY))
    during = statistics.median(busy)
    print(
        f"list, idle         {idle:8.2f} ms  beside a 10 MB import {during:.2f} ms "
        f"(worst {max(busy):.0f} ms)   {during / idle:6.2f} ×"
    )


def main() -> None:
    """Measure, and print."""
    with serving("-m", "qlara_sandbox", "serve", "--port", "0", "--quiet") as sandbox:
        call(sandbox.url + UPLOAD, form(EXPORT.read_bytes()))
        page = call(sandbox.url + LIST)
        with serving("-c", BARE, json.dumps(json.loads(page))) as bare:
            print(f"ready              {sandbox.ready:8.2f} s   bare Starlette {bare.ready:8.2f} s")
            print(f"memory, idle       {sandbox.megabytes:8.0f} MB")
            throughput(sandbox, bare)
        imports(sandbox)
        pages(sandbox)
        latency_beside_an_import(sandbox)
        print(f"memory, at the end {sandbox.megabytes:8.0f} MB")


if __name__ == "__main__":
    main()
