"""The set-up of a response: the requests of its story that it rests on, and no others."""

from __future__ import annotations

import json
from dataclasses import replace

from qlara_contract.contract import contract
from qlara_contract.exchange import ApiExchange, ApiRequest, ApiResponse
from qlara_contract.forms import FormFile, ImportForm
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.results import Evidence
from qlara_contract.script import script
from qlara_contract.steps import led_to
from qlara_contract.strategies import card


def _exchange(operation: str, request: ApiRequest, body: object) -> ApiExchange:
    response = ApiResponse(200, (), json.dumps(body).encode())
    return ApiExchange("http://a", request, response, operation, "a-key")


def _import(number: str, list_id: str, *fields: tuple[str, str]) -> ApiExchange:
    form = ImportForm(FormFile(card("Marco Rossi", f"TEL:{number}").encode()), fields)
    request = ApiRequest("POST", contract().path_of(UPLOAD), form=form)
    return _exchange(UPLOAD, request, {"listId": list_id})


def _read(list_id: str) -> ApiExchange:
    return _exchange(LIST, ApiRequest("GET", contract().path_of(LIST, listId=list_id)), {})


def _quota() -> ApiExchange:
    return _exchange(QUOTA, ApiRequest("GET", contract().path_of(QUOTA)), {"used": 1})


def test_a_list_rests_on_the_imports_into_it_and_on_no_other() -> None:
    other, made = _import("+33199000001", "list_other"), _import("+33199000002", "list_made")
    into = _import("+33199000003", "list_made", ("listId", "list_made"))
    shown = _read("list_made")
    assert led_to(shown, [other, made, _quota(), into, shown, other]) == (made, into)


def test_an_import_rests_on_those_of_the_same_number_in_any_spelling() -> None:
    first = _import("+33 1 99 00 00 01", "list_1")
    again = _import("tel:+33-199-000-001", "list_2")
    assert led_to(again, [first, _import("+33199000002", "list_3"), again]) == (first,)


def test_a_list_rests_on_a_later_import_elsewhere_of_the_number_it_shows() -> None:
    made, elsewhere = _import("+33199000001", "list_a"), _import("+33199000001", "list_b")
    shown = _read("list_a")
    assert led_to(shown, [made, elsewhere, shown]) == (made, elsewhere)


def test_a_quota_rests_on_the_one_before_and_what_was_imported_since() -> None:
    first, before, now = _quota(), _quota(), _quota()
    original, duplicate = _import("+33199000001", "a"), _import("+33199000001", "b")
    unrelated = _import("+33199000009", "c")
    sent = [first, original, unrelated, before, duplicate, now]
    assert led_to(now, sent) == (original, before, duplicate)


def test_the_lines_say_what_is_set_up_and_name_its_list_by_a_variable() -> None:
    made, shown = _import("+33199000001", "list_made", ("tags", "a")), _read("list_made")
    evidence = Evidence("Wrong.", "a", "b", shown, before=(made,))
    assert script(evidence) == (
        "# first: import the file\n"
        "printf 'BEGIN:VCARD\\r\\nVERSION:3.0\\r\\nFN:Marco Rossi\\r\\nTEL:+33199000001\\r\\n"
        "END:VCARD\\r\\n' > contacts.vcf\n"
        "curl -X POST http://a/api/partner-gateway/v1/contacts/upload/vcard \\\n"
        "  -H 'X-Api-Key: YOUR_API_KEY' \\\n"
        "  -F 'file=@contacts.vcf;type=text/vcard;filename=contacts.vcf' \\\n"
        "  -F tags=a\n"
        "LIST_ID=list_made  # listId of this response\n"
        "\n"
        "# then: read the list\n"
        'curl -X GET "http://a/api/partner-gateway/v1/contacts/list/${LIST_ID}/contacts" \\\n'
        "  -H 'X-Api-Key: YOUR_API_KEY'"
    )


def test_one_request_that_needs_no_other_stands_alone() -> None:
    assert script(Evidence("Wrong.", "a", "b", _quota())).startswith("curl -X GET http://a/api/v1/")


def test_requests_that_were_sent_at_the_same_time_run_in_the_background() -> None:
    made = _import("+33199000001", "list_made")
    together = [
        replace(_import(number, "list_made", ("listId", "list_made")), is_one_of_several=True)
        for number in ("+33199000002", "+33199000003")
    ]
    lines = script(Evidence("Wrong.", "a", "b", _read("list_made"), before=(made, *together)))
    told = [
        line for line in lines.splitlines() if line.startswith(("#", "wait", "LIST", "  -F list"))
    ]
    assert told == [
        "# first: import the file",
        "LIST_ID=list_made  # listId of this response",
        "# then, at the same time: import the file",
        "# then, at the same time: import the file",
        "wait",
        "# last: read the list",
    ]
    assert lines.count('-F "listId=${LIST_ID}" &\n') == len(together)
