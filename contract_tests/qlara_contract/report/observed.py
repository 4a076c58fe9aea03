"""The conventions of a deployment as a report shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlara_contract.engine import Outcome

KEEP = (
    "`--write-overlay FILE` keeps these conventions; `qlara-sandbox serve --overlay FILE` behaves like "
    "this deployment, and `verify --overlay FILE` judges by them."
)
"""How to go on with what was learnt."""


@dataclass(frozen=True)
class ConventionRow:
    """One convention: what the deployment does, what is expected, and how it was seen."""

    name: str
    value: str
    expected: str
    how: str

    @property
    def differs(self) -> bool:
        """Whether the deployment decides otherwise than is expected."""
        return self.value != self.expected


def convention_rows(outcome: Outcome) -> list[ConventionRow]:
    """Return what was observed or set by hand; what differs from the contract first."""
    known = outcome.conventions
    actual, expected = known.actual.values(), known.expected.values()
    names = [*known.observations, *(each for each in actual if known.is_assumed(each))]
    rows = []
    for name in dict.fromkeys(names):
        observed = known.observations.get(name)
        if known.is_assumed(name):
            value, how = str(actual[name]), "set with --assume"
        else:
            assert observed is not None
            value, how = (
                "otherwise" if observed.value is None else str(observed.value),
                observed.what,
            )
        rows.append(ConventionRow(name, value, str(expected.get(name, "not said")), how))
    rows += _said_in_sentences(outcome)
    return sorted(rows, key=lambda each: not each.differs)


def _said_in_sentences(outcome: Outcome) -> list[ConventionRow]:
    """Return what the overlay says to differ and no convention has a word for, by promise."""
    rows = []
    for promise_id, sentence in outcome.conventions.otherwise.items():
        result = outcome.results.by_id[promise_id]
        if result.broken:
            row = ConventionRow(
                promise_id, "otherwise", "otherwise", f"the overlay says so: {sentence}"
            )
        elif result.kept:
            how = f"the overlay says that it is not: {sentence}"
            row = ConventionRow(promise_id, "as the contract says", "otherwise", how)
        else:
            continue
        rows.append(row)
    return rows
