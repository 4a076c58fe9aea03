"""Judges traffic as it passes: exchange by exchange at once, and what several show once their order is known."""

from __future__ import annotations

import traceback
from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from qlara_contract.client import SCENARIO_HEADER
from qlara_contract.conventions import NO_OVERLAY, KnownConventions, ReadOverlay, read_overlay
from qlara_contract.report.counting import counted
from qlara_contract.results import Results
from qlara_contract.untrusted import visible
from qlara_proxy.judging import limits
from qlara_proxy.judging.clients import findings
from qlara_proxy.judging.disguise import Disguise
from qlara_proxy.judging.exchanges import api_exchange, form_of, is_evidence, unread_coding
from qlara_proxy.judging.histories import Histories
from qlara_proxy.judging.ledger import TrafficLedger
from qlara_proxy.judging.order import Sequencer
from qlara_proxy.judging.outcome import WITH_DATA, WORDING, TrafficOutcome, TrafficSettings
from qlara_proxy.judging.seen import observed, unknown
from qlara_proxy.judging.single import SingleChecks
from qlara_proxy.judging.visibility import unseen
from qlara_proxy.traffic import headers_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from qlara_proxy.judging.seen import Seen
    from qlara_proxy.traffic import PassedExchange

_MOST_KEYS = 1_000
_KEPT_KEY = 4  # characters: a shorter one is masked nowhere, since it may be part of a word


@dataclass
class _Counts:
    exchanges: int = 0
    without_evidence: int = 0
    first: float = 0.0
    last: float = 0.0
    scenario: str = ""
    unread: Counter[str] = field(default_factory=Counter)  # by content coding


class TrafficJudge:
    """A watcher that says which promises the traffic keeps.

    *overlay* is the file that `verify --overlay` takes. *is_sole_client*: nobody else uses the accounts,
    so that whatever changes in them is of this traffic. *keeps_data*: evidence shows names, numbers and
    addresses as they passed. Raise ``CannotRun`` if the overlay cannot be read.
    """

    def __init__(
        self,
        base_url: str,
        overlay: Path | ReadOverlay | None = None,
        *,
        is_sole_client: bool = False,
        keeps_data: bool = False,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._overlay = overlay if isinstance(overlay, ReadOverlay) else _read(overlay)
        self._keeps_data = keeps_data
        self._lock = Lock()
        self._keys: dict[str, None] = {}
        self._counts = _Counts()
        self._disguise = Disguise(keeps_data=keeps_data)
        self._ledger = TrafficLedger(self._disguise, is_sole_client=is_sole_client)
        self._single = SingleChecks(self._ledger, self._overlay.conventions)
        self._histories = Histories(self._ledger, self._overlay.conventions)
        self._order = Sequencer(limits.WAITING, self._take, self._histories.lose_track)

    def passed(self, exchange: PassedExchange) -> None:
        """Judge an exchange that is over."""
        with self._lock:
            self._passed(exchange)

    def finish(self) -> None:
        """Judge what still waits for earlier exchanges: no more traffic comes."""
        with self._lock:
            self._order.finish()

    def broken(self) -> dict[str, int]:
        """Return how often each promise was seen broken; those that never were are not in it."""
        with self._lock:
            results = self._ledger.results.by_id.values()
            return {
                each.promise.id: each.broken
                for each in results
                if each.broken and not each.promise.is_assumed
            }

    def outcome(self) -> TrafficOutcome:
        """Return what the traffic has shown so far; any thread may ask."""
        with self._lock:
            return self._outcome()

    def _passed(self, exchange: PassedExchange) -> None:
        counts = self._counts
        counts.exchanges += 1
        counts.first = min(counts.first or exchange.began, exchange.began)
        counts.last = max(counts.last, exchange.began + exchange.seconds)
        if coding := unread_coding(exchange):
            counts.unread[coding] += 1
        else:
            counts.without_evidence += not is_evidence(exchange)
        if len(exchange.key) >= _KEPT_KEY and len(self._keys) < _MOST_KEYS:
            self._keys.setdefault(exchange.key)
        if exchange.response is not None and not counts.scenario:
            named = headers_named(exchange.response.headers, SCENARIO_HEADER)
            counts.scenario = next(iter(named), "")
        try:
            seen = self._judged(exchange)
        except Exception:  # noqa: BLE001 - what cannot be judged must not end the watching
            self._ledger.failed(traceback.format_exc(limit=-4))
            seen = unknown(exchange)
        self._order.add(exchange.number, seen)

    def _judged(self, exchange: PassedExchange) -> Seen:
        """Judge what one exchange shows by itself, and return what is remembered of it."""
        form = form_of(exchange.request)
        api = api_exchange(self._base_url, exchange, form)
        if api is not None:
            for what, expected in findings(exchange, form, self._disguise):
                self._ledger.finding(what, expected, api)
        seen = observed(exchange, api, form, self._overlay.conventions)
        if api is not None:
            self._single.judge(seen, api)
        return seen

    def _take(self, seen: Seen, over: Sequence[Seen]) -> None:
        try:
            self._histories.take(seen, over)
        except Exception:  # noqa: BLE001 - as above
            self._ledger.failed(traceback.format_exc(limit=-4))

    def _outcome(self) -> TrafficOutcome:
        counts, overlay = self._counts, self._overlay
        results = _copied(self._ledger.results)
        for each in results.by_id:
            results.record_not_exercised(each, unseen(each))
        return TrafficOutcome(
            settings=TrafficSettings(self._base_url, "", keys=tuple(self._keys)),
            results=results,
            started=datetime.fromtimestamp(counts.first, UTC)
            if counts.first
            else datetime.now(UTC),
            seconds=max(0.0, counts.last - counts.first),
            requests=counts.exchanges,
            conventions=KnownConventions(overlay.conventions, {}, overlay.otherwise),
            sandbox_scenario=counts.scenario,
            failures=list(self._ledger.failures),
            clients=self._ledger.findings,
            doubts=self._ledger.doubts,
            accounts=self._histories.accounts,
            wording=WITH_DATA if self._keeps_data else WORDING,
            without_evidence=counts.without_evidence,
            notes=[*_unread(counts.unread), *self._histories.overlooked, *self._ledger.notes],
        )


def _unread(codings: Counter[str]) -> Iterator[str]:
    for coding, count in codings.items():
        responses = f"{counted(count, 'response')} {'is' if count == 1 else 'are'}"
        yield (
            f"{responses} not judged: compressed as {visible(coding)}, which is not read here. A client that "
            "sends `Accept-Encoding: gzip` gets what is."
        )


def _read(overlay: Path | None) -> ReadOverlay:
    return NO_OVERLAY if overlay is None else read_overlay(overlay)


def _copied(results: Results) -> Results:
    copied = Results()
    for name, result in results.by_id.items():
        one = copy(result)
        one.evidence, one.reasons = list(result.evidence), list(result.reasons)
        copied.by_id[name] = one
    return copied
