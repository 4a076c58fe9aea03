"""Copies of worlds that are kept elsewhere: how far each one has come, and how it catches up."""

from __future__ import annotations

import zlib
from asyncio import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from qlara_sandbox.state import changes, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldEntry
    from qlara_sandbox.store.names import Names

# From here on a change is kept as a part of its own, in pieces, so that no command has to carry all of it.
LONGEST_INLINE = 32 * 1024
PIECE = 256 * 1024
_COMPRESSED_FROM = 1024
_PLAIN, _COMPRESSED, _ELSEWHERE = b"p", b"c", b"e"
_MARK = 16  # bytes that tell one commit from another


class Copy:
    """How far the copy of one world has come.

    ``incarnation`` tells a world from the one that had its key before, ``successor`` is that of the next one that is created.
    ``version`` counts the changes that the copy has gone
    through, ``counted`` those of its counters. ``names`` are the keys of the world in the engine, ``stamp`` tells what it
    begins with. One at a time is
    ``counting``, and ``taking`` parts. ``base`` is the version after which the log begins, ``parts`` are those that it leads to.
    """

    __slots__ = (
        "base",
        "counted",
        "counting",
        "incarnation",
        "is_indexed",
        "is_shortening",
        "names",
        "parts",
        "stamp",
        "successor",
        "taking",
        "version",
    )

    def __init__(self, names: Names, stamp: str, successor: str) -> None:
        self.names = names
        self.successor = successor
        self.stamp = stamp
        self.incarnation = ""
        self.version = 0
        self.counted = 0
        self.base = 0
        self.parts: list[str] = []
        self.is_indexed = False
        self.is_shortening = False
        self.counting = Lock()
        self.taking = Lock()


class Opened(NamedTuple):
    """What a copy lacks: the reply of ``open.lua``, in Python's terms. ``changes`` begin after version ``base``."""

    incarnation: str
    version: int
    counted: int
    base: int
    counters: dict[str, Any] | None
    created: bool
    replaces_lost: bool
    log_base: int
    parts: list[str]
    changes: Sequence[bytes]

    @classmethod
    def of(cls, reply: Sequence[Any]) -> Opened:
        """Return the reply as it is read."""
        identity, version, counted, base, counters, created, lost, log_base, parts, entries = reply
        return cls(
            identity.decode(),
            int(version),
            int(counted),
            int(base),
            orjson.loads(counters) if counters else None,
            bool(created),
            bool(lost),
            int(log_base),
            parts.decode().split(),
            entries,
        )


def copy_of(entry: WorldEntry) -> Copy:
    """Return how the copy in *entry* stands to its world."""
    assert isinstance(entry.copy, Copy), "opened before"
    return entry.copy


def packed(mark: bytes, content: bytes, part: str = "") -> bytes:
    """Return a change as the log has it: with the mark of its commit, and its *content* or the name of the part that has it."""
    if part:
        return mark + _ELSEWHERE + part.encode()
    if len(content) < _COMPRESSED_FROM:
        return mark + _PLAIN + content
    return mark + _COMPRESSED + zlib.compress(content, 1)


def part_of(entry: bytes) -> str:
    """Return the name of the part that has a change; empty if the change is in the log itself."""
    return entry[_MARK + 1 :].decode() if entry[_MARK : _MARK + 1] == _ELSEWHERE else ""


def unpacked(entry: bytes) -> bytes:
    """Return a change that is in the log itself."""
    content = entry[_MARK + 1 :]
    return zlib.decompress(content) if entry[_MARK : _MARK + 1] == _COMPRESSED else content


def pieces(content: bytes) -> list[bytes]:
    """Return a change as its part has it."""
    packed_up = zlib.compress(content, 1)
    return [packed_up[at : at + PIECE] for at in range(0, len(packed_up), PIECE)]


def joined(found: Sequence[bytes]) -> bytes:
    """Return what `pieces` was given."""
    return zlib.decompress(b"".join(found))


class State(NamedTuple):
    """The whole of a world, in place of what there was."""

    world: World


Ready = changes.ImportChange | State | dict[str, Any]


def made_ready(content: bytes, begin: Callable[[], World]) -> Ready:
    """Return a change, read as far as can be done without its world, which begins as *begin* says.

    Of a large one, this takes a while.
    """
    change = orjson.loads(content)
    if "created" in change:
        return changes.read_import(change)
    if "growth" in change:
        return State(snapshot.restore_growth(change["growth"], begin()))
    return State(snapshot.restore(change["state"])) if "state" in change else change


def carry_out(entry: WorldEntry, change: Ready) -> None:
    """Carry out a change on the copy in *entry*."""
    world: World = entry.world
    if isinstance(change, changes.ImportChange):
        world.carry_out(change.prepared_for(world))
    elif isinstance(change, State):
        change.world.conventions = world.conventions
        entry.world = change.world
    else:
        changes.set_clock(world, change)
