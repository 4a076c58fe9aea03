"""Every convention, over HTTP, as the sandbox keeps it under an overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.http.contract import InvalidContract
from qlara_sandbox.http.conventions import overlay_for
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.overlays import overlay_file, overlay_of
from tests.qlara_sandbox.web.calls import LIST, MARCO, QUOTA, UPLOAD, fail, upload, vcf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx2

    Under = Callable[..., TestClient]

KEY = {"X-Api-Key": "YOUR_API_KEY"}
CLOCK = "/__admin/clock"
PEOPLE = vcf(
    ("Carla Conti", "347 123 4561"), ("anna neri", "347 123 4562"), ("Bruno B", "347 123 4563")
)


def client_of(**settings: Any) -> TestClient:
    app = create_app(SandboxSettings(**settings))
    return TestClient(app, base_url="http://localhost", headers=KEY)


@pytest.fixture
def under(tmp_path: Path) -> Under:
    """Return what starts a sandbox with these conventions, its clock standing still if asked to."""

    def start(scenario: str = "default", **values: Any) -> TestClient:
        named = {name.replace("__", "-").replace("_", "."): value for name, value in values.items()}
        overlay = overlay_file(tmp_path, overlay_for(named))
        return client_of(overlay=overlay, scenario=scenario)

    return start


def listed(client: TestClient, **query: str) -> dict[str, Any]:
    response = client.get(LIST, params=query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def names(client: TestClient, **query: str) -> list[str]:
    return [contact["name"] for contact in listed(client, **query)["contacts"]]


def refused(response: httpx2.Response) -> tuple[int, Any]:
    return response.status_code, response.json()


def advance(client: TestClient, by: str) -> None:
    assert client.put(CLOCK, json={"advance": by}).status_code == 200


def test_the_default_and_the_maximum_of_a_page(under: Under) -> None:
    client = under(limit_default=2, limit_maximum=3)
    upload(client, vcf(*((f"P{n}", f"347 123 45{n:02}") for n in range(5))))

    assert len(names(client)) == 2
    assert len(names(client, limit="3")) == 3
    message = "Expected an integer from 1 to 3."
    assert refused(client.get(LIST, params={"limit": "4"})) == (400, fail(limit=message))


def test_a_limit_above_the_maximum_may_be_clamped(under: Under) -> None:
    client = under(limit_maximum=3, limit_above="clamped")
    upload(client, vcf(*((f"P{n}", f"347 123 45{n:02}") for n in range(5))))

    assert len(names(client, limit="1000")) == 3
    assert client.get(LIST, params={"limit": "0"}).status_code == 400


def test_a_limit_above_the_maximum_may_be_ignored(under: Under) -> None:
    client = under(limit_default=2, limit_maximum=3, limit_above="ignored")
    upload(client, vcf(*((f"P{n}", f"347 123 45{n:02}") for n in range(5))))

    assert [len(names(client, limit=limit)) for limit in ("3", "4", "1000")] == [3, 2, 2]
    assert client.get(LIST, params={"limit": "0"}).status_code == 400


def test_pages_may_be_counted_from_0(under: Under) -> None:
    client = under(page_first=0)
    upload(client, PEOPLE)

    pages = [listed(client, limit="2", page=str(number)) for number in range(3)]
    assert [(page["page"], page["hasMore"], len(page["contacts"])) for page in pages] == [
        (0, True, 2),
        (1, False, 1),
        (2, False, 0),
    ]
    assert listed(client)["page"] == 0


def test_the_page_may_be_ignored(under: Under) -> None:
    client = under(page_parameter="ignored")
    upload(client, PEOPLE)

    first = listed(client, limit="2")
    assert first["hasMore"]
    assert [listed(client, limit="2", page=page) for page in ("2", "0", "ten")] == [first] * 3


def test_a_page_past_the_end_may_be_404(under: Under) -> None:
    client = under(page_past__the__end=404)

    assert listed(client)["contacts"] == []
    assert refused(client.get(LIST, params={"page": "2"})) == (
        404,
        fail(page="Expected a page up to 1."),
    )
    upload(client, PEOPLE)
    assert len(listed(client, limit="2", page="2")["contacts"]) == 1
    assert refused(client.get(LIST, params={"limit": "2", "page": "3"})) == (
        404,
        fail(page="Expected a page up to 2."),
    )


def test_an_empty_list_may_have_one_page(under: Under) -> None:
    client = under(page_of__nothing=1)

    page = listed(client)
    assert (page["total"], page["totalPages"], page["hasMore"]) == (0, 1, False)
    upload(client)
    assert listed(client)["totalPages"] == 1


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("import", ["Carla Conti", "anna neri", "Bruno B", "Aldo"]),
        ("newest", ["Aldo", "Bruno B", "anna neri", "Carla Conti"]),
        ("name", ["Aldo", "anna neri", "Bruno B", "Carla Conti"]),
        ("id", ["Carla Conti", "anna neri", "Bruno B", "Aldo"]),
    ],
)
def test_the_order_of_a_list(under: Under, order: str, expected: list[str]) -> None:
    client = under(order=order)
    upload(client, PEOPLE)
    assert len(names(client)) == 3
    upload(client, vcf(("Aldo", "347 123 4599")))

    assert names(client) == expected
    assert names(client, limit="2", page="2") == expected[2:]


def test_the_order_by_number_is_not_that_of_the_import(under: Under) -> None:
    client = under(order="number")
    upload(client, vcf(("Third", "347 123 4503"), ("First", "347 123 4501")))
    upload(client, vcf(("Second", "347 123 4502")))

    assert names(client) == ["First", "Second", "Third"]


def test_the_order_by_id_is_that_of_the_ids(under: Under) -> None:
    client = under(order="id")
    other = upload(client, vcf(("First", "347 123 4501")), listName="Other").json()["listId"]
    upload(client, vcf(("Second", "347 123 4502")))
    upload(client, vcf(("First", "347 123 4501")), duplicateStrategy="UPDATE")

    assert other != "list_crm_migration"
    assert names(client) == ["First", "Second"]


def test_an_order_by_name_follows_a_change_of_name(under: Under) -> None:
    client = under(order="name")
    upload(client, PEOPLE)
    assert names(client)[0] == "anna neri"
    upload(client, vcf(("Zeta", "347 123 4562")), duplicateStrategy="UPDATE")

    assert names(client) == ["Bruno B", "Carla Conti", "Zeta"]


def test_an_import_may_show_in_lists_only_after_a_while(under: Under) -> None:
    client = under("crm-migration", settle="2s")
    report = upload(client, PEOPLE).json()

    assert report["summary"]["imported"] == 3
    page = listed(client)
    assert (page["total"], page["contacts"], page["totalPages"]) == (0, [], 0)
    assert client.get(QUOTA).json()["used"] == 3
    advance(client, "1s")
    assert names(client) == []
    advance(client, "1s")
    assert len(names(client)) == 3


def test_what_an_update_changed_shows_only_after_a_while_too(under: Under) -> None:
    client = under("crm-migration", settle="10s")
    upload(client, MARCO)
    advance(client, "10s")
    upload(
        client, vcf(("Marco R.", "3471234567"), ("New", "347 123 4599")), duplicateStrategy="UPDATE"
    )

    assert names(client) == ["Marco Rossi"]
    upload(client, vcf(("Marco Again", "3471234567")), duplicateStrategy="UPDATE")
    assert names(client) == ["Marco Rossi"]
    advance(client, "9s")
    assert names(client) == ["Marco R.", "New"]  # an import takes five seconds here
    advance(client, "5s")
    assert names(client) == ["Marco Again", "New"]


def test_duplicates_and_the_quota_know_an_import_that_does_not_show_yet(under: Under) -> None:
    client = under("crm-migration", settle="10s", quota_settle="10s")
    upload(client, MARCO)

    assert upload(client, MARCO).json()["summary"]["duplicates"] == 1
    assert client.get(QUOTA).json() == {"used": 0, "total": 50_000}


def test_the_quota_may_move_only_after_a_while(under: Under) -> None:
    client = under("crm-migration", quota_settle="2s")
    upload(client, PEOPLE)

    assert client.get(QUOTA).json()["used"] == 0
    assert len(names(client)) == 3
    advance(client, "2s")
    assert client.get(QUOTA).json()["used"] == 3


def test_what_has_shown_once_does_so_for_good_though_the_clock_is_set_back(under: Under) -> None:
    client = under("crm-migration", settle="10s", quota_settle="10s")
    upload(client, MARCO)
    before = client.get("/__admin/clock").json()["now"]
    advance(client, "10s")
    client.put("/__admin/clock", json={"freeze": before})

    assert (names(client), client.get(QUOTA).json()["used"]) == (["Marco Rossi"], 1)


def test_a_snapshot_knows_what_does_not_show_yet(under: Under) -> None:
    client = under("crm-migration", settle="10s", quota_settle="20s")
    upload(client, MARCO)
    advance(client, "20s")
    upload(
        client, vcf(("Marco R.", "3471234567"), ("New", "347 123 4599")), duplicateStrategy="UPDATE"
    )
    state = client.get("/__admin/state").json()
    client.post("/__admin/reset")
    assert names(client) == []
    restored = client.put("/__admin/state", json={"state": state})

    assert restored.status_code == 200, restored.text
    assert client.get("/__admin/state").json() == state
    assert (names(client), client.get(QUOTA).json()["used"]) == (["Marco Rossi"], 1)
    advance(client, "10s")
    assert (names(client), client.get(QUOTA).json()["used"]) == (["Marco R.", "New"], 1)
    advance(client, "10s")
    assert client.get(QUOTA).json()["used"] == 2
    assert "settling" not in client.get("/__admin/state").json()


def test_a_snapshot_with_imports_that_cannot_be_is_refused(under: Under) -> None:
    client = under("crm-migration", settle="10s")
    upload(client, MARCO)
    state = client.get("/__admin/state").json()
    state["settling"][0]["replaced"] = [{**state["contacts"][0], "contactId": "cnt_999"}]
    wrong = client.put("/__admin/state", json={"state": state})
    state["settling"][0] |= {"replaced": [], "created": 7}
    too_many = client.put("/__admin/state", json={"state": state})

    field = "state.settling[0]"
    message = "Expected ids of contacts; no contact has 'cnt_999'."
    assert refused(wrong) == (409, fail(**{f"{field}.replaced": message}))
    message = "Expected a number of at most 1, that of the contacts."
    assert refused(too_many) == (409, fail(**{f"{field}.created": message}))


def test_an_import_into_a_nearly_full_quota_may_fill_it(under: Under) -> None:
    client = under("quota-nearly-exhausted", quota_partial="fill")
    quota = client.get(QUOTA).json()
    room = quota["total"] - quota["used"]
    people = [(f"P{n}", f"347 123 4{n:03}") for n in range(room + 2)]
    report = upload(client, vcf(*people)).json()

    assert report["summary"]["imported"] == room
    assert [error["reason"] for error in report["errors"]] == ["Contact quota exceeded"] * 2
    assert client.get(QUOTA).json()["used"] == quota["total"]
    assert upload(client, vcf(("One more", "348 123 4567"))).status_code == 409


def test_an_exhausted_quota_may_take_no_import_at_all(under: Under) -> None:
    client = under("quota-nearly-exhausted", quota_full="nothing")
    quota = client.get(QUOTA).json()
    room = quota["total"] - quota["used"]
    people = vcf(*((f"P{n}", f"347 123 4{n:03}") for n in range(room)))

    assert upload(client, people).status_code == 200
    assert upload(client, people).status_code == 409


def test_the_quota_may_have_other_fields(under: Under) -> None:
    client = under(quota_fields="limits")
    upload(client)

    assert client.get(QUOTA).json() == {
        "planLimit": 50_000,
        "extraLimit": 0,
        "totalLimit": 50_000,
        "used": 1,
        "remaining": 49_999,
    }


@pytest.mark.parametrize("status", [201, 202])
def test_the_status_of_an_import(under: Under, status: int) -> None:
    client = under(import_status=status)

    assert upload(client).status_code == status
    assert names(client) == ["Marco Rossi"]
    forced = client.post(UPLOAD, headers={"Prefer": "example=completed"})
    assert (forced.status_code, forced.json()["importId"]) == (status, "imp_v1c2a3r4d5")


@pytest.mark.parametrize("status", [409, 400])
def test_list_names_may_be_unique(under: Under, status: int) -> None:
    client = under(list__names="unique", list__names_status=status)
    upload(client, listName="Friends")
    again = upload(client, vcf(("Other", "347 123 4599")), listName="Friends")

    message = "A list with the name 'Friends' exists already."
    assert refused(again) == (status, fail(listName=message))
    assert client.get(QUOTA).json()["used"] == 1
    assert upload(client, listName="Others").status_code == 200


def test_a_list_name_may_lead_to_the_list_that_has_it(under: Under) -> None:
    client = under(list__names="reused")
    first = upload(client, listName="Friends").json()
    second = upload(client, vcf(("Other", "347 123 4599")), listName="Friends").json()

    assert second["listId"] == first["listId"]
    page = client.get(LIST.replace("list_crm_migration", first["listId"])).json()
    assert [contact["name"] for contact in page["contacts"]] == ["Marco Rossi", "Other"]


@pytest.mark.parametrize("status", [403, 400])
def test_imports_may_not_create_lists(under: Under, status: int) -> None:
    client = under(list__names_create="no", list__names_create__status=status)

    message = "An import cannot create a list. Expected listId."
    assert refused(upload(client, listName="Friends")) == (status, fail(listName=message))
    assert upload(client).status_code == 200


def test_an_unknown_list_may_be_400(under: Under) -> None:
    client = under(unknown__list=400)

    body = fail(listId="No list with id 'list_x' in this account.")
    assert refused(upload(client, listId="list_x")) == (400, body)
    assert refused(client.get(LIST.replace("list_crm_migration", "list_x"))) == (400, body)


def test_an_import_may_create_the_list_that_it_names(under: Under) -> None:
    client = under(unknown__list="created")
    address = LIST.replace("list_crm_migration", "list_x")

    assert client.get(address).status_code == 404
    assert upload(client, listId="list_x").json()["listId"] == "list_x"
    upload(client, vcf(("Other", "347 123 4599")), listId="list_x")
    assert client.get(address).json()["total"] == 2


def test_the_region_is_that_of_the_contract_unless_the_scenario_has_its_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "default.yaml").write_text("title: T\nstory: S\n", encoding="utf-8")
    own = "title: T\nstory: S\naccount: {region: IT}\n"
    (tmp_path / "italian.yaml").write_text(own, encoding="utf-8")
    overlay = overlay_file(tmp_path, overlay_for({"region": "DE"}))
    client = client_of(overlay=overlay, scenarios=tmp_path)

    def number(scenario: str) -> str:
        client.headers["X-Sandbox-Scenario"] = scenario
        report = upload(client, vcf(("Marco", "0171 2345678")), listName="L").json()
        page = client.get(LIST.replace("list_crm_migration", report["listId"])).json()
        return str([contact["phoneNumber"] for contact in page["contacts"]])

    assert number("default") == "['+491712345678']"
    assert number("italian") == "['+3901712345678']"


def test_contacts_may_have_mobile_numbers_only(under: Under) -> None:
    client = under(numbers="mobile")
    file = vcf(("Mobile", "347 123 4567"), ("Fixed", "02 1234 5678"))
    report = upload(client, file).json()

    assert names(client) == ["Mobile"]
    assert report["errors"] == [
        {"line": 9, "name": "Fixed", "reason": "Invalid phone number format"}
    ]


def test_version_2_1_may_be_read(under: Under) -> None:
    client = under(version__2_1="read")
    body = "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Ren=C3=A9\r\n"
    file = f"{body}TEL;CELL:347 123 4567\r\nEND:VCARD\r\n".encode()
    report = upload(client, file + vcf(("Old", "347 123 4599"), version="1.0")).json()

    assert names(client) == ["René"]
    assert [error["name"] for error in report["errors"]] == ["Old"]


def test_white_space_in_names_may_be_folded(under: Under) -> None:
    client = under(name_white__space="folded")
    upload(client, vcf(("  Marco \t Rossi ", "347 123 4567")))

    assert names(client) == ["Marco Rossi"]


@pytest.mark.parametrize(("none", "shown"), [("null", {"errors": None}), ("absent", {})])
def test_a_report_without_errors_may_have_no_list_of_them(
    under: Under, none: str, shown: dict[str, None]
) -> None:
    client = under(error__list_none=none)

    report = upload(client).json()
    assert {name: report[name] for name in report if name == "errors"} == shown
    report = upload(client, vcf(("No Phone", "n/d"))).json()
    assert [each["line"] for each in report["errors"]] == [4]


@pytest.mark.parametrize(("absent", "email"), [("null", None), ("empty", "")])
def test_an_absent_email_may_be_shown(under: Under, absent: str, email: str | None) -> None:
    client = under(email_absent=absent)
    with_email = MARCO.replace(b"END:", b"EMAIL:marco@example.com\r\nEND:")
    upload(client, with_email + vcf(("Other", "347 123 4599")))

    shown = [contact["email"] for contact in listed(client)["contacts"]]
    assert shown == ["marco@example.com", email]


def test_duplicates_may_be_those_of_the_list(under: Under) -> None:
    client = under(duplicates_scope="list")
    upload(client, MARCO)
    new = upload(client, MARCO, listName="Other").json()
    again = upload(client, MARCO, listId=new["listId"]).json()
    first = upload(client, MARCO).json()

    assert [one["summary"]["duplicates"] for one in (new, again, first)] == [0, 1, 1]
    assert client.get(QUOTA).json()["used"] == 2


def test_duplicates_may_always_be_updated(under: Under) -> None:
    client = under(duplicates_strategy="update")
    upload(client)
    report = upload(client, vcf(("Marco R.", "3471234567")), duplicateStrategy="SKIP").json()

    assert report["summary"] | {"errors": 0} == {
        "total": 1,
        "imported": 1,
        "duplicates": 1,
        "errors": 0,
        "skipped": 0,
    }
    assert names(client) == ["Marco R."]


def test_a_missing_or_unknown_key_may_be_403_and_the_field_another(under: Under) -> None:
    client = under(key_missing=403, key_unknown=403, key_field="X-Api-Key")
    missing = client.get(QUOTA, headers={"X-Api-Key": ""})
    unknown = client.get(QUOTA, headers={"X-Api-Key": "nobody's"})
    scenario = {"X-Sandbox-Scenario": "no-permission"}

    accepted = "Accepted: YOUR_API_KEY, and any key that begins with sandbox_."
    message = f"Missing API key. Expected the X-Api-Key header. {accepted}"
    assert refused(missing) == (403, fail(**{"X-Api-Key": message}))
    message = f"Unknown or inactive API key. {accepted}"
    assert refused(unknown) == (403, fail(**{"X-Api-Key": message}))
    message = "This API key lacks the 'contacts' permission."
    assert refused(client.get(QUOTA, headers=scenario)) == (403, fail(**{"X-Api-Key": message}))


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_an_unknown_and_an_unpermitted_key_may_have_statuses_of_their_own(
    under: Under, status: int
) -> None:
    client = under(key_missing=400, key_unknown=403, key_unpermitted=status)
    scenario = {"X-Sandbox-Scenario": "no-permission"}

    statuses = [
        client.get(QUOTA, headers=headers).status_code
        for headers in ({"X-Api-Key": ""}, {"X-Api-Key": "nobody's"}, scenario)
    ]
    assert statuses == [400, 403, status]


@pytest.mark.parametrize("status", [415, 422])
def test_a_body_that_is_no_form_may_have_a_status_of_its_own(under: Under, status: int) -> None:
    client = under(not__a__form=status)

    response = client.post(UPLOAD, content=b"BEGIN:VCARD", headers={"Content-Type": "text/vcard"})
    assert response.status_code == status
    assert upload(client, duplicateStrategy="MERGE").status_code == 400


def test_parameters_and_fields_may_be_refused_with_different_statuses(under: Under) -> None:
    client = under(invalid__input=422)

    assert client.get(LIST, params={"limit": "0"}).status_code == 422
    assert upload(client, duplicateStrategy="MERGE").status_code == 400


@pytest.mark.parametrize("status", [403, 422])
def test_an_unknown_list_may_be_any_refusal(under: Under, status: int) -> None:
    client = under(unknown__list=status)

    assert upload(client, listId="list_of_nobody").status_code == status
    assert client.get(LIST.replace("list_crm_migration", "nobody")).status_code == status


def test_a_page_past_the_end_may_be_the_last_one(under: Under) -> None:
    client = under(page_past__the__end="last")
    upload(client, PEOPLE)

    page = listed(client, limit="2", page="9")
    assert (page["page"], page["hasMore"], len(page["contacts"])) == (2, False, 1)


def test_an_upload_may_need_a_field_with_the_name_of_its_file(under: Under) -> None:
    client = under(file__name="required")

    without, wrong = upload(client), upload(client, fileName="contacts.csv")
    message = "Expected a file name that ends in .vcf."
    assert refused(without) == (400, fail(fileName=f"Missing. {message}"))
    assert refused(wrong) == (400, fail(fileName=message))
    assert upload(client, fileName="contacts.vcf").status_code == 200


FAX = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco Rossi\r\nTEL;TYPE=FAX:347 123 4567\r\n"
    "X-CHECK:1\r\nEND:VCARD\r\n"
)


def test_a_number_of_a_fax_may_be_used(under: Under) -> None:
    assert upload(under(), FAX.encode()).json()["summary"]["errors"] == 1
    client = under(numbers_fax="used")
    assert upload(client, FAX.encode()).json()["summary"]["imported"] == 1
    labelled = FAX.replace("TEL;TYPE=FAX", "item1.TEL").replace(
        "X-CHECK:1", "item1.X-ABLABEL:Work Fax"
    )
    assert upload(client, labelled.encode()).json()["summary"]["duplicates"] == 1


def test_a_file_in_utf_16_may_be_refused(under: Under) -> None:
    wide = ("\ufeff" + PEOPLE.decode()).encode("utf-16-le")

    assert upload(under(), wide).json()["summary"]["imported"] == 3
    message = "Invalid VCard format. Expected BEGIN:VCARD header."
    assert refused(upload(under(charset_utf__16="refused"), wide)) == (400, fail(file=message))


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("windows-1252", "Niccolò “Nico” Müller"),
        ("iso-8859-1", "Niccolò Nico Müller"),
        ("replaced", "Niccol\ufffd \ufffdNico\ufffd M\ufffdller"),
    ],
)
def test_text_that_is_not_utf_8_may_be_read_otherwise(
    under: Under, charset: str, name: str
) -> None:
    client = under(charset_other=charset)
    upload(client, vcf(("Niccolò “Nico” Müller", "347 123 4567")).decode().encode("cp1252"))

    assert names(client) == [name]
    upload(client, vcf(("Zoë 北", "347 123 4568")))
    assert names(client)[1] == "Zoë 北"


def _summary(client: TestClient, content: Any, **fields: str) -> tuple[int, ...]:
    summary = upload(client, content, **fields).json()["summary"]
    counts = ("total", "imported", "duplicates", "errors", "skipped")
    return tuple(summary[name] for name in counts)


TWICE = vcf(("Marco Rossi", "347 123 4567"), ("Marco R.", "347 123 4567"))


def test_a_number_twice_in_a_file_may_be_an_error(under: Under) -> None:
    client = under(duplicates_repeated="error")
    report = upload(client, TWICE).json()

    assert (report["summary"]["imported"], report["summary"]["errors"]) == (1, 1)
    assert report["errors"][0]["reason"] == "Phone number repeated in this file"


def _joined(client: TestClient, strategy: str) -> list[str]:
    """Import two contacts into one list, then one of them into another; return who is on that."""
    upload(client, PEOPLE)
    report = upload(
        client,
        vcf(("Carla C.", "347 123 4561"), ("Dario D", "347 123 4564")),
        listName="Other",
        duplicateStrategy=strategy,
    ).json()
    page = client.get(LIST.replace("list_crm_migration", report["listId"])).json()
    return [contact["name"] for contact in page["contacts"]]


def test_a_skipped_contact_may_join_the_list(under: Under) -> None:
    assert _joined(under(), "SKIP") == ["Dario D"]
    assert _joined(under(skip_list="joined"), "SKIP") == ["Carla Conti", "Dario D"]


def test_an_updated_contact_may_stay_on_its_own_lists(under: Under) -> None:
    assert _joined(under(), "UPDATE") == ["Carla C.", "Dario D"]
    assert _joined(under(update_list="unchanged"), "UPDATE") == ["Dario D"]


def test_an_update_may_remove_what_the_card_lacks_and_replace_tags(under: Under) -> None:
    client = under(update_missing__fields="removed", update_tags="replaced")
    number = "347 123 4567"
    with_email = (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco\r\nTEL:{number}\r\nEMAIL:m@example.com\r\n"
        "END:VCARD\r\n"
    ).encode()
    upload(client, with_email, tags="first")
    upload(client, vcf(("Marco R.", number)), tags="second", duplicateStrategy="UPDATE")

    contact = listed(client)["contacts"][0]
    assert (contact["name"], contact.get("email"), contact["tags"]) == (
        "Marco R.",
        None,
        ["second"],
    )


def test_what_updated_and_copied_cards_count_as(under: Under) -> None:
    usual, other = under(), under(update_count="skipped", copy_count="new")
    for client in (usual, other):
        upload(client, MARCO)

    assert _summary(usual, MARCO, duplicateStrategy="UPDATE") == (1, 1, 1, 0, 0)
    assert _summary(other, MARCO, duplicateStrategy="UPDATE") == (1, 0, 1, 0, 1)
    assert _summary(usual, MARCO, duplicateStrategy="DUPLICATE") == (1, 1, 1, 0, 0)
    assert _summary(other, MARCO, duplicateStrategy="DUPLICATE") == (1, 1, 0, 0, 0)


def test_the_reasons_of_errors_may_be_other_words(under: Under) -> None:
    client = under(reason_missing__phone="No number", reason_invalid__phone="Not a number")
    report = upload(client, vcf(("Anna Neri", ""), ("Luca Verdi", "n/d"))).json()

    assert [error["reason"] for error in report["errors"]] == ["No number", "Not a number"]


def test_refusals_may_be_status_error_and_message(under: Under) -> None:
    client = under(error__body="message")

    assert refused(upload(client, b"no file")) == (
        400,
        {
            "status": 400,
            "error": "Bad Request",
            "message": "Invalid VCard format. Expected BEGIN:VCARD header.",
        },
    )
    unknown = {"status": 404, "error": "Not Found", "message": "No such path in the contract: /x"}
    assert refused(client.get("/x")) == (404, unknown)
    forced = client.post(UPLOAD, headers={"Prefer": "code=409"}).json()
    assert (forced["status"], forced["error"], sorted(forced)) == (
        409,
        "Conflict",
        ["error", "message", "status"],
    )


@pytest.mark.parametrize(("most", "shown"), [("all", 3), (2, 2), (0, 0)])
def test_the_list_of_errors_may_end(under: Under, most: Any, shown: int) -> None:
    client = under(error__list=most)
    report = upload(client, vcf(("A", "1"), ("B", "2"), ("C", "3"))).json()

    assert (report["summary"]["errors"], len(report["errors"])) == (3, shown)


@pytest.mark.parametrize(("line", "expected"), [("tel", 9), ("begin", 6), ("card", 2)])
def test_the_line_of_an_error(under: Under, line: str, expected: int) -> None:
    client = under(error__line=line)
    report = upload(client, MARCO + vcf(("Wrong", "1"))).json()

    assert [error["line"] for error in report["errors"]] == [expected]


@pytest.mark.parametrize(("counts", "expected"), [("first", "1"), ("last", "2")])
def test_of_what_is_given_twice_the_first_or_the_last_may_count(
    under: Under, counts: str, expected: str
) -> None:
    client = under(given__twice=counts)
    files: list[tuple[str, tuple[str | None, bytes | str]]] = [
        ("file", ("c.vcf", PEOPLE)),
        ("tags", (None, "1")),
        ("tags", (None, "2")),
    ]
    files += [("listId", (None, "list_crm_migration"))]
    assert client.post(UPLOAD, files=files).status_code == 200

    page = client.get(f"{LIST}?limit=1&limit=2").json()
    assert len(page["contacts"]) == int(expected)
    assert page["contacts"][0]["tags"] == [expected]
    twice = client.post(UPLOAD, files=[files[0], files[0], files[-1]])
    message = "Given 2 times. Expected a vCard file, sent as a file part with a file name."
    assert refused(twice) == (400, fail(file=message))


def test_the_size_of_a_file(under: Under) -> None:
    client = under(file_maximum=2048)

    message = "File size exceeds maximum allowed (2 KB)"
    assert refused(upload(client, MARCO + b" " * 2048)) == (413, fail(file=message))


def test_input_errors_may_be_422_while_a_file_that_is_none_is_400(under: Under) -> None:
    client = under(invalid__input=422, invalid__field=422, not__a__form=422)

    assert client.get(LIST, params={"limit": "0"}).status_code == 422
    assert upload(client, duplicateStrategy="MERGE").status_code == 422
    assert client.post(UPLOAD).status_code == 422
    assert upload(client, b"no file").status_code == 400
    assert client.get(QUOTA, headers={"X-Sandbox-Scenario": "none"}).status_code == 400


def test_times_may_be_utc(under: Under) -> None:
    client = under("crm-migration", times="utc")
    report = upload(client).json()

    assert report["completedAt"] == "2026-04-09T09:00:15Z"
    assert listed(client)["contacts"][0]["createdAt"] == "2026-04-09T09:00:10Z"


def test_the_contract_is_shown_under_its_overlay(under: Under) -> None:
    client = under(limit_default=7, order="name")
    document = yaml.safe_load(client.get("/openapi.yaml").text)

    assert document == client.get("/openapi.json").json()
    assert document["x-qlara-conventions"]["order"] == "name"
    assert client.get("/__admin/version").json()["overlay"] == "overlay.yaml"
    page = client.get("/__docs").text
    assert "This is the contract under the overlay <code>overlay.yaml</code>." in page


def test_without_an_overlay_nothing_is_said_of_one(client: TestClient) -> None:
    assert "overlay" not in client.get("/__admin/version").json()
    assert "under the overlay" not in client.get("/__docs").text
    shipped = resources.SPEC.read_text(encoding="utf-8")
    asked = {"Host": "127.0.0.1:8080"}
    assert client.get("/openapi.yaml", headers=asked).text == shipped


def test_an_overlay_that_the_sandbox_could_not_keep_stops_the_start(tmp_path: Path) -> None:
    schema = "$.components.schemas.ImportReport"
    overlay = overlay_of({"target": schema, "update": {"required": ["more"]}})
    with pytest.raises(InvalidContract, match='"more" is a required property'):
        client_of(overlay=overlay_file(tmp_path, overlay))


def test_the_reading_of_the_api_reference_is_served() -> None:
    client = client_of(overlay=resources.OVERLAYS / "api-reference.yaml")
    without = upload(client)
    upload(client, PEOPLE, fileName="c.vcf")
    upload(client, vcf(("Dora", "347 123 4562")), fileName="c.vcf")

    message = "Missing. Expected a file name that ends in .vcf."
    assert refused(without) == (400, {"status": 400, "error": "Bad Request", "message": message})
    page = listed(client)
    assert (page["page"], names(client)) == (0, ["Bruno B", "Carla Conti", "Dora"])
    assert client.get(QUOTA).json()["remaining"] == 49_997
