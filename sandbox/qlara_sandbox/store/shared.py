"""The store of several processes: worlds are kept by Redis or Valkey, and each process has copies of those it serves.

A world is what its scenario makes of it and the changes since, which the engine keeps in their order. To open one is one round
trip: the engine says which changes the copy lacks. To change one is another: the change is added if nothing has changed the
world since, and otherwise made again. What a request only counts (rate limit, faults) goes the same way, apart from the changes.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import orjson

from qlara_sandbox.domain.errors import Refusal, StateUnavailable, TooBusy
from qlara_sandbox.state import changes
from qlara_sandbox.state.worlds import WorldKey
from qlara_sandbox.store import copies
from qlara_sandbox.store.choices import Choices
from qlara_sandbox.store.commits import BULK, Commit, Commits
from qlara_sandbox.store.copies import Copy, Opened, copy_of
from qlara_sandbox.store.index import Index, in_pieces
from qlara_sandbox.store.keeper import SharedKeeper
from qlara_sandbox.store.names import Names, digest
from qlara_sandbox.store.peers import Peers
from qlara_sandbox.store.scripts import AGREE, COUNT, FORGET, OPEN
from qlara_sandbox.store.trial import try_out

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from qlara_sandbox.services.threads import Threads
    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldEntry, Worlds
    from qlara_sandbox.store.copies import Ready
    from qlara_sandbox.store.engine import Engine
    from qlara_sandbox.store.peers import Insider, Introduction
    from qlara_sandbox.store.scenarios import Scenarios
    from qlara_sandbox.store.scripts import Command

T = TypeVar("T")

IDLE_SECONDS = 24 * 3600
_TRACE_TIMES = 7  # as long is remembered that there was a world
_MOST_TRIES = 200
LONGEST_LOG = 200  # changes
MOST_PARTS = 8
_LOOKS_FOR_PARTS = 20

log = logging.getLogger("qlara_sandbox.store")


class Sharing(NamedTuple):
    """How worlds are shared: the *prefix* of all keys in the engine, and how long an idle world is kept, in seconds."""

    prefix: str
    idle_seconds: float = IDLE_SECONDS


class SharedStore:
    """Keeps worlds in an engine. *worlds* are the copies; *new_id* makes ids that nobody else has made (32 hexadecimal digits)."""

    def __init__(
        self,
        engine: Engine,
        worlds: Worlds,
        scenarios: Scenarios,
        threads: Threads,
        new_id: Callable[[], str],
        sharing: Sharing,
    ) -> None:
        self.engine = engine
        self.new_id = new_id
        self.threads = threads
        self._worlds = worlds
        worlds.are_copies = True
        self._scenarios = scenarios
        self._prefix = sharing.prefix
        self.idle = int(sharing.idle_seconds * 1000)
        self.commits = Commits(engine, threads, new_id, self.idle)
        self._times_name = f"{sharing.prefix}times"
        self._agreed: set[str] = set()
        self._peers = Peers(engine, sharing.prefix, new_id, scenarios.origin)
        self._choices = Choices(engine, sharing.prefix, worlds)
        self._index = Index(engine, sharing.prefix)
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        await self.engine.prepare()
        try:
            await self._peers.require_alike()
            await try_out(self.engine, self._prefix, self.new_id(), self._index)
        except StateUnavailable as error:
            raise self.engine.refusal(error) from error.__cause__

    async def check(self) -> None:
        await self._choices.read(None)

    async def join(self, insider: Insider) -> Introduction:
        self._worlds.label = _label  # the same in all sandboxes
        await self.engine.connect()
        self._begin(self._index.tidy())
        return await self._peers.join(insider)

    async def ask(self, question: Any) -> list[bytes]:
        return await self._peers.ask(question)

    def tell(self, news: Any) -> None:
        self._peers.tell(news)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self._peers.leave()
        await self.engine.close()

    # ---- opening

    async def key(self, caller: tuple[str, str, str | None]) -> WorldKey:
        api_key, session, chosen = caller
        if chosen is None:
            await self._choices.read((api_key, session))
        return await self._key(caller)

    async def open(self, caller: tuple[str, str, str | None]) -> WorldEntry:
        while True:
            key = await self._likely_key(caller)
            entry = await self._copy(key)
            is_there = await self._open(entry, depends_on_choices=caller[2] is None)
            if await self._key(caller) != key:
                continue
            if not is_there:
                await self.catch_up(entry)
            return entry

    async def _likely_key(self, caller: tuple[str, str, str | None]) -> WorldKey:
        """Return the key of the world of a caller; no copy is made for what was chosen once, and no longer is."""
        api_key, session, chosen = caller
        whom = api_key, session
        was_known = self._choices.of(whom) is not None
        key = await self._key(caller)
        if chosen is not None or not was_known or key in self._worlds:
            return key
        await self._choices.learn(whom)
        return await self._key(caller)

    async def _key(self, caller: tuple[str, str, str | None]) -> WorldKey:
        """Return the key of the world of a caller, as far as is known here."""
        api_key, session, chosen = caller
        if chosen is None:
            whom = api_key, session
            if self._choices.of(whom) is None:
                await self._choices.learn(whom)
            chosen = self._choices.of(whom) or self._worlds.default
        return WorldKey(api_key, session, chosen)

    async def _copy(self, key: WorldKey) -> WorldEntry:
        """Return the copy of a world; a new one is as its scenario makes it."""
        found = self._worlds.find(key, perf_counter())
        if found is not None and found.copy is not None:
            return found
        await self._scenarios.load(key.scenario)
        await self._agree_on_time(key.scenario)
        entry = self._worlds.get_or_create(key, perf_counter())
        if entry.copy is None:
            stamp = self._scenarios.stamp_of(key.scenario)
            entry.copy = Copy(Names.of(self._prefix, digest(*key)), stamp, self.new_id())
        return entry

    async def _agree_on_time(self, scenario: str) -> None:
        """Let what a scenario begins with be as old here as in the sandbox that was the first to load it."""
        field = f"{scenario}:{self._scenarios.stamp_of(scenario)}"
        if field in self._agreed:
            return
        mine = self._scenarios.created_at(scenario)
        try:
            (theirs,) = await self.engine.send(AGREE.call((self._times_name,), field, mine))
        except StateUnavailable:
            if not self.engine.is_cluster:
                raise
            return
        if theirs.decode() != mine:
            work = partial(self._scenarios.let_be_created_at, scenario, theirs.decode())
            await self.threads.run(work)
        self._agreed.add(field)

    async def _open(self, entry: WorldEntry, *, depends_on_choices: bool) -> bool:
        """Bring a copy to what the world is now, and read which scenario is chosen now for whom it belongs to.

        The choices of a cluster are all on one node, which requests that do not *depend on choices* leave alone. Those that
        do create no world, as it may be another one that they mean: return whether there is one.
        """
        opening = self._opening(entry, may_create=not depends_on_choices)
        whom = (entry.key.api_key, entry.key.session)
        chosen: Sequence[bytes | None] | None = None
        if self.engine.is_cluster and depends_on_choices:
            sent = self.engine.send(opening, is_read=True)
            (reply,), chosen = await asyncio.gather(sent, self._choices.beside(whom))
        elif self.engine.is_cluster:
            (reply,) = await self.engine.send(opening, is_read=True)
        else:
            reply, chosen = await self.engine.send(
                opening, self._choices.command(whom), is_read=True
            )
        if chosen is not None:
            self._choices.take(whom, chosen)
        if reply == 0:
            return False
        await self._bring(entry, reply)
        return True

    async def catch_up(self, entry: WorldEntry) -> None:
        """Bring a copy to what the world is now."""
        (reply,) = await self.engine.send(self._opening(entry))
        await self._bring(entry, reply)

    async def _bring(self, entry: WorldEntry, reply: Any) -> None:
        """Bring a copy to what the world is, of which the engine has replied what it lacks; see that a reset finds it."""
        if reply != 1:
            opened = Opened.of(reply)
            await self._take(entry, opened)
            await self._catch_up_further(entry, opened)
            world = entry.world
            if opened.created and world.faults.active:  # in force from now on, for all copies alike
                await self._count(entry, opened.incarnation, 0, changes.counters(world))
        if not copy_of(entry).is_indexed:
            copy_of(entry).is_indexed = await self._index.note(entry.key)

    async def _catch_up_further(self, entry: WorldEntry, opened: Opened) -> None:
        """Bring a copy to what the world is, where a part of it was gone before it could be read.

        Somebody has shortened the log meanwhile, or forgotten the world; if it stays so, the engine has lost the part,
        and the world is given up.
        """
        for _ in range(_LOOKS_FOR_PARTS):
            if _has(copy_of(entry), opened):
                return
            (reply,) = await self.engine.send(self._opening(entry))
            if reply == 1:
                return
            before, opened = opened, Opened.of(reply)
            if (before.incarnation, before.base, before.parts) != (
                opened.incarnation,
                opened.base,
                opened.parts,
            ):
                await self._take(entry, opened)
                continue
            await self.commits.give_up(copy_of(entry).names, opened.incarnation)
        raise StateUnavailable(self.engine.address)

    def _opening(self, entry: WorldEntry, *, may_create: bool = True) -> Command:
        copy = copy_of(entry)
        names = copy.names
        return OPEN.call(
            (names.head, names.log, names.counters, names.trace),
            copy.incarnation,
            copy.version,
            copy.counted,
            copy.successor,
            self.idle,
            self.idle * _TRACE_TIMES,
            copy.stamp,
            int(may_create),
        )

    async def _take(self, entry: WorldEntry, opened: Opened) -> None:
        """Carry out on a copy what it lacks."""
        numbered = list(enumerate(opened.changes, opened.base + 1))
        if any(copies.part_of(change) for _, change in numbered):
            async with copy_of(entry).taking:  # once is enough, of what several wait for
                ready = await self._fetched(entry, opened, numbered)
                self._take_over(entry, opened, ready)
        else:
            copy = copy_of(entry)
            known = copy.version if copy.incarnation == opened.incarnation else 0
            begin = partial(self._worlds.fresh, entry.key)
            ready = {
                number: copies.made_ready(copies.unpacked(change), begin)
                for number, change in numbered
                if number > known
            }
            self._take_over(entry, opened, ready)

    async def _fetched(
        self, entry: WorldEntry, opened: Opened, numbered: Sequence[tuple[int, bytes]]
    ) -> dict[int, Ready]:
        """Return changes as they can be carried out, with those that are kept as parts of their own."""
        copy = copy_of(entry)
        known = copy.version if copy.incarnation == opened.incarnation else 0
        begin = partial(self._worlds.fresh, entry.key)
        ready = {}
        for number, change in numbered:
            if number <= known:
                continue
            part = copies.part_of(change)
            if not part:
                ready[number] = copies.made_ready(copies.unpacked(change), begin)
                continue
            (found,) = await self.engine.send(("LRANGE", part, 0, -1), lane=BULK)
            if not found:  # the world was forgotten or shortened: whoever opens it next, sees it
                break
            ready[number] = await self.threads.run(partial(_read_part, found, begin))
        return ready

    def _take_over(self, entry: WorldEntry, opened: Opened, ready: Mapping[int, Ready]) -> None:
        """Carry out what the copy still lacks; nothing is awaited."""
        copy = copy_of(entry)
        if opened.incarnation == copy.successor:
            copy.successor = self.new_id()
        if opened.created:  # whoever has forgotten the one before, took it out of the index
            copy.is_indexed = False
        if copy.incarnation != opened.incarnation:
            if copy.incarnation:
                entry.world = self._worlds.fresh(entry.key)
            copy.incarnation, copy.version, copy.counted = opened.incarnation, 0, 0
        entry.world.conventions = self._scenarios.contract_of(entry.key.scenario).conventions
        for number, change in ready.items():
            if number > copy.version:
                copies.carry_out(entry, change)
                copy.version = number
        copy.base, copy.parts = opened.log_base, opened.parts
        if opened.counters is not None and opened.counted >= copy.counted:
            changes.set_counters(entry.world, opened.counters)
        copy.counted = max(copy.counted, opened.counted)
        self._worlds.reweigh(entry)
        if opened.replaces_lost:
            self._worlds.begin_anew(entry)

    # ---- changing

    async def count(self, entry: WorldEntry, step: Callable[[World], T]) -> T:
        copy = copy_of(entry)
        async with copy.counting:
            for _ in range(_MOST_TRIES):
                incarnation, counted = copy.incarnation, copy.counted
                before = changes.counters(entry.world)
                outcome, error = _done(step, entry.world)
                after = changes.counters(entry.world)
                if after == before or await self._count(entry, incarnation, counted, after):
                    if error is not None:
                        raise error
                    return outcome  # type: ignore[return-value]
                copy.counted = -1  # what was counted here, was not
                await self.catch_up(entry)
        raise TooBusy

    async def _count(
        self, entry: WorldEntry, incarnation: str, counted: int, values: Mapping[str, Any]
    ) -> bool:
        copy = copy_of(entry)
        command = COUNT.call(
            (copy.names.head, copy.names.counters),
            incarnation,
            counted,
            orjson.dumps(values),
            self.idle,
            self.new_id(),
        )
        try:
            (reply,) = await self.engine.send(command)
        except BaseException:
            copy.counted = -1  # it is not known whether it was counted
            raise
        if reply and copy.incarnation == incarnation and copy.counted <= counted:
            copy.counted = counted + 1
            changes.set_counters(entry.world, values)  # an older reply may have undone them
        return bool(reply)

    async def move_clock(self, entry: WorldEntry, step: Callable[[World], None]) -> None:
        for _ in range(_MOST_TRIES):
            await self.catch_up(entry)
            copy, world = copy_of(entry), entry.world
            incarnation, version = copy.incarnation, copy.version
            moved = world.clock.now()
            before = changes.of_clock(world, moved)
            try:
                step(world)
                after = changes.of_clock(world, moved)
            finally:
                changes.set_clock(world, before)
            commit = Commit(copy, incarnation, version, orjson.dumps(after))
            if await self.commits.commit(commit):
                await self.catch_up(entry)
                return
        raise TooBusy

    def keeper(self, entry: WorldEntry) -> SharedKeeper:
        return SharedKeeper(self, entry)

    async def put(self, key: WorldKey, world: World) -> WorldEntry:
        content = await self.threads.run(lambda: changes.as_json(changes.of_state(world)))
        counters = orjson.dumps(changes.counters(world))
        entry = await self._copy(key)
        for _ in range(_MOST_TRIES):
            await self.catch_up(entry)
            copy = copy_of(entry)
            commit = Commit(
                copy, copy.incarnation, copy.version, content, counters=counters, is_whole=True
            )
            if await self.commits.commit(commit):
                await self.catch_up(entry)
                return entry
        raise TooBusy

    # ---- keeping logs short

    def shorten_later(self, entry: WorldEntry) -> None:
        """Put the whole of a world in place of its changes, beside other work, if there are many."""
        copy = copy_of(entry)
        is_due = copy.version - copy.base >= LONGEST_LOG or len(copy.parts) >= MOST_PARTS
        if is_due and not copy.is_shortening:
            copy.is_shortening = True
            self._begin(self._shorten(entry))

    async def _shorten(self, entry: WorldEntry) -> None:
        copy = copy_of(entry)
        try:
            with suppress(Refusal):  # the next import tries again
                await self.shorten(entry)
        finally:
            copy.is_shortening = False

    async def shorten(self, entry: WorldEntry) -> None:
        """Put the whole of a world, as it is now, in place of the changes that have led to it."""
        copy = copy_of(entry)
        incarnation, version = copy.incarnation, copy.version
        state = changes.of_growth(entry.world, self._worlds.fresh(entry.key))
        content = await self.threads.run(partial(changes.as_json, state))
        await self.commits.shorten(copy, incarnation, version, content)

    # ---- forgetting and choosing

    async def reset(self, key: WorldKey | None = None) -> int:
        if key is not None:
            self._worlds.reset(key)
            return await self._forget([digest(*key)])
        await self._choices.forget()
        count = await self._forget(await self._index.digests())
        self._worlds.reset()
        return count

    async def reset_of(self, api_key: str, session: str | None, scenario: str | None) -> int:
        digests = await self._index.digests(api_key, session, scenario)
        self._worlds.reset_of(api_key, session, scenario)
        return await self._forget(digests)

    async def reset_scenario(self, scenario: str) -> None:
        digests = await self._index.digests(scenario=scenario)
        self._worlds.reset_scenario(scenario)
        await self._forget(digests)

    async def forget(self, keys: Sequence[WorldKey]) -> None:
        await self._forget([digest(*key) for key in keys])

    async def let_go(self) -> None:
        known = [entry for entry in self._worlds.entries() if entry.copy is not None]
        commands: list[Command] = [("HGET", copy_of(one).names.head, "id") for one in known]
        for entry, identity in zip(known, await self.engine.send_each(commands), strict=True):
            is_there = identity is not None and identity.decode() == copy_of(entry).incarnation
            if not is_there and not entry.in_use:
                self._worlds.let_go(entry)

    async def _forget(self, digests: Sequence[str]) -> int:
        """Forget worlds, out of the index first: one that comes again meanwhile is noted once more."""
        count = 0
        for some in in_pieces(digests):
            await self._index.remove(some)
            calls = [FORGET.call(Names.of(self._prefix, one)) for one in some]
            count += sum(await self.engine.send_each(calls))
        return count

    async def bind(self, api_key: str, session: str, scenario: str) -> None:
        await self._choices.choose(scenario, (api_key, session))

    async def choose(self, scenario: str) -> None:
        await self._choices.choose(scenario)

    async def choice(self, whom: tuple[str, str] | None) -> Mapping[str, str]:
        return await self._choices.chosen(whom)


def _has(copy: Copy, opened: Opened) -> bool:
    """Return whether a copy has come as far as a world had when it was opened, or to another one."""
    return copy.incarnation != opened.incarnation or copy.version >= opened.version


def _read_part(found: Sequence[bytes], begin: Callable[[], World]) -> Ready:
    return copies.made_ready(copies.joined(found), begin)


def _done(step: Callable[[World], T], world: World) -> tuple[T | None, Refusal | None]:
    try:
        return step(world), None
    except Refusal as error:
        return None, error


def _label(key: WorldKey) -> str:
    """Return the label of a world; it does not tell the API key."""
    return f"world_{int(digest(*key)[:12], 16)}"
