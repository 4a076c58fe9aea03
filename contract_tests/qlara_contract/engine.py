"""Runs the stories against a deployment, in order, and returns what was found."""

from __future__ import annotations

import inspect
import time
import traceback
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from qlara_contract.client import Unreachable
from qlara_contract.numbers import NumbersUsedUp
from qlara_contract.preflight import CannotRun, preflight
from qlara_contract.promises import OPERATIONS, promise
from qlara_contract.results import Entry, Ledger, State
from qlara_contract.run import LeftBehind, Run
from qlara_contract.story import BASIC, PromiseBroken, Story, StoryFunction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qlara_contract.deviations import Deviation
    from qlara_contract.exchange import Exchange
    from qlara_contract.settings import RunSettings

_MODULES = (
    "test_imports",
    "test_refusals",
    "test_cards",
    "test_numbers",
    "test_duplicates",
    "test_lists",
    "test_quota",
    "test_access",
    "test_model",
    "test_generated",
)


@dataclass(frozen=True)
class Progress:
    """Where a run is: *done* of *total* stories, the one about to be told, promises broken so far."""

    done: int
    total: int
    story: str
    broken: int


@dataclass
class Outcome:
    """Everything that a run found; what the reports are made of."""

    settings: RunSettings
    ledger: Ledger
    deviations: tuple[Deviation, ...] = ()
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    waited: float = 0.0
    requests: int = 0
    written: int = 0
    left: tuple[LeftBehind, ...] = ()
    sandbox_scenario: str = ""
    failures: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The day of the run."""
        return self.started.date()

    def state(self, entry: Entry) -> State:
        """Return how a promise ends, known deviations taken into account."""
        if entry.state is State.BROKEN and entry.promise.id in self._covered:
            return State.DEVIATION
        return entry.state

    @property
    def _covered(self) -> frozenset[str]:
        return covered(self.deviations, self.today)

    @property
    def entries(self) -> list[Entry]:
        """The promises that the run was about, by operation, worst first."""
        chosen = [each for each in self.ledger.entries.values() if self._is_chosen(each)]
        states = list(State)
        severities = ["critical", "major", "minor"]
        return sorted(
            chosen,
            key=lambda each: (
                OPERATIONS.index(each.promise.operation),
                states.index(self.state(each)),
                severities.index(each.promise.severity),
            ),
        )

    def _is_chosen(self, entry: Entry) -> bool:
        only = self.settings.only
        return not only or entry.promise.id in only

    def in_state(self, state: State) -> list[Entry]:
        """Return the promises that end in *state*."""
        return [each for each in self.entries if self.state(each) is state]

    @property
    def broken(self) -> list[str]:
        """The ids of the promises that are broken and not a known deviation."""
        return [each.promise.id for each in self.in_state(State.BROKEN)]

    @property
    def expired(self) -> list[Deviation]:
        """Known deviations whose until-date is past."""
        return [each for each in self.deviations if not each.holds(self.today)]

    @property
    def unused(self) -> list[Deviation]:
        """Known deviations of promises that are kept: fixed, and to be removed."""
        return [
            each
            for each in self.deviations
            if self.ledger.entries[each.promise].state is State.KEPT
        ]

    @property
    def exit_code(self) -> int:
        """0 conforms, 1 drift, 2 the run itself failed, or found nothing that it could judge."""
        if self.failures:
            return 2
        if self.broken:
            return 1
        return 0 if self.in_state(State.KEPT) or self.in_state(State.DEVIATION) else 2


def stories(only: Iterable[str] = ()) -> list[StoryFunction]:
    """Return the stories in the order in which they are told: all, or those that judge *only*."""
    wanted = {promise(each).id for each in only}
    found = []
    for name in _MODULES:
        module = import_module(f"qlara_contract.stories.{name}")
        for attribute, value in vars(module).items():
            if attribute.startswith("test_") and inspect.isfunction(value):
                story: StoryFunction = value  # type: ignore[assignment]
                if not wanted or wanted & set(story.promises):
                    found.append(story)
    return found


def covered(deviations: Iterable[Deviation], today: date) -> frozenset[str]:
    """Return the promises whose known deviation still holds."""
    return frozenset(each.promise for each in deviations if each.holds(today))


def begin(settings: RunSettings, deviations: tuple[Deviation, ...] = ()) -> Run:
    """Return a run whose deployment answers; raise ``CannotRun``."""
    today = datetime.now(UTC).date()
    run = Run(settings, covered(deviations, today))
    try:
        exchange = preflight(run)
    except CannotRun:
        run.client.close()
        raise
    if run.is_sandbox:
        # A world of its own: neither disturbed by what the key did before nor disturbing it.
        run.client.use_session(f"contract-check-{time.time_ns():x}")
    run.quota_left = _room(exchange)
    return run


def _room(exchange: Exchange) -> int | None:
    body = exchange.answer.json
    used, total = body.get("used"), body.get("total", body.get("totalLimit"))
    if isinstance(used, int) and isinstance(total, int):
        return max(0, total - used)
    return None


def check_deployment(
    settings: RunSettings,
    deviations: tuple[Deviation, ...] = (),
    progress: Callable[[Progress], None] = lambda _: None,
    record: list[tuple[str, Exchange]] | None = None,
) -> Outcome:
    """Tell every story to the deployment and return what was found; raise ``CannotRun``.

    Every exchange goes into *record*, if given, with the name of its story.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    run = begin(settings, deviations)
    run.record = record
    failures: list[str] = []
    try:
        told = stories(settings.only)
        for at, function in enumerate(told):
            broken = sum(1 for each in run.ledger.entries.values() if each.broken)
            story = Story(run, function)
            progress(Progress(at, len(told), story.name, broken))
            failure = tell(run, story, function)
            if failure:
                failures.append(failure)
    finally:
        run.client.close()
    return Outcome(
        settings,
        run.ledger,
        deviations,
        started,
        time.perf_counter() - clock,
        run.client.waited,
        run.client.requests,
        run.written,
        tuple(run.left.values()),
        run.sandbox_scenario,
        failures,
    )


def tell(run: Run, story: Story, function: StoryFunction) -> str:
    """Tell one story; return why the suite itself failed, empty if it did not."""
    try:
        function(story)
    except PromiseBroken:
        pass
    except NumbersUsedUp:
        _leave(run, story, "the account holds all numbers that are reserved for fiction")
    except Unreachable as error:
        for each in story.promises[:1]:
            story.breaks(each, "The deployment did not answer.", "an answer", str(error), None)
    except Exception:  # noqa: BLE001 - one broken story must not cost the others; the run ends with 2
        _leave(run, story, "the suite itself failed here")
        return f"The story `{story.name}` failed:\n{traceback.format_exc(limit=-4)}"
    note_basics(run, story)
    return ""


def note_basics(run: Run, story: Story) -> None:
    """Remember if no import works: nothing else about imports could be judged then."""
    if story.promises[0] == BASIC and BASIC in story.broken and not run.written:
        run.imports_fail = True


def _leave(run: Run, story: Story, reason: str) -> None:
    for each in story.promises:
        run.ledger.not_exercised(each, reason)


def promises_of_stories() -> frozenset[str]:
    """Return every promise that some story declares."""
    return frozenset(each for story in stories() for each in story.promises)
