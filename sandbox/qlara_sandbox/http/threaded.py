"""A server in a thread of this process, for callers that go on with other work beside it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar

from qlara_sandbox.http.server import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import AbstractAsyncContextManager

    import uvicorn

T = TypeVar("T")

_HOST = "127.0.0.1"
_BACKLOG = 1024


class ThreadedServer:
    """Serves from ``with`` to its end: one free port of this machine per configuration, in one event loop.

    ``ports`` are known, and take connections, before the server runs. ``beside`` is entered in the same
    event loop before the server is ready, and left when it stops.
    """

    def __init__(
        self,
        *configurations: uvicorn.Config,
        beside: AbstractAsyncContextManager[Any] | None = None,
    ) -> None:
        self._servers = [_Server(one) for one in configurations]
        self._listeners = [
            socket.create_server((_HOST, 0), backlog=_BACKLOG) for _ in configurations
        ]
        self.ports: list[int] = [one.getsockname()[1] for one in self._listeners]
        self.beside = beside
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = Event()
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, name="qlara-sandbox", daemon=True)

    def __enter__(self) -> Self:
        """Return when it serves; raise what has kept it from that."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.should_exit = True
        self._thread.join()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* in the server's event loop, between two steps of its requests; return its result.

        Raises:
            RuntimeError: the server has stopped, or has not started.
        """
        if self._loop is None or not self._thread.is_alive():
            work.close()
            raise RuntimeError("The server does not run.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory(self._servers)) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for us
            self._failure = error
        finally:
            for listener in self._listeners:
                listener.close()  # a server that never ran has not done it
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            if self.beside is not None:
                await stack.enter_async_context(self.beside)
            serving = [
                asyncio.create_task(server.serve(sockets=[listener]))
                for server, listener in zip(self._servers, self._listeners, strict=True)
            ]
            all_ready = asyncio.create_task(self._wait_until_ready())
            await asyncio.wait({all_ready, *serving}, return_when=asyncio.FIRST_COMPLETED)
            if all_ready.done():
                self._ready.set()
                await asyncio.wait(serving, return_when=asyncio.FIRST_EXCEPTION)
            all_ready.cancel()
            # Either all have ended, or one has failed: the others stop in order before it is told.
            for server in self._servers:
                server.should_exit = True
            ended = await asyncio.gather(*serving, return_exceptions=True)
            for failure in filter(None, ended):
                raise failure

    async def _wait_until_ready(self) -> None:
        for server in self._servers:
            await server.ready.wait()


class _Server(SandboxServer):
    """A server; ``ready`` is set once it responds."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _loop_factory(servers: list[_Server]) -> Any:
    return servers[0].config.get_loop_factory() if servers else None
