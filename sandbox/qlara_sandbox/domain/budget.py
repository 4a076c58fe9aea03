"""What an import spends on odd lines: in proportion to the size of the file, so that none is expensive.

Heads and numbers are counted apart. A file of people's contacts has a few dozen heads and few numbers
that are invalid; even one that has both in each of its cards stays within, as a card with a name and a
number has a hundred octets. Frames where they should not be take what is left of both: one for each card
is within.
"""

from __future__ import annotations

from dataclasses import dataclass

FREE = 1_000
OCTETS_EACH = 100
_NO_BOUND = 1 << 62


@dataclass(slots=True)
class ImportBudget:
    """What is left of an import's budget.

    ``heads`` are the different heads (what stands before the colon of a property) that are read: behind
    them, the parameters and the group of a head that was not met before are passed over. ``numbers``
    are those that are found invalid, except plain ones (digits and the usual punctuation) that are the
    only number of a card: behind them, of each card only the preferred number is tried, if it is plain.
    """

    heads: int = _NO_BOUND
    numbers: int = _NO_BOUND

    @property
    def has_room(self) -> bool:
        """Whether lines are still searched for frames."""
        return self.heads > 0 or self.numbers > 0

    @property
    def has_all(self) -> bool:
        """Whether neither was used up, so that everything was read in full."""
        return self.heads > 0 and self.numbers > 0

    def charge(self, searches: int) -> None:
        """Take *searches* for frames from that of which more is left."""
        if self.heads >= self.numbers:
            self.heads -= searches
        else:
            self.numbers -= searches


def budget_of(size: int) -> ImportBudget:
    """Return the budget for a file of *size* octets."""
    each = FREE + size // OCTETS_EACH
    return ImportBudget(each, each)
