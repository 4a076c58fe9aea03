"""Runs the stories against a deployment, in order, and returns what was found."""

from __future__ import annotations

import inspect
import time
import traceback
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_contract.conventions import (
    NO_OVERLAY,
    Conventions,
    KnownConventions,
    ReadOverlay,
    overlay_for,
    sentence_of,
)
from qlara_contract.deviations import holding, is_known, unknown_evidence
from qlara_contract.errors import CannotRun, Interrupted, RunStopped, WritesSpent
from qlara_contract.exchange import ApiRequest
from qlara_contract.learning import learn
from qlara_contract.ledger import Ledger
from qlara_contract.numbers import NumbersUsedUp
from qlara_contract.preflight import preflight
from qlara_contract.promises import LIST, OPERATIONS, Severity, promise
from qlara_contract.results import PromiseResult, PromiseState, Results
from qlara_contract.run import SuiteRun
from qlara_contract.story import BASIC, TRIPPED, PromiseBroken, Story, StoryFunction
from qlara_contract.wording import OF_A_RUN, Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qlara_contract.deviations import Deviation
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.results import Evidence
    from qlara_contract.settings import RunSettings
    from qlara_contract.wording import Remarks

_TRIES = 3
_NO_LIST = frozenset({400, 403, 404, 410, 422})
_MODULES = (
    "test_imports",
    "test_forms",
    "test_refusals",
    "test_cards",
    "test_numbers",
    "test_duplicates",
    "test_torture",
    "test_lists",
    "test_quota",
    "test_access",
    "test_model",
    "test_generated",
    "test_afterwards",
)


@dataclass(frozen=True)
class Progress:
    """How far a run is: *done* of *total* stories, the current one, promises broken so far."""

    done: int
    total: int
    story: str
    broken: int


