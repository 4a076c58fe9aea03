"""Runs the suite against a deployment with a defect, and lets the judge watch the traffic of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlara_contract.defects.proof import DefectSwitch
from qlara_contract.engine import check_deployment
from qlara_contract.settings import RunSettings
from qlara_contract.targets import SANDBOX_KEY, sandbox_behind
from qlara_proxy.judging import TrafficJudge
from tests.qlara_proxy.judging.capture import CapturedApp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_contract.defects.defect import Defect
    from qlara_contract.defects.deployment import App
    from qlara_contract.engine import Outcome
    from qlara_proxy.judging import TrafficOutcome
    from qlara_proxy.traffic import PassedExchange


@dataclass
class WatchedBench:
    """A sandbox whose defects can be switched, and a judge who watches what passes."""

    url: str
    switch: DefectSwitch
    watched: _Watched

    def run(
        self, *defects: Defect, seed: int = 0, whole: bool = False
    ) -> tuple[Outcome, TrafficOutcome]:
        """Return what the suite finds, and what its traffic shows; all of the suite if *whole*."""
        only = tuple(one for each in defects for one in each.breaks)
        judge = self.watched.judge = TrafficJudge(self.url, is_sole_client=True)
        self.switch.to(*defects)
        try:
            settings = RunSettings(self.url, SANDBOX_KEY, seed=seed, only=() if whole else only)
            found = check_deployment(settings)
        finally:
            self.switch.to()
        judge.finish()
        return found, judge.outcome()


@dataclass
class _Watched:
    judge: TrafficJudge | None = None

    def passed(self, exchange: PassedExchange) -> None:
        """Hand an exchange on to the judge of this run."""
        if self.judge is not None:
            self.judge.passed(exchange)


@contextmanager
def bench() -> Iterator[WatchedBench]:
    """Start a sandbox whose traffic is judged."""
    watched, switches = _Watched(), []

    def wrap(app: App) -> App:
        switches.append(DefectSwitch(app))
        return CapturedApp(switches[0], watched)

    with sandbox_behind(wrap) as url:
        yield WatchedBench(url, switches[0], watched)
