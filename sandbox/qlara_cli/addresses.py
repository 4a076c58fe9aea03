"""The URLs at which what listens can really be reached, from this machine and from others."""

from __future__ import annotations

import socket
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound
_TRY_SECONDS = 0.3
# Addresses for documentation (RFC 5737, RFC 3849): to ask which of ours would be used sends nothing there.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def hosts_of(host: str) -> list[str]:
    """Return the names and addresses that may lead to what listens on *host*, the best one first."""
    if host not in ANY:
        return [host]
    first = "::1" if host == "::" else "127.0.0.1"
    return list(dict.fromkeys([first, *_own_addresses(), socket.gethostname()]))


def reachable(hosts: Iterable[str], port: int) -> list[str]:
    """Return those of *hosts* at which something accepts connections to *port*, asked at the same time.

    A name that nobody answers for would take many seconds: it counts as one that does not lead here.
    """
    found: dict[str, bool] = {}

    def ask(host: str) -> None:
        found[host] = _accepts(host, port)

    asking = {host: Thread(target=ask, args=(host,), daemon=True) for host in hosts}
    for thread in asking.values():
        thread.start()
    for thread in asking.values():
        thread.join(_TRY_SECONDS * 2)
    return [host for host in asking if found.get(host)]


def urls(hosts: Sequence[str], port: int, *, secure: bool) -> list[str]:
    """Return a URL for each host."""
    scheme = "https" if secure else "http"
    return [f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}" for host in hosts]


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_TRY_SECONDS).close()
    except OSError:
        return False
    return True


def _own_addresses() -> list[str]:
    found = []
    for family, elsewhere in _ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((elsewhere, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:  # no such network
            continue
    return found
