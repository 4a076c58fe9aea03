"""The sandbox itself and the bare route, as candidates, and the responses that all of them give."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from benchmarks import requests, servers
from benchmarks.servers import Candidate

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.requests import Request, Response
    from benchmarks.servers import Served

QUIET = "Qlara sandbox, quiet"
LOGGED = "Qlara sandbox"
BARE = "bare Starlette"
OURS = (QUIET, LOGGED)
# What keeps worlds, and how many processes serve.
IN_MEMORY = "in memory, one process"
PROCESSES = (1, 2, 4)
# A server says these of each response by itself.
_OF_THE_SERVER = {"content-length", "content-type", "date", "server"}


@dataclass(frozen=True, slots=True)
class Canned:
    """The request and the response that others give to it without having read it."""

    request: Request
    response: Response

    @property
    def content(self) -> Any:
        """The body of the response."""
        return json.loads(self.response.body)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that are no server's own."""
        return {
            name.lower(): value
            for name, value in self.response.headers
            if name.lower() not in _OF_THE_SERVER
        }


def sandbox(name: str, *options: str) -> Candidate:
    """Return the sandbox as users start it, with *options*."""

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "qlara_sandbox", "serve", "--port", str(port), *options]

    return Candidate(name, version("qlara-sandbox"), command)


def on_engine(processes: int) -> str:
    """Return what so many processes are called that share their worlds."""
    return f"on Redis, {processes} {'process' if processes == 1 else 'processes'}"


def quiet() -> Candidate:
    return sandbox(QUIET, "--quiet")


def logged() -> Candidate:
    return sandbox(LOGGED)


def bare(responses: list[Canned], folder: Path) -> Candidate:
    """Return the Starlette route that gives *responses*, which it reads from a file in *folder*."""
    file = folder / "bare.json"
    file.write_text(
        json.dumps(
            {
                canned.request.path: {
                    "method": canned.request.method,
                    "content": canned.content,
                    "headers": canned.headers,
                }
                for canned in responses
            }
        ),
        encoding="utf-8",
    )

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "benchmarks.bare", str(file), str(port)]

    return Candidate(BARE, version("starlette"), command)


def export() -> Request:
    """Return the import of the 250 cards of the documentation, in another file each time."""
    return requests.upload(requests.numbered(requests.EXPORT.read_bytes()))


def fill(served: Served) -> None:
    """Import the 250 cards, so that the list of ten contacts has ten."""
    response = requests.exchange(served.host, served.port, export())
    if response.status != 200:
        message = f"{served.name} refused the 250 cards with {response.status}"
        raise servers.CannotMeasure(message)


def recorded(folder: Path) -> list[Canned]:
    """Return what the sandbox responds to the list, the quota and the import of 250 cards."""
    with servers.serving(quiet(), folder / "recorded.log") as served:
        fill(served)
        return [
            Canned(request, requests.exchange(served.host, served.port, request))
            for request in (requests.LIST, requests.QUOTA, export())
        ]
