"""Gathers the contract coverage of every sandbox that runs in this process while somebody wants it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_sandbox.testing.server import Server
    from qlara_sandbox.web.observers.coverage import Coverage

_COLLECTORS: list[CoverageCollector] = []


class CoverageCollector:
    """What the sandboxes of this process have met, those that run and those that have ended."""

    def __init__(self) -> None:
        self._running: list[Server] = []
        self._ended: list[Coverage] = []

    def start(self) -> None:
        """Gather from every sandbox that begins from now on."""
        _COLLECTORS.append(self)

    def stop(self) -> None:
        """Gather no more."""
        _COLLECTORS.remove(self)

    @contextmanager
    def following(self, server: Server) -> Iterator[None]:
        """Gather from *server*, which stops before the block ends."""
        self._running.append(server)
        try:
            yield
        finally:
            self._running.remove(server)
            self.add(server.coverage())

    def add(self, part: Coverage) -> None:
        """Add what a sandbox has met, here or in another process."""
        from qlara_sandbox.web.observers.coverage import merged

        self._ended = [merged([*self._ended, part])]

    def collected(self) -> Coverage | None:
        """Return what all of them have met together; None if none has run."""
        from qlara_sandbox.web.observers.coverage import merged

        parts = [*self._ended, *(server.coverage() for server in self._running)]
        return merged(parts) if parts else None


@contextmanager
def collected(server: Server) -> Iterator[None]:
    """Let everybody who gathers coverage follow *server* in the block."""
    with ExitStack() as stack:
        for each in _COLLECTORS:
            stack.enter_context(each.following(server))
        yield
