"""Imports that a defect makes instead of the one that was asked for, and their reports put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.files import Card, cards_of
from qlara_contract.promises import LIST

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Body, Forward
    from qlara_contract.defects.forms import Form
    from qlara_contract.defects.messages import Answer, Request

STRATEGY = "duplicateStrategy"
# A list that every scenario has, and one that nobody asks for.
DOCUMENTED_LIST = "list_crm_migration"
HIDDEN_LIST = "defect-hidden"
_ELSEWHERE = "defect-dry-run"


def strategy_of(form: Form) -> str:
    """Return the strategy that an import asks for, the default where it asks for none."""
    return form.value(STRATEGY) or "SKIP"


def into_list(form: Form, list_id: str) -> Form:
    """Return the form with its import going into this list."""
    return form.with_value("listName", None).with_value("listId", list_id)


async def card_by_card(
    request: Request, forward: Forward, choose: Callable[[Card], tuple[Card, str]]
) -> Answer:
    """Import each card of a file on its own; return one report, or the first refusal.

    *choose* says which card is imported in its place, and with which strategy. A file that is not
    made of whole cards is imported as it is.
    """
    form = request.form
    cards = cards_of(form.file) if form and form.file else []
    answer, body = None, None
    for card in cards:
        assert form is not None
        chosen, strategy = choose(card)
        one = form.with_file(chosen.content).with_value(STRATEGY, strategy)
        if body:
            one = into_list(one, body["listId"])
        answer = await forward(request.with_form(one))
        if answer.status != 200:
            return answer
        body = joined(body, answer.json, card.line - 1)
    return await forward(request) if answer is None else answer.with_json(body)


def joined(first: Body | None, second: Body, lines: int = 0) -> Body:
    """Return two reports as one; the second is of a part of the file *lines* further down."""
    errors = [each | {"line": each["line"] + lines} for each in second["errors"]]
    if first is None:
        return second | {"errors": errors}
    names = second["summary"]
    summary = {name: first["summary"][name] + names[name] for name in names}
    return second | {"summary": summary, "errors": first["errors"] + errors}


def with_counts(report: Body, **changes: int) -> Body:
    """Return the report with some figures of its summary moved by so much."""
    summary = dict(report["summary"])
    for name, change in changes.items():
        summary[name] += change
    return report | {"summary": summary}


async def dry_run(request: Request, forward: Forward) -> Body | None:
    """Return the report that this import would give in an empty account; ``None`` if refused."""
    form = request.form
    if form is None:
        return None
    elsewhere = request.with_header("x-sandbox-session", _ELSEWHERE)
    form = form.with_value("listId", None).with_value("listName", _ELSEWHERE)
    answer = await forward(elsewhere.with_form(form))
    return answer.json if answer.status == 200 else None


async def contacts_of(request: Request, forward: Forward, list_id: str) -> list[Body]:
    """Return the first thousand contacts of a list, as the account of *request* sees them."""
    page = await forward(request.asking(LIST, listId=list_id, limit=1000))
    contacts: list[Body] = page.json["contacts"] if page.status == 200 else []
    return contacts
