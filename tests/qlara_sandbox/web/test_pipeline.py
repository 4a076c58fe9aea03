from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.http.contract import InvalidContract
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.state.ids import Ids
from qlara_sandbox.web.app import assemble, create_app
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from tests.qlara_sandbox.web.calls import LIST, MARCO, QUOTA, UPLOAD, fail, upload, vcf

if TYPE_CHECKING:
    from pathlib import Path

KEY = {"X-Api-Key": "YOUR_API_KEY"}
ACCEPTED = "Accepted: YOUR_API_KEY, and any key that begins with sandbox_."


def app(**settings: Any) -> TestClient:
    return TestClient(assemble(Runtime(SandboxSettings(**settings))), headers=KEY)


def used(client: TestClient, **headers: str) -> int:
    count: int = client.get(QUOTA, headers=headers).json()["used"]
    return count


def test_no_key_and_an_unknown_key_are_refused_before_anything_else(client: TestClient) -> None:
    client.headers.pop("X-Api-Key")
    missing = client.post(UPLOAD)
    unknown = client.post(UPLOAD, headers={"X-Api-Key": "secret-of-somebody"})

    assert (missing.status_code, missing.json()) == (
        401,
        fail(apiKey=f"Missing API key. Expected the X-Api-Key header. {ACCEPTED}"),
    )
    assert (unknown.status_code, unknown.json()) == (
        401,
        fail(apiKey=f"Unknown or inactive API key. {ACCEPTED}"),
    )


def test_a_key_without_the_permission_is_refused(client: TestClient) -> None:
    response = client.get(QUOTA, headers={"X-Api-Key": "sandbox_a__no-permission"})

    assert (response.status_code, response.json()) == (
        403,
        fail(apiKey="This API key lacks the 'contacts' permission."),
    )


def test_keys_and_sessions_do_not_see_each_other(client: TestClient) -> None:
    upload(client)

    assert used(client) == 1
    assert used(client, **{"X-Api-Key": "sandbox_other"}) == 0
    assert used(client, **{"X-Sandbox-Session": "other"}) == 0


def test_the_header_chooses_before_the_key_and_the_key_before_the_option() -> None:
    client = app(scenario="quota-nearly-exhausted")
    key = {"X-Api-Key": "sandbox_x__quota-exhausted"}

    assert used(client) == 49_900
    assert used(client, **key) == 50_000
    assert used(client, **key, **{"X-Sandbox-Scenario": "default"}) == 0


@pytest.mark.in_memory
def test_the_binding_of_a_session_counts_after_the_key_and_before_the_option() -> None:
    runtime = Runtime(SandboxSettings())
    runtime.worlds.bind("YOUR_API_KEY", "default", "quota-exhausted")
    client = TestClient(assemble(runtime), headers=KEY)

    assert used(client) == 50_000
    assert used(client, **{"X-Sandbox-Session": "other"}) == 0
    assert used(client, **{"X-Api-Key": "sandbox_x__quota-nearly-exhausted"}) == 49_900


def test_an_unknown_scenario_is_answered_with_the_known_ones(client: TestClient) -> None:
    response = client.get(QUOTA, headers={"X-Sandbox-Scenario": "nope"})

    assert response.status_code == 400
    assert "quota-exhausted" in response.json()["data"]["X-Sandbox-Scenario"]


def test_a_session_label_that_is_none_is_refused(client: TestClient) -> None:
    response = client.get(QUOTA, headers={"X-Sandbox-Session": "a b"})

    assert response.json() == fail(
        **{"X-Sandbox-Session": "Expected 1 to 64 letters, digits, dots, hyphens or underscores."}
    )


def test_answers_name_scenario_session_and_request_and_refusals_point_to_help(
    client: TestClient,
) -> None:
    response = client.get(f"{LIST}?limit=0", headers={"X-Sandbox-Session": "s1"})

    assert response.headers["x-sandbox-scenario"] == "default"
    assert response.headers["x-sandbox-session"] == "s1"
    assert response.headers["link"] == '</__docs#errors-400>; rel="help"'
    assert response.headers["x-request-id"].startswith("req_")


