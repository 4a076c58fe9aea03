"""Generated requests: they ask for the run's own list, and what nobody looked at says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_contract.engine import check_deployment
from qlara_contract.promises import LIST
from qlara_contract.results import PromiseState
from qlara_contract.settings import RunSettings
from tests.foreign.serving import KEY, running

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange
    from qlara_contract.promise_ids import PromiseId

_ACCEPTED: PromiseId = "answers.valid-requests-accepted"


@pytest.mark.parametrize("ids", ["percent", "query", "long"])
def test_a_list_is_asked_for_whatever_its_id(ids: str) -> None:
    record: list[tuple[str, ApiExchange]] = []
    with running([f"list-id-{ids}"]) as url:
        outcome = check_deployment(RunSettings(url, KEY, only=(_ACCEPTED,)), record=record)
    assert [each.promise.id for each in outcome.in_state(PromiseState.KEPT)] == [_ACCEPTED]
    statuses = [
        exchange.response.status
        for story, exchange in record
        if story == "generated requests: examples" and exchange.operation == LIST
    ]
    assert statuses.count(200) == 2
    assert outcome.otherwise == {}


def test_a_request_too_many_is_neither_accepted_nor_refused() -> None:
    with running(["rate-limit-nothing"]) as url:
        outcome = check_deployment(RunSettings(url, KEY, only=(_ACCEPTED,)))
    assert [each.promise.id for each in outcome.in_state(PromiseState.KEPT)] == [_ACCEPTED]


class _SlowTime:
    """A clock on which each look takes 40 seconds, as on a machine that is busy with other things."""

    def __init__(self) -> None:
        self._now = 0.0

    def perf_counter(self) -> float:
        self._now += 40
        return self._now


def test_a_slow_machine_sends_what_a_fast_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(url: str) -> list[tuple[str, str, str]]:
        record: list[tuple[str, ApiExchange]] = []
        check_deployment(RunSettings(url, KEY, only=(_ACCEPTED,)), record=record)
        return [
            (story, exchange.request.method, exchange.operation)
            for story, exchange in record
            if story.startswith("generated requests")
        ]

    with running([]) as url:
        fast = sent(url)
    monkeypatch.setattr("hypothesis.internal.conjecture.data.time", _SlowTime())
    with running([]) as url:
        assert sent(url) == fast
