"""Page, server and contract: what counts as a mismatch, and which of the three is the odd one out."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from qlara_contract.contract import ContractDocument, contract
from qlara_examples.attribution import Attributor, OddOneOut
from qlara_examples.blocks import numbered
from qlara_examples.compare import Certainty, MismatchKind, compare
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
CERTAIN = Certainty(stated="list_crm_migration imp_v1c2a3r4d5")


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    value: Any = deepcopy(REPORT)
    whole = value
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = to
    return dict(whole)


def documented(value: Any) -> tuple[Node, ...]:
    return read_documented(numbered(json.dumps(value, indent=1)))


def mismatches(page: Any, response: Any, certainty: Certainty = CERTAIN) -> list[tuple[Any, ...]]:
    found = compare(documented(page), [response], certainty).mismatches
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
    assert mismatches(changed("errors", to=shown), REPORT) == []


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        (("summary", "total"), 251, MismatchKind.VALUE),
        (("summary", "total"), "250", MismatchKind.TYPE),
        (("status",), True, MismatchKind.TYPE),
        (("errors",), [], MismatchKind.VALUE),
        (("errors", 1, "name"), "Nobody", MismatchKind.VALUE),
        (("listId",), "list_other", MismatchKind.VALUE),
        (("summary", "more"), 1, MismatchKind.MISSING),
    ],
)
def test_a_fact_that_the_answer_does_not_bear_out_is_a_difference(
    path: tuple[str | int, ...], value: Any, kind: MismatchKind
) -> None:
    assert mismatches(changed(*path, to=value), REPORT) == [(path, kind)]


def test_a_key_that_the_page_does_not_show_is_a_difference_unless_it_says_that_there_is_more() -> (
    None
):
    page = {key: value for key, value in REPORT.items() if key != "completedAt"}
    open_end = json.dumps(page)[:-1] + ", ...}"

    assert mismatches(page, REPORT) == [(("completedAt",), MismatchKind.EXTRA)]
    assert compare(read_documented(numbered(open_end)), [REPORT], CERTAIN).mismatches == []


def test_times_count_by_their_form_where_the_clock_moves() -> None:
    page = changed("completedAt", to="2020-01-01T00:00:00Z")
    moving = Certainty(times=False, stated=CERTAIN.stated)

    assert mismatches(page, REPORT) == [(("completedAt",), MismatchKind.VALUE)]
    assert mismatches(page, REPORT, moving) == []
    page = changed("completedAt", to="yesterday")
    assert mismatches(page, REPORT, moving) == [(("completedAt",), MismatchKind.VALUE)]


def test_ids_that_the_scenario_does_not_state_count_by_their_form() -> None:
    unstated = Certainty(stated="list_crm_migration")

    assert mismatches(changed("importId", to="imp_another"), REPORT, unstated) == []
    assert mismatches(changed("importId", to="cnt_001"), REPORT, unstated) == [
        (("importId",), MismatchKind.VALUE)
    ]


def test_of_a_deployment_without_scenarios_only_the_form_is_certain() -> None:
    unknown = Certainty(values=False, times=False)
    page = changed("summary", "total", to=7)

    assert mismatches(page, REPORT, unknown) == []
    assert mismatches({**page, "status": 7}, REPORT, unknown) == [(("status",), MismatchKind.TYPE)]
    assert (
        mismatches(
            {"data": {"file": "Larger than 10 MB"}}, {"data": {"file": "Larger than 5 MB"}}, unknown
        )
        == []
    )
    assert mismatches({"data": {"file": "Too big"}}, {"data": {"file": "No"}}, unknown) == [
        (("data", "file"), MismatchKind.VALUE)
    ]


def odd_ones_out(
    page: Any, response: Any, amended_contract: ContractDocument | None = None
) -> list[tuple[str, OddOneOut]]:
    """Return each finding by its first word, with the odd one out."""
    document = amended_contract or contract()
    attributor = Attributor(document, document.operations["uploadVCard"], 200)
    [node] = documented(page)
    attributor.recognise(page)
    judged = compare([node], [response], CERTAIN).mismatches
    found = [attributor.judge(each) for each in judged]
    found += attributor.contradictions(node, judged)
    found += [] if found else attributor.broken_by(response, node.line)
    return [(each.text.split(":")[0], each.odd_one_out) for each in found]


def amended(*path: str, to: Any) -> ContractDocument:
    """Return the contract with one thing in it changed."""
    document = deepcopy(contract().document)
    value = document
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = to
    return ContractDocument(document)


EXAMPLE = (
    "paths", "/api/partner-gateway/v1/contacts/upload/vcard", "post", "responses", "200", "content",
    "application/json", "examples", "completed", "value", "summary", "total",
)  # fmt: skip
SCHEMAS = ("components", "schemas")


def test_nobody_is_the_odd_one_out_where_all_agree() -> None:
    assert odd_ones_out(REPORT, REPORT) == []


def test_the_page_is_the_odd_one_out_if_server_and_contract_agree() -> None:
    assert odd_ones_out(changed("summary", "total", to=251), REPORT) == [
        ("summary.total", OddOneOut.PAGE)
    ]
    assert odd_ones_out(changed("status", to="DONE"), REPORT) == [("status", OddOneOut.PAGE)]
    assert odd_ones_out({**REPORT, "more": 1}, REPORT) == [("more", OddOneOut.PAGE)]
    short = {key: value for key, value in REPORT.items() if key != "status"}
    assert odd_ones_out(short, REPORT) == [("status", OddOneOut.PAGE)]


def test_the_server_is_the_odd_one_out_if_page_and_contract_agree() -> None:
    assert odd_ones_out(REPORT, changed("summary", "total", to=251)) == [
        ("summary.total", OddOneOut.SERVER)
    ]
    assert odd_ones_out(REPORT, changed("status", to="DONE")) == [("status", OddOneOut.SERVER)]
    assert odd_ones_out(REPORT, {**REPORT, "more": 1}) == [("more", OddOneOut.SERVER)]
    short = {key: value for key, value in REPORT.items() if key != "status"}
    assert odd_ones_out(REPORT, short) == [("status", OddOneOut.SERVER)]


def test_the_contract_is_the_odd_one_out_if_page_and_server_agree() -> None:
    other = amended(*EXAMPLE, to=251)
    assert odd_ones_out(REPORT, REPORT, other) == [("summary.total", OddOneOut.CONTRACT)]
    strict = amended(*SCHEMAS, "ImportReport", "properties", "status", "enum", to=["DONE"])
    assert odd_ones_out(REPORT, REPORT, strict) == [("status", OddOneOut.CONTRACT)]


def test_what_the_page_leaves_out_may_still_break_the_contract() -> None:
    response = deepcopy(REPORT)
    response["errors"][2]["line"] = 0  # type: ignore[index]
    page = changed("errors", to=REPORT["errors"][:2])  # type: ignore[index]

    assert odd_ones_out(page, response) == [("errors[2].line", OddOneOut.SERVER)]


def test_nobody_is_the_odd_one_out_where_the_contract_leaves_both_free() -> None:
    page = changed("errors", 0, "name", to="Luca Verdo")

    assert odd_ones_out(page, changed("errors", 0, "name", to="Luca")) == [
        ("errors[0].name", OddOneOut.NOBODY)
    ]