def test_without_sandbox_headers_only_the_request_id_is_left() -> None:
    response = app(sandbox_headers=False).get(f"{LIST}?limit=0")

    assert {"x-sandbox-scenario", "x-sandbox-session", "link"}.isdisjoint(response.headers)
    assert "x-request-id" in response.headers


def test_prefer_answers_with_a_documented_example_and_changes_nothing(client: TestClient) -> None:
    response = client.post(
        UPLOAD,
        files={"file": ("c.vcf", MARCO)},
        data={"listId": "list_crm_migration"},
        headers={"Prefer": "code=409"},
    )

    assert response.status_code == 409
    assert response.json()["data"]["contacts"].startswith("Contact quota exceeded.")
    assert used(client) == 0


def test_prefer_takes_the_name_of_an_example(client: TestClient) -> None:
    response = client.get(QUOTA, headers={"Prefer": "example=rateLimited"})

    assert (response.status_code, response.json()["retryAfter"]) == (429, 12)


def test_an_unknown_wish_is_answered_with_what_there_is(client: TestClient) -> None:
    response = client.get(QUOTA, headers={"Prefer": "code=418"})

    assert response.status_code == 400
    assert "code=429 example=rateLimited" in response.json()["data"]["Prefer"]


def test_other_preferences_are_ignored(client: TestClient) -> None:
    assert client.get(QUOTA, headers={"Prefer": "respond-async, wait=10"}).json()["used"] == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_a_method_that_is_not_in_the_contract_is_refused_with_those_that_are(
    client: TestClient, method: str
) -> None:
    response = client.request(method, UPLOAD)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json() == fail(method=f"Expected POST; found {method}.")


@pytest.mark.parametrize(
    "path",
    [
        "/openapi.yaml",
        "/openapi.json",
        "/llms.txt",
        "/__docs",
        "/__console",
        "/__console/samples/no-footer.vcf",
        "/__assets/x.css",
    ],
)
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_a_page_refuses_a_method_that_is_not_its_own(
    client: TestClient, method: str, path: str
) -> None:
    response = client.request(method, path)

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/api", f"{QUOTA}/", LIST.replace("list_crm", "a%2Fb")])
def test_a_path_that_is_not_in_the_contract_is_refused_in_the_documented_shape(
    client: TestClient, path: str
) -> None:
    response = client.get(path)

    assert response.status_code == 404
    assert response.json()["status"] == "fail"
    assert list(response.json()["data"]) == ["path"]


def test_a_person_who_opens_the_bare_address_is_led_to_the_console(client: TestClient) -> None:
    response = client.get("/", headers={"Accept": "text/html,*/*"}, follow_redirects=False)

    assert (response.status_code, response.headers["location"]) == (307, "/__console")


def test_it_runs_under_a_server_that_announces_its_start_and_its_end() -> None:
    with TestClient(create_app(), headers=KEY) as client:
        assert client.get(QUOTA).status_code == 200


def test_head_answers_as_get_does(client: TestClient) -> None:
    assert (
        client.head(QUOTA).headers["content-length"] == client.get(QUOTA).headers["content-length"]
    )


def test_a_browser_on_another_origin_may_call_the_api(client: TestClient) -> None:
    origin = {"Origin": "https://partner.example"}
    preflight = client.options(
        UPLOAD,
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-api-key",
        },
    )
    response = client.get(QUOTA, headers=origin)

    assert preflight.status_code == 200
    assert "x-api-key" in preflight.headers["access-control-allow-headers"].lower()
    assert response.headers["access-control-allow-origin"] == "*"
    assert "X-Request-Id" in response.headers["access-control-expose-headers"]


