"""Runs a proxy: accepts clients until it is told to stop, shows what passes, and lets the watchers see all of it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qlara_proxy.forwarding.hub import Hub
from qlara_proxy.live import Live, LiveSettings
from qlara_proxy.watching import Watching

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from qlara_proxy.forwarding.target import ProxyTarget
    from qlara_proxy.live import JournalEntry
    from qlara_proxy.traffic import PassedExchange, Watcher

GRACE_SECONDS = 5.0
_INTERRUPTED = 130  # as a shell reports SIGINT
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """How a proxy is to run.

    ``watchers`` see the traffic, in this order. ``report`` makes what ``/__admin/report`` sends, in a format;
    ``broken`` says which promises an exchange broke. ``seconds`` is how long it runs; None: until it is stopped.
    """

    target: ProxyTarget
    watchers: Sequence[Watcher] = ()
    overlay: Path | None = None
    admin_token: str | None = None
    loopback: bool = True
    seconds: float | None = None
    grace_seconds: float = GRACE_SECONDS
    report: Callable[[str], bytes | dict[str, Any]] = lambda _: {}
    broken: Callable[[PassedExchange], Sequence[str]] = lambda _: ()
    log_request: Callable[[JournalEntry, Sequence[str]], None] = lambda *_: None


@dataclass(slots=True)
class Passed:
    """What there is to say of a run beside what its watchers found.

    ``requests`` were passed on, ``refused`` were not. ``cut`` were under way as it stopped; ``unseen`` went past
    the watchers because too many waited; ``failures`` are errors of watchers: bugs.
    """

    requests: int = 0
    refused: int = 0
    cut: int = 0
    unseen: int = 0
    failures: int = 0


@dataclass(slots=True)
class Proxy:
    """One proxy. ``stop`` may be called from any thread."""

    settings: ProxySettings
    passed: Passed = field(default_factory=Passed)
    _loop: asyncio.AbstractEventLoop | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def run(self, listener: socket.socket, ready: Callable[[], None] = lambda: None) -> Passed:
        """Serve until the time is over, or Ctrl-C, SIGTERM or `stop`; the watchers have seen all of it then.

        A second Ctrl-C ends the process at once, with 130.

        Raises:
            CannotRun: the contract, or its overlay, cannot be used.
        """
        try:
            import uvloop
        except ModuleNotFoundError:  # Windows
            return asyncio.run(self._serve(listener, ready))
        return uvloop.run(self._serve(listener, ready))

    def stop(self) -> None:
        """Begin to stop."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has stopped
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def _serve(self, listener: socket.socket, ready: Callable[[], None]) -> Passed:
        settings = self.settings
        loop = self._loop = asyncio.get_running_loop()
        live_settings = LiveSettings(
            settings.overlay,
            settings.admin_token,
            settings.loopback,
            lambda form: watching.ask(lambda: settings.report(form)),
        )
        live = Live(live_settings, loop, settings.log_request, settings.broken)
        watching = Watching([*settings.watchers, live])
        hub = Hub(settings.target, watching.put, live.pages.connect)
        watching.start()
        try:
            server = await hub.serve(listener)
            self._heed_signals(loop)
            ready()
            with suppress(TimeoutError):
                async with asyncio.timeout(settings.seconds):
                    await self._stopping.wait()
            live.pages.stop()
            self.passed.cut = await hub.stop(server, settings.grace_seconds)
        finally:
            # In a thread: what the watchers show comes to this loop.
            await asyncio.to_thread(watching.close)
            await asyncio.sleep(0)
        self.passed.requests, self.passed.refused = hub.requests, hub.refusals
        self.passed.unseen, self.passed.failures = watching.left_out, watching.failures
        return self.passed

    def _heed_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        def heed() -> None:
            if self._stopping.is_set():
                os._exit(_INTERRUPTED)
            self._stopping.set()

        for number in _SIGNALS:
            with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, other threads
                loop.add_signal_handler(number, heed)
