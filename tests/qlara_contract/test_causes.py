"""Causes: what one reading, one response or one failing request explains is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.causes import causes
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.results import Evidence, Results
from tests.qlara_contract.deployments import answered, page, report

if TYPE_CHECKING:
    from qlara_contract.promise_ids import PromiseId


def _causes(results: Results) -> list[list[str]]:
    broken = [each for each in results.by_id.values() if each.broken]
    return [[result.promise.id for result, _ in each.results] for each in causes(broken)]


def test_promises_that_one_response_breaks_have_one_cause_the_worst_first() -> None:
    results, exchange = Results(), answered(LIST, page())
    results.record_broken("list.has-more", Evidence("A.", "1", "2", exchange))
    results.record_broken("list.total", Evidence("B.", "1", "2", exchange))
    results.record_broken("quota.shape", Evidence("C.", "1", "2", answered(QUOTA, {})))
    assert _causes(results) == [["list.total", "list.has-more"], ["quota.shape"]]


def test_an_import_that_led_to_a_wrong_list_is_its_cause() -> None:
    results, imported, listed = Results(), answered(UPLOAD, report()), answered(LIST, page())
    results.record_broken("upload.report-shape", Evidence("A.", "1", "2", imported))
    results.record_broken("list.total", Evidence("B.", "1", "2", listed, before=(imported,)))
    assert _causes(results) == [["list.total", "upload.report-shape"]]


def test_a_get_that_fails_everywhere_is_one_cause_and_an_import_is_not() -> None:
    results = Results()
    unreadable: tuple[PromiseId, ...] = ("quota.shape", "quota.total-stays")
    refused: tuple[PromiseId, ...] = ("upload.report-shape", "upload.summary-total")
    for promise in unreadable:
        results.record_broken(promise, Evidence("Unreadable.", "a", "b", answered(QUOTA, {})))
    for promise in refused:
        results.record_broken(promise, Evidence("Refused.", "a", "b", answered(UPLOAD, report())))
    assert sorted(len(each) for each in _causes(results)) == [1, 1, 2]


def test_reports_that_lie_in_one_way_are_one_cause_that_says_so() -> None:
    results = Results()
    lies = [report(summary={"imported": 0}), report(summary={"total": 9, "imported": 0})]
    promises: tuple[PromiseId, ...] = ("upload.summary-adds-up", "upload.summary-imported")
    for promise, body in zip(promises, lies, strict=True):
        results.record_broken(promise, Evidence(promise, "a", "b", answered(UPLOAD, body)))
    too_many = answered(UPLOAD, report(summary={"imported": 7}))
    results.record_broken("upload.summary-total", Evidence("C.", "a", "b", too_many))
    found = causes(each for each in results.by_id.values() if each.broken)
    said = {frozenset(one.promise.id for one, _ in each.results): each.says for each in found}
    assert said == {
        frozenset(promises): (
            "Reports say `imported: 0` although `skipped` leaves cards that were carried out: nobody can "
            "tell from a report what became of a file."
        ),
        frozenset({"upload.summary-total"}): "",
    }
