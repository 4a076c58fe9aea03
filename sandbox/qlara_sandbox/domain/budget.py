"""What an import spends on odd lines: in proportion to the size of the file, so that none is expensive.

A file of people's contacts has a few dozen heads, few numbers that are invalid, and frames where they
should be. Even one that has a new head and an invalid number in each of its cards stays within, as a card
with a name and a number has a hundred octets.
"""

from __future__ import annotations

from dataclasses import dataclass

FREE = 2_000
OCTETS_EACH = 50
_NO_BOUND = 1 << 62


@dataclass(slots=True)
class ImportBudget:
    """What is ``left`` of an import's budget: so many odd things are read with care.

    One is a head (what stands before the colon of a property) that was not met before: behind them, its
    parameters and its group are passed over. One is a number that is found invalid, unless it is the only
    one of its card and has nothing but digits and the usual punctuation: behind them, of each card only the
    preferred number is tried, and only if it is written like that. For frames see
    `qlara_sandbox.domain.frames.pieces`.
    """

    left: int = _NO_BOUND


def budget_of(size: int) -> ImportBudget:
    """Return the budget for a file of *size* octets."""
    return ImportBudget(FREE + size // OCTETS_EACH)
