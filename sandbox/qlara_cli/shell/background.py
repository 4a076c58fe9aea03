"""A sandbox in a thread of this process: over TLS for documented hosts, in the clear for others."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import uvicorn

from qlara_cli.shell.connect_proxy import Tunnel, listen
from qlara_sandbox.http.server import configure

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp

    from qlara_sandbox.http.tls import Certificates


@dataclass(frozen=True)
class Ports:
    """The ports of loopback that the sandbox answers at; ``tunnel`` is 0 if there is none."""

    plain: int
    secure: int
    tunnel: int = 0


class BackgroundSandbox:
    """Serves *app* from ``with`` to its end; all in one event loop, so its worlds are the same.

    ``tunnelled`` names the hosts of a CONNECT proxy, which passes others on to *upstream*.
    """

    def __init__(
        self,
        app: ASGIApp,
        certificates: Certificates,
        tunnelled: Collection[str] = (),
        upstream: str = "",
    ) -> None:
        self._app = app
        self._certificates = certificates
        self._tunnelled = tunnelled
        self._upstream = upstream
        self._ready = threading.Event()
        self._servers: list[uvicorn.Server] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.ports = Ports(0, 0)

    def __enter__(self) -> Self:
        """Return when it answers; raise what has kept it from that."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for us
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        plain, secure = _listener(), _listener()
        tunnel = None
        port = 0
        if self._tunnelled:
            leading = Tunnel(self._tunnelled, secure.getsockname()[1], self._upstream)
            tunnel = await listen(leading)
            port = tunnel.sockets[0].getsockname()[1]
        self.ports = Ports(plain.getsockname()[1], secure.getsockname()[1], port)
        options: dict[str, Any] = {"timeout_graceful_shutdown": 1}
        tls = self._certificates.options
        self._servers = [
            uvicorn.Server(configure(self._app, **options)),
            uvicorn.Server(configure(self._app, **options, **tls)),
        ]
        starting = [
            asyncio.create_task(server.serve(sockets=[listener]))
            for server, listener in zip(self._servers, (plain, secure), strict=True)
        ]
        while not all(server.started for server in self._servers):
            await asyncio.sleep(0.005)
        self._ready.set()
        await asyncio.gather(*starting)
        if tunnel is not None:
            tunnel.close()


def _listener() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener
