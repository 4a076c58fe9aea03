"""Freedoms in limits, pages and order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.foreign import stages
from tests.foreign.switch import Table

if TYPE_CHECKING:
    from tests.foreign.stages import Context

TABLE = Table()


def _with_cursor(page: dict[str, Any], _: Context) -> dict[str, Any]:
    return page | {"nextCursor": f"c{page['page'] + 1}" if page["hasMore"] else None}


for default in (5, 20, 25, 50, 100):
    says = f"A page holds {default} contacts unless limit says otherwise."
    TABLE.sets("paging", f"limit-default-{default}", says, paging__default_limit=default)
for maximum in (20, 50, 100, 200):
    for beyond, does in (("clamp", "cut down"), ("refuse", "refused with 400")):
        says = f"A page holds at most {maximum} contacts; a larger limit is {does}."
        name = f"limit-maximum-{maximum}-{beyond}"
        default = min(maximum, 10)
        TABLE.sets(
            "paging",
            name,
            says,
            paging__maximum=maximum,
            paging__beyond=beyond,
            paging__default_limit=default,
        )
TABLE.sets(
    "paging",
    "limit-above-maximum-ignored",
    "A limit above 100 gets the default.",
    paging__maximum=100,
    paging__beyond="ignore",
)
TABLE.sets(
    "paging",
    "limit-wrong-422",
    "A wrong limit or page is refused with 422.",
    paging__bad_status=422,
)
TABLE.sets(
    "paging",
    "limit-wrong-ignored",
    "A wrong limit or page gets the default.",
    paging__bad_value="ignore",
    paging__beyond="clamp",
)
TABLE.sets(
    "paging",
    "page-parameter-none",
    "There is no page parameter; only the first page can be read.",
    paging__page_parameter="",
)
TABLE.sets(
    "paging",
    "page-parameter-other",
    "The parameter is called pageNumber.",
    paging__page_parameter="pageNumber",
)
TABLE.sets(
    "paging",
    "page-from-0",
    "Pages are counted from 0, as the API reference says.",
    paging__first_page=0,
)
TABLE.sets(
    "paging",
    "page-past-end-404",
    "A page past the end is refused with 404.",
    paging__past_end="refuse",
)
TABLE.sets(
    "paging",
    "page-past-end-last",
    "A page past the end is the last page.",
    paging__past_end="last",
)
TABLE.sets(
    "paging", "empty-list-one-page", "An empty list has one page.", paging__empty_total_pages=1
)
TABLE.sets(
    "paging",
    "parameter-twice-first",
    "Of a repeated parameter the first value counts.",
    paging__repeated="first",
)
TABLE.sets(
    "paging",
    "parameter-twice-last",
    "Of a repeated parameter the last value counts.",
    paging__repeated="last",
)
TABLE.sets(
    "paging",
    "parameter-unknown-refused",
    "An unknown parameter is refused with 400.",
    paging__unknown_parameters="refuse",
)
for order in ("newest", "name", "id", "number", "scattered"):
    TABLE.sets(
        "paging",
        f"order-{order}",
        f"Contacts are listed in this order: {order}.",
        paging__order=order,
    )
TABLE.changes(
    "paging",
    "page-cursor",
    "Pages have a nextCursor beside the page number.",
    stages.PAGE,
    _with_cursor,
)
