"""The registry of worlds: one per API key, session and scenario; they never see each other."""

from __future__ import annotations

from collections import OrderedDict
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qlara_sandbox.state.world import World

MOST_WORLDS = 1000
MOST_BYTES = 1024 * 1024 * 1024
MOST_BINDINGS = 10_000
# Evicted keys are remembered by their hash, since keys can be long.
MOST_EVICTED_KEYS = 10_000


class WorldKey(NamedTuple):
    """What tells one world from another."""

    api_key: str
    session: str
    scenario: str


class Bounds(NamedTuple):
    """How many worlds are kept at most, and about how many bytes they may take together."""

    worlds: int = MOST_WORLDS
    bytes: int = MOST_BYTES


class WorldEntry:
    """A world in the registry, and how it is used.

    ``label`` names it without naming its key. ``last_used`` is a moment of ``perf_counter``. A world
    with ``in_use`` requests under way is never evicted. ``replaces_evicted``: the world before it was
    evicted, and its client has not been told yet. ``copy`` is how it stands to a world that is kept elsewhere, as a
    store that shares worlds has noted it.
    """

    __slots__ = (
        "bytes",
        "copy",
        "in_use",
        "key",
        "label",
        "last_used",
        "replaces_evicted",
        "requests",
        "world",
    )

    def __init__(self, key: WorldKey, world: World, label: str, now: float) -> None:
        self.key = key
        self.world = world
        self.label = label
        self.last_used = now
        self.copy: object | None = None
        self.in_use = 0
        self.requests = 0
        self.replaces_evicted = False
        self.bytes = self.weigh()

    def weigh(self) -> int:
        """Return about how much memory the world and its key take."""
        return self.world.estimated_bytes() + sum(map(len, self.key))


def _ignore(_: str, __: WorldEntry) -> None:
    """Take no notice of a change."""


