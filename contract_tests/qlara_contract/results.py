"""What a run found, promise by promise: kept, broken with the evidence, or not exercised and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from qlara_contract.promises import PROMISES, Promise, promise

if TYPE_CHECKING:
    from qlara_contract.exchange import Exchange
    from qlara_contract.spec_variants import Reading

_EVIDENCE_KEPT = 3


class State(StrEnum):
    """How a promise ends; the order is the order of the report, worst first."""

    BROKEN = "broken"
    DEVIATION = "known deviation"
    NOT_EXERCISED = "not exercised"
    KEPT = "kept"


@dataclass(frozen=True)
class Evidence:
    """One time that a promise was broken: what was asked, expected and answered.

    ``before`` are the imports of the same story that led there.
    """

    what: str
    expected: str
    got: str
    exchange: Exchange | None = None
    reading: Reading | None = None
    story: str = ""
    before: tuple[Exchange, ...] = ()


@dataclass
class Entry:
    """The account of one promise. ``kept`` and ``broken`` count its checks."""

    promise: Promise
    kept: int = 0
    broken: int = 0
    evidence: list[Evidence] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def state(self) -> State:
        if self.broken:
            return State.BROKEN
        return State.KEPT if self.kept else State.NOT_EXERCISED

    @property
    def spec_variants(self) -> tuple[Reading, ...]:
        """The other published readings that the evidence shows, each once."""
        return tuple(dict.fromkeys(each.reading for each in self.evidence if each.reading))

    @property
    def remedy(self) -> str:
        """What would exercise the promise; empty where only mending what is broken would."""
        return _REMEDIES.get(self.reason, self.promise.exercised_by)

    @property
    def reason(self) -> str:
        """Why the promise was not exercised."""
        return self.reasons[0] if self.reasons else "nothing in this run reached it"


# What would exercise a promise, where the reason says more about it than the promise does.
_REMEDIES = {
    "the run is read-only": "`--mode full`, where contacts may be created",
    "--max-writes leaves too few contacts to create": "a larger `--max-writes`",
    "the account has too little room for new contacts": "a key whose quota has room for a few hundred",
    "no import works (see upload.imports-a-file)": "",
    "the story could not be told to its end": "",
    "the story ended early": "",
}


class Ledger:
    """The account of every promise of one run."""

    def __init__(self) -> None:
        self.entries = {each.id: Entry(each) for each in PROMISES}

    def keep(self, promise_id: str) -> None:
        """Note a check that passed."""
        self._entry(promise_id).kept += 1

    def break_(self, promise_id: str, evidence: Evidence) -> None:
        """Note a check that failed; only the first few keep their evidence."""
        entry = self._entry(promise_id)
        entry.broken += 1
        if len(entry.evidence) < _EVIDENCE_KEPT:
            entry.evidence.append(evidence)

    def not_exercised(self, promise_id: str, reason: str) -> None:
        """Note why a check of this promise could not be made."""
        self._entry(promise_id).reasons.append(reason)

    def _entry(self, promise_id: str) -> Entry:
        return self.entries[promise(promise_id).id]
