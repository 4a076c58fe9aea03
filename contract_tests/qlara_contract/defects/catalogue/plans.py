"""Defects of a quota that is counted or enforced otherwise than by the contacts that are created."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_ok, on_refusal, on_response, stateful
from qlara_contract.defects.files import bytes_of, cards_of
from qlara_contract.defects.imports import STRATEGY, strategy_of
from qlara_contract.defects.kinds import Kind
from qlara_contract.defects.messages import ServedRequest, ServedResponse, fail
from qlara_contract.promises import QUOTA, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward

_CARDS_OF_NOBODY = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n"


def _used(change: Callable[[int, int], int]) -> Callable[[Body], Body]:
    """Show another ``used``, given it and the total."""
    return lambda body: body | {"used": change(body["used"], body["total"])}


def _moving(more: Callable[[Body], int]) -> Callable[[], Behaviour]:
    """Let each import move ``used`` by so much more, given its report."""

    def begin() -> Behaviour:
        moved: dict[tuple[str, str], int] = defaultdict(int)

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            response = await forward(request)
            body = response.json
            if response.status != 200 or not isinstance(body, dict):
                return response
            if request.operation == UPLOAD:
                moved[request.account] += more(body)
            if request.operation != QUOTA:
                return response
            return response.with_json(body | {"used": body["used"] + moved[request.account]})

        return behave

    return begin


def _reading_moves() -> Behaviour:
    read: dict[tuple[str, str], int] = defaultdict(int)

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        if request.operation != QUOTA or response.status != 200:
            return response
        read[request.account] += 1
        body = response.json
        return response.with_json(body | {"used": body["used"] + read[request.account] - 1})

    return behave


def _one_import_late() -> Behaviour:
    """Show the quota as it was before the last import."""
    before: dict[tuple[str, str], Body] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        if request.operation == UPLOAD and request.key:
            quota = await forward(request.on_request(QUOTA))
            if quota.status == 200:
                before[request.account] = quota.json
        response = await forward(request)
        if request.operation != QUOTA or response.status != 200:
            return response
        return response.with_json(before.get(request.account, response.json))

    return behave


def _instead_of_409(
    form_of: Callable[[ServedRequest], ServedRequest | None],
) -> Callable[[], Behaviour]:
    """Make another import in place of one that is refused for the quota."""

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        other = form_of(request) if response.status == 409 else None
        return response if other is None else await forward(other)

    return lambda: behave


def _reported_as_done(request: ServedRequest) -> ServedRequest | None:
    """Return an import of faulty cards, as many as the file has: it needs no quota."""
    form = request.form
    if form is None or form.file is None:
        return None
    cards = bytes_of(_CARDS_OF_NOBODY * max(1, len(cards_of(form.file))))
    return request.with_form(form.with_file(cards))


def _copies_skipped(request: ServedRequest) -> ServedRequest | None:
    form = request.form
    if form is None or strategy_of(form) != "DUPLICATE":
        return None
    return request.with_form(form.with_value(STRATEGY, "SKIP"))


async def _updates_refused(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Refuse an UPDATE where the quota is exhausted."""
    form = request.form if request.operation == UPLOAD else None
    if form is not None and request.key and strategy_of(form) == "UPDATE":
        quota = (await forward(request.on_request(QUOTA))).json
        if isinstance(quota, dict) and quota.get("used") == quota.get("total", 0):
            return fail(409, "contacts", "Contact quota exceeded.")
    return await forward(request)


