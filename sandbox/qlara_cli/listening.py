"""Where a command listens: its socket, the URL that is shown, and the token that callers need."""

from __future__ import annotations

import errno
import secrets
import socket
import sys
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

_BACKLOG = 2048
_LAST_PORT = 65535
_SPREADS = sys.platform == "linux"  # elsewhere, one of several listeners gets all connections


class CannotListen(click.ClickException):
    """Nothing can listen there; exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        click.echo(self.message, err=True)


def listen(host: str, port: int, command: str) -> socket.socket:
    """Return a socket that listens there; *command* is what to try again with another port.

    Raises:
        CannotListen: it cannot.
    """
    with _explained(host, port, command):
        listener = _bound(host, port)
        listener.listen(_BACKLOG)
    return listener


def reserve(host: str, port: int, command: str) -> socket.socket:
    """Return what keeps a port for several sockets that are to listen ``beside`` each other; it listens itself nowhere on Linux.

    Raises:
        CannotListen: nothing can listen there.
    """
    if not _SPREADS:
        return listen(host, port, command)
    with _explained(host, port, command):
        reserved = _bound(host, port)
    # Not before: somebody else's port is not to be shared.
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return reserved


def beside(reserved: socket.socket) -> socket.socket:
    """Return a socket of this process alone at a reserved port, which is to listen: connections are spread over all of them."""
    if not _SPREADS:
        return reserved
    one = socket.socket(reserved.family, socket.SOCK_STREAM)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        one.setsockopt(socket.SOL_SOCKET, option, 1)
    one.bind(reserved.getsockname())
    return one


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        one.bind((host, port))
    except OSError:
        one.close()
        raise
    return one


@contextmanager
def _explained(host: str, port: int, command: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"Port {port} of {host} is in use. Stop what listens there, or choose another "
                f"port: {command} --port {port + 1 if port < _LAST_PORT else 0}"
            ) from error
        raise CannotListen(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}"
        ) from error


def shown_url(host: str, port: int, *, secure: bool = False) -> str:
    """Return the URL by which this machine reaches what listens there."""
    shown = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http{'s' if secure else ''}://{f'[{shown}]' if ':' in shown else shown}:{port}"


def token_for(host: str, given: str | None) -> str | None:
    """Return the token that callers need: the given one; else none on loopback, a new one elsewhere."""
    return given or (None if is_loopback(host) else secrets.token_urlsafe(24))


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach *host*."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def leads_to(listener: socket.socket, host: str, port: int) -> bool:
    """Return whether a connection to *host* and *port*, begun on this machine, comes to *listener*."""
    own, own_port = listener.getsockname()[:2]
    if port != own_port:
        return False
    try:
        found = {
            str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        }
    except OSError:
        return False
    for address in found:
        is_unspecified = ip_address(
            address.partition("%")[0]
        ).is_unspecified  # it leads to loopback
        if address == own or (is_unspecified and is_loopback(own)):
            return True
        if ip_address(own).is_unspecified and (is_unspecified or _is_of_this_machine(address)):
            return True
    return False


def _is_of_this_machine(address: str) -> bool:
    try:
        _bound(address, 0).close()
    except OSError:
        return False
    return True
