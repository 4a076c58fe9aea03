"""For each promise it is known what traffic shows it."""

from __future__ import annotations

from qlara_contract.promises import BY_ID, PROMISES
from qlara_proxy.judging.visibility import NEVER, Sight, as_markdown, shown_by, sight, unseen


def test_each_promise_says_what_shows_it() -> None:
    assert [each.id for each in PROMISES if not shown_by(each.id)] == []
    assert [each for each in NEVER if each not in BY_ID] == []


def test_a_promise_that_no_traffic_shows_says_why() -> None:
    never = [each.id for each in PROMISES if sight(each.id) is Sight.NEVER]

    assert set(never) == set(NEVER)
    assert all("for sure" in unseen(each) for each in NEVER)


def test_the_table_has_a_row_for_each_promise() -> None:
    rows = [line for line in as_markdown().splitlines() if line.startswith("| `")]

    assert len(rows) == len(PROMISES)
