"""Defects of imports that are made again, or at the same time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group
from qlara_contract.defects.imports import HIDDEN_LIST, STRATEGY, strategy_of
from qlara_contract.defects.kinds import Kind
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from qlara_contract.defects.defect import Behaviour, Forward

Account = tuple[str, str]

# Long enough for the next of several imports that are sent together to arrive.
_WHILE = 0.05


def _again(response_again: Callable[[ServedResponse], ServedResponse]) -> Callable[[], Behaviour]:
    """Respond otherwise to an import of a file that was imported before with the same strategy."""

    def begin() -> Behaviour:
        seen: dict[tuple[Account, str, bytes], ServedResponse] = {}

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            form = request.form if request.operation == UPLOAD else None
            if form is None or form.file is None:
                return await forward(request)
            at = request.account, strategy_of(form), form.file
            if at in seen:
                return response_again(seen[at])
            response = await forward(request)
            if response.status == 200:
                seen[at] = response
            return response

        return behave

    return begin


def _at_the_same_time(
    other: Callable[[ServedRequest, Forward], Awaitable[ServedResponse]],
) -> Callable[[], Behaviour]:
    """Let each import take a while, and *other* respond to one that comes in the meantime."""

    def begin() -> Behaviour:
        under_way: dict[Account, int] = defaultdict(int)

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            if request.operation != UPLOAD:
                return await forward(request)
            under_way[request.account] += 1
            try:
                if under_way[request.account] > 1:
                    return await other(request, forward)
                await asyncio.sleep(_WHILE)
                return await forward(request)
            finally:
                under_way[request.account] -= 1

        return behave

    return begin


async def _unaware(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Import without seeing what the other import creates."""
    form = request.form
    if form is None:
        return await forward(request)
    return await forward(request.with_form(form.with_value(STRATEGY, "DUPLICATE")))


async def _busy(_: ServedRequest, __: Forward) -> ServedResponse:
    return fail(409, "file", "Another import is running.")


async def _lost(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Report an import that the other one overwrites: its contacts go to a list that nobody reads."""
    form = request.form
    if form is None:
        return await forward(request)
    elsewhere = form.with_value("listId", None).with_value("listName", HIDDEN_LIST)
    response = await forward(request.with_form(elsewhere))
    if response.status != 200:
        return response
    return response.with_json(response.json | {"listId": form.value("listId")})


_overlap = Kind(Group.LISTS, ("upload.imports-together",), _at_the_same_time)
_R = Group.REPEATS

DEFECTS = (
    Defect(
        "same-file-refused",
        _R,
        "A file that was imported before is refused with 409.",
        ("duplicates.by-number",),
        _again(lambda _: fail(409, "file", "This file was imported before.")),
    ),
    Defect(
        "same-file-replayed",
        _R,
        "A file that was imported before gets the report of the first time.",
        ("duplicates.by-number",),
        _again(lambda response: response),
    ),
    _overlap("imports-race", "Two imports at the same time create a contact twice.", _unaware),
    _overlap(
        "one-import-at-a-time", "An import is refused with 409 while another one runs.", _busy
    ),
    _overlap(
        "overlapping-imports-lost",
        "Of two imports into a list at the same time, one is lost.",
        _lost,
    ),
)
