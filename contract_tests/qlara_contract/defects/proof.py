"""The proof that the suite bites: it finds each defect, and nothing wrong in the sandbox itself."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlara_contract.defects.deployment import WrongDeployment
from qlara_contract.engine import check_deployment
from qlara_contract.preflight import CannotRun
from qlara_contract.settings import RunSettings
from qlara_contract.targets import SANDBOX_KEY, sandbox_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.defects.defect import Defect
    from qlara_contract.defects.deployment import App, Receive, Scope, Send


@dataclass(frozen=True)
class Found:
    """What the suite said of a deployment with one defect: the broken promises it looked at.

    ``problem`` says why the run could not be made or failed itself, and is empty otherwise.
    """

    defect: Defect
    broken: tuple[str, ...]
    problem: str = ""

    @property
    def missed(self) -> tuple[str, ...]:
        """The expected promises that were not found broken."""
        return tuple(each for each in self.defect.breaks if each not in self.broken)

    @property
    def is_found(self) -> bool:
        """Whether every expected promise was found broken, by a run that went well."""
        return not self.missed and not self.problem


class Switch:
    """An application whose defect can be changed between runs."""

    def __init__(self, app: App) -> None:
        self._right = app
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with what is switched on."""
        await self.app(scope, receive, send)

    def to(self, *defects: Defect) -> None:
        """Switch these defects on, and all others off."""
        self.app = WrongDeployment(self._right, *defects) if defects else self._right


@dataclass(frozen=True)
class Bench:
    """A running sandbox at ``url`` and the switch of its defects."""

    url: str
    switch: Switch

    def find(self, defect: Defect, seed: int = 0) -> Found:
        """Let the suite judge the promises that *defect* breaks."""
        self.switch.to(defect)
        try:
            outcome = check_deployment(
                RunSettings(self.url, SANDBOX_KEY, seed=seed, only=defect.breaks)
            )
        except CannotRun as error:
            return Found(defect, (), str(error))
        finally:
            self.switch.to()
        return Found(defect, tuple(outcome.broken), "".join(outcome.failures))

    def false_alarms(self, seed: int) -> list[str]:
        """Return what the whole suite holds against the sandbox itself: nothing, if it is right."""
        self.switch.to()
        outcome = check_deployment(RunSettings(self.url, SANDBOX_KEY, seed=seed))
        return outcome.broken + outcome.failures


@contextmanager
def bench() -> Iterator[Bench]:
    """Start a sandbox whose defects can be switched."""
    switches: list[Switch] = []

    def wrap(app: App) -> App:
        switches.append(Switch(app))
        return switches[0]

    with sandbox_behind(wrap) as url:
        yield Bench(url, switches[0])
