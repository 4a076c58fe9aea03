"""Certificates on the fly, from an authority that exists for one run or is kept; or the user's own.

What is made needs the extra ``tls`` (trustme). Unless it is to be kept, the authority's own key never
leaves memory, so nobody can make another certificate that clients of this run would trust.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from qlara_sandbox.state.clock import real_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trustme import CA

    from qlara_sandbox.http.contract import Contract

# Some systems refuse certificates that are valid for longer than 398 days, whoever has made them.
_VALID = timedelta(days=397)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class TlsUnavailable(Exception):
    """The library that makes certificates is not installed; the message says how to get it."""


class UnusableCertificate(Exception):
    """A file of certificates or keys cannot be used, or a name stands in no certificate; the message says why."""


@dataclass(frozen=True)
class Certificates:
    """PEM files: the server's ``chain`` and ``key``, and the ``authority`` to trust, None if it is not ours.

    ``is_made``: the key was made for this run.
    """

    authority: Path | None
    chain: Path
    key: Path
    is_made: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """What uvicorn's configuration takes."""
        return {"ssl_certfile": str(self.chain), "ssl_keyfile": str(self.key)}

    def remove_key(self) -> None:
        """Remove the key's file: a server that has started has read it, and nobody else needs it.

        A key that was not made for this run stays.
        """
        if self.is_made:
            self.key.unlink(missing_ok=True)


def issue(folder: Path, hosts: Sequence[str], kept: Path | None = None) -> Certificates:
    """Make a server certificate for *hosts* and for this machine, in *folder*.

    Its authority is that of the folder *kept*, made there if there is none; without one, it is made for this run.

    Raises:
        TlsUnavailable: trustme is not installed.
        UnusableCertificate: the authority cannot be used, or a host is none.
    """
    try:
        import trustme
    except ModuleNotFoundError as error:
        message = "TLS needs the package trustme. In a checkout, run: make suite (or pip install '.[tls]')."
        raise TlsUnavailable(message) from error
    if kept is None:
        authority = trustme.CA(organization_name="Qlara sandbox, for one run")
        shown = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(shown))
    else:
        authority, shown = _kept_authority(kept), kept / "authority.pem"
    names = list(dict.fromkeys([*hosts, *LOOPBACK]))
    try:
        made = authority.issue_cert(*names, not_after=real_time(ZoneInfo("UTC")) + _VALID)
    except ValueError as error:
        raise UnusableCertificate(
            f"no certificate can be made for {', '.join(hosts)}: {error}"
        ) from error
    files = Certificates(shown, folder / "server.pem", folder / "server-key.pem")
    for blob in made.cert_chain_pems:
        blob.write_to_path(str(files.chain), append=True)
    files.key.touch(mode=0o600)
    made.private_key_pem.write_to_path(str(files.key))
    return files


def own(chain: Path, key: Path) -> Certificates:
    """Return a certificate and its key that somebody else has made.

    Raises:
        UnusableCertificate: they are not PEM, do not belong together, or the key has a password.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password="")
    except ssl.SSLError as error:
        message = (
            f"{chain} and {key} are no certificate chain and the key of its first certificate. "
            "Expected two PEM files, the key without a password."
        )
        raise UnusableCertificate(message) from error
    except OSError as error:
        message = f"{chain} and {key} cannot be read: {error.strerror or error}"
        raise UnusableCertificate(message) from error
    return Certificates(None, chain, key, is_made=False)


def _kept_authority(folder: Path) -> CA:
    """Return the authority of a folder, made there if there is none."""
    import trustme

    certificate, key = folder / "authority.pem", folder / "authority-key.pem"
    try:
        if certificate.exists() and key.exists():
            return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
        if certificate.exists() or key.exists():
            message = f"{folder} has only one of authority.pem and authority-key.pem"
            raise UnusableCertificate(message)
        authority = trustme.CA(organization_name=f"Qlara sandbox on {socket.gethostname()}"[:60])
        folder.mkdir(mode=0o700, exist_ok=True)
        key.touch(mode=0o600)
        authority.private_key_pem.write_to_path(str(key))
        authority.cert_pem.write_to_path(str(certificate))
    except OSError as error:
        raise UnusableCertificate(f"{folder}: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        message = f"{folder}: authority.pem or authority-key.pem is damaged: {error}"
        raise UnusableCertificate(message) from error
    return authority


def documented_hosts(contract: Contract) -> tuple[str, ...]:
    """Return the hosts that the contract's ``servers`` name, those of this machine left out."""
    servers = contract.document.get("servers") or ()
    named = [urlsplit(str(server.get("url", ""))).hostname or "" for server in servers]
    return tuple(dict.fromkeys(host for host in named if host and host not in LOOPBACK))
