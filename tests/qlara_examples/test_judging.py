"""Page, server and contract as witnesses: what counts as a difference, and who stands alone."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from qlara_contract.contract import Contract, contract
from qlara_examples.attribution import Alone, Witnesses
from qlara_examples.blocks import numbered
from qlara_examples.compare import Kind, Promised, compare
from qlara_examples.json_text import Node, read_documented

REPORT = {
    "importId": "imp_v1c2a3r4d5",
    "listId": "list_crm_migration",
    "status": "COMPLETED",
    "summary": {"total": 250, "imported": 230, "duplicates": 15, "errors": 5, "skipped": 20},
    "errors": [
        {"line": 45, "name": "Luca Verdi", "reason": "Invalid phone number format"},
        {"line": 89, "name": "Anna Neri", "reason": "Missing phone number"},
        {"line": 648, "name": "Studio Fontana", "reason": "Invalid phone number format"},
    ],
    "completedAt": "2026-04-09T11:00:15+02:00",
}
CERTAIN = Promised(stated="list_crm_migration imp_v1c2a3r4d5")


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    value: Any = deepcopy(REPORT)
    whole = value
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = to
    return dict(whole)


def documented(value: Any) -> tuple[Node, ...]:
    return read_documented(numbered(json.dumps(value, indent=1)))


def differences(page: Any, answer: Any, promised: Promised = CERTAIN) -> list[tuple[Any, ...]]:
    found = compare(documented(page), [answer], promised).differences
    return [(each.path, each.kind) for each in found]


@pytest.mark.parametrize(
    "shown",
    [
        REPORT["errors"],
        REPORT["errors"][:1],  # type: ignore[index]
        REPORT["errors"][1:],  # type: ignore[index]
        REPORT["errors"][::2],  # type: ignore[index]
    ],
)
def test_a_page_may_show_a_beginning_or_some_of_the_elements(shown: list[Any]) -> None:
    assert differences(changed("errors", to=shown), REPORT) == []


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        (("summary", "total"), 251, Kind.VALUE),
        (("summary", "total"), "250", Kind.TYPE),
        (("status",), True, Kind.TYPE),
        (("errors",), [], Kind.VALUE),
        (("errors", 1, "name"), "Nobody", Kind.VALUE),
        (("listId",), "list_other", Kind.VALUE),
        (("summary", "more"), 1, Kind.MISSING),
    ],
)
def test_a_fact_that_the_answer_does_not_bear_out_is_a_difference(
    path: tuple[str | int, ...], value: Any, kind: Kind
) -> None:
    assert differences(changed(*path, to=value), REPORT) == [(path, kind)]


def test_a_key_that_the_page_does_not_show_is_a_difference_unless_it_says_that_there_is_more() -> (
    None
):
    page = {key: value for key, value in REPORT.items() if key != "completedAt"}
    open_end = json.dumps(page)[:-1] + ", ...}"

    assert differences(page, REPORT) == [(("completedAt",), Kind.EXTRA)]
    assert compare(read_documented(numbered(open_end)), [REPORT], CERTAIN).differences == []


def test_times_count_by_their_form_where_the_clock_moves() -> None:
    page = changed("completedAt", to="2020-01-01T00:00:00Z")
    moving = Promised(times=False, stated=CERTAIN.stated)

    assert differences(page, REPORT) == [(("completedAt",), Kind.VALUE)]
    assert differences(page, REPORT, moving) == []
    page = changed("completedAt", to="yesterday")
    assert differences(page, REPORT, moving) == [(("completedAt",), Kind.VALUE)]


def test_ids_that_the_scenario_does_not_state_count_by_their_form() -> None:
    unstated = Promised(stated="list_crm_migration")

    assert differences(changed("importId", to="imp_another"), REPORT, unstated) == []
    assert differences(changed("importId", to="cnt_001"), REPORT, unstated) == [
        (("importId",), Kind.VALUE)
    ]


def test_of_a_deployment_without_scenarios_only_the_form_is_certain() -> None:
    unknown = Promised(values=False, times=False)
    page = changed("summary", "total", to=7)

    assert differences(page, REPORT, unknown) == []
    assert differences({**page, "status": 7}, REPORT, unknown) == [(("status",), Kind.TYPE)]
    assert (
        differences(
            {"data": {"file": "Larger than 10 MB"}}, {"data": {"file": "Larger than 5 MB"}}, unknown
        )
        == []
    )
    assert differences({"data": {"file": "Too big"}}, {"data": {"file": "No"}}, unknown) == [
        (("data", "file"), Kind.VALUE)
    ]


def alone(page: Any, answer: Any, told: Contract | None = None) -> list[tuple[str, Alone]]:
    """Return what is found, by the first word, and who stands alone with it."""
    told = told or contract()
    witnesses = Witnesses(told, told.operations["uploadVCard"], 200)
    [node] = documented(page)
    witnesses.recognise(page)
    judged = compare([node], [answer], CERTAIN).differences
    found = [witnesses.judge(each) for each in judged]
    found += witnesses.contradictions(node, judged)
    found += [] if found else witnesses.broken_by(answer, node.line)
    return [(each.text.split(":")[0], each.alone) for each in found]


def amended(*path: str, to: Any) -> Contract:
    """Return the contract with one thing in it changed."""
    document = deepcopy(contract().document)
    value = document
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = to
    return Contract(document)


EXAMPLE = (
    "paths", "/api/partner-gateway/v1/contacts/upload/vcard", "post", "responses", "200", "content",
    "application/json", "examples", "completed", "value", "summary", "total",
)  # fmt: skip
SCHEMAS = ("components", "schemas")


def test_nobody_stands_alone_where_all_agree() -> None:
    assert alone(REPORT, REPORT) == []


def test_the_page_stands_alone_if_server_and_contract_agree() -> None:
    assert alone(changed("summary", "total", to=251), REPORT) == [("summary.total", Alone.PAGE)]
    assert alone(changed("status", to="DONE"), REPORT) == [("status", Alone.PAGE)]
    assert alone({**REPORT, "more": 1}, REPORT) == [("more", Alone.PAGE)]
    short = {key: value for key, value in REPORT.items() if key != "status"}
    assert alone(short, REPORT) == [("status", Alone.PAGE)]


def test_the_server_stands_alone_if_page_and_contract_agree() -> None:
    assert alone(REPORT, changed("summary", "total", to=251)) == [("summary.total", Alone.SERVER)]
    assert alone(REPORT, changed("status", to="DONE")) == [("status", Alone.SERVER)]
    assert alone(REPORT, {**REPORT, "more": 1}) == [("more", Alone.SERVER)]
    short = {key: value for key, value in REPORT.items() if key != "status"}
    assert alone(REPORT, short) == [("status", Alone.SERVER)]


def test_the_contract_stands_alone_if_page_and_server_agree() -> None:
    other = amended(*EXAMPLE, to=251)
    assert alone(REPORT, REPORT, other) == [("summary.total", Alone.CONTRACT)]
    strict = amended(*SCHEMAS, "ImportReport", "properties", "status", "enum", to=["DONE"])
    assert alone(REPORT, REPORT, strict) == [("status", Alone.CONTRACT)]


def test_what_the_page_leaves_out_may_still_break_the_contract() -> None:
    answer = deepcopy(REPORT)
    answer["errors"][2]["line"] = 0  # type: ignore[index]
    page = changed("errors", to=REPORT["errors"][:2])  # type: ignore[index]

    assert alone(page, answer) == [("errors[2].line", Alone.SERVER)]


def test_nobody_stands_alone_where_the_contract_leaves_both_free() -> None:
    page = changed("errors", 0, "name", to="Luca Verdo")

    assert alone(page, changed("errors", 0, "name", to="Luca")) == [
        ("errors[0].name", Alone.NOBODY)
    ]
