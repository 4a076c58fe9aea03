"""Defects of the quota: what moves it, and what it says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_ok, stateful
from qlara_contract.defects.imports import strategy_of
from qlara_contract.promises import QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward
    from qlara_contract.defects.messages import ServedRequest, ServedResponse


def _never_moves() -> Behaviour:
    first: dict[tuple[str, str], Body] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if request.operation != QUOTA or response.status != 200:
            return response
        return response.with_json(first.setdefault(request.account, response.json))

    return behave


def _charging(surcharge: Callable[[Body, str], int]) -> Callable[[], Behaviour]:
    """Let each import move ``used`` by so much more, given its summary and strategy."""

    def begin() -> Behaviour:
        more: dict[tuple[str, str], int] = defaultdict(int)

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            response = await forward(request)
            body, form = response.json, request.form
            if response.status != 200:
                return response
            if request.operation == UPLOAD and form is not None:
                more[request.account] += surcharge(body["summary"], strategy_of(form))
            if request.operation != QUOTA:
                return response
            return response.with_json(body | {"used": body["used"] + more[request.account]})

        return behave

    return begin


def _left_out(counts: Body, strategy: str) -> int:
    return int(counts["skipped"]) + (_updated(counts, strategy))


def _updated(counts: Body, strategy: str) -> int:
    return int(counts["duplicates"]) if strategy == "UPDATE" else 0


def _elsewhere(body: Body) -> Body:
    used, total = body["used"], body["total"]
    return {
        "planLimit": total,
        "extraLimit": 0,
        "totalLimit": total,
        "used": used,
        "remaining": total - used,
    }


_G = Group.QUOTA

DEFECTS = (
    Defect(
        "quota-never-moves",
        _G,
        "`used` never changes.",
        ("quota.moves-by-what-was-created",),
        stateful(_never_moves),
    ),
    Defect(
        "quota-moves-by-cards",
        _G,
        "`used` grows by the number of cards, imported or not.",
        ("quota.duplicates-cost-nothing", "quota.errors-cost-nothing"),
        _charging(_left_out),
    ),
    Defect(
        "skipped-duplicates-cost",
        _G,
        "A skipped duplicate counts toward `used`.",
        ("quota.duplicates-cost-nothing",),
        _charging(lambda counts, strategy: counts["duplicates"] if strategy == "SKIP" else 0),
    ),
    Defect(
        "updates-cost",
        _G,
        "An updated contact counts toward `used` again.",
        ("quota.updates-cost-nothing",),
        _charging(_updated),
    ),
    Defect(
        "errors-cost",
        _G,
        "A faulty card counts toward `used`.",
        ("quota.errors-cost-nothing",),
        _charging(lambda counts, _: counts["errors"]),
    ),
    Defect(
        "copies-cost-nothing",
        _G,
        "A copy does not count toward `used`.",
        ("quota.moves-by-what-was-created",),
        _charging(lambda counts, strategy: -counts["duplicates"] if strategy == "DUPLICATE" else 0),
    ),
    Defect(
        "total-missing",
        Group.RESPONSES,
        "The quota has no `total`.",
        ("quota.shape",),
        on_ok(QUOTA, lambda body: {"used": body["used"]}),
    ),
    Defect(
        "quota-as-text",
        Group.RESPONSES,
        "`used` and `total` are strings.",
        ("quota.shape",),
        on_ok(QUOTA, lambda body: {name: str(value) for name, value in body.items()}),
    ),
    Defect(
        "quota-as-in-the-api-reference",
        Group.RESPONSES,
        "The quota is `planLimit, extraLimit, totalLimit, used, remaining`, as the API reference says.",
        ("quota.shape",),
        on_ok(QUOTA, _elsewhere),
    ),
    Defect(
        "total-is-what-is-left",
        _G,
        "`total` is the remaining quota, so it shrinks with each import.",
        ("quota.total-stays",),
        on_ok(QUOTA, lambda body: body | {"total": body["total"] - body["used"]}),
    ),
    Defect(
        "more-used-than-allowed",
        _G,
        "`used` is above `total`.",
        ("quota.used-within-total",),
        on_ok(QUOTA, lambda body: body | {"used": body["total"] + 1}),
    ),
)
