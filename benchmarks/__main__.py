"""The sandbox beside its peers, a bare route, and vobject: ``python -m benchmarks``.

Peers are installed into a cache folder first; one that cannot be had is left out, by name. Exit code 0:
measured; 2: could not be measured.
"""

from __future__ import annotations

import argparse
import ipaddress
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks import candidates, full, results, table
from benchmarks.machine import in_words, machine
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.installing import Cache, NotToBeHad, default_folder
from benchmarks.servers import CannotMeasure, Served

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.candidates import Canned
    from benchmarks.servers import Candidate


def foreign(text: str) -> Served:
    """Return the server that runs already, from ``NAME=URL``.

    Raises:
        argparse.ArgumentTypeError: there is no name, no port, or it is not on this machine.
    """
    name, _, url = text.partition("=")
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "http" and parts.path in {"", "/"}
        host, port = parts.hostname, parts.port
        here = host == "localhost" or (host and ipaddress.ip_address(host).is_loopback)
    except ValueError:
        host, port, here, plain = None, None, False, False
    if not (name and plain and here and host and port):
        message = f"expected NAME=http://127.0.0.1:PORT, a server on this machine, not {text!r}"
        raise argparse.ArgumentTypeError(message)
    return Served(name, host, port, None, None)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    began = time.perf_counter()

    def tell(line: str) -> None:
        print(f"{time.perf_counter() - began:5.0f} s  {line}", file=sys.stderr, flush=True)

    try:
        found = _measure(options, tell)
    except CannotMeasure as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 2
    found["seconds"] = round(time.perf_counter() - began)
    print(report(found))
    path = results.write("full", found, options.results)
    print(f"\nWritten to {path}.")
    if found["failed"]:
        return 2
    if set(options.only or full.PARTS) == set(full.PARTS) and not options.without:
        results.FULL_RUN.write_bytes(path.read_bytes())
        print("Kept as the last full run; `make docs` shows it in docs/performance.md.")
    return 0


def _measure(options: argparse.Namespace, tell: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        responses = candidates.recorded(folder)
        skipped: dict[str, str] = dict.fromkeys(options.without, "not asked for")
        peers = _peers(Cache(options.cache), folder, responses, skipped, tell)
        ours = [candidates.bare(responses, folder), candidates.quiet(), candidates.logged()]
        run = full.Run(folder, [*ours, *peers], options.peer, options.window, options.rounds, tell)
        run.found.update({"window": options.window, "rounds": options.rounds})
        run.found["skipped"].update(skipped)
        return run.measure(options.only or full.PARTS)


def _peers(
    cache: Cache, folder: Path, responses: list[Canned], skipped: dict[str, str], tell: Any
) -> list[Candidate]:
    """Return the peers that can be had, and say of the others why not, in *skipped*."""
    found = []
    wanted = [peer for peer in PEERS if peer.name not in skipped]
    try:
        if wanted:
            cache.node()
    except NotToBeHad as error:
        tell(f"all peers are left out: {error}")
        skipped.update({peer.name: str(error) for peer in wanted})
        return []
    for peer in wanted:
        tell(f"{peer.name} {peer.version} (npm: {peer.package})")
        try:
            found.append(peer.candidate(cache, folder, responses))
        except NotToBeHad as error:
            tell(f"{peer.name} is left out: {error}")
            skipped[peer.name] = str(error)
    return found


def report(found: dict[str, Any]) -> str:
    """Return all tables of the results, for the terminal."""
    parts = ["\n" + in_words(machine())]
    if found["servers"]:
        parts += ["Start and memory", table.as_text(table.servers(found["servers"]))]
    for key, title in (
        ("list", "List of ten contacts"),
        ("quota", "Quota"),
        ("upload", "250 cards"),
    ):
        for level, measured in found.get(key, {}).items():
            parts += [f"{title}, {level} at a time", table.as_text(table.load(measured))]
    others = table.others(found)
    if len(others) > 1:
        parts += ["The sandbox alone", table.as_text(others)]
    if "workers" in found:
        parts += ["Several processes", table.as_text(table.workers(found["workers"]))]
    if "accounts" in found:
        parts += ["Accounts on Redis", table.as_text(table.accounts(found["accounts"]))]
    parts += ["Goals", table.as_text(table.goals(found))]
    parts += [f"{name} was left out: {why}" for name, why in found["skipped"].items()]
    parts += [f"{name} could not be measured: {why}" for name, why in found["failed"].items()]
    return "\n\n".join(parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--only", action="append", choices=full.PARTS, help="measure this; repeatable"
    )
    parser.add_argument(
        "--window", type=float, default=1.0, help="seconds of load at a time (default: 1)"
    )
    parser.add_argument(
        "--rounds", type=int, default=8, help="how often each server has its turn (default: 8)"
    )
    parser.add_argument(
        "--peer",
        action="append",
        type=foreign,
        default=[],
        metavar="NAME=URL",
        help="measure a server that runs already on this machine, too; repeatable",
    )
    parser.add_argument(
        "--without",
        action="append",
        choices=[peer.name for peer in PEERS],
        default=[],
        help="leave this peer out; repeatable",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=results.FOLDER,
        help="folder for the results (default: %(default)s)",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=default_folder(),
        help="folder for peers (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
