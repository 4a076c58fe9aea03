"""Differential runs: ids, times, numbers and quotas may differ; status, shape and meaning may not."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from qlara_contract.contract import contract
from qlara_contract.differential import DeploymentComparison, compare, shape
from qlara_contract.exchange import ApiRequest
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.report.differential import print_comparison
from qlara_contract.settings import RunSettings
from tests.qlara_contract.deployments import answered, page, report

if TYPE_CHECKING:
    from qlara_contract.exchange import ApiExchange

FIRST, SECOND = RunSettings("http://127.0.0.1:1", "a"), RunSettings("http://127.0.0.1:2", "b")


def _compared(first: list[ApiExchange], second: list[ApiExchange]) -> DeploymentComparison:
    recorded = ([("a story", each) for each in exchanges] for exchanges in (first, second))
    return compare(FIRST, SECOND, *recorded)


def _differences(one: ApiExchange, two: ApiExchange) -> list[tuple[str, str]]:
    compared = _compared([one], [two])
    return [(each.kind.value, each.what) for each in compared.differences.values()]


def test_ids_moments_and_plans_may_differ() -> None:
    new = (("listName", "x"),)
    other = report(importId="imp_9", listId="list_z", completedAt="2030-01-01T00:00:00Z")
    first = [answered(UPLOAD, report(), fields=new), answered(QUOTA, {"used": 5, "total": 10})]
    second = [answered(UPLOAD, other, fields=new), answered(QUOTA, {"used": 90, "total": 100})]
    compared = _compared(first, second)
    assert (compared.differences, compared.fidelity, compared.exit_code) == ({}, 1.0, 0)


def test_status_comes_before_shape_and_shape_before_meaning() -> None:
    right = answered(LIST, page())
    assert _differences(right, answered(LIST, {}, status=404)) == [("status", "200 and 404")]
    assert _differences(right, answered(LIST, page(total="1"))) == [
        ("shape", 'total: "integer" and "string"')
    ]
    without = {name: value for name, value in page().items() if name != "hasMore"}
    assert _differences(right, answered(LIST, without)) == [
        ("shape", "hasMore is only in the first")
    ]
    assert _differences(right, answered(LIST, page(page=2))) == [("meaning", "page: 1 and 2")]


def test_an_id_that_stands_for_two_is_a_difference() -> None:
    def contacts(*ids: str) -> ApiExchange:
        one = page()["contacts"][0]
        return answered(LIST, page(contacts=[one | {"contactId": each} for each in ids]))

    assert _differences(contacts("a", "b"), contacts("x", "y")) == []
    assert _differences(contacts("a", "b"), contacts("x", "x")) == [
        ("meaning", 'contacts[].contactId: "b" and "x"')
    ]


@pytest.mark.parametrize("list_id", ["a/b c", "x?n=1#&y", "urn:list:7", "%20名-1", "7"])
def test_an_id_of_any_letters_is_the_id_of_the_same_list_in_later_requests(list_id: str) -> None:
    head = 'Content-Disposition: form-data; name="listId"'

    def exchanges(list_id: str) -> list[ApiExchange]:
        into_it = answered(UPLOAD, report(listId=list_id), fields=(("listId", list_id),))
        written = ApiRequest(
            "POST", into_it.request.path, body=f"{head}\r\n\r\n{list_id}\r\n7".encode()
        )
        path = contract().path_of(LIST, listId=list_id)
        return [
            answered(UPLOAD, report(listId=list_id), fields=(("listName", "x"),)),
            into_it,
            replace(into_it, request=written),
            replace(answered(LIST, page(listId=list_id)), request=ApiRequest("GET", path)),
        ]

    compared = _compared(exchanges(list_id), exchanges("list_a"))
    assert (compared.unpaired, compared.differences, compared.fidelity) == ({}, {}, 1.0)


def test_a_list_is_paired_whatever_else_its_import_returned() -> None:
    def exchanges(list_id: str, **more: object) -> list[ApiExchange]:
        path = contract().path_of(LIST, listId=list_id)
        return [
            answered(UPLOAD, report(listId=list_id, **more), fields=(("listName", "x"),)),
            replace(answered(LIST, page(listId=list_id)), request=ApiRequest("GET", path)),
        ]

    compared = _compared(exchanges("7", more=1), exchanges("list_a"))
    assert (compared.unpaired, len(compared.differences)) == ({}, 1)


def test_how_often_a_page_was_asked_for_until_it_held_a_contact_is_no_difference() -> None:
    waited = [answered(LIST, page(contacts=[], total=0))] * 3
    shown = answered(LIST, page())
    compared = _compared([*waited, shown], [waited[0], shown])
    assert (compared.unpaired, compared.differences, compared.fidelity) == ({}, {}, 1.0)


def test_a_refusal_may_name_the_id_of_its_list_and_differs_in_other_words() -> None:
    def exchanges(list_id: str, words: str) -> list[ApiExchange]:
        refused = {"status": "fail", "data": {"listId": f"{words} {list_id}."}}
        new = (("listName", "x"),)
        return [
            answered(UPLOAD, report(listId=list_id), fields=new),
            answered(UPLOAD, refused, fields=new, status=404),
        ]

    first = exchanges("a/b c", "There is no list")
    assert _compared(first, exchanges("list_a", "There is no list")).differences == {}
    found = _compared(first, exchanges("list_a", "Unknown:")).differences
    assert [each.kind.value for each in found.values()] == ["wording"]


def test_the_ids_of_a_list_and_of_a_contact_may_be_alike() -> None:
    def exchanges(list_id: str, contact_id: str) -> list[ApiExchange]:
        one = page()["contacts"][0] | {"contactId": contact_id}
        return [answered(LIST, page(listId=list_id, contacts=[one]))]

    assert _compared(exchanges("1", "1"), exchanges("list_a", "cnt_1")).differences == {}


def test_requests_are_the_same_whatever_the_numbers_and_the_key_in_them() -> None:
    def exchanges(number: str, key: str, name: str) -> list[ApiExchange]:
        text = f"BEGIN:VCARD\r\nFN:Anna\r\nTE\r\n L:{number[:4]}\r\n {number[4:]}\r\nEND:VCARD\r\n"
        quota = answered(QUOTA, {"used": 1, "total": 2})
        imported = answered(UPLOAD, report())
        return [
            replace(quota, request=replace(quota.request, query=(("apiKey", key),))),
            *(
                replace(
                    imported,
                    request=replace(
                        imported.request,
                        form=ImportForm(FormFile(content), (("listName", name),)),
                    ),
                )
                for content in (text.encode(), text.encode("utf-16"))
            ),
        ]

    first = exchanges("+33199000001", FIRST.api_key, "contract-check 1a2b-9 a file with")
    second = exchanges("+33199000234", SECOND.api_key, "contract-check 3c4d5e-10 a file")
    compared = _compared(first, second)
    assert (compared.unpaired, compared.differences, compared.fidelity) == ({}, {}, 1.0)


def test_the_quota_is_compared_by_how_it_moves() -> None:
    def quotas(*used: int) -> list[ApiExchange]:
        return [answered(QUOTA, {"used": each, "total": 100}) for each in used]

    assert _compared(quotas(1, 3), quotas(51, 53)).differences == {}
    compared = _compared(quotas(1, 3), quotas(51, 52))
    assert [each.what for each in compared.differences.values()] == ["used: 3 and 52"]


def test_requests_without_a_counterpart_are_counted_and_not_compared() -> None:
    compared = _compared([answered(QUOTA, {}), answered(QUOTA, {})], [answered(LIST, page())])
    assert (compared.unpaired, sum(compared.paired.values()), compared.exit_code) == (
        {"a story": 2},
        0,
        2,
    )


@pytest.mark.parametrize("longer", [0, 1])
def test_a_comparison_that_leaves_requests_out_is_no_success(longer: int) -> None:
    both = [answered(QUOTA, {"used": 1, "total": 2})]
    sides = [both, [*both, answered(LIST, page())]]
    compared = _compared(sides[longer], sides[1 - longer])
    assert (compared.unpaired, compared.fidelity, compared.exit_code) == ({"a story": 1}, 1.0, 2)


@pytest.mark.parametrize("side", [0, 1])
def test_a_story_that_only_one_run_told_has_no_counterpart(side: int) -> None:
    told = ("a story", answered(QUOTA, {"used": 1, "total": 2}))
    more = [told, ("another story", answered(LIST, page()))]
    recorded = (more, [told]) if side else ([told], more)
    assert compare(FIRST, SECOND, *recorded).unpaired == {"another story": 1}


def test_the_exchanges_of_a_story_are_compared_wherever_they_were_recorded() -> None:
    def recorded(used: int) -> list[tuple[str, ApiExchange]]:
        pages = ("pages", answered(LIST, page()))
        quotas = [("quotas", answered(QUOTA, {"used": each, "total": 9})) for each in (1, used)]
        return [quotas[0], pages, quotas[1]]

    compared = compare(FIRST, SECOND, recorded(2), recorded(3))
    assert (compared.unpaired, [each.what for each in compared.differences.values()]) == (
        {},
        ["used: 2 and 3"],
    )


def test_two_accounts_may_have_the_same_ids() -> None:
    def exchanges(*ids: tuple[str, str]) -> list[ApiExchange]:
        return [
            replace(answered(UPLOAD, report(importId=each), fields=(("listName", "x"),)), key=key)
            for key, each in ids
        ]

    first = exchanges(("a", "imp_1"), ("other", "imp_1"))
    second = exchanges(("b", "imp_2"), ("other", "imp_1"))
    assert _compared(first, second).differences == {}


def test_a_run_that_stopped_is_told_and_is_no_success() -> None:
    compared = _compared(*[[answered(QUOTA, {"used": 1, "total": 2})]] * 2)
    compared.cut_short = ["The run against http://127.0.0.1:2 stopped: it is away."]
    console = Console(file=StringIO(), width=90)
    print_comparison(console, compared, ())
    assert compared.exit_code == 2
    assert isinstance(console.file, StringIO)
    assert "The one pair of responses that could be compared: they are the same." in (
        console.file.getvalue()
    )
    assert "stopped: it is away." in console.file.getvalue()


def test_what_could_not_be_compared_is_told_story_by_story() -> None:
    both = [answered(QUOTA, {"used": 1, "total": 2})] * 2
    compared = _compared([*both, answered(LIST, page())], both)
    console = Console(file=StringIO(), width=90)
    print_comparison(console, compared, ())
    assert isinstance(console.file, StringIO)
    assert """
All 2 pairs of responses that could be compared are the same.
1 request has no counterpart and could not be compared, from where these stories parted:
  a story (1)
""" in console.file.getvalue()


def test_a_shape_is_names_and_types() -> None:
    value: dict[str, Any] = {"a": [1, 2], "b": None, "c": [1, "x"], "d": {"e": True}}
    assert shape(value) == {
        "a": ["integer"],
        "b": "null",
        "c": "list",
        "d": {"e": "boolean"},
    }
