"""The sandbox of a shell: over TLS for documented hosts, in the clear for others, behind a proxy."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qlara_cli.shell.connect_proxy import ConnectProxy
from qlara_sandbox.http.server import configure
from qlara_sandbox.http.threaded import ThreadedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator

    from starlette.types import ASGIApp

    from qlara_sandbox.http.connection import CutHead
    from qlara_sandbox.http.tls import Certificates


@dataclass(frozen=True)
class Ports:
    """The ports of loopback at which the sandbox is reached; ``proxy`` is 0 if there is none."""

    plain: int
    secure: int
    proxy: int = 0


@contextmanager
def background_sandbox(
    app: ASGIApp,
    certificates: Certificates,
    proxied: Collection[str] = (),
    upstream: str = "",
    on_cut_head: Callable[[CutHead], None] | None = None,
) -> Iterator[Ports]:
    """Serve *app* while the block runs; all in one event loop, so its worlds are the same.

    *on_cut_head* is told the heads that the server refuses itself. *proxied* names the hosts of a CONNECT proxy, which passes others on to *upstream*.
    """
    options: dict[str, Any] = {"on_cut_head": on_cut_head, "timeout_graceful_shutdown": 1}
    plain = configure(app, **options)
    secure = configure(app, **options, **certificates.options)
    server = ThreadedServer(plain, secure)
    proxy_port = 0

    @asynccontextmanager
    async def proxy() -> AsyncIterator[None]:
        nonlocal proxy_port
        listener = await ConnectProxy(proxied, server.ports[1], upstream).listen()
        proxy_port = listener.sockets[0].getsockname()[1]
        async with listener:
            yield

    if proxied:
        server.beside = proxy()
    with server:
        plain_port, secure_port = server.ports
        yield Ports(plain_port, secure_port, proxy_port)
