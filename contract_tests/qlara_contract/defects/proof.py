"""Proves that the suite finds each defect, and nothing wrong in the sandbox itself."""

from __future__ import annotations

import logging
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Self

from qlara_contract.defects.catalogue import DEFECTS
from qlara_contract.defects.deployment import WrongDeployment
from qlara_contract.engine import check_deployment
from qlara_contract.errors import CannotRun
from qlara_contract.settings import RunSettings
from qlara_contract.targets import SANDBOX_KEY, sandbox_behind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qlara_contract.defects.defect import Defect
    from qlara_contract.defects.deployment import App, Receive, Scope, Send
    from qlara_contract.promise_ids import PromiseId


@dataclass(frozen=True)
class ProofResult:
    """What the suite found in a deployment with one defect: the promises that it reports not kept.

    ``problem`` says why the run could not be made or failed itself, and is empty otherwise.
    """

    defect: Defect
    broken: tuple[PromiseId, ...]
    problem: str = ""

    @property
    def missed(self) -> tuple[PromiseId, ...]:
        """The expected promises that were not found broken."""
        return tuple(each for each in self.defect.breaks if each not in self.broken)

    @property
    def is_found(self) -> bool:
        """Whether every expected promise was found broken, by a run without problems."""
        return not self.missed and not self.problem


class DefectSwitch:
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
class DefectBench:
    """A running sandbox at ``url`` and the switch of its defects."""

    url: str
    switch: DefectSwitch

    def find(self, defect: Defect, seed: int = 0) -> ProofResult:
        """Run the suite for the promises that *defect* breaks."""
        self.switch.to(defect)
        try:
            outcome = check_deployment(
                RunSettings(self.url, SANDBOX_KEY, seed=seed, only=defect.breaks)
            )
        except CannotRun as error:
            return ProofResult(defect, (), str(error))
        finally:
            self.switch.to()
        found = (*outcome.broken, *outcome.differing)
        return ProofResult(defect, found, "".join(outcome.failures) or outcome.stopped)

    def false_alarms(self, seed: int) -> list[str]:
        """Return what the whole suite reports about the sandbox itself: nothing, if it is right."""
        self.switch.to()
        outcome = check_deployment(RunSettings(self.url, SANDBOX_KEY, seed=seed))
        return [*outcome.broken, *outcome.differing, *outcome.failures]


class ProofWorkers:
    """Processes with a sandbox each, which share the runs of a proof."""

    def __init__(self, jobs: int) -> None:
        # Not a fork: a process of its own starts its server and its threads from nothing.
        context = get_context("spawn")
        self._pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def find(self, defects: Iterable[Defect], seed: int) -> Iterator[ProofResult]:
        """Yield what the suite finds of each defect of the catalogue, in their order."""
        chosen = list(defects)
        runs = self._pool.map(_find, (each.name for each in chosen), [seed] * len(chosen))
        for each, (broken, problem) in zip(chosen, runs, strict=True):
            yield ProofResult(each, broken, problem)

    def false_alarms(self, seeds: Iterable[int]) -> Iterator[str]:
        """Yield what the whole suite reports about the sandbox itself, with each of *seeds*."""
        for alarms in self._pool.map(_false_alarms, seeds):
            yield from alarms


_worker = ExitStack()
_benches: list[DefectBench] = []


def _start_worker() -> None:
    # Some generated requests are not valid HTTP, and the server logs that.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    _benches.append(_worker.enter_context(bench()))


def _find(name: str, seed: int) -> tuple[tuple[PromiseId, ...], str]:
    defect = next(each for each in DEFECTS if each.name == name)
    result = _benches[0].find(defect, seed)
    return result.broken, result.problem


def _false_alarms(seed: int) -> list[str]:
    return _benches[0].false_alarms(seed)


@contextmanager
def bench() -> Iterator[DefectBench]:
    """Start a sandbox whose defects can be switched."""
    switches: list[DefectSwitch] = []

    def wrap(app: App) -> App:
        switches.append(DefectSwitch(app))
        return switches[0]

    with sandbox_behind(wrap) as url:
        yield DefectBench(url, switches[0])
