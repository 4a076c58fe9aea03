"""A trial of an engine before the first request: all that is done with a world, on one that nobody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_sandbox.store import copies
from qlara_sandbox.store.commits import STAGED_MILLISECONDS
from qlara_sandbox.store.names import Names
from qlara_sandbox.store.scripts import (
    AGREE,
    BIND,
    COMMIT,
    COUNT,
    FORGET,
    GIVE_UP,
    OPEN,
    SHORTEN,
    TAKE_TURN,
)

if TYPE_CHECKING:
    from qlara_sandbox.store.engine import Engine
    from qlara_sandbox.store.index import Index
    from qlara_sandbox.store.scripts import Command


async def try_out(engine: Engine, prefix: str, found: str, index: Index) -> None:
    """Do all that is done with a world on one that nobody has, *found* its digest, and leave nothing of it: not every user may.

    Raises:
        StateUnavailable: the engine refuses something, or does not respond.
    """
    names = Names.of(prefix, found)
    world = (names.head, names.log, names.counters)
    first, second = names.part("1"), names.part("2")
    time, mark = STAGED_MILLISECONDS, bytes.fromhex(found)
    staged: list[Command] = [
        command
        for part in (first, second)
        for command in (("RPUSH", part, b""), ("PEXPIRE", part, time), ("LRANGE", part, 0, -1))
    ]
    change = copies.packed(mark, b"", first)
    await engine.send(
        OPEN.call((*world, names.trace), "", 0, 0, found, time, time, "", 1),
        *staged,
        COMMIT.call((*world, names.lease, first), found, 0, change, "", time, b"{}", 1),
        COUNT.call((names.head, names.counters), found, 1, b"{}", time, ""),
        SHORTEN.call((names.head, names.log, second), found, 1, 0, change, time, first),
        TAKE_TURN.call((names.lease,), found, time),
        ("HGET", names.head, "id"),
        GIVE_UP.call(names, found),
        ("EXISTS", names.head),
        FORGET.call(names),
        AGREE.call((names.head,), found, ""),
        BIND.call((names.head,), found, "", 0, ""),
        ("DEL", names.head),
    )
    await index.try_out(found)