def test_the_contract_is_served_in_both_forms(client: TestClient) -> None:
    asked = {"Host": "127.0.0.1:8080"}
    assert client.get("/openapi.yaml", headers=asked).content == resources.SPEC.read_bytes()
    assert client.get("/openapi.json").json()["openapi"] == "3.1.0"


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = resources.SPEC.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_bound_that_is_changed_in_the_contract_is_obeyed(tmp_path: Path) -> None:
    client = app(
        spec=changed(
            tmp_path,
            ("maximum: 1000\n", "maximum: 7\n"),
            ("default: 10\n", "default: 3\n"),
            ("x-qlara-max-bytes: 10485760\n", "x-qlara-max-bytes: 2048\n"),
            ("enum: [SKIP, UPDATE, DUPLICATE]", "enum: [SKIP, UPDATE]"),
        )
    )
    upload(client, vcf(*((f"n{i}", f"+39347{1_000_000 + i}") for i in range(8))))

    assert len(client.get(LIST).json()["contacts"]) == 3
    assert client.get(f"{LIST}?limit=8").json() == fail(limit="Expected an integer from 1 to 7.")
    assert upload(client, b"x" * 2049).json() == fail(
        file="File size exceeds maximum allowed (2 KB)"
    )
    assert upload(client, duplicateStrategy="DUPLICATE").json() == fail(
        duplicateStrategy="Expected one of SKIP, UPDATE."
    )


NAME = "1 to 120 characters on one line, the first of them visible"
NAME_PATTERN = 'pattern: "^[^\\\\x00-\\\\x20\\\\x7f][^\\\\x00-\\\\x1f\\\\x7f]*$"'


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], NAME),
        ([("maxLength: 120", "maxLength: 40")], NAME.replace("120", "40")),
        ([("maxLength: 120", "maxLength: 40"), (NAME, "a short name")], "a short name"),
        (
            [("maxLength: 120", "maxLength: 40"), (NAME_PATTERN, "x-a: b")],
            "text of 1 to 40 characters",
        ),
        ([(NAME_PATTERN, 'pattern: "^[a-z]*$"')], "text of 1 to 120 characters matching ^[a-z]*$"),
        (
            [("          minLength: 1\n          maxLength: 120", "          maxLength: 40")],
            "text of at most 40 characters matching ^[^\\x00-\\x20\\x7f][^\\x00-\\x1f\\x7f]*$",
        ),
    ],
)
def test_a_refusal_says_what_the_contract_in_force_demands(
    tmp_path: Path, changes: list[tuple[str, str]], expected: str
) -> None:
    client = app(spec=changed(tmp_path, *changes))
    response = upload(client, listName="\t" * 121)

    assert response.json() == fail(listName=f"Expected {expected}.")


ADDED = """paths:
  /api/partner-gateway/v1/contacts/{contact-id}/notes:
    get:
      operationId: listNotes
      parameters:
        - {name: contact-id, in: path, required: true, schema: {type: string, maxLength: 9}}
        - {name: deep, in: query, schema: {type: boolean, default: false}}
        - {name: share, in: query, schema: {type: number, minimum: 0, maximum: 1}}
      responses:
        "200":
          description: Notes
          content:
            application/json: {schema: {type: object}, example: {notes: [first]}}
"""


def test_a_path_that_is_added_with_an_example_is_served_and_checked(tmp_path: Path) -> None:
    client = app(spec=changed(tmp_path, ("paths:\n", ADDED)))
    path = "/api/partner-gateway/v1/contacts/cnt_001/notes"

    assert client.get(path).json() == {"notes": ["first"]}
    assert client.get(f"{path}?deep=perhaps&share=2").json() == fail(
        deep="Expected true or false.", share="Expected a number from 0 to 1."
    )
    assert client.get(path, headers={"X-Api-Key": "wrong"}).status_code == 401


OVERLAPPING = """paths:
  /api/partner-gateway/v1/contacts/list/special/contacts:
    get: {operationId: special, responses: {"200": {description: x, content: {application/json: {example: [1]}}}}}
  /deep/{n}:
    parameters: [{name: n, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: deep
      parameters: [{name: n, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: x, content: {application/json: {example: [2]}}}}
"""


def test_a_concrete_path_and_a_parameter_of_the_operation_come_first(tmp_path: Path) -> None:
    client = app(spec=changed(tmp_path, ("paths:\n", OVERLAPPING)))

    assert client.get(LIST.replace("list_crm_migration", "special")).json() == [1]
    assert client.get("/deep/text").json() == [2]


