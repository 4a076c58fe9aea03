"""The wrapper itself: without a change, request and response pass unchanged."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from qlara_contract.contract import contract
from qlara_contract.defects import BY_NAME, DEFECTS, Defect, Group, WrongDeployment
from qlara_contract.defects.defect import instead, on_request, on_response
from qlara_contract.defects.messages import KEY_HEADER, ServedRequest, ServedResponse, fail
from qlara_contract.promises import LIST, QUOTA, UPLOAD
from qlara_contract.strategies import card
from qlara_sandbox.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from qlara_contract.defects.defect import Behaviour

_KEY = {"X-Api-Key": "sandbox_defects"}
_QUOTA = contract().path_of(QUOTA)


def _defect(begin: Callable[[], Behaviour]) -> Defect:
    return Defect("some-defect", Group.RESPONSES, "Something is wrong.", ("quota.shape",), begin)


def _client(*begins: Callable[[], Behaviour]) -> TestClient:
    return _client_with(*map(_defect, begins))


def _client_with(*defects: Defect) -> TestClient:
    app: Any = WrongDeployment(create_app(), *defects)
    return TestClient(app, headers=_KEY)


def _shown(client: TestClient) -> list[Any]:
    """Return status, media type, length and body of some requests of all kinds."""
    form = {"listName": "Città", "tags": "a,b"}
    file = {"file": ("a.vcf", card("Zoë Rossi", "TEL:+33199000001").encode(), "text/vcard")}
    path = contract().path_of(UPLOAD)
    responses = [
        client.get(_QUOTA),
        client.head(_QUOTA),
        client.get(_QUOTA, headers={"X-Api-Key": "unknown"}),
        client.post(path, data=form, files=file, headers={"X-Sandbox-Scenario": "crm-migration"}),
        client.post(path, content=b"x", headers={"Content-Type": "text/plain"}),
        client.get(contract().path_of(LIST, listId="list_crm_migration"), params={"limit": "5"}),
        client.get(
            contract().path_of(LIST, listId="list%20a"), params=[("page", "1"), ("page", "2")]
        ),
        client.put(_QUOTA),
        client.get("/elsewhere"),
        client.get("/openapi.json"),
    ]
    names = ("content-type", "content-length", "allow", "x-sandbox-session")
    return [(each.status_code, each.content, *map(each.headers.get, names)) for each in responses]


def test_without_defects_every_answer_is_the_right_one() -> None:
    assert _shown(_client()) == _shown(TestClient(create_app(), headers=_KEY))


def test_a_defect_that_changes_nothing_is_not_seen() -> None:
    unseen = (
        on_request("", lambda request: request),
        on_response("", lambda _, response: response),
    )
    assert _shown(_client(*unseen)) == _shown(_client())


def test_a_request_is_changed_before_the_sandbox_sees_it() -> None:
    client = _client(on_request(QUOTA, lambda request: request.with_header(KEY_HEADER, None)))
    assert client.get(_QUOTA).status_code == 401


def test_a_changed_answer_has_its_own_length() -> None:
    client = _client(on_response(QUOTA, lambda _, response: response.with_json({"used": "è"})))
    response = client.get(_QUOTA)
    assert (response.json(), response.headers["content-length"]) == ({"used": "è"}, "14")


def test_the_first_defect_has_the_last_word() -> None:
    def also(letter: str) -> Callable[[], Behaviour]:
        return on_response(
            QUOTA, lambda _, response: response.with_json([letter, *_list(response)])
        )

    assert _client(also("a"), also("b")).get(_QUOTA).json() == ["a", "b"]


def _list(response: ServedResponse) -> list[Any]:
    return response.json if isinstance(response.json, list) else []


def test_what_changes_the_shape_of_an_answer_has_the_last_word() -> None:
    client = _client_with(BY_NAME["has-more-always"], BY_NAME["page-in-an-envelope"])
    page = client.get(contract().path_of(LIST, listId="list_crm_migration")).json()
    assert page["data"]["hasMore"] is True


@pytest.mark.parametrize("seed", range(25))
def test_defects_can_be_combined_without_a_crash(seed: int) -> None:
    # Some are there to fail: they would hide what fails by accident.
    failing = "answers.never-a-server-error"
    defects = random.Random(seed).sample(
        [each for each in DEFECTS if failing not in each.breaks], 4
    )
    statuses = {shown[0] for shown in _shown(_client_with(*defects))}
    assert statuses <= {200, 201, 202, 204, 206, 400, 401, 403, 404, 405, 409, 413, 415, 422}


def test_an_answer_can_be_given_without_the_sandbox() -> None:
    client = _client(instead(lambda request: fail(400, "x", "y") if request.operation else None))
    assert client.get(_QUOTA).json() == {"status": "fail", "data": {"x": "y"}}
    assert client.get("/elsewhere").status_code == 404


def test_the_sandbox_s_own_pages_stay_right() -> None:
    client = _client(on_response("", lambda _, response: response.with_status(500)))
    assert [client.get(path).status_code for path in ("/openapi.yaml", "/__docs", _QUOTA)] == [
        200,
        200,
        500,
    ]


def test_each_deployment_begins_with_a_memory_of_its_own() -> None:
    begun: list[int] = []

    def begin() -> Behaviour:
        begun.append(len(begun))
        return on_request("", lambda request: request)()

    _client(begin)
    _client(begin)
    assert begun == [0, 1]


@pytest.mark.parametrize(
    ("query", "name", "value", "expected"),
    [
        ("limit=5&page=2", "limit", 6, "page=2&limit=6"),
        ("limit=5&limit=6", "limit", None, ""),
        ("", "page", "è", "page=%C3%A8"),
    ],
)
def test_a_parameter_is_replaced(query: str, name: str, value: object, expected: str) -> None:
    request = ServedRequest("GET", _QUOTA, query, (), b"")
    assert request.with_parameter(name, value).query == expected


def test_a_question_of_the_same_account_has_its_headers_and_no_body() -> None:
    headers = (("x-api-key", "k"), ("content-type", "text/plain"), ("x-sandbox-session", "s"))
    request = ServedRequest("POST", contract().path_of(UPLOAD), "a=b", headers, b"body")
    asked = request.on_request(LIST, listId="list_a", limit=2)
    path = contract().path_of(LIST, listId="list_a")
    assert asked == ServedRequest("GET", path, "limit=2", (headers[0], headers[2]), b"")
    assert asked.account == request.account == ("k", "s")
