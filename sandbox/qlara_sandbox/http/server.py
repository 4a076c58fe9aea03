"""The HTTP server under the application: uvicorn with our protocol, and an orderly stop."""

from __future__ import annotations

import asyncio
import logging
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import uvicorn

from qlara_sandbox.http.descriptors import Descriptors
from qlara_sandbox.http.forwarded import ForwardedHeaders
from qlara_sandbox.http.limits import Timeouts
from qlara_sandbox.http.protocol import Protocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from qlara_sandbox.http.connection import CutHead

log = logging.getLogger("qlara_sandbox.http")

_TICKS = 10  # uvicorn ticks ten times a second
_SETTLE_SECONDS = 0.25
_POLL_SECONDS = 0.05


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, without its configuration of logging, and with our time limits.

    ``on_cut_head`` is told the heads that the server refuses itself, ``on_stop`` is called when it begins to stop. Logging belongs to the command line. In
    a test run, it belongs to whoever runs the tests.
    """

    def __init__(
        self,
        app: ASGIApp,
        timeouts: Timeouts,
        on_cut_head: Callable[[CutHead], None] | None = None,
        on_stop: Callable[[], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(app, **options)
        self.on_stop = on_stop
        self.timeouts = timeouts
        self.on_cut_head = on_cut_head

    def configure_logging(self) -> None:
        """Change nothing."""

    def load(self) -> None:
        """Load the application, and put what heeds a proxy's headers before it."""
        super().load()
        self.loaded_app = ForwardedHeaders(self.loaded_app, self.forwarded_allow_ips)


def configure(
    app: ASGIApp,
    timeouts: Timeouts | None = None,
    on_cut_head: Callable[[CutHead], None] | None = None,
    on_stop: Callable[[], None] | None = None,
    **options: Any,
) -> ServerConfig:
    """Return how uvicorn is to run *app*; *options* are uvicorn's own. Nothing else is changed.

    *on_cut_head* is told the heads that the server refuses itself; *on_stop* is called when it begins to stop.
    """
    defaults: dict[str, Any] = {
        "http": Protocol,
        "ws": "none",
        "lifespan": "off",
        "proxy_headers": False,  # ours are cheaper
        "server_header": False,
        "timeout_graceful_shutdown": 10,
    }
    return ServerConfig(
        app, timeouts or Timeouts(), on_cut_head, on_stop, **{**defaults, **options}
    )


class SandboxServer(uvicorn.Server):
    """uvicorn's server; enforces time limits, and stops without logging errors of requests that it cuts.

    ``has_stopped`` is false after a stop if the thread of a request may still run: threads cannot be
    interrupted.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_stopped = True
        self._descriptors = Descriptors()

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections about once a second; return whether to stop."""
        if counter % _TICKS == 0:
            now = monotonic()
            for connection in self._connections():
                connection.check_time(now)
            self._descriptors.watch(len(self.server_state.connections), now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests finish, and cut what is left so that ``timeout_graceful_shutdown`` is kept."""
        on_stop = getattr(self.config, "on_stop", None)
        if on_stop is not None:
            on_stop()
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in self._connections():
            connection.shutdown()
        state = self.server_state
        await self._wait_until_idle((self.config.timeout_graceful_shutdown or 0) - _SETTLE_SECONDS)
        are_cut = bool(state.tasks)
        if are_cut:
            log.info("Stopped with %d requests unfinished.", len(state.tasks))
        for connection in self._connections():
            connection.abandon()
        await asyncio.sleep(0)  # requests that wait for their client end by themselves
        for task in state.tasks:
            task.cancel()
        await self._wait_until_idle(_SETTLE_SECONDS)
        self.has_stopped = not (state.tasks or (are_cut and _threads_run()))

    async def _wait_until_idle(self, seconds: float) -> None:
        end = monotonic() + seconds
        state = self.server_state
        while (state.connections or state.tasks) and monotonic() < end and not self.force_exit:
            await asyncio.sleep(_POLL_SECONDS)

    def _connections(self) -> list[Protocol]:
        return [one for one in self.server_state.connections if isinstance(one, Protocol)]


def _threads_run() -> bool:
    """Tell whether the end of Python would wait for a thread; one that waits for work counts, too."""
    mine = {threading.main_thread(), threading.current_thread()}
    return any(not thread.daemon for thread in threading.enumerate() if thread not in mine)