SHAPES = """paths:
  /open:
    get: {operationId: open, security: [], responses: {default: {description: x, content: {text/plain: {example: hello}}}}}
  /gone:
    delete: {operationId: gone, responses: {"204": {description: x}}}
  /made:
    post:
      operationId: made
      requestBody: {content: {application/json: {schema: {type: object, required: [n]}}}}
      responses: {2XX: {description: x, content: {application/json: {example: {id: 1}}}}}
"""


def test_added_paths_of_any_shape_are_answered_as_they_are_documented(tmp_path: Path) -> None:
    client = app(spec=changed(tmp_path, ("paths:\n", SHAPES)))
    keyless = client.get("/open", headers={"X-Api-Key": ""})

    assert (keyless.status_code, keyless.text) == (200, "hello")
    assert keyless.headers["content-type"] == "text/plain"
    assert (client.delete("/gone").status_code, client.delete("/gone").content) == (204, b"")
    assert client.post("/made", json={"n": 1}).json() == {"id": 1}
    assert client.post("/made", json={}).json() == fail(n="Missing.")
    long = client.post("/made", json={"n": 1, "text": "x" * 1024 * 1024})
    assert (long.status_code, long.json()) == (400, fail(body="Expected at most 1 MB."))
    assert client.post("/made", content=b"{").status_code == 400


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("required: [used, total]", "required: [used, color]", "GET /api/v1/partner-gateway"),
        (
            "operationId: getContactQuota\n      x",
            "operationId: listContacts\n      x",
            "Duplicate",
        ),
        ("            default: 10\n", "", "lacks a default for limit of listContacts"),
        ("          x-qlara-max-bytes: 10485760\n", "", "lacks x-qlara-max-bytes of the file"),
        (
            "paths:\n",
            "paths:\n  x: {get: {responses: {}}}\n",
            "GET x: a path must begin with a slash",
        ),
        (
            "paths:\n",
            "paths:\n  /{a}/{a}: {get: {responses: {}}}\n",
            "duplicate parameter in the path",
        ),
        ("enum: [SKIP, UPDATE, DUPLICATE]", "enum: [SKIP, MERGE]", "every duplicateStrategy"),
        ("x-qlara-max-bytes: 10485760\n", "x-qlara-max-bytes: 10MB\n", "lacks x-qlara-max-bytes"),
        ("paths:\n", "paths: [\n", "openapi.yaml:121: did not find"),
        ('"#/components/schemas/ContactQuota"', '"#/nope/x"', "GET /api/v1/partner-gateway"),
    ],
)
def test_a_contract_that_cannot_be_kept_is_refused_in_one_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    spec = changed(tmp_path, (old, new))
    with pytest.raises(InvalidContract) as error:
        app(spec=spec)

    assert str(error.value).startswith(f"{spec}:")
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_a_report_that_breaks_the_contract_is_a_bug_says_so_and_has_changed_nothing(
    tmp_path: Path,
) -> None:
    few = ("imported: {type: integer, minimum: 0,", "imported: {type: integer, maximum: 0,")
    shown = ("summary: {total: 250, imported: 230,", "summary: {total: 250, imported: 0,")
    others = ("summary: {total: 1, imported: 1,", "summary: {total: 1, imported: 0,")
    client = app(spec=changed(tmp_path, few, shown, others))
    response = upload(client)

    assert response.status_code == 500
    assert response.json()["status"] == "error"
    assert "summary.imported: 1 is greater than the maximum of 0" in response.json()["message"]
    assert client.get(QUOTA).json() == {"used": 0, "total": 50_000}


def test_a_bound_on_reports_lets_pass_what_is_within_it(tmp_path: Path) -> None:
    few = ("imported: {type: integer, minimum: 0,", "imported: {type: integer, maximum: 5,")
    shown = ("summary: {total: 250, imported: 230,", "summary: {total: 250, imported: 5,")
    client = app(spec=changed(tmp_path, few, shown))
    people = [(f"P{n}", f"+39347{n:07}") for n in range(6)]
    too_many, within = upload(client, vcf(*people)), upload(client, vcf(*people[:5]))

    assert (too_many.status_code, too_many.json()) == (
        500,
        {
            "status": "error",
            "message": "The sandbox broke its contract: uploadVCard: 200: "
            "summary.imported: 6 is greater than the maximum of 5",
        },
    )
    assert (within.status_code, within.json()["summary"]["imported"]) == (200, 5)
    assert client.get(LIST).json()["total"] == 5


