"""Imports made in place of another: their reports, put together, are those of one import."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from qlara_contract.contract import contract
from qlara_contract.defects import Defect, Group, WrongDeployment
from qlara_contract.defects.imports import card_by_card, combined, strategy_of, with_counts
from qlara_contract.defects.messages import ServedRequest, ServedResponse
from qlara_contract.forms import FormFile, ImportForm, MultipartForm
from qlara_contract.promises import UPLOAD
from qlara_contract.strategies import card
from qlara_sandbox.web.app import create_app

if TYPE_CHECKING:
    from qlara_contract.defects.defect import Forward
    from qlara_contract.defects.files import CardText

_TEXT = (
    card("Marco Rossi", "TEL:+33199000001")
    + card("Anna Neri", "TEL:n/d")
    + card("Mario Rossi", "TEL:+33 1 99 00 00 01")
    + card("Luca Verdi")
)


async def _one_by_one(request: ServedRequest, forward: Forward) -> ServedResponse:
    def choose(card: CardText) -> tuple[CardText, str]:
        return card, "SKIP"

    return await card_by_card(request, forward, choose)


def _report(app: Any, text: str) -> dict[str, Any]:
    form = ImportForm(FormFile(text.encode()), (("listName", "One by one"),))
    response = TestClient(app).post(
        contract().path_of(UPLOAD),
        content=form.encode("edge"),
        headers={"X-Api-Key": "sandbox_a", "Content-Type": "multipart/form-data; boundary=edge"},
    )
    report: dict[str, Any] = response.json()
    return {name: report.get(name) for name in ("summary", "errors", "listId", "status", "data")}


@pytest.mark.parametrize("text", [_TEXT, _TEXT + "rest", "not a vCard"])
def test_cards_imported_one_by_one_give_the_report_of_the_file(text: str) -> None:
    defect = Defect("one-by-one", Group.LISTS, "Slow.", (), lambda: _one_by_one)
    assert _report(WrongDeployment(create_app(), defect), text) == _report(create_app(), text)


def test_a_refusal_of_a_card_is_the_refusal_of_the_import() -> None:
    async def refuse(_: ServedRequest) -> ServedResponse:
        return ServedResponse(409, (), b"{}")

    form = ImportForm(FormFile(_TEXT.encode()))
    headers = (("content-type", "multipart/form-data; boundary=edge"),)
    request = ServedRequest("POST", contract().path_of(UPLOAD), "", headers, form.encode("edge"))
    assert asyncio.run(_one_by_one(request, refuse)) == ServedResponse(409, (), b"{}")


def test_reports_are_added_and_lines_moved() -> None:
    first = {"summary": {"total": 1, "errors": 1}, "errors": [{"line": 1}], "importId": "a"}
    second = {"summary": {"total": 2, "errors": 1}, "errors": [{"line": 2}], "importId": "b"}
    assert combined(first, second, 10) == {
        "summary": {"total": 3, "errors": 2},
        "errors": [{"line": 1}, {"line": 12}],
        "importId": "b",
    }


def test_figures_are_moved() -> None:
    report = {"summary": {"total": 2, "imported": 1}, "listId": "a"}
    assert with_counts(report, imported=-1) == {
        "summary": {"total": 2, "imported": 0},
        "listId": "a",
    }


@pytest.mark.parametrize(("sent", "meant"), [("UPDATE", "UPDATE"), ("", "SKIP"), (None, "SKIP")])
def test_without_a_strategy_the_default_is_meant(sent: str | None, meant: str) -> None:
    form = MultipartForm("edge", ()).with_value("duplicateStrategy", sent)
    assert strategy_of(form) == meant
