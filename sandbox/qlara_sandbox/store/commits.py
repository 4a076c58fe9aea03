"""Adds changes to the logs of worlds: a long one is staged in pieces that nobody sees, and many become one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from qlara_sandbox.domain.errors import StateUnavailable
from qlara_sandbox.store import copies
from qlara_sandbox.store.scripts import COMMIT, GIVE_UP, SHORTEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_sandbox.services.threads import Threads
    from qlara_sandbox.store.copies import Copy
    from qlara_sandbox.store.engine import Engine
    from qlara_sandbox.store.names import Names

BULK = "bulk"
STAGED_MILLISECONDS = 60_000
_LOST_LOG = -3

log = logging.getLogger("qlara_sandbox.store")


class Commit(NamedTuple):
    """A change that was made to a copy of ``version``. ``turn`` is the token of whoever has the turn in the world.

    ``counters`` come in place of those there are; ``is_whole``: nothing before the change matters any more.
    """

    copy: Copy
    incarnation: str
    version: int
    content: bytes
    turn: str = ""
    counters: bytes = b""
    is_whole: bool = False


class Commits:
    """Commits to an engine, where a world that nobody uses is kept for *idle* milliseconds."""

    def __init__(
        self, engine: Engine, threads: Threads, new_id: Callable[[], str], idle: int
    ) -> None:
        self._engine = engine
        self._threads = threads
        self._new_id = new_id
        self._idle = idle

    async def commit(self, commit: Commit) -> bool:
        """Add a change to a world, unless it has changed since; return whether it is there.

        Raises:
            StateUnavailable: it is not known whether it is.
        """
        names = commit.copy.names
        mark = bytes.fromhex(self._new_id())
        part = ""
        if len(commit.content) > copies.LONGEST_INLINE:
            part = await self._staged(names, commit.content)
        command = COMMIT.call(
            (names.head, names.log, names.counters, names.lease, part or names.head),
            commit.incarnation,
            commit.version,
            copies.packed(mark, commit.content, part),
            commit.turn,
            self._idle,
            commit.counters,
            int(commit.is_whole),
        )
        is_known = True
        try:
            (reply,) = await self._engine.send(command)
        except StateUnavailable:
            # Once more: after that, the first one is there, or too late for ever.
            is_known = False
            (reply,) = await self._engine.send(command)
        if reply == _LOST_LOG:
            await self.give_up(names, commit.incarnation)
        if reply < 0 and not is_known:
            raise StateUnavailable(self._engine.address)
        if reply == 1 and part and part not in commit.copy.parts:
            commit.copy.parts.append(part)
        return bool(reply == 1)

    async def _staged(self, names: Names, content: bytes) -> str:
        """Keep a long change where nobody sees it yet, and return the name of the part.

        Raises:
            StateUnavailable: a piece is lost, or there twice, after the connection was lost.
        """
        part = names.part(self._new_id())
        pieces = await self._threads.run(lambda: copies.pieces(content))
        for number, piece in enumerate(pieces, 1):
            length, _ = await self._engine.send(
                ("RPUSH", part, piece), ("PEXPIRE", part, STAGED_MILLISECONDS), lane=BULK
            )
            if length != number:
                raise StateUnavailable(self._engine.address)
        return part

    async def shorten(self, copy: Copy, incarnation: str, version: int, content: bytes) -> None:
        """Put *content*, the whole of a world as it was at a version, in place of the changes that have led to it.

        Raises:
            StateUnavailable: the engine does not respond.
        """
        base, parts = copy.base, [*copy.parts]
        part = await self._staged(copy.names, content)
        change = copies.packed(bytes.fromhex(self._new_id()), b"", part)
        keys = copy.names.head, copy.names.log, part
        command = SHORTEN.call(
            keys, incarnation, version, base, change, self._idle, " ".join(parts)
        )
        (done,) = await self._engine.send(command)
        if done and copy.incarnation == incarnation:
            copy.base, copy.parts = version - 1, [part, *copy.parts[len(parts) :]]

    async def give_up(self, names: Names, incarnation: str) -> None:
        """Give up a world of which the engine has lost something.

        Raises:
            StateUnavailable: the engine does not respond.
        """
        log.error("the engine has lost a part of a world, which begins anew")
        await self._engine.send(GIVE_UP.call(names, incarnation))
