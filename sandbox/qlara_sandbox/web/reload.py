"""Take up changes of the contract and of scenario files, between two requests and without any."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import Overloaded
from qlara_sandbox.http.contract import InvalidContract
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from qlara_sandbox.web.contacts import Terms
    from qlara_sandbox.web.runtime import Runtime

log = logging.getLogger("qlara_sandbox.web")
_LOOK_EVERY_SECONDS = 0.3


class Reloading:
    """An ASGI application that is put together anew when a file under it has changed.

    The request that notices a change waits until it is taken up, off the event loop; others go on with what
    there was. A file with mistakes is reported and the last good state stays in force. Worlds of a scenario
    that has changed are built anew with their next request.
    """

    def __init__(self, runtime: Runtime, assemble: Callable[[Runtime, Terms], ASGIApp]) -> None:
        self._runtime = runtime
        self._assemble = assemble
        self._app = assemble(runtime, runtime.terms)
        self._seen = self._look()
        self._looked_at = monotonic()
        self._refreshing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_due():
            await self.refresh()
        await self._app(scope, receive, send)

    def tick(self) -> None:
        """Begin to look at the files if it is time; call it on the event loop."""
        if self._is_due() and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self.refresh())

    def _is_due(self) -> bool:
        is_time = monotonic() - self._looked_at >= _LOOK_EVERY_SECONDS
        return is_time and not self._refreshing.locked()

    async def refresh(self) -> None:
        """Look at the files, and take up what has changed."""
        async with self._refreshing:
            seen = self._seen
            try:
                await self._take_up()
            except Overloaded:  # later, then
                self._seen = seen

    async def _take_up(self) -> None:
        now = await self._runtime.threads.run(self._look)
        self._looked_at = monotonic()
        seen, self._seen = self._seen, now
        if now != seen and self._runtime.settings.state is not None:
            with suppress(OSError):  # a file that is written just now: the next look sees it
                await self._runtime.threads.run(self._runtime.look_at_origin)
        changed = {path for path in now.keys() | seen.keys() if now.get(path) != seen.get(path)}
        settings = self._runtime.settings
        of_contract = changed & {settings.spec, settings.overlay}
        if of_contract:
            await self._take_contract(max(of_contract))
        await self._take_scenarios(changed - of_contract)

    async def _take_contract(self, changed: Path) -> None:
        def prepare() -> tuple[Terms, ASGIApp]:
            terms = self._runtime.compiled(self._runtime.settings.overlay)
            return terms, self._assemble(self._runtime, terms)

        try:
            terms, app = await self._runtime.threads.run(prepare)
        except InvalidContract as error:
            log.error("not reloaded: %s", error)  # noqa: TRY400 - a mistake in a file, no traceback
            return
        await self._runtime.use_contract(terms)
        self._app = app
        log.info("reloaded %s", changed.name)
        # Their contracts are made of this one and their overlays.
        await self._take_scenarios_named(set(self._runtime.overlaid))

    async def _take_scenarios(self, changed: set[Path]) -> None:
        library = self._runtime.library
        names = {
            path.stem
            for path in changed
            if path.suffix == ".yaml" and path.parent == library.folder
        }
        if any(path.suffix != ".yaml" for path in changed):  # a file that scenarios are made from
            names = set(library.names())
        names |= {name for name, path in self._runtime.library.overlays.items() if path in changed}
        await self._take_scenarios_named(names)

    async def _take_scenarios_named(self, names: set[str]) -> None:
        for name in sorted(names):
            if await self._runtime.threads.run(partial(self._take_scenario, name)):
                await self._runtime.store.reset_scenario(name)

    def _take_scenario(self, name: str) -> bool:
        try:
            self._runtime.library.reload(name)
        except InvalidScenario as error:
            for line in error.lines():
                log.error("not reloaded: %s", line)  # noqa: TRY400 - as above
            return False
        except UnknownScenario:
            log.warning("scenario %s is gone", name)
        else:
            log.info("reloaded scenario %s", name)
        return True

    def _look(self) -> dict[Path, tuple[int, int]]:
        settings = self._runtime.settings
        folder = settings.scenarios
        paths = {settings.spec, *folder.glob("*.yaml"), *folder.glob("files/*")}
        paths |= {*self._runtime.library.overlays.values()}
        if settings.overlay is not None:
            paths.add(settings.overlay)
        stats = {path: _stat(path) for path in paths}
        return {path: stat for path, stat in stats.items() if stat is not None}


def _stat(path: Path) -> tuple[int, int] | None:
    """Return what changes when the file does; None if it is gone, as editors make it for a moment."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
