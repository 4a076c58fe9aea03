"""The process, or the processes, that serve: what happens at their start, again and again, and at their end."""

from __future__ import annotations

import gc
import os
import signal
import sys
from shutil import rmtree
from typing import TYPE_CHECKING, NamedTuple

import click

from qlara_cli.listening import beside

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from qlara_sandbox.http.server import SandboxServer, ServerConfig
    from qlara_sandbox.web.runtime import Runtime
    from qlara_sandbox.web.state_file import StateFile

# How long one thread of Python may run while another waits: an import of a large file must not
# hold up the event loop for the interpreter's usual 5 ms each time.
_SWITCH_SECONDS = 0.0001
# A full garbage collection stops every request for as long as there are contacts to look at (70 ms
# for 100 000). Contacts, cards and journal entries are tuples without cycles: rare is enough.
# The second generation is kept small: all of it is looked at in one go.
_GARBAGE_THRESHOLDS = (50_000, 4, 1_250)


class Hooks(NamedTuple):
    """What a server calls: ``ready`` once it serves, ``ticks`` again and again; at the end ``state`` is saved.

    ``folder`` is removed at the end, but not by a worker.
    """

    runtime: Runtime
    ready: Callable[[], None]
    ticks: Sequence[Callable[[], None]]
    folder: str
    state: StateFile | None
    is_worker: bool = False

    def end(self) -> None:
        """Leave nothing behind, and say that it has ended; for all workers, whoever watches them does it."""
        if not self.is_worker:
            rmtree(self.folder, ignore_errors=True)
            click.echo("Stopped.", err=True)


def _server(configuration: ServerConfig, hooks: Hooks) -> SandboxServer:
    from qlara_sandbox.domain.errors import StateUnavailable
    from qlara_sandbox.http.server import SandboxServer

    class HookedServer(SandboxServer):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            try:
                await hooks.runtime.join()
            except StateUnavailable as error:
                click.echo(f"Cannot start: {error.engine} does not respond.", err=True)
                raise SystemExit(1) from error
            await super().startup(sockets)
            hooks.ready()

        async def on_tick(self, counter: int) -> bool:
            for tick in hooks.ticks:
                tick()
            return await super().on_tick(counter)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await super().shutdown(sockets)
            await hooks.runtime.store.close()
            if hooks.state is not None:
                await hooks.state.save()
            if not self.has_stopped:
                # Python would wait for the thread of an import whose request has been cut.
                hooks.end()
                os._exit(_status(hooks.state))

    return HookedServer(configuration)


def run(configuration: ServerConfig, listener: socket.socket, hooks: Hooks) -> None:
    """Serve in this process until a signal ends it; the exit status is 2 if the state could not be saved."""
    # uvicorn stops on these and then raises them once more for whoever called it: nobody did.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    _tune_process()
    _server(configuration, hooks).run(sockets=[listener])
    if not hooks.is_worker:
        click.echo("Stopped.", err=True)
    if _status(hooks.state):
        raise SystemExit(_status(hooks.state))


def run_workers(
    count: int, configuration: ServerConfig, reserved: socket.socket, hooks: Hooks
) -> None:
    """Serve in *count* processes, at a port that is reserved, until a signal ends them."""
    from qlara_cli.workers import Workers, stop_without

    configuration.load()  # also the certificate's key, which is removed once all are ready
    ticks = [*hooks.ticks, stop_without(os.getpid())]

    def serve_as_worker(ready: Callable[[], None]) -> None:
        own = hooks._replace(ready=ready, ticks=ticks, is_worker=True)
        run(configuration, beside(reserved), own)

    status = Workers(count, serve_as_worker, hooks.ready).run()
    click.echo("Stopped.", err=True)
    raise SystemExit(status)


def _status(state: StateFile | None) -> int:
    """Return the exit status: 2 if the state that was to be kept could not be."""
    return 2 if state is not None and state.has_failed else 0


def _tune_process() -> None:
    """Let the interpreter serve evenly; only here, as the process is the server's own."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
