"""Defects of duplicates and strategies: what is compared, and what is changed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, stateful
from qlara_contract.defects.files import CardText, cards_of
from qlara_contract.defects.imports import (
    card_by_card,
    contacts_of,
    strategy_of,
    with_counts,
)
from qlara_contract.defects.kinds import Kind
from qlara_contract.promises import LIST, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body, Forward
    from qlara_contract.defects.messages import ServedRequest, ServedResponse

Account = tuple[str, str]


def _known_by(key: Callable[[CardText], str]) -> Callable[[], Behaviour]:
    """Take a card for a duplicate of one seen before for which *key* is the same, if it is not empty."""

    def begin() -> Behaviour:
        known: dict[tuple[Account, str], str] = {}

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            form = request.form
            cards = cards_of(form.file) if form and form.file else []
            if form is None or not cards:
                return await forward(request)
            changed = []
            for card in cards:
                found, number = key(card), card.value("TEL")
                if found and card.number:
                    first = known.setdefault((request.account, found), number)
                    changed.append(card.with_tel(first) if first != number else card)
                else:
                    changed.append(card)
            content = b"".join(each.content for each in changed)
            return await forward(request.with_form(form.with_file(content)))

        return behave

    return begin


def _compared_among(count: int) -> Callable[[], Behaviour]:
    """Compare cards with the newest contacts of the account alone: others are not recognised."""

    def begin() -> Behaviour:
        numbers: dict[Account, list[str]] = defaultdict(list)

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            form = request.form
            if form is None or form.file is None:
                return await forward(request)
            strategy, held = strategy_of(form), numbers[request.account]
            compared = set(held[-count:])

            def choose(card: CardText) -> tuple[CardText, str]:
                is_forgotten = card.number in held and card.number not in compared
                held.append(card.number)
                return card, "DUPLICATE" if is_forgotten else strategy

            return await card_by_card(request, forward, choose)

        return behave

    return begin


async def _only_in_its_list(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Compare cards with the contacts of the list that they go into, and copy the others."""
    form = request.form if request.operation == UPLOAD else None
    if form is None or form.file is None:
        return await forward(request)
    list_id = form.value("listId") or ""
    held = await contacts_of(request, forward, list_id) if list_id else []
    seen, repeats = set[str](), 0

    def choose(card: CardText) -> tuple[CardText, str]:
        nonlocal repeats
        is_here = card.number in seen or any(card.is_of(each["phoneNumber"]) for each in held)
        repeats += is_here
        seen.add(card.number)
        return card, strategy_of(form) if is_here else "DUPLICATE"

    response = await card_by_card(request, forward, choose)
    if response.status != 200 or not seen:
        return response
    counted = response.json["summary"]["duplicates"]
    return response.with_json(with_counts(response.json, duplicates=min(0, repeats - counted)))


def _for_strategy(*strategies: str) -> Callable[[ServedRequest], bool]:
    def is_one(request: ServedRequest) -> bool:
        form = request.form if request.operation == UPLOAD else None
        return form is not None and strategy_of(form) in strategies

    return is_one


def _cards_of(
    strategies: tuple[str, ...], change: Callable[[CardText], CardText]
) -> Callable[[], Behaviour]:
    """Change each card of an import with one of *strategies*."""
    is_one = _for_strategy(*strategies)

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form
        if form is None or form.file is None or not is_one(request):
            return await forward(request)
        content = b"".join(change(card).content for card in cards_of(form.file))
        return await forward(request.with_form(form.with_file(content)) if content else request)

    return lambda: behave


def _without(kind: str) -> Callable[[CardText], CardText]:
    def changed(card: CardText) -> CardText:
        lines = card.text.splitlines(keepends=True)
        kept = [each for each in lines if not each.upper().startswith(f"{kind}:")]
        return replace(card, text="".join(kept))

    return changed


def _numbered(card: CardText) -> CardText:
    name = card.first("FN")
    if name is None:
        return card
    return replace(card, text=card.text.replace(str(name), f"{name} (2)", 1))


def _met_before(
    strategies: tuple[str, ...], change: Callable[[Body, CardText], Body]
) -> Callable[[], Behaviour]:
    """Show a contact that a card of an import with *strategies* met otherwise from then on."""
    is_one = _for_strategy(*strategies)

    def begin() -> Behaviour:
        met: dict[Account, list[CardText]] = defaultdict(list)

        async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
            response = await forward(request)
            if response.status != 200:
                return response
            form = request.form
            if form is not None and form.file is not None and is_one(request):
                if response.json["summary"]["duplicates"]:
                    met[request.account] += cards_of(form.file)
                return response
            if request.operation != LIST:
                return response
            page = response.json
            contacts = [_changed(each, met[request.account], change) for each in page["contacts"]]
            return response.with_json(page | {"contacts": contacts})

        return behave

    return begin


def _changed(contact: Body, met: list[CardText], change: Callable[[Body, CardText], Body]) -> Body:
    for card in met:
        if card.is_of(str(contact.get("phoneNumber"))):
            contact = change(contact, card)
    return contact