@dataclass
class Outcome:
    """Everything that a run found; reports are made from it."""

    settings: RunSettings
    results: Results
    deviations: tuple[Deviation, ...] = ()
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    waited: float = 0.0
    requests: int = 0
    ledger: Ledger = field(default_factory=lambda: Ledger(0))
    conventions: KnownConventions = field(
        default_factory=lambda: KnownConventions(Conventions(), {})
    )
    sandbox_scenario: str = ""
    network_failures: list[str] = field(default_factory=list)
    stopped: str = ""
    is_interrupted: bool = False
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wording: Wording = OF_A_RUN

    @property
    def circumstances(self) -> list[str]:
        """How the run was made: the base URL first, then mode, requests and time."""
        settings = self.settings
        parts = [settings.base_url]
        if self.sandbox_scenario:
            parts.append(f"a sandbox, scenario {self.sandbox_scenario}")
        parts.append(f"{settings.effective_mode}, {settings.profile}, seed {settings.seed}")
        parts.append(f"{self.requests} requests in {self.seconds:.1f} s")
        if self.waited:
            parts.append(f"{self.waited:.0f} s of that spent waiting out 429s")
        return parts

    @property
    def how(self) -> dict[str, Any]:
        """How the run was made, as ``report.json`` has it."""
        settings = self.settings
        return {
            "mode": settings.effective_mode.value,
            "profile": settings.profile.value,
            "seed": settings.seed,
        }

    @property
    def remarks(self) -> tuple[Remarks, ...]:
        """What is told beside the promises."""
        return ()

    @property
    def today(self) -> date:
        """The day of the run."""
        return self.started.date()

    def state(self, result: PromiseResult) -> PromiseState:
        """Return the final state of a promise, known deviations taken into account."""
        if result.state is PromiseState.DIFFERS and self.is_said(result):
            return PromiseState.KEPT
        fails = (PromiseState.BROKEN, *([PromiseState.DIFFERS] if self.settings.strict else []))
        if result.state in fails and is_known(result, self._holding):
            return PromiseState.DEVIATION
        return result.state

    def is_said(self, result: PromiseResult) -> bool:
        """Return whether the overlay says in a sentence that the deployment decides this otherwise."""
        return result.promise.id in self.conventions.otherwise

    @property
    def otherwise(self) -> dict[str, str]:
        """What the deployment decides otherwise and no convention says: by promise, what was seen."""
        found: dict[str, str] = {}
        for result in self.promises:
            seen = [each for each in result.evidence if not self.conventions.says(each)]
            if result.state is PromiseState.DIFFERS and seen:
                found[result.promise.id] = sentence_of(seen[0])
        return dict(sorted(found.items()))

    @property
    def overlay(self) -> dict[str, Any]:
        """An OpenAPI Overlay that says what was learnt of the deployment."""
        title = f"Conventions of {self.settings.base_url}"
        return overlay_for(self.conventions.known, title=title, differs=self.otherwise)

    @property
    def _holding(self) -> tuple[Deviation, ...]:
        return holding(self.deviations, self.today)

    def evidence(self, result: PromiseResult) -> list[Evidence]:
        """Return the evidence against a promise that its state rests on: what is known is left out."""
        if self.state(result) is PromiseState.DEVIATION:
            return result.evidence
        return unknown_evidence(result, self._holding) or result.evidence

    def known_as(self, result: PromiseResult) -> list[Deviation]:
        """Return the deviations that a promise is known by."""
        return [each for each in self._holding if result.promise.id in each.promises]

    @property
    def promises(self) -> list[PromiseResult]:
        """The results of the promises that the run was about, by operation, worst first."""
        chosen = [each for each in self.results.by_id.values() if self._is_chosen(each)]
        states = list(PromiseState)
        severities = list(Severity)
        return sorted(
            chosen,
            key=lambda each: (
                OPERATIONS.index(each.promise.operation),
                states.index(self.state(each)),
                severities.index(each.promise.severity),
            ),
        )

    def _is_chosen(self, result: PromiseResult) -> bool:
        only = self.settings.only
        return not only or result.promise.id in only

    def in_state(self, state: PromiseState) -> list[PromiseResult]:
        """Return the results of the promises that end in *state*."""
        return [each for each in self.promises if self.state(each) is state]

    @property
    def broken(self) -> list[PromiseId]:
        """The ids of broken promises that no known deviation covers."""
        return [each.promise.id for each in self.in_state(PromiseState.BROKEN)]

    @property
    def differing(self) -> list[PromiseId]:
        """The ids of assumed promises that the deployment decides otherwise."""
        return [each.promise.id for each in self.in_state(PromiseState.DIFFERS)]

    @property
    def expired(self) -> list[Deviation]:
        """Known deviations whose until-date has passed."""
        return [each for each in self.deviations if not each.holds(self.today)]

    @property
    def unused(self) -> list[PromiseId]:
        """Promises with a known deviation that are kept by now: it can be removed from its entry."""
        named = (one for each in self.deviations for one in each.promises)
        return [
            one
            for one in dict.fromkeys(named)
            if self.results.by_id[one].state is PromiseState.KEPT
        ]

    @property
    def exit_code(self) -> int:
        """0: conforms. 1: drift. 2: the run could not go on, or nothing could be judged. 130: interrupted.

        With ``strict``, a deployment that differs does not conform.
        """
        if self.is_interrupted:
            return 130
        if self.failures or self.stopped:
            return 2
        if self.broken or (self.settings.strict and self.differing):
            return 1
        ends = (PromiseState.KEPT, PromiseState.DEVIATION, PromiseState.DIFFERS)
        return 0 if any(self.in_state(each) for each in ends) else 2


def stories(only: Iterable[PromiseId] = ()) -> list[StoryFunction]:
    """Return the stories in the order they run in: all, or those that judge *only*."""
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


def begin(
    settings: RunSettings,
    deviations: tuple[Deviation, ...] = (),
    overlay: ReadOverlay = NO_OVERLAY,
    record: list[tuple[str, ApiExchange]] | None = None,
) -> SuiteRun:
    """Return a run whose deployment responds; raise ``CannotRun``."""
    today = datetime.now(UTC).date()
    run = SuiteRun(
        settings,
        holding(deviations, today),
        overlay.conventions,
        overlay.otherwise,
        record=record,
    )
    try:
        exchange = preflight(run)
    except (CannotRun, KeyboardInterrupt):
        run.finish()
        raise
    if run.is_sandbox:
        # A world of its own: unaffected by what the key did before, and without effect on it.
        run.client.use_session(f"contract-check-{time.time_ns():x}")
    if run.is_sandbox or settings.fresh:
        run.numbers.choose_by_seed()
    run.ledger.room = _room(exchange)
    run.first_quota = exchange
    return run


def _room(exchange: ApiExchange) -> int | None:
    body = exchange.response.json
    if not isinstance(body, dict):
        return None
    used, total = body.get("used"), body.get("total", body.get("totalLimit"))
    if isinstance(used, int) and isinstance(total, int):
        return max(0, total - used)
    return None


