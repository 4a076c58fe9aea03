"""The results of traffic: checks that passed, promises seen broken, and what is in doubt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qlara_contract.results import Evidence, Results
from qlara_contract.wording import Remark
from qlara_proxy.judging.limits import EVIDENCE, FINDINGS, Kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId
    from qlara_proxy.judging.disguise import Disguise

_REPEATED = 3
_DOUBTS = 500
_FAILURES = 3


@dataclass(frozen=True)
class Difference:
    """What was seen otherwise than promised; ``kind`` is the same where it is the same once more."""

    promise: PromiseId
    what: str
    expected: str
    got: str
    exchange: ApiExchange
    before: tuple[ApiExchange, ...] = ()
    by: tuple[str, ...] = ()
    value: int | str | None = None
    kind: str = ""


@dataclass
class _Doubt:
    difference: Difference
    times: int = 0
    last: float = -1.0  # when the last exchange began that showed it


class TrafficLedger:
    """Records what the traffic shows.

    *is_sole_client*: nobody else uses the accounts. If others may, one difference that they could have
    brought about is a doubt, and the same in a third exchange, with nothing against it, is broken.
    """

    def __init__(self, disguise: Disguise, *, is_sole_client: bool) -> None:
        self.results = Results()
        self._disguise = disguise
        self._is_sole_client = is_sole_client
        self._doubts: Kept[tuple[PromiseId, str], _Doubt] = Kept(_DOUBTS)
        self._findings: dict[tuple[str, str], Remark] = {}
        self.untold = 0
        self.failures: list[str] = []
        self.orders: set[str] = set()  # of the properties that give a name, which were read right
        self.skipped: Counter[str] = Counter()

    def failed(self, how: str) -> None:
        """Note that the judge itself failed on an exchange; the first few are told."""
        if len(self.failures) < _FAILURES:
            self.failures.append(how)

    def shown(self, text: str) -> str:
        """Return what stands for a name, a number, an address or a tag in what is told."""
        return self._disguise.value(text)[:200]

    def kept(self, *promises: PromiseId) -> None:
        """Record a check that passed, of each of *promises*."""
        for each in promises:
            self.results.record_kept(each)

    def is_kept(self, promise: PromiseId) -> bool:
        """Return whether a promise has been kept so far, and never broken."""
        result = self.results.by_id[promise]
        return result.kept > 0 and not result.broken

    def check(self, difference: Difference, *, holds: bool) -> bool:
        """Record one check whose result is certain; return whether it passed."""
        if holds:
            self.kept(difference.promise)
        else:
            self.broken(difference)
        return holds

    def broken(self, difference: Difference) -> None:
        """Record a promise that one exchange shows broken, whatever others did at the time."""
        seen = len(self.results.by_id[difference.promise].evidence)
        exchange: ApiExchange | None = self._disguise.exchange(difference.exchange)
        before = tuple(self._disguise.exchange(each) for each in difference.before)
        if seen >= EVIDENCE:
            exchange, before = None, ()
        own = difference.exchange
        self.results.record_broken(
            difference.promise,
            Evidence(
                self._disguise.text(difference.what, own),
                self._disguise.text(difference.expected, own),
                self._disguise.text(difference.got, own),
                exchange,
                before=before,
                by=difference.by,
                value=difference.value,
            ),
        )

    def doubtful(self, difference: Difference, *, repeated: int = _REPEATED) -> None:
        """Record a difference that somebody else who uses the account could have brought about."""
        if self._is_sole_client:
            self.broken(difference)
            return
        key = (difference.promise, difference.kind or difference.what)
        doubt = self._doubts.find(key) or self._doubts.keep(key, _Doubt(self._bounded(difference)))
        if doubt.last == difference.exchange.at:
            return  # of many contacts on one page: one thing that somebody else did brings about them all
        doubt.last = difference.exchange.at
        doubt.times += 1
        if doubt.times == repeated:
            for _ in range(doubt.times):
                self.broken(doubt.difference)
        elif doubt.times > repeated:
            self.broken(difference)

    def dispel(self, promise: PromiseId) -> None:
        """Forget the doubts about a promise: others are known to use the account at this time."""
        for key in [key for key in self._doubts if key[0] == promise]:
            del self._doubts[key]

    def finding(self, what: str, expected: str, exchange: ApiExchange) -> None:
        """Record something that is wrong with a client's request."""
        key = (what, expected)
        known = self._findings.get(key)
        if known is not None:
            self._findings[key] = replace(known, times=known.times + 1)
        elif len(self._findings) < FINDINGS:
            self._findings[key] = Remark(what, expected, 1, self._disguise.exchange(exchange))
        else:
            self.untold += 1

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not told one by one, in sentences."""
        if not self.untold:
            return ()
        return (f"{self.untold} more mistakes of clients are not told: {FINDINGS} kinds are.",)

    @property
    def findings(self) -> tuple[Remark, ...]:
        """The findings about clients, each kind once."""
        return tuple(self._findings.values())

    @property
    def doubts(self) -> tuple[Remark, ...]:
        """What was seen otherwise, but not often enough to be sure."""
        return tuple(self._told())

    def _told(self) -> Iterable[Remark]:
        for (promise, _), doubt in self._doubts.items():
            if doubt.times < _REPEATED:
                one = doubt.difference
                what = (
                    f"`{promise}`: {self._disguise.text(one.what, one.exchange)} Seen: {one.got}."
                )
                yield Remark(what, one.expected, doubt.times, one.exchange)

    def _bounded(self, difference: Difference) -> Difference:
        own = difference.exchange
        return replace(
            difference,
            what=self._disguise.text(difference.what, own),
            expected=self._disguise.text(difference.expected, own),
            got=self._disguise.text(difference.got, own),
            exchange=self._disguise.exchange(own),
            before=tuple(map(self._disguise.exchange, difference.before)),
        )
