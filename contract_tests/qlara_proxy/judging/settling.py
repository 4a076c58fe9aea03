"""How soon a deployment shows what an import did: what is not there yet is not missing."""

from __future__ import annotations

from bisect import insort
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qlara_proxy.judging.ledger import Difference, TrafficLedger

_LEARNT = 3
_MOST_WAITING = 200


class _Waiting(NamedTuple):
    delay: float
    differences: tuple[Difference, ...]


class Delays:
    """What imports have not shown yet, in all accounts of a deployment.

    Something that is not there *delay* seconds after its import is missing if three imports have been seen to
    show as soon as that, and none later; or if it is not there after *longest* seconds, as long as a run of
    the suite waits.
    """

    def __init__(self, ledger: TrafficLedger, longest: float) -> None:
        self._ledger = ledger
        self._longest = longest
        self._soonest: list[
            float
        ] = []  # the three shortest delays in which all of an import showed
        self._is_late = False
        self._waiting: deque[_Waiting] = deque(maxlen=_MOST_WAITING)

    def shown(self, delay: float) -> None:
        """Note that all of an import showed after *delay* seconds, when it was looked for the first time."""
        insort(self._soonest, delay)
        del self._soonest[_LEARNT:]
        self._judge()

    def late(self) -> None:
        """Note that something showed that had not been there when it was looked for before."""
        self._is_late = True
        self._waiting.clear()

    def missing(self, delay: float, *differences: Difference) -> None:
        """Note what was not there *delay* seconds after its import."""
        self._waiting.append(_Waiting(delay, differences))
        self._judge()

    def _judge(self) -> None:
        for each in [one for one in self._waiting if self._is_sure(one.delay)]:
            self._waiting.remove(each)
            for difference in each.differences:
                self._ledger.doubtful(difference)

    def _is_sure(self, delay: float) -> bool:
        if delay >= self._longest:
            return True
        is_learnt = len(self._soonest) == _LEARNT and delay >= self._soonest[-1]
        return is_learnt and not self._is_late