def _other_contacts_renamed() -> Behaviour:
    """After an UPDATE, show every contact of the list with the name of the file's first card."""
    names: dict[tuple[Account, str], str] = {}
    is_update = _for_strategy("UPDATE")

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        response = await forward(request)
        form = request.form
        if response.status != 200:
            return response
        if form is not None and form.file is not None and is_update(request):
            held = form.value("listId") or response.json["listId"]
            first = next((card.value("FN") for card in cards_of(form.file)), "")
            if first and response.json["summary"]["duplicates"]:
                names[request.account, held] = first
                names[request.account, ""] = first
            return response
        if request.operation != LIST or (request.account, "") not in names:
            return response
        page, name = response.json, names[request.account, ""]
        return response.with_json(
            page | {"contacts": [each | {"name": name} for each in page["contacts"]]}
        )

    return behave


_duplicate = Kind(Group.REPEATS, ("duplicates.by-number-only",), _known_by)
_update = Kind(
    Group.STRATEGIES,
    ("duplicates.update-replaces",),
    partial(_cards_of, ("UPDATE",)),
)
_copy = Kind(
    Group.STRATEGIES,
    ("duplicates.copy-creates",),
    partial(_cards_of, ("DUPLICATE",)),
)
_updated = Kind(
    Group.STRATEGIES,
    ("duplicates.update-replaces",),
    partial(_met_before, ("UPDATE",)),
)
_skipped = Kind(
    Group.STRATEGIES,
    ("duplicates.skip-leaves-the-contact",),
    partial(_met_before, ("SKIP",)),
)
_R, _S = Group.REPEATS, Group.STRATEGIES

DEFECTS = (
    _duplicate(
        "duplicates-by-name",
        "A card with the name of a contact is its duplicate.",
        lambda card: card.value("FN"),
    ),
    _duplicate(
        "duplicates-by-email",
        "A card with the address of a contact is its duplicate.",
        lambda card: card.value("EMAIL"),
    ),
    _duplicate(
        "duplicates-by-uid",
        "A card with the UID of a card before is its duplicate.",
        lambda card: card.value("UID"),
    ),
    _duplicate(
        "duplicates-by-seven-digits",
        "Numbers are compared by their last seven digits.",
        lambda card: card.number[-7:],
    ),
    Defect(
        "duplicates-in-one-list-only",
        _R,
        "A contact on another list is no duplicate.",
        ("duplicates.across-lists",),
        lambda: _only_in_its_list,
    ),
    Defect(
        "compared-with-the-newest",
        _R,
        "A card is compared with the two newest contacts of the account alone.",
        ("duplicates.by-number",),
        _compared_among(2),
    ),
    _update("update-keeps-the-name", "UPDATE does not change the name.", _without("FN")),
    _update("update-keeps-the-email", "UPDATE does not change the address.", _without("EMAIL")),
    _updated(
        "update-joins-names",
        "UPDATE adds the new name to the old one.",
        lambda contact, card: contact | {"name": f"{contact['name']} {card.value('FN')}"},
    ),
    _updated(
        "update-clears-the-email",
        "UPDATE clears the address.",
        lambda contact, _: {name: value for name, value in contact.items() if name != "email"},
    ),
    _updated(
        "update-changes-the-id",
        "UPDATE gives the contact another `contactId`.",
        lambda contact, _: contact | {"contactId": f"{contact['contactId']}_2"},
        "duplicates.update-keeps-the-contact",
    ),
    _updated(
        "update-changes-the-number",
        "UPDATE stores the number as the card has it.",
        lambda contact, card: contact | {"phoneNumber": card.value("TEL").replace("+", "00")},
        "duplicates.update-keeps-the-contact",
    ),
    _updated(
        "update-clears-tags",
        "UPDATE clears the tags.",
        lambda contact, _: contact | {"tags": []},
        "duplicates.update-adds-tags",
        "duplicates.update-keeps-tags",
    ),
    Defect(
        "update-renames-others",
        _S,
        "UPDATE renames every contact of the account.",
        ("duplicates.update-keeps-the-contact",),
        stateful(_other_contacts_renamed),
    ),
    _skipped(
        "skip-renames",
        "SKIP takes the name of the card.",
        lambda contact, card: contact | {"name": card.value("FN") or contact["name"]},
    ),
    _skipped(
        "skip-fills-in-the-email",
        "SKIP takes the address of the card where the contact has none.",
        lambda contact, card: (
            ({"email": card.value("EMAIL")} if card.value("EMAIL") else {}) | contact
        ),
    ),
    _skipped(
        "skip-clears-the-email",
        "SKIP clears an address that the card lacks.",
        lambda contact, card: (
            contact
            if card.value("EMAIL")
            else {name: value for name, value in contact.items() if name != "email"}
        ),
        "duplicates.skip-is-default",
    ),
    _skipped(
        "skip-moves-created-at",
        "SKIP moves `createdAt`.",
        lambda contact, _: contact | {"createdAt": "2030-01-01T00:00:00+01:00"},
    ),
    _skipped(
        "skip-clears-tags", "SKIP clears the tags.", lambda contact, _: contact | {"tags": []}
    ),
    _copy("copies-without-email", "A copy has no address.", _without("EMAIL")),
    _copy("copies-renamed", "A copy is called `… (2)`.", _numbered),
)
