"""Where requests go: the deployment's address, its base path, and how TLS to it is checked."""

from __future__ import annotations

import asyncio
import errno
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import certifi

from qlara_contract.errors import CannotRun
from qlara_proxy.forwarding.heads import UnclearRequest

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_proxy.forwarding.heads import RequestHead

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ProxyTarget:
    """A deployment. ``base_path`` stands before every path, without a slash at its end; ``tls`` is None for http."""

    host: str
    port: int
    base_path: str = ""
    tls: ssl.SSLContext | None = None

    @property
    def authority(self) -> str:
        """What its Host is, RFC 9110 section 7.2: without the port that its scheme has anyway."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        usual = _PORTS["http" if self.tls is None else "https"]
        return shown if self.port == usual else f"{shown}:{self.port}"

    @property
    def url(self) -> str:
        """Its URL, as it is shown."""
        return f"http{'' if self.tls is None else 's'}://{self.authority}{self.base_path}"

    def target_of(self, head: RequestHead) -> str:
        """Return the target of a request as the deployment is to get it.

        A target in absolute form is that of a client for which the proxy is its *forward* proxy
        (RFC 9112 section 3.2.2): it is passed on in origin form, if it is to this deployment.

        Raises:
            UnclearRequest: it is to somewhere else.
        """
        target = head.target
        if target.startswith("/"):
            return self.base_path + target
        if head.method == "CONNECT":
            raise UnclearRequest(
                "Expected a request to the deployment; found CONNECT. This proxy is no forward proxy: "
                "use its URL as the base URL of the client."
            )
        if target == "*" and head.method == "OPTIONS":
            return target
        parts = urlsplit(target)
        if parts.scheme.lower() == "http" and self.tls is None and self._is_at(parts.netloc):
            rest = target.partition("://")[2][len(parts.netloc) :]
            return rest if rest.startswith("/") else f"/{rest}"
        raise UnclearRequest(
            "Expected a path; found the URL of another server. This proxy passes on to one deployment "
            "only: use its URL as the base URL of the client."
        )

    def path_of(self, target: str) -> str:
        """Return path and query of a request target, which may be a URL of the deployment."""
        scheme, mark, rest = target.partition("://")
        if not mark or not scheme.isalpha():
            return target
        authority = re.match(r"[^/?#]*", rest)
        path = rest[authority.end() if authority else 0 :]
        path = path.removeprefix(self.base_path) if path.startswith(f"{self.base_path}/") else path
        return path if path.startswith("/") else f"/{path}"

    def _is_at(self, authority: str) -> bool:
        usual = _PORTS["http"]
        named = {f"{self.authority}:{usual}"} if self.port == usual else set()
        return authority.lower() in {self.authority, *named}


def target_of(url: str, ca_file: Path | None = None, *, insecure: bool = False) -> ProxyTarget:
    """Return the deployment that *url* names.

    Raises:
        CannotRun: it is no URL that requests can go to, or the authority cannot be read. Its credentials are not shown.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise CannotRun("--to: expected a URL such as https://api.example.com.") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        raise CannotRun("--to: expected a URL that begins with http:// or https://, and a host.")
    if parts.username is not None:
        raise CannotRun(
            "--to: expected a URL without a user or password: the client sends its own."
        )
    if parts.query or parts.fragment:
        raise CannotRun("--to: expected a URL without ? and #: paths are put behind it.")
    try:
        name = host if ":" in host else host.encode("idna").decode("ascii")
        base = parts.path.rstrip("/").encode("ascii").decode("ascii")
    except UnicodeError:
        raise CannotRun("--to: expected a host name and a path in ASCII.") from None
    if any(each.isspace() for each in base):
        raise CannotRun("--to: expected a path without blanks.")
    tls = trust(ca_file, insecure=insecure) if scheme == "https" else None
    return ProxyTarget(name, port or _PORTS[scheme], base, tls)


def trust(ca_file: Path | None, *, insecure: bool) -> ssl.SSLContext:
    """Return what trusts the system's authorities, certifi's, and the one of *ca_file*.

    Raises:
        CannotRun: the file has no certificate.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (ssl.SSLError, OSError) as error:
            raise CannotRun(f"--ca-file: expected certificates in PEM in {ca_file}.") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def why_unreachable(error: BaseException, target: ProxyTarget) -> tuple[int, str]:
    """Return the status (502, 504) and the sentence of a connection that could not be made."""
    where = f"The deployment at {target.url}"
    if isinstance(error, TimeoutError):
        return 504, f"{where} could not be reached in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return 502, f"{where} has a certificate that is not trusted: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return 502, f"{where} cannot be spoken to with TLS: {error.reason or 'no handshake'}."
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return 502, (
            f"The proxy has no file descriptor left for a connection to {target.url}. "
            "Raise the limit before its start: ulimit -n 4096."
        )
    if isinstance(error, ConnectionRefusedError):
        return 502, f"{where} refused the connection."
    if isinstance(error, OSError) and error.strerror:
        return 502, f"{where} could not be reached: {error.strerror}."
    return 502, f"{where} could not be reached."


async def connect(
    target: ProxyTarget, protocol: asyncio.Protocol, seconds: float
) -> asyncio.Transport:
    """Connect *protocol* with the deployment.

    Raises:
        OSError, ssl.SSLError, TimeoutError: it cannot be reached.
    """
    loop = asyncio.get_running_loop()
    name = target.host if target.tls is not None else None
    async with asyncio.timeout(seconds):
        transport, _ = await loop.create_connection(
            lambda: protocol, target.host, target.port, ssl=target.tls, server_hostname=name
        )
    return transport