async def _last_place_kept(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Refuse an import that would fill the quota exactly."""
    form = request.form if request.operation == UPLOAD else None
    if form is None or form.file is None or not request.key:
        return await forward(request)
    quota = (await forward(request.on_request(QUOTA))).json
    if not isinstance(quota, dict) or quota.get("used", 0) >= quota.get("total", 0):
        return await forward(request)
    numbers = {card.number for card in cards_of(form.file) if card.number}
    if quota["used"] + len(numbers) == quota["total"]:
        return fail(409, "contacts", "Contact quota exceeded.")
    return await forward(request)


async def _faulty_cards_counted(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Refuse an import for its faulty cards if there is no room for them too."""
    form = request.form if request.operation == UPLOAD else None
    if form is None or form.file is None or not request.key:
        return await forward(request)
    quota = (await forward(request.on_request(QUOTA))).json
    cards = cards_of(form.file)
    is_faulty = any(not card.number for card in cards)
    room = quota.get("total", 0) - quota.get("used", 0) if isinstance(quota, dict) else 0
    if is_faulty and 0 < room < len(cards):
        return fail(409, "contacts", "Contact quota exceeded.")
    return await forward(request)


def _imports_of_all_counted() -> Behaviour:
    """Let each import move ``used`` of every account."""
    moved: dict[str, int] = defaultdict(int)

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        body = response.json
        if response.status != 200 or not isinstance(body, dict):
            return response
        if request.operation == UPLOAD:
            moved[request.key] += body["summary"]["imported"]
        if request.operation != QUOTA:
            return response
        of_others = sum(count for key, count in moved.items() if key != request.key)
        used = min(body["used"] + of_others, body["total"])
        return response.with_json(body | {"used": used})

    return behave


def _without_reason(_: ServedRequest, response: ServedResponse) -> ServedResponse:
    if response.status != 409:
        return response
    return response.with_json({"status": "fail", "data": {}})


def _with_status(status: int) -> Callable[[], Behaviour]:
    """Refuse an import over the quota with another status."""
    return on_refusal(lambda response: response.with_status(status), 409)


_figures = Kind(Group.QUOTA, ("quota.moves-by-what-was-created",), partial(on_ok, QUOTA))
_moved = Kind(Group.QUOTA, ("quota.moves-by-what-was-created",), _moving)
_status = Kind(
    Group.REFUSALS,
    ("upload.quota-exceeded",),
    _with_status,
)
_full = Kind(Group.REFUSALS, ("upload.quota-exceeded",), _instead_of_409)
_G = Group.QUOTA

DEFECTS = (
    _figures(
        "used-in-hundreds",
        "`used` is rounded to hundreds.",
        _used(lambda used, _: used // 100 * 100),
    ),
    _figures("used-always-0", "`used` is always 0.", _used(lambda _, __: 0)),
    _figures(
        "used-as-a-share",
        "`used` is a share of the total, in per cent.",
        _used(lambda used, total: 100 * used // max(1, total)),
    ),
    _figures(
        "used-and-total-swapped",
        "`used` and `total` are swapped.",
        lambda body: {"used": body["total"], "total": body["used"]},
        "quota.used-within-total",
    ),
    _figures(
        "quota-of-the-documentation",
        "The quota is always that of an example: 230 of 50000.",
        lambda _: {"used": 230, "total": 50_000},
    ),
    _figures(
        "total-grows",
        "`total` grows with `used`.",
        lambda body: body | {"total": body["total"] + body["used"]},
        "quota.total-stays",
    ),
    _figures(
        "quota-in-an-envelope",
        'The quota comes as `{"data": …, "used": …}`, without `total`.',
        lambda body: {"used": body["used"], "data": body},
        "quota.shape",
    ),
    _figures(
        "quota-with-decimals",
        "`used` is a decimal number.",
        lambda body: body | {"used": body["used"] + 0.5},
        "quota.shape",
    ),
    _moved(
        "contacts-count-twice",
        "Every contact counts twice.",
        lambda report: report["summary"]["imported"],
    ),
    _moved("imports-count", "Every import counts as one contact more.", lambda _: 1),
    _moved(
        "new-contacts-count-once",
        "An import counts as one contact, however many it creates.",
        lambda report: min(0, 1 - report["summary"]["imported"]),
    ),
    Defect(
        "reading-the-quota-counts",
        _G,
        "Reading the quota moves `used`.",
        ("quota.moves-by-what-was-created",),
        stateful(_reading_moves),
    ),
    Defect(
        "quota-one-import-late",
        _G,
        "An import moves `used` only when the next one is made.",
        ("quota.moves-by-what-was-created",),
        stateful(_one_import_late),
    ),
    _status("quota-as-402", "An import over the quota gets 402.", 402),
    _status("quota-as-403", "An import over the quota gets 403.", 403),
    _status("quota-as-500", "An import over the quota gets 500.", 500),
    _status("quota-as-200", "An import over the quota gets the documented body with 200.", 200),
    _full(
        "full-quota-reported-in-errors",
        "An import over the quota returns 200 with all its cards as errors.",
        _reported_as_done,
    ),
    _full(
        "copies-skipped-at-a-full-quota",
        "With an exhausted quota, DUPLICATE skips the card instead of being refused.",
        _copies_skipped,
        "upload.copies-need-quota",
    ),
    Defect(
        "quota-figures-always-0",
        Group.REFUSALS,
        "The message of a 409 always says `0/0`.",
        ("upload.quota-exceeded-text",),
        on_refusal(
            lambda response: response.with_json(
                {
                    "status": "fail",
                    "data": {
                        "contacts": "Contact quota exceeded. Current: 0/0. Upgrade your plan to import more contacts."
                    },
                }
            ),
            409,
        ),
    ),
    Defect(
        "quota-without-a-message",
        Group.REFUSALS,
        "A 409 has no message.",
        ("upload.quota-exceeded",),
        on_response(UPLOAD, _without_reason),
    ),
    Defect(
        "updates-refused-at-a-full-quota",
        Group.REFUSALS,
        "With an exhausted quota, UPDATE is refused.",
        ("upload.updates-pass-at-full-quota",),
        lambda: _updates_refused,
    ),
    Defect(
        "last-place-of-the-quota-kept",
        Group.REFUSALS,
        "An import that fills the quota exactly is refused.",
        ("upload.quota-exceeded",),
        lambda: _last_place_kept,
    ),
    Defect(
        "faulty-cards-need-quota",
        Group.REFUSALS,
        "Faulty cards count as new contacts when the quota is checked.",
        ("upload.quota-exceeded",),
        lambda: _faulty_cards_counted,
    ),
    Defect(
        "quota-of-all-accounts",
        Group.ACCESS,
        "Imports into one account move the quota of every other one.",
        ("access.accounts-apart",),
        stateful(_imports_of_all_counted),
    ),
)
