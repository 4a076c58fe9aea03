"""Changes of the errors in a report that need the file: of their lines, and of the names in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.defects.defect import on_response
from qlara_contract.defects.files import CardText, cards_of, text_of
from qlara_contract.promises import UPLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour, Body
    from qlara_contract.defects.messages import ServedRequest, ServedResponse


def _errors(change: Callable[[bytes, list[Body]], list[Body]]) -> Callable[[], Behaviour]:
    """Change the errors of each report; *change* also gets the file."""

    def changed(request: ServedRequest, response: ServedResponse) -> ServedResponse:
        form = request.form
        if form is None or form.file is None or response.status != 200:
            return response
        body = response.json
        return response.with_json(body | {"errors": change(form.file, body["errors"])})

    return on_response(UPLOAD, changed)


def error_lines(change: Callable[[list[str], int], int]) -> Callable[[], Behaviour]:
    """Change the line of each error; *change* also gets all lines of the file."""

    def changed(file: bytes, errors: list[Body]) -> list[Body]:
        lines = text_of(file).splitlines()
        return [each | {"line": change(lines, each["line"])} for each in errors]

    return _errors(changed)


def error_cards(change: Callable[[CardText, Body], Body]) -> Callable[[], Behaviour]:
    """Change each error of a file of whole cards; *change* also gets the card."""

    def changed(file: bytes, errors: list[Body]) -> list[Body]:
        cards = cards_of(file)
        return [_with_card(cards, each, change) for each in errors]

    return _errors(changed)


def _with_card(
    cards: list[CardText], error: Body, change: Callable[[CardText, Body], Body]
) -> Body:
    before = [card for card in cards if card.line <= error["line"]]
    return change(before[-1], error) if before else error
