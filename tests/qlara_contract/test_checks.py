"""Checks of every response: each wrong response breaks the promise that names its fault."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from qlara_contract.checks import Paging, check, ids
from qlara_contract.promises import BY_ID, LIST, QUOTA, UPLOAD
from qlara_contract.spec_variants import SpecVariant
from tests.qlara_contract.deployments import SECRET, answered, page, report

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange

FAIL = {"status": "fail", "data": {"limit": "Expected an integer from 1 to 1000."}}
OTHER_FAIL = {"status": 404, "error": "Not Found", "message": "No such list."}
LIMITED = {"status": 429, "error": "Too Many Requests", "message": "Wait.", "retryAfter": 12}
NEW_QUOTA = {"planLimit": 9, "extraLimit": 0, "totalLimit": 9, "used": 1, "remaining": 8}
TEXT = (("content-type", "text/plain"),)
CONTACT = page()["contacts"][0]
WAITING = (("content-type", "application/json"), ("retry-after", "soon"))


def _encoded(body: bytes, **more: Any) -> ApiExchange:
    exchange = answered(QUOTA, {})
    return replace(exchange, response=replace(exchange.response, body=body, **more))


def _broken(exchange: ApiExchange) -> list[str]:
    return [each.promise for each in check(exchange, Paging(obeyed=1000)) if each.broken]


@pytest.mark.parametrize(
    ("exchange", "promise"),
    [
        (answered(QUOTA, {}, status=500), "answers.never-a-server-error"),
        (answered(QUOTA, FAIL, status=422), "answers.documented-status"),
        (answered(QUOTA, {"used": 1, "total": 2}, headers=TEXT), "answers.json"),
        (_encoded('{"used": 1, "total": 2}'.encode("utf-8-sig")), "answers.json"),
        (_encoded('{"used": 1, "total": 2}'.encode("utf-16-le")), "answers.json"),
        (_encoded(b'{"used": 1, "tot', is_incomplete=True), "answers.json"),
        (
            answered(
                QUOTA,
                {"used": 1, "total": 2},
                headers=(("content-type", "application/json"), ("x-debug", SECRET)),
            ),
            "access.key-not-shown",
        ),
        (answered(QUOTA, {"used": "1", "total": 2}), "quota.shape"),
        (answered(QUOTA, {"used": 3, "total": 2}), "quota.used-within-total"),
        (answered(QUOTA, {"used": 1, "total": 2}, status=201, headers=TEXT), "answers.json"),
        (answered(LIST, {"error": "no"}, status=404), "answers.refusal-shape"),
        (answered(LIST, {"status": "fail", "data": []}, status=400), "answers.refusal-shape"),
        (answered(UPLOAD, report(completedAt="yesterday")), "upload.report-shape"),
        (answered(UPLOAD, report(completedAt="2026-04-09T11:00:15")), "upload.report-shape"),
        (answered(UPLOAD, report(status=3)), "upload.report-shape"),
        (answered(UPLOAD, report(status="PROCESSING")), "upload.completed-at-once"),
        (answered(UPLOAD, report(), status=202), "upload.completed-at-once"),
        (answered(UPLOAD, report(summary={"imported": 0})), "upload.summary-adds-up"),
        (answered(UPLOAD, report(summary={"duplicates": 1})), "upload.summary-skipped"),
        (answered(UPLOAD, report(summary={"errors": 1})), "upload.errors-listed"),
        (answered(UPLOAD, report(summary={"errors": 1})), "upload.errors-shown"),
        (answered(UPLOAD, report(listId="list_b")), "upload.report-names-the-list"),
        (answered(LIST, page(total="1")), "list.page-shape"),
        (answered(LIST, page(contacts=[CONTACT | {"email": 7}])), "list.page-shape"),
        (answered(LIST, page(contacts=[CONTACT | {"phoneNumber": "347"}])), "list.page-shape"),
        (answered(LIST, page(listId="list_b")), "list.names-itself"),
        (answered(LIST, page(page=2), query=(("page", "1"),)), "list.page-echoed"),
        (answered(LIST, page(total=7), query=(("limit", "5"),)), "list.limit-obeyed"),
        (answered(LIST, page(contacts=[]), query=(("limit", "2000"),)), "list.limit-obeyed"),
        (answered(LIST, page(totalPages=2), query=(("limit", "5"),)), "list.total-pages"),
        (answered(LIST, page(hasMore=True), query=(("limit", "5"),)), "list.has-more"),
        (answered(LIST, page(contacts=[CONTACT] * 2)), "list.contact-ids-unique"),
        (answered(QUOTA, FAIL, status=429), "rate-limit.answer"),
        (answered(QUOTA, LIMITED, status=429), "rate-limit.retry-after"),
        (answered(QUOTA, LIMITED, status=429, headers=WAITING), "rate-limit.retry-after"),
    ],
)
def test_a_wrong_response_breaks_the_promise_that_names_its_fault(
    exchange: ApiExchange, promise: str
) -> None:
    assert promise in _broken(exchange)


@pytest.mark.parametrize(
    "exchange",
    [
        answered(UPLOAD, report(errors=None)),
        answered(UPLOAD, {key: value for key, value in report().items() if key != "errors"}),
        answered(UPLOAD, report(listId="list_default"), fields=(("listId", ""),)),
        answered(LIST, page(contacts=[CONTACT | {"name": None}])),
        _encoded(b'{"used": 1.0, "total": 2.0}'),
    ],
    ids=[
        "errors-null",
        "errors-absent",
        "no-list-asked-for",
        "name-null",
        "whole-numbers-as-floats",
    ],
)
def test_what_is_written_otherwise_breaks_nothing(exchange: ApiExchange) -> None:
    assert _broken(exchange) == []


def test_errors_that_are_counted_have_to_be_listed() -> None:
    counted = report(summary={"imported": 0, "errors": 1, "skipped": 1}, errors=None)
    assert "upload.report-shape" in _broken(answered(UPLOAD, counted))


@pytest.mark.parametrize(
    ("strategy", "summary"),
    [
        ("SKIP", {"total": 3, "imported": 1, "duplicates": 2, "skipped": 2}),
        ("UPDATE", {"total": 3, "imported": 3, "duplicates": 2, "skipped": 0}),
        ("DUPLICATE", {"total": 3, "imported": 3, "duplicates": 2, "skipped": 0}),
    ],
)
def test_the_arithmetic_follows_the_strategy(strategy: str, summary: dict[str, int]) -> None:
    fields = (("listId", "list_a"), ("duplicateStrategy", strategy))
    assert _broken(answered(UPLOAD, report(summary=summary), fields=fields)) == []


@pytest.mark.parametrize("query", [("limit", "0"), ("limit", "9" * 5000), ("page", "0")])
def test_a_page_that_should_have_been_refused_is_not_judged_by_its_numbers(
    query: tuple[str, str],
) -> None:
    assert _broken(answered(LIST, page(), query=(query,))) == []


def test_a_right_429_and_further_fields_of_a_quota_are_no_drift() -> None:
    headers = (("content-type", "application/json; charset=utf-8"), ("retry-after", "12"))
    assert _broken(answered(QUOTA, LIMITED, status=429, headers=headers)) == []
    assert _broken(answered(QUOTA, {"used": 1, "total": 2, "remaining": 1})) == []


@pytest.mark.parametrize(
    ("exchange", "promise", "variant"),
    [
        (answered(QUOTA, NEW_QUOTA), "quota.shape", SpecVariant.QUOTA_FIELDS),
        (answered(UPLOAD, report(listId=87)), "upload.report-shape", SpecVariant.INTEGER_LIST_IDS),
        (answered(LIST, OTHER_FAIL, status=404), "answers.refusal-shape", SpecVariant.ERROR_BODY),
    ],
)
def test_the_spec_variant_is_named(
    exchange: ApiExchange, promise: str, variant: SpecVariant
) -> None:
    variants = {
        str(each.promise): each.variant
        for each in check(exchange, Paging(obeyed=1000))
        if each.broken
    }
    assert variants[promise] is variant


@pytest.mark.parametrize(
    "exchange",
    [
        answered(LIST, page(contacts=[CONTACT | {"email": None}])),
        answered(LIST, page(contacts=[CONTACT | {"email": ""}])),
        answered(LIST, page(page=0)),
        answered(LIST, page(totalPages=2)),
        answered(QUOTA, {"used": 1, "total": 2}, status=201),
        answered(UPLOAD, report(), status=201),
        answered(QUOTA, {}, status=503, headers=TEXT),
        answered(QUOTA, {}, status=500, headers=(*TEXT, ("retry-after", "1"))),
        answered(LIST, page(contacts=[CONTACT] * 2, total=9), query=(("limit", "5000"),)),
    ],
)
def test_what_uc_020_leaves_open_breaks_nothing_documented(exchange: ApiExchange) -> None:
    broken = [each for each in _broken(exchange) if not BY_ID[each].is_assumed]
    assert [each for each in broken if each != "list.contact-ids-unique"] == []


def test_a_response_that_shows_the_key_is_found() -> None:
    exchange = answered(QUOTA, {"used": 1, "total": 2, "apiKey": "a-key-of-somebody"})
    assert _broken(replace(exchange, key="a-key-of-somebody")) == ["access.key-not-shown"]


def test_an_id_stands_for_one_thing() -> None:
    shown = list(ids(answered(LIST, page())))
    assert shown == [
        ("list.contact-ids-unique", f"contact {CONTACT['contactId']}", CONTACT["phoneNumber"])
    ]
