"""A sandbox that serves from a thread of this process, and can be inspected from another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self, TypeVar

from qlara_sandbox.http.server import configure
from qlara_sandbox.http.threaded import ThreadedServer
from qlara_sandbox.web.app import assemble
from qlara_sandbox.web.cut_heads import cut_heads_of
from qlara_sandbox.web.observers.coverage import coverage, items_of
from qlara_sandbox.web.observers.journal import Criteria, show
from qlara_sandbox.web.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

    from starlette.types import ASGIApp

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.domain.quota import Quota
    from qlara_sandbox.state.world import World
    from qlara_sandbox.web.observers.coverage import Coverage
    from qlara_sandbox.web.runtime import SandboxSettings

T = TypeVar("T")

_HOST = "127.0.0.1"
_SESSION = "default"
_SETTLE_SECONDS = 1.0
_POLL_SECONDS = 0.002


class Server:
    """One running sandbox. What its methods do happens between two of its requests."""

    def __init__(
        self, settings: SandboxSettings, wrap: Callable[[ASGIApp], ASGIApp] | None = None
    ) -> None:
        """Prepare a sandbox; *wrap* makes the application that is served of the sandbox's."""
        self._runtime = Runtime(settings)
        app: ASGIApp = assemble(self._runtime)
        configuration = configure(
            wrap(app) if wrap is not None else app,
            on_cut_head=cut_heads_of(self._runtime),
            on_stop=self._runtime.stop,
            timeout_graceful_shutdown=1,
        )
        self._http = ThreadedServer(configuration)
        self._stopped = self._serves = False
        self.address = (_HOST, self._http.ports[0])
        self.url = f"http://{_HOST}:{self.address[1]}"
        self.upload_path = self._runtime.contract.by_id["uploadVCard"].path

    def __enter__(self) -> Self:
        self._http.__enter__()
        self._serves = True
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._http.__exit__()
        self._serves = False

    def begin(self, api_key: str, scenario: str) -> None:
        """Give a key a fresh world of *scenario*.

        Raises:
            UnknownScenario, InvalidScenario: there is no such scenario, or its file has mistakes.
        """

        def work() -> None:
            self._runtime.library.get(scenario)
            self._runtime.worlds.bind(api_key, _SESSION, scenario)
            self._runtime.worlds.reset_of(api_key, None, None)

        self._call(work)

    def forget(self, api_key: str) -> None:
        """Evict the worlds of a key; its next request gets a new one."""
        self._call(lambda: self._runtime.worlds.reset_of(api_key, None, None))

    def contacts(self, api_key: str, list_id: str) -> list[Contact]:
        """Return the contacts of a list.

        Raises:
            UnknownList: the account has no such list.
        """

        def look() -> list[Contact]:
            world = self._world(api_key)
            return [world.contacts[identity] for identity in world.list(list_id).members]

        return self._call(look)

    def quota(self, api_key: str) -> Quota:
        """Return the quota of an account."""
        return self._call(lambda: self._world(api_key).quota)

    def requests(
        self, api_key: str, operation: str | None, status: int | str | None
    ) -> list[dict[str, Any]]:
        """Return the journal's entries of a key, oldest first, once none of its requests is under way."""
        wanted = None if status is None else str(status)
        criteria = Criteria(api_key=api_key, operation=operation, status=wanted)

        async def look() -> list[dict[str, Any]]:
            await self._settle(api_key)
            return [show(entry) for entry in self._runtime.journal.matching(criteria)][::-1]

        return self._run(look())

    def last_request(self) -> str | None:
        """Return the id of the newest request in the journal, if there is one."""

        def look() -> str | None:
            newest = next(self._runtime.journal.matching(Criteria()), None)
            return newest.request_id if newest else None

        return self._call(look) if self._serves else None

    def exchanges(self, api_keys: Collection[str], after: str | None) -> list[dict[str, Any]]:
        """Return the journal's entries of these keys, and of none that has an account, oldest first.

        *after* is the id of the request after which to begin. Requests under way are waited for.
        """

        async def look() -> list[dict[str, Any]]:
            await self._settle()
            entries = self._runtime.journal.matching(Criteria(since=after))
            meant = [one for one in entries if one.api_key in api_keys or one.key is None]
            return [show(one) for one in reversed(meant) if not one.path.startswith("/__")]

        return self._run(look())

    def coverage(self) -> Coverage:
        """Return what of the contract has been met so far; also of a sandbox that has stopped."""

        def look() -> Coverage:
            runtime, counts = self._runtime, self._runtime.coverage
            items = items_of(runtime.contract, runtime.library.names())
            return coverage(counts.tally(), items, counts.since, counts.dropped)

        async def settled() -> Coverage:
            await self._settle()
            return look()

        return self._run(settled()) if self._serves else look()

    def _world(self, api_key: str) -> World:
        worlds = self._runtime.worlds
        return worlds.at(worlds.key(api_key, _SESSION, None))

    async def _settle(self, api_key: str | None = None) -> None:
        # A client can have its response a moment before the journal has it.
        for _ in range(round(_SETTLE_SECONDS / _POLL_SECONDS)):
            entries = self._runtime.worlds.entries()
            if not any(one.in_use and api_key in {None, one.key.api_key} for one in entries):
                return
            await asyncio.sleep(_POLL_SECONDS)

    def _call(self, function: Callable[[], T]) -> T:
        async def work() -> T:
            return function()

        return self._run(work())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._stopped:
            work.close()
            message = "The sandbox has stopped: use it inside its with block, or its fixture."
            raise RuntimeError(message)
        return self._http.run(work)
