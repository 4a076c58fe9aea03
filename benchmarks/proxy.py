"""What the proxy costs a client: ``python -m benchmarks.proxy``.

Each client sends the same small request directly to a sandbox and through a proxy before it, in turns of one, so that
whatever else the machine does meets both alike. Exits with 1 if the median through the proxy is above 1.3 times
the direct one for a client.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import click
import httpx2 as httpx
import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Send = Callable[[str], object]

MOST = 1.3
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
KEY = {"X-Api-Key": "sandbox_benchmark"}
_WARM_UP = 30
_NODE = """
const [direct, proxied, path, times] = process.argv.slice(1);
const taken = {[direct]: [], [proxied]: []};
for (let i = 0; i < Number(times); i++) for (const url of [direct, proxied]) {
  const began = performance.now();
  await (await fetch(url + path, {headers: {"X-Api-Key": "sandbox_benchmark"}})).arrayBuffer();
  taken[url].push((performance.now() - began) / 1000);
}
console.log(JSON.stringify([taken[direct], taken[proxied]]));
"""


class Ratio(NamedTuple):
    """Medians of one client for one request, in milliseconds."""

    client: str
    path: str
    direct: float
    proxied: float

    @property
    def factor(self) -> float:
        """How many times as long it takes through the proxy."""
        return self.proxied / self.direct


@contextmanager
def served(*command: str) -> Iterator[str]:
    """Run a command of the sandbox; yield its URL."""
    started = [sys.executable, "-m", "qlara_sandbox", *command, "--port", "0", "--quiet"]
    process = subprocess.Popen(
        started, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        found = next(
            filter(None, (re.search(r" at (http://\S+?),? ", line) for line in process.stdout))
        )
        yield found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def in_turns(send: Send, urls: tuple[str, str], times: int) -> list[list[float]]:
    """Return how long *send* took for each URL, in seconds."""
    taken: list[list[float]] = [[], []]
    for _ in range(times):
        for url, each in zip(urls, taken, strict=True):
            began = time.perf_counter()
            send(url)
            each.append(time.perf_counter() - began)
    return taken


def measured(urls: tuple[str, str], times: int) -> Iterator[Ratio]:
    """Measure every client that is there, with both requests."""
    with requests.Session() as session, httpx.Client(headers=KEY, trust_env=False) as client:
        session.trust_env = False
        session.headers.update(KEY)
        for path in (QUOTA, LIST):
            clients: dict[str, Send] = {
                "requests": partial(_get, session, path),
                "httpx": partial(_get, client, path),
            }
            for name, send in clients.items():
                yield _ratio(name, path, in_turns(send, urls, times))
            if shutil.which("node"):
                command = ["node", "--input-type=module", "-e", _NODE, *urls, path, str(times)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                yield _ratio("fetch of Node.js", path, json.loads(done.stdout))


def _get(client: requests.Session | httpx.Client, path: str, url: str) -> bytes:
    return bytes(client.get(url + path).content)


def _ratio(client: str, path: str, taken: list[list[float]]) -> Ratio:
    direct, proxied = (median(each[_WARM_UP:]) * 1000 for each in taken)
    return Ratio(client, path, direct, proxied)


@click.command()
@click.option("--times", default=1000, show_default=True, type=click.IntRange(2 * _WARM_UP))
def main(times: int) -> None:
    """Measure what the proxy costs a client."""
    with ExitStack() as stack:
        direct = stack.enter_context(served("serve"))
        proxied = stack.enter_context(served("proxy", "--to", direct))
        found = []
        for one in measured((direct, proxied), times):
            found.append(one)
            what = "quota" if one.path == QUOTA else "list"
            click.echo(
                f"{one.client:<17} {what:<6} direct {one.direct:5.2f} ms  "
                f"through the proxy {one.proxied:5.2f} ms  {one.factor:.2f} x"
            )
    if any(one.factor > MOST for one in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
