"""Certificates on the fly: an authority that exists for one run, and what it vouches for.

Needs the extra ``tls`` (trustme). The authority's own key never leaves memory, so nobody can make
another certificate that clients of this run would trust.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qlara_sandbox.http.contract import Contract

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class TlsUnavailable(Exception):
    """The library that makes certificates is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Certificates:
    """PEM files: the ``authority`` that clients must trust; the server's ``chain`` and ``key``."""

    authority: Path
    chain: Path
    key: Path

    @property
    def options(self) -> dict[str, Any]:
        """What uvicorn's configuration takes."""
        return {"ssl_certfile": str(self.chain), "ssl_keyfile": str(self.key)}

    def remove_key(self) -> None:
        """Remove the key's file: a server that has started has read it, and nobody else needs it."""
        self.key.unlink(missing_ok=True)


def issue(folder: Path, hosts: Sequence[str]) -> Certificates:
    """Make an authority and a server certificate for *hosts* and for this machine, in *folder*.

    Raises:
        TlsUnavailable: trustme is not installed.
    """
    try:
        import trustme
    except ModuleNotFoundError as error:
        message = "TLS needs the package trustme. In a checkout, run: make suite (or pip install '.[tls]')."
        raise TlsUnavailable(message) from error
    authority = trustme.CA(organization_name="Qlara sandbox, for one run")
    made = authority.issue_cert(*dict.fromkeys([*hosts, *LOOPBACK]))
    files = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server-key.pem")
    authority.cert_pem.write_to_path(str(files.authority))
    for blob in made.cert_chain_pems:
        blob.write_to_path(str(files.chain), append=True)
    files.key.touch(mode=0o600)
    made.private_key_pem.write_to_path(str(files.key))
    return files


def documented_hosts(contract: Contract) -> tuple[str, ...]:
    """Return the hosts that the contract's ``servers`` name, those of this machine left out."""
    servers = contract.document.get("servers") or ()
    named = [urlsplit(str(server.get("url", ""))).hostname or "" for server in servers]
    return tuple(dict.fromkeys(host for host in named if host and host not in LOOPBACK))
