"""What every request of one sandbox shares: contract, scenarios, worlds and options."""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING

from qlara_sandbox import __version__, resources
from qlara_sandbox.domain.errors import MisusedSandbox
from qlara_sandbox.http.contract import Contract, InvalidContract
from qlara_sandbox.scenario.build import Under
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.scenario.load import unusable_overlay
from qlara_sandbox.services.importing import Importer
from qlara_sandbox.services.threads import Threads, run_later
from qlara_sandbox.state.clock import real_seconds
from qlara_sandbox.state.ids import new_id
from qlara_sandbox.state.worlds import MOST_BYTES, MOST_WORLDS, Bounds, Worlds
from qlara_sandbox.store.memory import MemoryStore
from qlara_sandbox.web.caller import SCENARIO_HEADER, USUAL_KEYS, masked
from qlara_sandbox.web.contacts import Terms
from qlara_sandbox.web.evictions import EvictionLog
from qlara_sandbox.web.observers import access_log
from qlara_sandbox.web.observers.coverage_counts import CoverageCounts
from qlara_sandbox.web.observers.events import Events
from qlara_sandbox.web.observers.journal import JOURNAL_BYTES, Journal
from qlara_sandbox.web.observers.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.scenario.model import Scenario
    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldEntry
    from qlara_sandbox.store.interface import Store
    from qlara_sandbox.store.peers import Insider
    from qlara_sandbox.web.caller import AcceptedKeys, Caller
    from qlara_sandbox.web.observers.journal import JournalEntry

# What of a world is told when it is gone, and from how many contacts on that takes time.
_GONE = frozenset({"expired", "reset", "replaced"})
_MANY_CONTACTS = 10_000
# How often worlds are looked at off the event loop before the contract changes: what has changed meanwhile
# is looked at again, and after the last time there is little left.
_LOOKS = 3

STATE_PREFIX = "qlara-sandbox:"
log = logging.getLogger("qlara_sandbox.web")


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """How a sandbox is to run.

    ``loopback``: only this machine can reach it, and the control API is open to local callers.
    ``admin_token`` is what the control API asks for otherwise; with neither, it is closed.
    ``allow_outside``: vCard files of a scenario may be outside its folder.
    ``overlay`` is the file of an OpenAPI Overlay over the contract. ``keys`` are the API keys that have an account.
    ``worlds`` and ``world_bytes`` bound the worlds that are kept, ``journal_bytes`` the journal.
    ``state`` is the URL of the engine that keeps the worlds for several sandboxes; None: they are kept in memory.
    """

    spec: Path = resources.SPEC
    overlay: Path | None = None
    scenarios: Path = resources.SCENARIOS
    scenario: str = "default"
    allow_outside: bool = False
    seed: int = 0
    keys: AcceptedKeys = USUAL_KEYS
    sandbox_headers: bool = True
    admin_token: str | None = None
    loopback: bool = True
    worlds: int = MOST_WORLDS
    world_bytes: int = MOST_BYTES
    journal_bytes: int = JOURNAL_BYTES
    state: str | None = None
    state_prefix: str = STATE_PREFIX


