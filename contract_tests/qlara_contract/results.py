"""The results of a run, promise by promise: each has one of five ends, with the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from qlara_contract.promises import PROMISES, Promise, promise
from qlara_contract.untrusted import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_contract.spec_variants import SpecVariant

Plain = int | str

_EVIDENCE_KEPT = 3  # of one kind
_KINDS_KEPT = 30
_KINDS_NAMED = 500  # of these only what they say is kept, not the exchange


class PromiseState(StrEnum):
    """The final state of a promise; the order is that of the report, worst first."""

    BROKEN = "broken"
    DEVIATION = "known deviation"
    DIFFERS = "differs"
    NOT_EXERCISED = "not exercised"
    KEPT = "kept"


@dataclass(frozen=True)
class Evidence:
    """One occasion on which a promise was not kept: what was wrong, expected and received.

    ``before`` are the earlier requests of the same story that the exchange rests on. ``by`` are the
    conventions one of which decides it, if there are names for it, and ``value`` what was seen of that one.
    """

    what: str
    expected: str
    got: str
    exchange: ApiExchange | None = None
    variant: SpecVariant | None = None
    story: str = ""
    before: tuple[ApiExchange, ...] = ()
    by: tuple[str, ...] = ()
    value: Plain | None = None

    def __post_init__(self) -> None:
        for name in ("what", "expected", "got"):  # they quote what the deployment said
            object.__setattr__(self, name, visible(getattr(self, name)))


@dataclass
class PromiseResult:
    """The result of one promise. ``kept`` and ``broken`` count its checks.

    A documented promise of which a check failed is broken; an assumed one differs.
    """

    promise: Promise
    kept: int = 0
    broken: int = 0
    evidence: list[Evidence] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    has_more_evidence: bool = False  # of a kind that is not kept
    in_full_mode: bool = False

    def add(self, evidence: Evidence) -> None:
        """Keep the first few pieces of evidence, and the first of each further kind."""
        is_new = all(
            (each.story, each.what) != (evidence.story, evidence.what) for each in self.evidence
        )
        if len(self.evidence) < _EVIDENCE_KEPT or (is_new and len(self.evidence) < _KINDS_KEPT):
            self.evidence.append(evidence)
        elif is_new and len(self.evidence) < _KINDS_NAMED:
            self.evidence.append(replace(evidence, exchange=None, before=()))
        else:
            self.has_more_evidence = self.has_more_evidence or is_new

    @property
    def state(self) -> PromiseState:
        if self.broken:
            return PromiseState.DIFFERS if self.promise.is_assumed else PromiseState.BROKEN
        return PromiseState.KEPT if self.kept else PromiseState.NOT_EXERCISED

    @property
    def spec_variants(self) -> tuple[SpecVariant, ...]:
        """The spec variants that the evidence points to, each once."""
        return tuple(dict.fromkeys(each.variant for each in self.evidence if each.variant))

    @property
    def remedy(self) -> str:
        """What would exercise the promise; empty where something broken must be fixed first."""
        remedy = _REMEDIES.get(self.reason, self.promise.exercised_by)
        if not self.in_full_mode:
            return remedy
        # The run was in that mode, so it is no remedy; another that is named beside it may be.
        remedy = remedy.removeprefix(f"{_FULL}, or ").removesuffix(f", or {_FULL}")
        return "" if remedy.startswith(_FULL) else remedy

    @property
    def reason(self) -> str:
        """Why the promise was not exercised."""
        return self.reasons[0] if self.reasons else "nothing in this run exercised it"


_FULL = "`--mode full`"
NO_ROOM = "the plan has too little room for a run"
READ_ONLY = "the run is read-only"
NO_LISTS = "lists cannot be made: an import with `listName` is refused"
NO_QUOTA_LEFT = "the account has too little quota left for new contacts"
WRITES_SPENT = "--max-writes does not allow enough new contacts"
ALWAYS_UPDATES = "the overlay says that an import always creates or updates"
ONE_LIST_SEARCHED = "duplicates are looked for on the list of the import alone"
NOT_COMPLETED = "the story could not be completed"
ENDED_EARLY = "the story ended early"
OTHER_SHAPE = "a response has another shape than the documented one"
GOES_ON = "imports go on after their response, and where the report appears then is not documented"

# What would exercise a promise, where the reason says more about it than the promise does.
_REMEDIES = {
    READ_ONLY: "`--mode full`, which may create contacts",
    WRITES_SPENT: "a larger `--max-writes`",
    NO_ROOM: "a key with quota left for a few hundred contacts",
    NO_QUOTA_LEFT: "a key with quota left for a few hundred contacts",
    NOT_COMPLETED: "",
    ENDED_EARLY: "",
    OTHER_SHAPE: "",
    ALWAYS_UPDATES: "",
    ONE_LIST_SEARCHED: "",
}


class Results:
    """The result of every promise in one run.

    What is recorded between ``begin`` and ``commit`` counts as a whole, or with ``discard`` not at all:
    a story that a network failure interrupted is told again from its beginning.
    """

    def __init__(self) -> None:
        self.by_id = {each.id: PromiseResult(each) for each in PROMISES}
        self._pending: list[Callable[[], None]] | None = None

    def use_full_mode(self) -> None:
        """Remember that the run may send more than GET: what is not exercised has another cause then."""
        for each in self.by_id.values():
            each.in_full_mode = True

    def begin(self) -> None:
        """Hold back what is recorded from now on."""
        self._pending = []

    def commit(self) -> None:
        """Count what was held back."""
        pending, self._pending = self._pending or [], None
        for record in pending:
            record()

    def discard(self) -> None:
        """Forget what was held back."""
        self._pending = None

    def record_kept(self, promise_id: PromiseId) -> None:
        """Record a check that passed."""
        result = self._of(promise_id)

        def record() -> None:
            result.kept += 1

        self._record(record)

    def record_broken(self, promise_id: PromiseId, evidence: Evidence) -> None:
        """Record a check that failed; only the first few keep their evidence."""
        result = self._of(promise_id)

        def record() -> None:
            result.broken += 1
            result.add(evidence)

        self._record(record)

    def record_not_exercised(self, promise_id: PromiseId, reason: str) -> None:
        """Record why this promise could not be checked."""
        result = self._of(promise_id)
        self._record(lambda: result.reasons.append(visible(reason)))

    def _record(self, record: Callable[[], None]) -> None:
        if self._pending is None:
            record()
        else:
            self._pending.append(record)

    def _of(self, promise_id: PromiseId) -> PromiseResult:
        return self.by_id[promise(promise_id).id]
