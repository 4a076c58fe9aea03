"""Defects of the limits of an import: the size of a file (413) and a quota that is full (409)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, instead, on_refusal, refused_with
from qlara_contract.defects.files import cards_of
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Forward

_LIMIT = 10_485_760
_TOO_LARGE = "File size exceeds maximum allowed (10 MB)"
_HTML = "<html><h1>413 Request Entity Too Large</h1></html>"


async def _limit_twice_as_large(request: ServedRequest, forward: Forward) -> ServedResponse:
    response = await forward(request)
    form = request.form
    if response.status != 413 or form is None or form.file is None or len(form.file) > 2 * _LIMIT:
        return response
    short = re.sub(rb"(?m)^NOTE:.*(\r\n[ \t].*)*\r\n", b"", form.file)
    return await forward(request.with_form(form.with_file(short)))


def _smaller_limit(limit: int) -> Callable[[], Behaviour]:
    """Refuse files of *limit* bytes and more."""

    def response(request: ServedRequest) -> ServedResponse | None:
        form = request.form if len(request.body) >= limit else None
        is_large = form is not None and len(form.file or b"") >= limit
        return fail(413, "file", _TOO_LARGE) if is_large else None

    return instead(response)


async def _quota_of(request: ServedRequest, forward: Forward) -> tuple[int, int]:
    body = (await forward(request.on_request(QUOTA))).json
    return body["used"], body["total"]


def _exceeded(used: int, total: int) -> ServedResponse:
    message = f"Contact quota exceeded. Current: {used}/{total}."
    return fail(409, "contacts", f"{message} Upgrade your plan to import more contacts.")


async def _as_many_as_fit(request: ServedRequest, forward: Forward) -> ServedResponse | None:
    """Import the first cards of a file, as many as the quota has room for."""
    form = request.form
    if form is None or form.file is None:
        return None
    used, total = await _quota_of(request, forward)
    first = b"".join(card.content for card in cards_of(form.file)[: total - used])
    return await forward(request.with_form(form.with_file(first))) if first else None


async def _part_before_409(request: ServedRequest, forward: Forward) -> ServedResponse:
    response = await forward(request)
    if response.status == 409:
        await _as_many_as_fit(request, forward)
    return response


async def _part_instead_of_409(request: ServedRequest, forward: Forward) -> ServedResponse:
    response = await forward(request)
    if response.status != 409:
        return response
    return await _as_many_as_fit(request, forward) or response


async def _nothing_at_a_full_quota(request: ServedRequest, forward: Forward) -> ServedResponse:
    if request.operation == UPLOAD and request.key:
        quota = (await forward(request.on_request(QUOTA))).json
        if quota.get("used") is not None and quota["used"] >= quota["total"]:
            return _exceeded(quota["used"], quota["total"])
    return await forward(request)


async def _every_card_counts(request: ServedRequest, forward: Forward) -> ServedResponse:
    form = request.form if request.operation == UPLOAD else None
    cards = cards_of(form.file) if form and form.file else []
    if cards:
        quota = (await forward(request.on_request(QUOTA))).json
        used = quota.get("used")
        if used is not None and used < quota["total"] < used + len(cards):
            return _exceeded(used, quota["total"])
    return await forward(request)


_G = Group.REFUSALS

DEFECTS = (
    Defect(
        "too-large-as-page",
        _G,
        "A 413 is the HTML page of the web server in front.",
        ("upload.file-too-large",),
        on_refusal(lambda response: response.with_body(_HTML.encode(), "text/html"), 413),
    ),
    Defect(
        "too-large-as-400",
        _G,
        "A file that is too large gets 400 instead of 413.",
        ("upload.file-too-large",),
        on_refusal(lambda response: response.with_status(400), 413),
    ),
    Defect(
        "limit-of-20-mb",
        _G,
        "A file of up to 20 MB is accepted.",
        ("upload.file-too-large",),
        lambda: _limit_twice_as_large,
    ),
    Defect(
        "exactly-10-mb-refused",
        _G,
        "A file of exactly 10 485 760 bytes is refused.",
        ("upload.largest-file",),
        _smaller_limit(_LIMIT),
    ),
    Defect(
        "decimal-megabytes",
        _G,
        "The limit is 10 000 000 bytes.",
        ("upload.largest-file",),
        _smaller_limit(10_000_001),
    ),
    Defect(
        "quota-as-400",
        _G,
        "An import over the quota gets 400 instead of 409.",
        ("upload.quota-exceeded",),
        on_refusal(lambda response: response.with_status(400), 409),
    ),
    Defect(
        "quota-without-figures",
        _G,
        "The message of a 409 lacks the figures.",
        ("upload.quota-exceeded-text",),
        refused_with("contacts", "Contact quota exceeded.", 409),
    ),
    Defect(
        "part-imported-before-409",
        _G,
        "An import over the quota imports what fits, then is refused.",
        ("upload.quota-all-or-nothing",),
        lambda: _part_before_409,
    ),
    Defect(
        "part-imported-instead-of-409",
        _G,
        "An import over the quota imports what fits and returns 200.",
        ("upload.quota-all-or-nothing",),
        lambda: _part_instead_of_409,
    ),
    Defect(
        "duplicates-refused-at-a-full-quota",
        _G,
        "With an exhausted quota, every import is refused.",
        ("upload.duplicates-pass-at-full-quota",),
        lambda: _nothing_at_a_full_quota,
    ),
    Defect(
        "every-card-counts-before-the-import",
        _G,
        "An import with more cards than quota left is refused even if some are duplicates.",
        ("upload.quota-all-or-nothing",),
        lambda: _every_card_counts,
    ),
)
