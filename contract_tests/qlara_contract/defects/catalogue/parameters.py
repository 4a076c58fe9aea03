"""Defects of `limit` and `page`: how they are read, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_request
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import LIST

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Forward

_DEFAULT_LIMIT = 10
_MOST = 1000


def _query(change: Callable[[ServedRequest], ServedRequest]) -> Callable[[], Behaviour]:
    """Change the query of each request for a page."""
    return on_request(LIST, change)


def _limited(change: Callable[[int], int]) -> Callable[[], Behaviour]:
    """Read each limit that is a plain number as another."""

    def changed(request: ServedRequest) -> ServedRequest:
        limit = request.number("limit")
        return request if limit is None else request.with_parameter("limit", change(limit))

    return _query(changed)


def _plain_only(request: ServedRequest) -> ServedRequest:
    for name in ("limit", "page"):
        text = request.parameter(name)
        if not (text.isascii() and text.isdigit()):
            request = request.with_parameter(name, None)
    return request


def _last_given(request: ServedRequest) -> ServedRequest:
    for name, value in dict(request.parameters).items():
        request = request.with_parameter(name, value)
    return request


def _default_of_20(request: ServedRequest) -> ServedRequest:
    return request if request.parameter("limit") else request.with_parameter("limit", 20)


async def _limit_above_100_refused(request: ServedRequest, forward: Forward) -> ServedResponse:
    if request.operation == LIST and (request.number("limit") or 0) > 100:
        return fail(400, "limit", "Expected an integer from 1 to 100.")
    return await forward(request)


_G = Group.PAGES

DEFECTS = (
    Defect(
        "limit-ignored",
        _G,
        "Every page holds 10 contacts, whatever `limit` says.",
        ("list.limit-obeyed",),
        _query(lambda request: request.with_parameter("limit", None)),
    ),
    Defect(
        "limit-off-by-one",
        _G,
        "A page holds one contact more than `limit`.",
        ("list.limit-obeyed",),
        _limited(lambda limit: limit + 1 if 0 < limit < _MOST else limit),
    ),
    Defect(
        "limit-capped-at-100",
        _G,
        "A `limit` above 100 is silently read as 100.",
        ("list.limit-bounds",),
        _limited(lambda limit: min(limit, 100) if limit <= _MOST else limit),
    ),
    Defect(
        "default-limit-20",
        _G,
        "Without `limit`, a page holds 20 contacts.",
        ("list.limit-default",),
        _query(_default_of_20),
    ),
    Defect(
        "limit-1000-refused",
        _G,
        "A `limit` above 100 is refused.",
        ("list.limit-bounds",),
        lambda: _limit_above_100_refused,
    ),
    Defect(
        "limit-0-accepted",
        _G,
        "`limit=0` is read as 10.",
        ("list.limit-out-of-range",),
        _limited(lambda limit: limit or _DEFAULT_LIMIT),
    ),
    Defect(
        "limit-1001-accepted",
        _G,
        "A `limit` above 1000 is read as 1000.",
        ("list.limit-out-of-range",),
        _limited(lambda limit: min(limit, _MOST)),
    ),
    Defect(
        "page-0-accepted",
        _G,
        "Page 0 is page 1.",
        ("list.page-out-of-range",),
        _query(
            lambda request: (
                request.with_parameter("page", 1) if request.parameter("page") == "0" else request
            )
        ),
    ),
    Defect(
        "text-read-as-default",
        _G,
        "A `limit` or `page` that is not a number is ignored.",
        ("list.plain-integers",),
        _query(_plain_only),
    ),
    Defect(
        "last-of-two-taken",
        _G,
        "With two `limit` or `page` parameters, the last is used.",
        ("list.given-twice",),
        _query(_last_given),
    ),
)