class Worlds:
    """Builds a world when it is first asked for, and keeps it while there is room.

    ``build`` makes a fresh world; ``default`` is the scenario of requests that choose none. Past the
    bounds, least recently used worlds are evicted. ``notify`` is called for every world that comes
    (``grown``, ``restored``) or goes (``expired``, ``reset``, ``replaced``). ``evicted`` counts the worlds that were
    evicted, ``rebuilt`` those that were asked for again and began anew. ``label`` names a new world.
    If worlds *are_copies*, they go on where they are kept: nobody misses one that is evicted, or is told.
    No step of it takes longer for many worlds than for few, but where all of them are asked for.
    """

    def __init__(
        self,
        build: Callable[[WorldKey], World],
        default: str,
        bounds: Bounds | None = None,
        notify: Callable[[str, WorldEntry], None] = _ignore,
    ) -> None:
        self._build = build
        self._entries: OrderedDict[WorldKey, WorldEntry] = OrderedDict()
        # Those of them that serve no request, the one that has been idle longest first: what may be evicted.
        self._idle: OrderedDict[WorldKey, WorldEntry] = OrderedDict()
        self._bound: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._evicted_keys: OrderedDict[int, None] = OrderedDict()
        self.first_default = default
        self._labels = 0
        self.label: Callable[[WorldKey], str] = self._next_label
        self._notify = notify
        self.default = default
        self.bounds = bounds or Bounds()
        self.bytes = 0
        self.evicted = 0
        self.rebuilt = 0
        self.are_copies = False

    def key(self, api_key: str, session: str, scenario: str | None) -> WorldKey:
        """Return the key of the world that a request means.

        *scenario* is what the request itself chose; without it the binding of its key and session
        counts, then the default.
        """
        chosen = scenario or (self._bound and self._use_binding(api_key, session)) or self.default
        return WorldKey(api_key, session, chosen)

    def get_or_create(self, key: WorldKey, now: float) -> WorldEntry:
        """Return the entry of *key*, its world built on first use, as used *now*."""
        return self.find(key, now) or self._build_entry(key)

    def find(self, key: WorldKey, now: float) -> WorldEntry | None:
        """Return the entry of *key*, as used *now*, if there is one."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        if not entry.in_use:
            self._idle.move_to_end(key)
        entry.last_used = now
        return entry

    def begin(self, entry: WorldEntry) -> WorldEntry:
        """Count a request that uses a world, which is not evicted before ``end`` is called."""
        if self._idle.get(entry.key) is entry:
            del self._idle[entry.key]
        entry.in_use += 1
        entry.requests += 1
        return entry

    def end(self, entry: WorldEntry, *, writes: bool) -> None:
        """Be told that a request no longer uses a world; if it *writes*, the world is weighed anew."""
        entry.in_use -= 1
        if not entry.in_use and self._entries.get(entry.key) is entry:
            self._idle[entry.key] = entry
        if writes:
            self.reweigh(entry)

    def begin_anew(self, entry: WorldEntry) -> None:
        """Note that there was a world before this one, which was given up: its client is to be told."""
        entry.replaces_evicted = True
        self.rebuilt += 1

    def fresh(self, key: WorldKey) -> World:
        """Return a world as its scenario makes it, which is not kept."""
        return self._build(key)

    def at(self, key: WorldKey) -> World:
        """Return the world, built on first use."""
        return self.get_or_create(key, perf_counter()).world

    def binding(self, api_key: str, session: str) -> str | None:
        """Return the scenario that is bound to a key and session."""
        return self._bound.get((api_key, session))

    def bind(self, api_key: str, session: str, scenario: str) -> None:
        """Choose the scenario for every later request of this key and session that chooses none.

        Of more than ``MOST_BINDINGS``, the least recently used is dropped.
        """
        self._bound[(api_key, session)] = scenario
        self._bound.move_to_end((api_key, session))
        if len(self._bound) > MOST_BINDINGS:
            self._bound.popitem(last=False)

    @property
    def bindings(self) -> list[tuple[str, str, str]]:
        """Every key and session that a scenario is bound to, with its name; the last one used comes last."""
        return [(*whom, scenario) for whom, scenario in self._bound.items()]

    @property
    def chosen_default(self) -> str | None:
        """The default that somebody has chosen meanwhile; None: it is what it was at the start."""
        return self.default if self.default != self.first_default else None

    def put(self, key: WorldKey, world: World) -> None:
        """Replace a world."""
        before = self._remove(key)
        self._insert(key, world, "restored")
        if before is not None:
            self._notify("replaced", before)

    def find_by_label(self, label: str) -> WorldEntry | None:
        """Return the world of this label."""
        return next((entry for entry in self._entries.values() if entry.label == label), None)

    def reset(self, key: WorldKey | None = None) -> int:
        """Forget one world; or all of them, every binding and the chosen default.

        Returns how many worlds there were.
        """
        if key is None:
            self._bound.clear()
            self._evicted_keys.clear()
            self.default = self.first_default
        return self._reset(list(self._entries) if key is None else [key])

    def reset_of(self, api_key: str, session: str | None, scenario: str | None) -> int:
        """Forget the worlds of a key, those of one session or scenario only if given."""
        return self._reset(
            [
                key
                for key in self._entries
                if key.api_key == api_key
                and session in {None, key.session}
                and scenario in {None, key.scenario}
            ]
        )

    def reset_scenario(self, scenario: str) -> None:
        """Forget every world of a scenario."""
        self._reset([key for key in self._entries if key.scenario == scenario])

    def let_go(self, entry: WorldEntry) -> None:
        """Forget a copy of a world that is no more where it was kept."""
        if self._entries.get(entry.key) is entry:
            self._remove(entry.key)

    def entries(self) -> list[WorldEntry]:
        """Return every entry, the most recently used one last."""
        return list(self._entries.values())

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[tuple[WorldKey, World]]:
        return iter([(key, entry.world) for key, entry in self._entries.items()])

    def __len__(self) -> int:
        return len(self._entries)

    def reweigh(self, entry: WorldEntry) -> None:
        """Take up that a world may have changed its size."""
        if self._entries.get(entry.key) is entry:
            before, entry.bytes = entry.bytes, entry.weigh()
            self.bytes += entry.bytes - before
            self._evict()

    def _use_binding(self, api_key: str, session: str) -> str | None:
        name = (api_key, session)
        bound = self._bound.get(name)
        if bound is not None:
            self._bound.move_to_end(name)
        return bound

    def _build_entry(self, key: WorldKey) -> WorldEntry:
        was_evicted = hash(key) in self._evicted_keys
        entry = self._insert(key, self._build(key), "grown")
        if was_evicted:
            self.begin_anew(entry)
        return entry

    def _insert(self, key: WorldKey, world: World, what: str) -> WorldEntry:
        entry = WorldEntry(key, world, self.label(key), perf_counter())
        self._entries[key] = self._idle[key] = entry
        self._evicted_keys.pop(hash(key), None)
        self.bytes += entry.bytes
        self._evict()
        self._notify(what, entry)
        return entry

    def _next_label(self, _: WorldKey) -> str:
        self._labels += 1
        return f"world_{self._labels}"

    def _remove(self, key: WorldKey) -> WorldEntry | None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._idle.pop(key, None)
            self.bytes -= entry.bytes
        return entry

    def _reset(self, keys: list[WorldKey]) -> int:
        for key in keys:
            self._evicted_keys.pop(hash(key), None)
        gone = [entry for key in keys if (entry := self._remove(key)) is not None]
        for entry in gone:
            self._notify("reset", entry)
        return len(gone)

    def _evict(self) -> None:
        while len(self._entries) > self.bounds.worlds or self.bytes > self.bounds.bytes:
            newest = next(reversed(self._entries))  # it has only just been asked for
            key = next((one for one in self._idle if one != newest), None)
            if key is None:
                return
            entry = self._idle[key]
            self._remove(key)
            if self.are_copies:
                continue
            self.evicted += 1
            self._remember_evicted(key)
            self._notify("expired", entry)

    def _remember_evicted(self, key: WorldKey) -> None:
        self._evicted_keys[hash(key)] = None
        if len(self._evicted_keys) > MOST_EVICTED_KEYS:
            self._evicted_keys.popitem(last=False)
