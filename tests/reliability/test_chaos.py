"""Overlapping imports into a real sandbox are explained, and what is wrong with a round is said."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from reliability import chaos
from reliability.chaos import Round, judge, play
from reliability.history import Event, Kind

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.server import Running

CONTACT = {"contactId": "cnt_001", "createdAt": "2026-04-09T11:00:10+02:00"}
STATE: dict[str, Any] = {"contacts": [], "lists": [], "ids": {}, "nextNumber": 1}


def test_overlapping_imports_into_a_real_sandbox_are_explained(server: Running) -> None:
    rounds = play(server.port, seed=1, number=0)

    events = Counter(event.kind for one in rounds for event in one.events)
    assert [judge(one) for one in rounds] == [[]] * chaos.WORLDS
    assert events[Kind.IMPORT] > chaos.WORLDS * chaos.CLIENTS


def test_a_5xx_is_found() -> None:
    failed = Event(Kind.IMPORT, 0, 1, 503)

    assert judge(Round("sandbox_a", STATE, [failed], STATE)) == ["a 503 from sandbox_a"]


def test_an_id_that_is_given_twice_is_found() -> None:
    last = {**STATE, "contacts": [CONTACT, CONTACT]}

    assert judge(Round("sandbox_a", STATE, [], last)) == ["an id is given twice in sandbox_a"]


def test_a_round_that_nothing_explains_is_kept(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaos, "FOUND", tmp_path)
    one = play(server.port, seed=2, number=1)[0]
    lost = one._replace(last={**one.last, "nextNumber": one.last["nextNumber"] + 1})

    [said] = judge(lost)

    path = tmp_path / f"{one.key}.pickle"
    assert said == f"no serial order explains what the clients of {one.key} saw ({path})"
    assert path.exists()
