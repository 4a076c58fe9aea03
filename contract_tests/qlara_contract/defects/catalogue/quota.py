"""Defects of the quota: what moves it, and what it says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, accepted, remembering
from qlara_contract.defects.imports import strategy_of
from qlara_contract.promises import QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward
    from qlara_contract.defects.messages import Answer, Request


def _never_moves() -> Behaviour:
    first: dict[tuple[str, str], Body] = {}

    async def behave(request: Request, forward: Forward) -> Answer:
        answer = await forward(request)
        if request.operation != QUOTA or answer.status != 200:
            return answer
        return answer.with_json(first.setdefault(request.account, answer.json))

    return behave


def _charging(surcharge: Callable[[Body, str], int]) -> Callable[[], Behaviour]:
    """Let each import move ``used`` by so much more, given its summary and strategy."""

    def begin() -> Behaviour:
        more: dict[tuple[str, str], int] = defaultdict(int)

        async def behave(request: Request, forward: Forward) -> Answer:
            answer = await forward(request)
            body, form = answer.json, request.form
            if answer.status != 200:
                return answer
            if request.operation == UPLOAD and form is not None:
                more[request.account] += surcharge(body["summary"], strategy_of(form))
            if request.operation != QUOTA:
                return answer
            return answer.with_json(body | {"used": body["used"] + more[request.account]})

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
        "`used` stays what it was at first.",
        ("quota.moves-by-what-was-created",),
        remembering(_never_moves),
    ),
    Defect(
        "quota-moves-by-cards",
        _G,
        "`used` grows by the number of cards, whatever became of them.",
        ("quota.duplicates-cost-nothing", "quota.errors-cost-nothing"),
        _charging(_left_out),
    ),
    Defect(
        "skipped-duplicates-cost",
        _G,
        "A skipped duplicate moves `used`.",
        ("quota.duplicates-cost-nothing",),
        _charging(lambda counts, strategy: counts["duplicates"] if strategy == "SKIP" else 0),
    ),
    Defect(
        "updates-cost",
        _G,
        "An updated contact moves `used` as if it were another.",
        ("quota.duplicates-cost-nothing",),
        _charging(_updated),
    ),
    Defect(
        "errors-cost",
        _G,
        "A card at fault moves `used`.",
        ("quota.errors-cost-nothing",),
        _charging(lambda counts, _: counts["errors"]),
    ),
    Defect(
        "copies-cost-nothing",
        _G,
        "A copy does not move `used`.",
        ("quota.moves-by-what-was-created",),
        _charging(lambda counts, strategy: -counts["duplicates"] if strategy == "DUPLICATE" else 0),
    ),
    Defect(
        "total-missing",
        Group.ANSWERS,
        "The quota has no `total`.",
        ("quota.shape",),
        accepted(QUOTA, lambda body: {"used": body["used"]}),
    ),
    Defect(
        "quota-as-text",
        Group.ANSWERS,
        "`used` and `total` are text.",
        ("quota.shape",),
        accepted(QUOTA, lambda body: {name: str(value) for name, value in body.items()}),
    ),
    Defect(
        "quota-as-in-the-api-reference",
        Group.ANSWERS,
        "The quota is `planLimit, extraLimit, totalLimit, used, remaining`, as the API reference says.",
        ("quota.shape",),
        accepted(QUOTA, _elsewhere),
    ),
    Defect(
        "total-is-what-is-left",
        _G,
        "`total` is what is left, and so shrinks with each import.",
        ("quota.total-stays",),
        accepted(QUOTA, lambda body: body | {"total": body["total"] - body["used"]}),
    ),
    Defect(
        "more-used-than-allowed",
        _G,
        "`used` is above `total`.",
        ("quota.used-within-total",),
        accepted(QUOTA, lambda body: body | {"used": body["total"] + 1}),
    ),
)
