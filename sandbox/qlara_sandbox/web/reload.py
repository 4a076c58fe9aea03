"""Take up changes of the contract and of scenario files between two requests."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING

from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from qlara_sandbox.web.runtime import Runtime

log = logging.getLogger("qlara_sandbox.web")
_LOOK_EVERY_SECONDS = 0.3


class Reloading:
    """An ASGI application that is put together anew when a file under it has changed.

    A file with mistakes is reported and the last good state stays in force. Worlds of a scenario
    that has changed are grown anew with their next request.
    """

    def __init__(self, runtime: Runtime, assemble: Callable[[Runtime], ASGIApp]) -> None:
        self._runtime = runtime
        self._assemble = assemble
        self._app = assemble(runtime)
        self._seen = self._look()
        self._looked_at = monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if monotonic() - self._looked_at >= _LOOK_EVERY_SECONDS:
            self.refresh()
        await self._app(scope, receive, send)

    def refresh(self) -> None:
        """Look at the files, and take up what has changed."""
        self._looked_at = monotonic()
        now = self._look()
        changed = {
            path for path in now.keys() | self._seen.keys() if now.get(path) != self._seen.get(path)
        }
        self._seen = now
        if not changed:
            return
        spec = self._runtime.settings.spec
        if spec in changed:
            self._take_contract(spec)
        self._take_scenarios(changed - {spec})

    def _take_contract(self, spec: Path) -> None:
        before = self._runtime.contract
        try:
            self._runtime.use_contract(Contract(spec))
            self._app = self._assemble(self._runtime)
        except InvalidContract as error:
            if self._runtime.contract is not before:
                self._runtime.use_contract(before)
            log.error("not reloaded: %s", error)  # noqa: TRY400 - a mistake in a file, no traceback
        else:
            log.info("reloaded %s", spec.name)

    def _take_scenarios(self, changed: set[Path]) -> None:
        library = self._runtime.library
        names = {path.stem for path in changed if path.suffix == ".yaml"}
        if any(path.suffix != ".yaml" for path in changed):  # a file that scenarios are made from
            names = set(library.names())
        for name in sorted(names):
            if self._take_scenario(name):
                self._runtime.worlds.reset_scenario(name)

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
        paths = [settings.spec, *folder.glob("*.yaml"), *folder.glob("files/*")]
        stats = {path: _stat(path) for path in paths}
        return {path: stat for path, stat in stats.items() if stat is not None}


def _stat(path: Path) -> tuple[int, int] | None:
    """Return what changes when the file does; None if it is gone, as editors make it for a moment."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
