"""Imports that a defect makes instead of the requested one, and their reports combined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.files import CardText, cards_of
from qlara_contract.promises import LIST

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Body, Forward
    from qlara_contract.defects.messages import ServedRequest, ServedResponse
    from qlara_contract.forms import MultipartForm

STRATEGY = "duplicateStrategy"
# A list that every scenario has, and one that nobody requests.
DOCUMENTED_LIST = "list_crm_migration"
HIDDEN_LIST = "defect-hidden"
_ELSEWHERE = "defect-dry-run"


def strategy_of(form: MultipartForm) -> str:
    """Return the strategy of an import, or the default."""
    return form.value(STRATEGY) or "SKIP"


def into_list(form: MultipartForm, list_id: str) -> MultipartForm:
    """Return the form with its import going into this list."""
    return form.with_value("listName", None).with_value("listId", list_id)


async def card_by_card(
    request: ServedRequest, forward: Forward, choose: Callable[[CardText], tuple[CardText, str]]
) -> ServedResponse:
    """Import each card of a file on its own; return one report, or the first refusal.

    *choose* says which card is imported in its place, and with which strategy. A file that is not
    made of whole cards is imported as it is.
    """
    form = request.form
    cards = cards_of(form.file) if form and form.file else []
    response, body = None, None
    for card in cards:
        assert form is not None
        chosen, strategy = choose(card)
        one = form.with_file(chosen.content).with_value(STRATEGY, strategy)
        if body:
            one = into_list(one, body["listId"])
        response = await forward(request.with_form(one))
        if response.status != 200:
            return response
        body = combined(body, response.json, card.line - 1)
    return await forward(request) if response is None else response.with_json(body)


def combined(first: Body | None, second: Body, lines: int = 0) -> Body:
    """Return two reports as one; the second is of a part of the file that begins after *lines*."""
    errors = [each | {"line": each["line"] + lines} for each in second["errors"]]
    if first is None:
        return second | {"errors": errors}
    names = second["summary"]
    summary = {name: first["summary"][name] + names[name] for name in names}
    return second | {"summary": summary, "errors": first["errors"] + errors}


def with_counts(report: Body, **changes: int) -> Body:
    """Return the report with some counts of its summary changed by so much."""
    summary = dict(report["summary"])
    for name, change in changes.items():
        summary[name] += change
    return report | {"summary": summary}


async def dry_run(request: ServedRequest, forward: Forward) -> Body | None:
    """Return the report that this import would give in an empty account; ``None`` if refused."""
    form = request.form
    if form is None:
        return None
    elsewhere = request.with_header("x-sandbox-session", _ELSEWHERE)
    form = form.with_value("listId", None).with_value("listName", _ELSEWHERE)
    response = await forward(elsewhere.with_form(form))
    return response.json if response.status == 200 else None


async def contacts_of(request: ServedRequest, forward: Forward, list_id: str) -> list[Body]:
    """Return the first thousand contacts of a list, as the account of *request* sees them."""
    page = await forward(request.on_request(LIST, listId=list_id, limit=1000))
    contacts: list[Body] = page.json["contacts"] if page.status == 200 else []
    return contacts
