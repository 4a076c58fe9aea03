"""What every request of one sandbox shares: contract, scenarios, worlds and options."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from sandbox import resources
from sandbox.domain.errors import InvalidField
from sandbox.scenario.errors import UnknownScenario
from sandbox.scenario.library import Library
from sandbox.state.worlds import WorldKey, Worlds
from sandbox.web.auth import SCENARIO_HEADER
from sandbox.web.contract import Contract

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.state.world import World
    from sandbox.web.auth import Caller


@dataclass(frozen=True, slots=True)
class Settings:
    """How a sandbox is to run."""

    spec: Path = resources.SPEC
    scenarios: Path = resources.SCENARIOS
    scenario: str = "default"
    seed: int = 0
    sandbox_headers: bool = True


class Runtime:
    """The parts of one running sandbox."""

    def __init__(self, settings: Settings) -> None:
        """Compile the contract and load the default scenario.

        Raises:
            InvalidContract, InvalidScenario, UnknownScenario: a file is missing or has mistakes.
        """
        self.settings = settings
        self.contract = Contract(settings.spec)
        self.library = Library(settings.scenarios, settings.seed)
        self.library.get(settings.scenario)
        self.worlds = Worlds(self.library.grow, settings.scenario)
        self._requests = count(1)

    def next_request_id(self) -> str:
        """Return the id of the next request."""
        return f"req_{next(self._requests):08d}"

    def world(self, caller: Caller) -> tuple[WorldKey, World]:
        """Return the world that *caller* means.

        Raises:
            InvalidField: there is no such scenario; the message lists the known ones.
        """
        key = self.worlds.key(*caller)
        try:
            return key, self.worlds.at(key)
        except UnknownScenario as error:
            raise InvalidField(SCENARIO_HEADER, str(error)) from error
