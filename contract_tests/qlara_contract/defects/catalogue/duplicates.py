"""Defects of duplicates: which cards count as one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from qlara_contract.defects.defect import Defect, Group, on_request, stateful
from qlara_contract.defects.files import CardText, cards_of, change_cards
from qlara_contract.defects.imports import (
    card_by_card,
    strategy_of,
    with_counts,
)
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from qlara_contract.defects.defect import Behaviour, Forward
    from qlara_contract.defects.messages import ServedRequest, ServedResponse


async def _repeats_unseen(request: ServedRequest, forward: Forward) -> ServedResponse:
    """Import each repetition of a number inside a file as a contact of its own."""
    form = request.form
    if form is None or form.file is None:
        return await forward(request)
    strategy, seen, repeats = strategy_of(form), set[str](), 0

    def choose(card: CardText) -> tuple[CardText, str]:
        nonlocal repeats
        repeated = card.number in seen and bool(card.number)
        seen.add(card.number)
        repeats += repeated
        return card, "DUPLICATE" if repeated else strategy

    response = await card_by_card(request, forward, choose)
    if response.status != 200:
        return response
    return response.with_json(with_counts(response.json, duplicates=-repeats))


def _copies_invalid() -> Behaviour:
    """Refuse a card whose number two contacts have: a query that expects one finds two."""
    copied: dict[str, set[str]] = defaultdict(set)

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form if request.operation == UPLOAD else None
        if form is None or form.file is None:
            return await forward(request)
        known = copied[request.key]
        if strategy_of(form) == "DUPLICATE":
            known |= {card.number for card in cards_of(form.file) if card.number}
            return await forward(request)
        content = change_cards(
            form.file, lambda card: card.with_tel("n/d") if card.number in known else card
        )
        return await forward(request.with_form(form.with_file(content)))

    return behave


def _without_repeats(request: ServedRequest) -> ServedRequest:
    form = request.form
    if form is None or form.file is None or strategy_of(form) != "DUPLICATE":
        return request
    kept = {card.number or card.line: card for card in cards_of(form.file)}
    if not kept:
        return request
    return request.with_form(form.with_file(b"".join(card.content for card in kept.values())))


def _last_first(request: ServedRequest) -> ServedRequest:
    form = request.form
    if form is None or form.file is None or strategy_of(form) != "SKIP":
        return request
    cards = cards_of(form.file)
    numbers = [card.number for card in cards]
    if len(set(numbers)) == len(numbers):
        return request
    return request.with_form(form.with_file(b"".join(card.content for card in reversed(cards))))


def _as_typed() -> Behaviour:
    """Compare numbers as typed: the same number, written differently, is not recognised."""
    typed: dict[tuple[str, str], set[str]] = defaultdict(set)

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form
        if form is None or form.file is None:
            return await forward(request)
        strategy, seen = strategy_of(form), typed[request.account]

        def choose(card: CardText) -> tuple[CardText, str]:
            known = card.value("TEL") in seen
            seen.add(card.value("TEL"))
            return card, strategy if known else "DUPLICATE"

        return await card_by_card(request, forward, choose)

    return behave


def _by_name() -> Behaviour:
    """Take a card for a duplicate if a contact has its name and email, whatever its number."""
    known: dict[tuple[tuple[str, str], str, str], str] = {}

    async def behave(request: ServedRequest, forward: Forward) -> ServedResponse:
        form = request.form
        if form is None or form.file is None:
            return await forward(request)

        def known_number(card: CardText) -> CardText:
            name, email, number = card.value("FN"), card.value("EMAIL"), card.value("TEL")
            if not (name and email and number):
                return card
            return card.with_tel(known.setdefault((request.account, name, email), number))

        cards = [known_number(card) for card in cards_of(form.file)]
        if cards:
            request = request.with_form(form.with_file(b"".join(each.content for each in cards)))
        return await forward(request)

    return behave


_R = Group.REPEATS

DEFECTS = (
    Defect(
        "copies-are-errors",
        Group.REPEATS,
        "A card is an error if a contact with its number has a copy.",
        ("duplicates.by-number",),
        stateful(_copies_invalid),
    ),
    Defect(
        "repeats-in-a-file-unseen",
        _R,
        "A number that appears twice in a file is imported twice.",
        ("duplicates.in-file-skip", "duplicates.in-file-update"),
        lambda: _repeats_unseen,
    ),
    Defect(
        "repeats-in-a-file-merged",
        _R,
        "A number that appears twice in a file is imported once, even with DUPLICATE.",
        ("duplicates.in-file-copy",),
        on_request(UPLOAD, _without_repeats),
    ),
    Defect(
        "last-card-of-a-number-wins",
        _R,
        "Of two cards with the same number in a file, SKIP keeps the last.",
        ("duplicates.in-file-skip",),
        on_request(UPLOAD, _last_first),
    ),
    Defect(
        "numbers-compared-as-typed",
        _R,
        "Numbers are compared before they are normalised.",
        ("duplicates.by-number",),
        stateful(_as_typed),
    ),
    Defect(
        "duplicates-by-name-and-email",
        _R,
        "A card with the name and email of a contact is its duplicate, whatever its number.",
        ("duplicates.by-number-only",),
        stateful(_by_name),
    ),
)
