"""What is remembered stays within its bounds, and what was forgotten is told."""

from __future__ import annotations

from qlara_proxy.judging import limits
from qlara_proxy.judging.limits import Kept
from tests.qlara_proxy.judging.traffic import Traffic, contact, person, report


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    kept: Kept[str, int] = Kept(2)

    for name in ("a", "b"):
        kept.keep(name, 1)
    kept.find("a")
    kept.keep("c", 1)

    assert (list(kept), kept.evicted) == (["a", "c"], 1)


def test_more_accounts_than_are_remembered_are_told() -> None:
    traffic = Traffic()

    for at in range(limits.ACCOUNTS + 3):
        traffic.quota(5, key=f"key-number-{at:04}")
    traffic.finish()

    outcome = traffic.judge.outcome()
    assert outcome.accounts == limits.ACCOUNTS + 3
    assert outcome.notes == ["3 accounts were forgotten for newer ones."]
    assert traffic.broken == []


def test_of_more_cards_than_are_remembered_only_their_number_is_held_against_the_report() -> None:
    count = limits.CARDS + 1
    traffic = Traffic()

    traffic.upload(person("+393471234567") * count, report(total=count, imported=count))

    assert traffic.broken == []
    assert traffic.kept("upload.summary-total") == 1


def test_more_cards_than_are_remembered_must_not_be_lost() -> None:
    traffic = Traffic()

    traffic.upload(person("+393471234567") * (limits.CARDS + 1), report(total=7, imported=7))

    assert traffic.broken == ["upload.imports-a-file", "upload.summary-total"]


def test_evidence_is_bounded_however_often_a_promise_is_broken() -> None:
    traffic = Traffic()

    for at in range(3 * limits.EVIDENCE):
        traffic.page([contact("+393471234567")], query="limit=10", size=10, total=at + 2)

    evidence = traffic.evidence("list.limit-obeyed")
    assert traffic.judge.outcome().results.by_id["list.limit-obeyed"].broken > limits.EVIDENCE
    assert sum(each.exchange is not None for each in evidence) <= limits.EVIDENCE


def test_an_exchange_that_never_ends_does_not_hold_up_the_others_for_good() -> None:
    traffic = Traffic()
    traffic.number = 1  # the first never ends

    for _ in range(limits.WAITING + 2):
        traffic.quota(5)

    assert "The order of exchanges was lost" in traffic.judge.outcome().notes[0]
