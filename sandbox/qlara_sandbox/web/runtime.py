"""What every request of one sandbox shares: contract, scenarios, worlds and options."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from qlara_sandbox import resources
from qlara_sandbox.domain.errors import MisusedSandbox
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.scenario.library import Library
from qlara_sandbox.services.importing import Importer
from qlara_sandbox.state.clock import real_seconds
from qlara_sandbox.state.worlds import MOST_BYTES, MOST_WORLDS, Bounds, Worlds
from qlara_sandbox.web.caller import SCENARIO_HEADER, masked
from qlara_sandbox.web.contacts import ContactCheck
from qlara_sandbox.web.evictions import EvictionLog
from qlara_sandbox.web.observers.events import Events
from qlara_sandbox.web.observers.journal import JOURNAL_BYTES, Journal
from qlara_sandbox.web.observers.metrics import Metrics

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_sandbox.domain.contacts import Contact
    from qlara_sandbox.state.worlds import WorldEntry, WorldInUse
    from qlara_sandbox.web.caller import Caller

log = logging.getLogger("qlara_sandbox.web")


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """How a sandbox is to run.

    ``loopback``: only this machine can reach it, and the control API is open to local callers.
    ``admin_token`` is what the control API asks for otherwise; with neither, it is closed.
    ``allow_outside``: vCard files of a scenario may be outside its folder.
    ``worlds`` and ``world_bytes`` bound the worlds that are kept, ``journal_bytes`` the journal.
    """

    spec: Path = resources.SPEC
    scenarios: Path = resources.SCENARIOS
    scenario: str = "default"
    allow_outside: bool = False
    seed: int = 0
    sandbox_headers: bool = True
    admin_token: str | None = None
    loopback: bool = True
    worlds: int = MOST_WORLDS
    world_bytes: int = MOST_BYTES
    journal_bytes: int = JOURNAL_BYTES


class Runtime:
    """The parts of one running sandbox."""

    def __init__(self, settings: SandboxSettings) -> None:
        """Compile the contract and load the default scenario.

        Raises:
            InvalidContract, InvalidScenario, UnknownScenario: a file is missing or has mistakes.
        """
        self.settings = settings
        self.contract = Contract(settings.spec)
        self.contact_check = ContactCheck(self.contract)
        self.library = Library(
            settings.scenarios,
            settings.seed,
            operations=lambda: self.contract.by_id,
            fault_of=self._fault_of_contact,
            allow_outside=settings.allow_outside,
        )
        self.library.get(settings.scenario)
        self.events = Events()
        self.journal = Journal(settings.journal_bytes)
        self.metrics = Metrics()
        self._evictions = EvictionLog()
        bounds = Bounds(settings.worlds, settings.world_bytes)
        self.worlds = Worlds(self.library.build, settings.scenario, bounds, self._world_changed)
        # Not the handlers': the turns of imports outlive a change of the contract.
        self.importer = Importer()
        self.started_at = real_seconds()
        self._requests = count(1)

    def use_contract(self, contract: Contract) -> None:
        """Go on with another contract; worlds that hold contacts which it does not allow begin anew.

        Raises:
            InvalidContract: it has no contacts.
        """
        self.contact_check = ContactCheck(contract)
        self.contract = contract
        self.library.forget()
        if not self.contact_check.is_needed:
            return
        for key, world in list(self.worlds):
            fault = next(filter(None, map(self.contact_check.fault, world.contacts.values())), None)
            if fault is not None:
                self.worlds.reset(key)
                log.warning("reset a world of scenario %s: %s", key.scenario, fault)

    def next_request_id(self) -> str:
        """Return the id of the next request."""
        return f"req_{next(self._requests):08d}"

    def use_world(self, caller: Caller, now: float, *, writes: bool) -> WorldInUse:
        """Return the world that *caller* means, in use for one request; *writes*: it may change.

        Raises:
            MisusedSandbox: the scenario is unknown (the message lists the known ones) or its file has
                mistakes.
        """
        try:
            entry = self.worlds.get_or_create(self.worlds.key(*caller), now)
        except (UnknownScenario, InvalidScenario) as error:
            raise MisusedSandbox(SCENARIO_HEADER, str(error)) from error
        return self.worlds.use(entry, writes=writes)

    def _fault_of_contact(self, contact: Contact) -> str | None:
        return self.contact_check.fault(
            contact
        )  # the check goes with the contract, which may change

    def _world_changed(self, what: str, entry: WorldEntry) -> None:
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