class Runtime:
    """The parts of one running sandbox.

    ``is_stopping``: it takes no new requests. ``activity`` counts the requests that are over and may have changed a world. ``overlaid`` holds the contracts of scenarios with an overlay of their own, by scenario;
    ``require_usable`` lets such a contract pass that can be served, or raises InvalidContract. ``log_request`` logs a
    request that is over; ``number`` tells it from other sandboxes with the same worlds; ``apart`` makes what large imports run in.
    """

    def __init__(
        self,
        settings: SandboxSettings,
        threads: Threads | None = None,
        log_request: Callable[[JournalEntry], None] = access_log.observe,
        apart: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Compile the contract and load the default scenario.

        Raises:
            InvalidContract, InvalidScenario, UnknownScenario: a file is missing or has mistakes.
        """
        self.settings = settings
        self.contract, self.contact_check, self.quota_check = self.compiled(settings.overlay)
        self.overlaid: dict[str, Terms] = {}
        self.require_usable: Callable[[Terms], None] = _any_terms
        self.library = Library(
            settings.scenarios,
            settings.seed,
            operations=lambda: self.contract.by_id,
            under=self._under,
            allow_outside=settings.allow_outside,
            beside=resources.SCENARIOS.resolve(),
        )
        self.library.get(settings.scenario)
        self.events = Events()
        self.journal = Journal(settings.journal_bytes)
        self.metrics = Metrics()
        self.coverage = CoverageCounts(self.contract_of)
        self._evictions = EvictionLog()
        bounds = Bounds(settings.worlds, settings.world_bytes)
        self.worlds = Worlds(self.library.build, settings.scenario, bounds, self._world_changed)
        # Not the handlers': the turns of imports outlive a change of the contract.
        self.threads = threads or Threads()
        self.store = self._store()
        self.importer = Importer(threads=self.threads, apart=apart)
        self.log_request = log_request
        self._loading = asyncio.Lock()
        self.started_at = real_seconds()
        self.is_stopping = False
        self.activity = 0
        self._requests = count(1)
        self.insider: Insider | None = None
        self._origin: Mapping[str, str] = {}
        if settings.state is not None:
            self.look_at_origin()
        self.number = 0

    async def join(self) -> None:
        """Be one sandbox with those that share its worlds, if there are any.

        Raises:
            StateUnavailable: what keeps the worlds does not respond.
        """
        introduction = await self.store.join(self.insider) if self.insider is not None else None
        if introduction is not None:
            first = self.number = introduction.first_number
            self._requests = count(first + 1)
            self.events.backlog.begin(introduction.run, first)

    def _store(self) -> Store:
        settings = self.settings
        if settings.state is None:
            return MemoryStore(self.worlds, self.load)
        from qlara_sandbox.store.engine import Engine
        from qlara_sandbox.store.scripts import SCRIPTS
        from qlara_sandbox.store.shared import SharedStore, Sharing

        engine = Engine(settings.state, SCRIPTS)
        sharing = Sharing(settings.state_prefix)
        return SharedStore(engine, self.worlds, self, self.threads, new_id, sharing)

    def stop(self) -> None:
        """Be told that the server begins to stop."""
        self.is_stopping = True

    def compiled(self, overlay: Path | None) -> Terms:
        """Return the contract file as it is now, under an overlay.

        Raises:
            InvalidContract: one of the files cannot be used.
        """
        return Terms.of(Contract(self.settings.spec, overlay))

    def contract_of(self, scenario: str) -> Contract:
        """Return the contract that worlds of *scenario* are under: its own overlay's, or the usual one."""
        terms = self.overlaid.get(scenario)
        return self.contract if terms is None else terms.contract

    def origin(self) -> Mapping[str, str]:
        """Return what decides how worlds begin and behave: sandboxes that share worlds must agree on it."""
        return self._origin

    def look_at_origin(self) -> None:
        """Read anew what decides how worlds begin; its files may have changed."""
        settings = self.settings
        contract = blake2b(settings.spec.read_bytes(), digest_size=8)
        if settings.overlay is not None:
            contract.update(settings.overlay.read_bytes())
        self._origin = {
            "version": __version__,
            "seed": str(settings.seed),
            "default scenario": settings.scenario,
            "contract": contract.hexdigest(),
            "set of scenario files": self.library.digest(),
        }

    def created_at(self, scenario: str) -> str:
        """Return when what a loaded scenario begins with was created."""
        return self.library.created_at(scenario)

    def let_be_created_at(self, scenario: str, created_at: str) -> None:
        """Let it be created at another time."""
        self.library.let_be_created_at(scenario, created_at)

    def stamp_of(self, scenario: str) -> str:
        """Return what tells one state of a loaded scenario from another."""
        return self.library.stamp(scenario)

    def terms_of(self, scenario: str) -> Terms:
        """Return the same contract, with its checks."""
        return self.overlaid.get(scenario, self.terms)

    def _under(self, scenario: Scenario) -> Under:
        """Return what the worlds of a scenario are under; its overlay, if it has one, is read anew."""
        name = scenario.name
        if scenario.overlay is None:
            self.overlaid.pop(name, None)
            return Under(self.contract.conventions, self.terms.allowed)
        try:
            terms = self.compiled(scenario.overlay)
            self.require_usable(terms)
        except InvalidContract as error:
            raise unusable_overlay(scenario, str(error)) from error
        self.overlaid[name] = terms
        return Under(terms.contract.conventions, terms.allowed)

    @property
    def terms(self) -> Terms:
        """The contract in force, with its checks."""
        return Terms(self.contract, self.contact_check, self.quota_check)

    async def use_contract(self, terms: Terms) -> None:
        """Go on with another contract; worlds that hold what it does not allow begin anew.

        They are looked at off the event loop, and the contract changes in one step after that.
        """
        looked_at: dict[World, tuple[int, str | None]] = {}
        for _ in range(_LOOKS):
            for world in self._changed_since(looked_at):
                changes, quota = world.changes, world.quota
                look = partial(terms.fault, quota, list(world.contacts.values()))
                looked_at[world] = changes, await self.threads.run(look)
        for world in self._changed_since(looked_at):
            fault = terms.fault(world.quota, world.contacts.values())
            looked_at[world] = world.changes, fault
        # Nothing is awaited from here on, until the contract is in force.
        self.contract, self.contact_check, self.quota_check = terms
        self.library.forget()
        gone = []
        for key, world in list(self.worlds):
            _, fault = looked_at[world]
            if fault is not None:
                gone.append(key)
                self.worlds.reset(key)
                log.warning("reset a world of scenario %s: %s", key.scenario, fault)
        await self.store.forget(gone)

    def _changed_since(self, looked_at: Mapping[World, tuple[int, str | None]]) -> list[World]:
        """Return the worlds that are new or have changed since they were looked at."""
        return [
            world
            for _, world in self.worlds
            if world not in looked_at or looked_at[world][0] != world.changes
        ]

    def contact_rules(self, scenario: str) -> Callable[[Contact], str | None] | None:
        """Return what tells why worlds of a scenario cannot hold a contact.

        It is None if imports know it by themselves.
        """
        check = self.terms_of(scenario).contacts
        return check.fault if check.is_needed else None

    def next_request_id(self) -> str:
        """Return the id of the next request."""
        return f"req_{next(self._requests):08d}"

    async def open_world(self, caller: Caller) -> WorldEntry:
        """Return the world that *caller* means; its scenario is loaded off the event loop, if that is to be done.

        Raises:
            MisusedSandbox: the scenario is unknown (the message lists the known ones) or its file has
                mistakes.
        """
        try:
            return await self.store.open(caller)
        except (UnknownScenario, InvalidScenario) as error:
            raise MisusedSandbox(SCENARIO_HEADER, str(error)) from error

    async def load(self, scenario: str) -> None:
        """Load a scenario off the event loop, so that a world of it can be built at once.

        Raises:
            UnknownScenario, InvalidScenario: there is no such file, or it has mistakes.
        """
        if self.library.is_loaded(scenario):
            return
        async with self._loading:  # one at a time: the next request may want the same
            if not self.library.is_loaded(scenario):
                await self.threads.run(partial(self.library.get, scenario))

    def _world_changed(self, what: str, entry: WorldEntry) -> None:
        if what in _GONE:
            _take_apart(entry)
        if what == "replaced":
            return
        if what == "expired":
            self._evictions.count()
        if self.events.watched:
            key = entry.key
            self.events.tell(
                "world",
                {
                    "what": what,
                    "world": entry.label,
                    "apiKey": masked(key.api_key),
                    "session": key.session,
                    "scenario": key.scenario,
                },
            )


def _any_terms(_: Terms) -> None:
    """Let a contract pass; the application, once it is put together, asks more."""


def _take_apart(entry: WorldEntry) -> None:
    """Free a large world in a thread, unless a request uses it. Who opens or shortens a copy is not counted: it stays whole."""
    if entry.copy is None and not entry.in_use and len(entry.world.contacts) >= _MANY_CONTACTS:
        run_later(entry.world.take_apart)
