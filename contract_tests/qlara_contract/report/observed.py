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
    return sorted(rows, key=lambda each: not each.differs)