def check_deployment(
    settings: RunSettings,
    deviations: tuple[Deviation, ...] = (),
    progress: Callable[[Progress], None] = lambda _: None,
    record: list[tuple[str, ApiExchange]] | None = None,
    overlay: ReadOverlay = NO_OVERLAY,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Run every story against the deployment and return the outcome; raise ``CannotRun``.

    *tell* gets sentences about the run itself before the first story. Every exchange is appended to
    *record*, if given, with the name of its story. *overlay* is what assumed promises are judged by; the
    contract alone, if not given. A run that has to stop, or is interrupted, returns what is known by then.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    run = begin(settings, deviations, overlay, record)
    failures: list[str] = []
    stopped, is_interrupted = "", False
    notes: list[str] = []
    try:
        if note := _without_unknown_list(run):
            notes.append(note)
            tell(note)
        try_learning(run)
        _tell(run, progress, failures)
    except Interrupted as error:
        stopped = str(error)
    except RunStopped as error:
        stopped = str(error)
    except KeyboardInterrupt:
        stopped, is_interrupted = "the run was interrupted", True
    finally:
        run.finish()
    if stopped:
        run.results.commit()
        for each in run.results.by_id:
            run.results.record_not_exercised(promise(each).id, f"the run stopped: {stopped}")
    return Outcome(
        settings,
        run.results,
        deviations,
        started,
        time.perf_counter() - clock,
        run.client.waited,
        run.client.requests,
        run.ledger,
        run.conventions,
        run.sandbox_scenario,
        run.client.network_failures,
        stopped,
        is_interrupted,
        failures,
        notes,
    )


def _without_unknown_list(run: SuiteRun) -> str:
    """Go on without a list that was given and cannot be read; return a sentence that says so.

    A list that is not there says nothing about the deployment, and would fail every story that reads it.
    """
    list_id = run.settings.list_id
    if not list_id:
        return ""
    path = contract().path_of(LIST, listId=list_id)
    status = run.client.send(ApiRequest("GET", path)).response.status
    if status not in _NO_LIST:
        return ""
    run.settings = replace(run.settings, list_id="")
    return (
        f"--list-id {list_id}: the deployment has no such list for this key ({status}), so the run goes on "
        "without it. What only a list with contacts can show ends as not exercised, unless the run may "
        "import contacts."
    )


def try_learning(run: SuiteRun) -> None:
    """Learn the deployment's conventions; what an interruption hides stays as the contract expects it."""
    for _ in range(_TRIES):
        try:
            assert run.first_quota is not None, "a run begins with it"
            learn(run, run.first_quota)
        except Interrupted:
            if lost := run.client.probe():
                run.lost(lost)
        except (WritesSpent, *TRIPPED):  # of another shape than documented: the stories judge it
            return
        else:
            return


def _tell(run: SuiteRun, progress: Callable[[Progress], None], failures: list[str]) -> None:
    chosen = stories(run.settings.only)
    for at, function in enumerate(chosen):
        broken = sum(each.state is PromiseState.BROKEN for each in run.results.by_id.values())
        story = Story(run, function)
        progress(Progress(at, len(chosen), story.name, broken))
        failure = run_story(run, story, function)
        if failure:
            failures.append(failure)


def run_story(run: SuiteRun, story: Story, function: StoryFunction) -> str:
    """Run one story; return why the suite itself failed, empty if it did not."""
    try:
        function(story)
    except PromiseBroken:
        pass
    except NumbersUsedUp:
        _leave(run, story, "the account already holds every phone number reserved for fiction")
    except RunStopped:
        raise
    except Exception:  # noqa: BLE001 - one broken story must not cost the others; the run ends with 2
        _leave(run, story, "the suite itself failed here")
        return f"The story `{story.name}` failed:\n{traceback.format_exc(limit=-4)}"
    note_basics(run, story)
    return ""


def note_basics(run: SuiteRun, story: Story) -> None:
    """Remember that no import works: nothing else about imports can be judged then."""
    has_imported = run.has_seen_contacts or any(each.imported for each in run.ledger.entries)
    if story.promises[0] == BASIC and BASIC in story.broken and not has_imported:
        run.imports_fail = run.imports_fail or f"no import works (see {BASIC})"


def _leave(run: SuiteRun, story: Story, reason: str) -> None:
    for each in story.promises:
        run.results.record_not_exercised(each, reason)


def promises_of_stories() -> frozenset[PromiseId]:
    """Return every promise that some story declares."""
    return frozenset(each for story in stories() for each in story.promises)
