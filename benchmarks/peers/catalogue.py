"""The peers that are measured: where each comes from, in which version, and how it is started.

Each is set as its documentation advises for speed: no log lines per request. WireMock is measured with a
bounded journal, as the sandbox has one, and without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.peers import installing, stubs
from benchmarks.requests import HOST
from benchmarks.servers import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.candidates import Canned
    from benchmarks.peers.installing import Cache

    # From the cache, the folder of the package, a folder for files of its own, and the responses to
    # give, to the command line for a port.
    Command = Callable[[Cache, Path, Path, Sequence[Canned]], Callable[[int], list[str]]]


@dataclass(frozen=True, slots=True)
class Peer:
    """A mock server of others, an npm package; ``command`` makes its command line for a port."""

    name: str
    package: str
    version: str
    command: Command

    def candidate(self, cache: Cache, folder: Path, responses: Sequence[Canned]) -> Candidate:
        """Install the peer if need be, and set it up in *folder*.

        Raises:
            NotToBeHad: it cannot be installed here.
        """
        package = cache.package(self.package, self.version)
        home = folder / self.name
        home.mkdir()
        command = self.command(cache, package, home, responses)
        return Candidate(self.name, self.version, command, folder=home)


def _prism(
    cache: Cache, package: Path, folder: Path, responses: Sequence[Canned]
) -> Callable[[int], list[str]]:
    document = stubs.write(stubs.prism(responses), folder / "openapi.json")
    program = [cache.node(), str(package / "dist" / "index.js"), "mock", str(document)]
    return lambda port: [*program, "--host", HOST, "--port", str(port), "--verboseLevel", "silent"]


def _mockoon(
    cache: Cache, package: Path, folder: Path, responses: Sequence[Canned]
) -> Callable[[int], list[str]]:
    data = stubs.write(stubs.mockoon(responses), folder / "environment.json")
    program = [cache.node(), str(package / "bin" / "run.js"), "start", "--data", str(data)]
    plain = ["--repair", "--disable-log-to-file", "--disable-admin-api"]
    return lambda port: [*program, *plain, "--hostname", HOST, "--port", str(port)]


def _wiremock(*journal: str) -> Command:
    def command(
        _: Cache, package: Path, folder: Path, responses: Sequence[Canned]
    ) -> Callable[[int], list[str]]:
        stubs.write(stubs.wiremock(responses), folder / "mappings" / "benchmark.json")
        program = [installing.java(), "-jar", str(installing.jar(package))]
        quick = ["--disable-request-logging", "--disable-banner", "--use-chunked-encoding", "never"]
        options = [*program, "--root-dir", str(folder), *quick, *journal, "--bind-address", HOST]
        return lambda port: [*options, "--port", str(port)]

    return command


def _mockserver(
    _: Cache, package: Path, folder: Path, responses: Sequence[Canned]
) -> Callable[[int], list[str]]:
    expectations = stubs.write(stubs.mockserver(responses), folder / "expectations.json")
    program = [installing.java(), f"-Dmockserver.localBoundIP={HOST}"]
    program += ["-jar", str(installing.jar(package)), "-l", "OFF", "--init", str(expectations)]
    return lambda port: [*program, "-p", str(port)]


PEERS = (
    Peer("WireMock", "wiremock", "3.13.2", _wiremock("--max-request-journal-entries", "1000")),
    Peer("WireMock, no journal", "wiremock", "3.13.2", _wiremock("--no-request-journal")),
    Peer("MockServer", "mockserver-node", "8.0.0", _mockserver),
    Peer("Prism", "@stoplight/prism-cli", "5.16.0", _prism),
    Peer("Mockoon", "@mockoon/cli", "9.9.0", _mockoon),
)
