"""The index of worlds: which there are, so that a reset finds them. Those whose time has run out are taken out of it by and by."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson

from qlara_sandbox.domain.errors import StateUnavailable
from qlara_sandbox.store.breaker import Breaker
from qlara_sandbox.store.engine import pairs
from qlara_sandbox.store.names import Names, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qlara_sandbox.state.worlds import WorldKey
    from qlara_sandbox.store.engine import Engine
    from qlara_sandbox.store.scripts import Command

_AT_ONCE = 200  # worlds
_TIDY_SECONDS = 10.0  # for each ``_AT_ONCE`` worlds: an hour for 70 000
_GONE, _THERE = 0, 1


class Index:
    """What worlds an engine keeps below *prefix*, each by its digest, with those of its key, session and scenario."""

    def __init__(self, engine: Engine, prefix: str) -> None:
        self._engine = engine
        self._prefix = prefix
        self._name = f"{prefix}worlds"
        self._breaker = Breaker(engine)
        self._cursor = 0

    async def note(self, key: WorldKey) -> bool:
        """Note that there is a world; return whether it was, as the node of the index may be gone.

        Raises:
            StateUnavailable: an engine that is no cluster does not respond.
        """
        about = orjson.dumps([digest(key.api_key), key.session, key.scenario])
        command = ("HSET", self._name, digest(*key), about)
        if self._engine.is_cluster:
            return await self._breaker.send(command) is not None
        await self._engine.send(command)
        return True

    async def digests(
        self, api_key: str | None = None, session: str | None = None, scenario: str | None = None
    ) -> list[str]:
        """Return the digests of worlds: of an API key, session and scenario, as far as they are given."""
        wanted = (api_key if api_key is None else digest(api_key), session, scenario)
        found: dict[str, None] = {}
        cursor = 0
        while True:
            cursor, some = await self._some(cursor)
            found.update((one, None) for one, about in some.items() if _is(about, wanted))
            if not cursor:
                return list(found)

    async def remove(self, digests: Sequence[str]) -> None:
        """Take worlds out; whoever creates one after that notes it again.

        Raises:
            StateUnavailable: the engine does not respond.
        """
        await self._engine.send(("HDEL", self._name, *digests))

    async def try_out(self, found: str) -> None:
        """Note a world that there is not, of this digest, and take it out again.

        Raises:
            StateUnavailable: the engine refuses it, or does not respond.
        """
        about = orjson.dumps(["", "", ""])
        await self._engine.send(("HSET", self._name, found, about))
        await self._some(0)
        await self.remove([found])

    async def tidy(self) -> None:
        """Take out worlds whose time has run out, a piece of the index now and then, for ever."""
        while True:
            await asyncio.sleep(_TIDY_SECONDS)
            with suppress(StateUnavailable):
                await self.tidy_some()

    async def tidy_some(self) -> None:
        """Take out those of the next piece of the index whose time has run out.

        Raises:
            StateUnavailable: the engine does not respond.
        """
        self._cursor, some = await self._some(self._cursor)
        gone = await self._in_state(_GONE, some)
        if not gone:
            return
        await self.remove(gone)
        # Whoever has created one meanwhile, may have noted it before it was taken out.
        back = [part for one in await self._in_state(_THERE, gone) for part in (one, some[one])]
        if back:
            await self._engine.send(("HSET", self._name, *back))

    async def _some(self, cursor: int) -> tuple[int, dict[str, bytes]]:
        """Return the next cursor, and a piece of the index."""
        (reply,) = await self._engine.send(("HSCAN", self._name, cursor, "COUNT", _AT_ONCE))
        return int(reply[0]), {one.decode(): about for one, about in pairs(reply[1])}

    async def _in_state(self, state: int, digests: Iterable[str]) -> list[str]:
        """Return those that are gone, or there."""
        asked = list(digests)
        commands: list[Command] = [("EXISTS", Names.of(self._prefix, one).head) for one in asked]
        replies = await self._engine.send_each(commands)
        return [one for one, reply in zip(asked, replies, strict=True) if reply == state]


def _is(about: bytes, wanted: Sequence[str | None]) -> bool:
    return all(want in {None, has} for want, has in zip(wanted, orjson.loads(about), strict=True))


def in_pieces(digests: Sequence[str]) -> Iterable[Sequence[str]]:
    """Return the digests of worlds in pieces that one round trip can deal with."""
    return (digests[at : at + _AT_ONCE] for at in range(0, len(digests), _AT_ONCE))
