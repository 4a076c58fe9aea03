"""Pauses between attempts are judged by several runs: a busy machine makes them longer, and chance makes them short."""

from __future__ import annotations

import re
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from qlara_rehearsal.checks.repeating import waits
from qlara_rehearsal.exchanges import QUOTA, ActExchange


def exchange(number: int, started: float, status: int) -> ActExchange:
    return ActExchange(
        number=number,
        started=started,
        ended=started + 0.01,
        operation=QUOTA,
        method="GET",
        path="/quota",
        query="",
        headers={},
        form=None,
        file_name="",
        file_head="",
        file_bytes=0,
        body_bytes=0,
        status=status,
        response_headers={},
        response="",
        faults=("respond",) if status == 503 else (),
        form_names=(),
        has_key=True,
    )


def evidence(*runs: tuple[float, float]) -> Any:
    """Return the evidence of runs, each with the pauses that were made in it after two failures."""
    played = deque(SimpleNamespace(exchanges=exchanges(pauses)) for pauses in runs)
    first = played.popleft()
    first.again = lambda: played.popleft() if played else None
    return first


def exchanges(pauses: tuple[float, float]) -> tuple[ActExchange, ...]:
    found, at = [], 0.0
    for number, (status, pause) in enumerate([(503, pauses[0]), (503, pauses[1]), (200, 0.0)], 1):
        found.append(exchange(number, at, status))
        at += 0.01 + pause
    return tuple(found)


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param([(0.01, 0.01), (0.02, 0.01)], id="at once"),
        pytest.param([(0.25, 0.1), (0.01, 0.02), (0.03, 0.02)], id="a busy machine at first"),
        pytest.param([(0.01, 0.02), (0.1, 0.3), (0.03, 0.02)], id="a busy machine later"),
    ],
)
def test_no_pauses_in_two_runs_are_none(runs: list[tuple[float, float]]) -> None:
    [finding] = waits(evidence(*runs), "longer")

    assert re.fullmatch(
        r"It was sent again at once: after 0\.01 and 0\.0[12] seconds\.", finding.what
    )
    assert [one.status for one in finding.exchanges] == [503, 503, 200]


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param([(0.5, 1.0)], id="longer each time"),
        pytest.param([(0.01, 0.7), (0.01, 0.9)], id="the first is hardly one"),
        pytest.param([(0.05, 0.1), (0.3, 0.9), (0.2, 0.5)], id="short ones by chance"),
        pytest.param([(0.2, 0.3), (0.05, 0.1), (0.2, 0.5)], id="short ones by chance later"),
        pytest.param([(0.01, 0.01)], id="by hand, once"),
    ],
)
def test_pauses_that_are_short_in_one_run_at_most_are_pauses(
    runs: list[tuple[float, float]],
) -> None:
    assert [*waits(evidence(*runs), "longer")] == []