def test_a_quota_that_the_contract_does_not_allow_is_a_mistake_of_its_scenario(
    tmp_path: Path,
) -> None:
    few = ("used: {type: integer, minimum: 0,", "used: {type: integer, maximum: 500,")
    with pytest.raises(InvalidScenario) as error:
        app(spec=changed(tmp_path, few))

    assert str(error.value) == (
        f"{resources.SCENARIOS / 'default.yaml'}:2: account.quota: Not allowed by the contract: "
        "getContactQuota: 200: used: 50000 is greater than the maximum of 500"
    )


def test_a_failure_of_our_own_is_a_500_that_gives_nothing_away() -> None:
    runtime = Runtime(SandboxSettings())

    def broken(*_: object) -> None:
        message = "secret detail"
        raise RuntimeError(message)

    runtime.open_world = broken  # type: ignore[assignment,method-assign]
    response = TestClient(assemble(runtime), headers=KEY).get(QUOTA)

    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert response.headers["x-request-id"] in response.text


def test_a_name_that_is_a_number_is_text_in_a_response(
    tmp_path: Path,
) -> None:
    path = "/api/v1/partner-gateway/numbers"
    example = "content: {application/json: {example: {200: a number as a name}}}"
    added = f"""paths:
  {path}:
    get:
      operationId: getNumbers
      responses:
        "200": {{description: Numbers., {example}}}
"""
    client = app(spec=changed(tmp_path, ("paths:\n", added)))
    response = client.get(path)

    assert (response.status_code, response.json()) == (200, {"200": "a number as a name"})


def test_a_response_that_json_cannot_hold_is_a_bug_and_stands_in_the_journal() -> None:
    runtime = Runtime(SandboxSettings())
    world = runtime.worlds.at(runtime.worlds.key("YOUR_API_KEY", "default", None))
    world.account = replace(world.account, quota_total=2**70)
    client = TestClient(assemble(runtime), headers=KEY)
    response = client.get(QUOTA)
    [entry] = client.get("/__admin/requests", headers={"Host": "localhost"}).json()["requests"]

    assert (response.status_code, response.json()["status"]) == (500, "error")
    assert response.headers["x-request-id"] in response.json()["message"]
    assert (entry["request"]["path"], entry["answer"]["status"]) == (QUOTA, 500)


def test_a_response_that_cannot_be_checked_is_a_bug_that_has_changed_nothing() -> None:
    runtime = Runtime(SandboxSettings())
    world = runtime.worlds.at(runtime.worlds.key("YOUR_API_KEY", "default", None))
    unheard_of: Any = object()
    world.ids = Ids("seed", {"import": [unheard_of]})
    client = TestClient(assemble(runtime), headers=KEY)
    uploaded, after = upload(client), client.get(QUOTA)
    world.account = replace(world.account, quota_total=unheard_of)
    quota = client.get(QUOTA)

    for response in (uploaded, quota):
        number = response.headers["x-request-id"]
        message = f"The sandbox failed; its log says why at {number}."
        assert response.status_code == 500
        assert response.json() == {"status": "error", "message": message}
    assert after.json() == {"used": 0, "total": 50_000}


def test_absurdly_long_headers_are_refused_by_name(client: TestClient) -> None:
    response = client.get(QUOTA, headers={"X-Long": "x" * 70_000})

    assert response.json() == fail(**{"x-long": "Expected at most 64 KB of headers."})


WITHOUT_EXAMPLE = """paths:
  /bare:
    get: {operationId: bare, responses: {"200": {description: x, content: {application/json: {schema: {}}}}}}
"""


def test_an_added_path_without_an_example_says_what_it_lacks(tmp_path: Path) -> None:
    client = app(spec=changed(tmp_path, ("paths:\n", WITHOUT_EXAMPLE)))

    assert (client.get("/bare").status_code, client.get("/bare").json()) == (
        400,
        fail(path="This operation has no handler and no example of a success in the contract."),
    )
