"""Imports into worlds that others change, too."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol

import orjson

from qlara_sandbox.domain.errors import TooBusy
from qlara_sandbox.state import changes
from qlara_sandbox.store.commits import Commit
from qlara_sandbox.store.copies import copy_of
from qlara_sandbox.store.scripts import TAKE_TURN

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_sandbox.services.threads import Threads
    from qlara_sandbox.state.world import ImportReport, PreparedImport, World
    from qlara_sandbox.state.worlds import WorldEntry
    from qlara_sandbox.store.commits import Commits
    from qlara_sandbox.store.engine import Engine

TRIES_BEFORE_TURN = 3
_TURN_SECONDS = 15.0
_WAIT_SECONDS = 0.02
_MANY = 2_000  # members: from here on, others would notice what is made of them


class SharedWorlds(Protocol):
    """What an import needs of the store that has its world."""

    engine: Engine
    threads: Threads
    commits: Commits
    new_id: Callable[[], str]

    async def catch_up(self, entry: WorldEntry) -> None:
        """Bring a copy to what the world is now."""
        ...

    def shorten_later(self, entry: WorldEntry) -> None:
        """Put the whole of a world in place of its changes, beside other work, if there are many."""
        ...


class SharedKeeper:
    """Commits imports into a world that others change, too: again if need be, and in turn if it happens again and again."""

    def __init__(self, store: SharedWorlds, entry: WorldEntry) -> None:
        self._store = store
        self._entry = entry
        self._tries = 0
        self._turn = ""
        self._incarnation = ""
        self._version = 0

    async def begin(self) -> World:
        self._tries += 1
        if self._tries > TRIES_BEFORE_TURN:
            await self._wait_for_turn()
        await self._store.catch_up(self._entry)
        copy = copy_of(self._entry)
        self._incarnation, self._version = copy.incarnation, copy.version
        return self._entry.world

    def is_current(self) -> bool:
        copy = copy_of(self._entry)
        return (copy.incarnation, copy.version) == (self._incarnation, self._version)

    async def commit(
        self, prepared: PreparedImport, carry_out: Callable[[], ImportReport]
    ) -> ImportReport | None:
        entry, store = self._entry, self._store
        copy, world = copy_of(entry), entry.world
        if not self.is_current():
            return None
        content = (
            await store.threads.run(partial(_dumped, prepared))
            if len(prepared.plan.members) > _MANY
            else _dumped(prepared)
        )
        commit = Commit(copy, self._incarnation, self._version, content, self._turn)
        if not await store.commits.commit(commit):
            return None
        if copy.version == self._version and entry.world is world:
            carry_out()  # else the copy has been brought to it already
            copy.version += 1
        store.shorten_later(entry)
        return prepared.report

    async def _wait_for_turn(self) -> None:
        """Take the turn in the world, from which on nobody else commits; it ends by itself if this process does."""
        self._turn = self._turn or self._store.new_id()
        lease = copy_of(self._entry).names.lease
        for _ in range(int(_TURN_SECONDS / _WAIT_SECONDS)):
            command = TAKE_TURN.call((lease,), self._turn, int(_TURN_SECONDS * 1000))
            (taken,) = await self._store.engine.send(command)
            if taken:
                return
            await asyncio.sleep(_WAIT_SECONDS)
        raise TooBusy


def _dumped(prepared: PreparedImport) -> bytes:
    return orjson.dumps(changes.of_import(prepared))
