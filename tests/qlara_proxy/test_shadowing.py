"""The shadow: the traffic once more to a sandbox, and what differs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from qlara_contract.errors import CannotRun
from qlara_proxy.shadowing import Shadow
from tests.qlara_proxy.passing import UPLOAD, Body, Deployment, exchange, form, listed
from tests.qlara_proxy.test_recording import EXPORT, NEW_LIST, play_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qlara_proxy.traffic import PassedExchange


@pytest.fixture
def shadow() -> Iterator[Shadow]:
    one = Shadow("default")
    yield one
    one.close()


def shown(shadow: Shadow) -> list[tuple[str, str, str, int]]:
    return [(one.operation, str(one.kind), one.what, one.count) for one in shadow.differences()]


def test_a_sandbox_is_like_its_shadow(shadow: Shadow) -> None:
    with Deployment(shadow) as one:
        play_story(one)

    assert shadow.differences() == []
    assert (
        shadow.text() == "The deployment and the sandbox: all 10 pairs of responses are the same."
    )


def test_the_id_of_a_list_that_an_import_created_is_translated(shadow: Shadow) -> None:
    with Deployment(shadow, seed=99) as one:
        list_id = json.loads(one.upload(NEW_LIST, listName="New")[1])["listId"]
        one.read(list_id)
        one.upload(EXPORT, listId=list_id)
        one.read(list_id, "?limit=100&page=2")

    assert shown(shadow) == []
    assert shadow.as_json()["compared"] == {"uploadVCard": 2, "listContacts": 2}


def test_requests_are_sent_in_the_order_in_which_they_began(shadow: Shadow) -> None:
    with Deployment() as one:
        play_story(one)
    first, *others = one.passed

    for each in [*reversed(others), first]:
        shadow.passed(each)

    assert shown(shadow) == []
    assert sum(shadow.as_json()["compared"].values()) == len(one.passed)


def test_a_request_that_never_ends_holds_up_no_more_than_some(shadow: Shadow) -> None:
    compared = []
    for number in (*range(2, 66), 66):
        shadow.passed(exchange(number, key="k", response=b'{"used":0,"total":50000}'))
        compared.append(sum(shadow.as_json()["compared"].values()))

    assert compared == [*[0] * 64, 65]


def test_what_still_waits_is_sent_at_the_end(shadow: Shadow) -> None:
    shadow.passed(exchange(2, key="k", response=b'{"used":0,"total":50000}'))

    shadow.close()

    assert shadow.as_json()["compared"] == {"getContactQuota": 1}


def changed(one: PassedExchange, **values: object) -> PassedExchange:
    assert one.response is not None
    body = {**json.loads(one.response.body.read()), **values}
    return replace(one, response=replace(one.response, body=Body(json.dumps(body).encode())))


def test_differences_in_status_shape_and_meaning_are_told_without_data_of_people() -> None:
    with Deployment(scenario="update-existing") as one:
        one.read()
        one.quota()
    page, quota = one.passed
    assert page.response is not None
    contacts = json.loads(page.response.body.read())["contacts"]
    contacts[0]["name"] = "Distinctive Person"

    with_shadow = Shadow("update-existing")
    for number, each in enumerate(
        [
            changed(page, hasMore=False),
            changed(page, surplus="Distinctive Person"),
            changed(page, contacts=contacts),
            exchange(3, target=listed("list_crm_migration"), key="k", status=418),
            quota,
        ],
        start=1,
    ):
        with_shadow.passed(replace(each, number=number))
    with_shadow.close()

    assert sorted(shown(with_shadow)) == [
        ("listContacts", "meaning", "contacts[].name differs", 1),
        ("listContacts", "meaning", "hasMore: false and true", 1),
        ("listContacts", "shape", "surplus is only in the first", 1),
        ("listContacts", "status", "418 and 200", 1),
    ]
    assert "Distinctive" not in with_shadow.text() + json.dumps(with_shadow.as_json())


def test_another_number_is_a_difference(shadow: Shadow) -> None:
    headers, body = form(
        b"BEGIN:VCARD\nVERSION:3.0\nFN:A\nTEL:3471234567\nEND:VCARD\n", listId="list_crm_migration"
    )
    contact = {
        "contactId": "x",
        "name": "A",
        "phoneNumber": "+443471234567",
        "tags": [],
        "createdAt": "y",
    }
    summary = dict.fromkeys(("duplicates", "errors", "skipped"), 0) | {"total": 1, "imported": 1}
    report = {
        "importId": "i",
        "listId": "list_crm_migration",
        "status": "COMPLETED",
        "summary": summary,
        "errors": [],
        "completedAt": "z",
    }
    page = {
        "listId": "list_crm_migration",
        "contacts": [contact],
        "total": 1,
        "page": 1,
        "totalPages": 1,
        "hasMore": False,
    }
    shadow.passed(
        exchange(
            1,
            "POST",
            UPLOAD,
            key="k",
            headers=headers,
            body=body,
            response=json.dumps(report).encode(),
        )
    )

    shadow.passed(
        exchange(
            2, target=listed("list_crm_migration"), key="k", response=json.dumps(page).encode()
        )
    )

    assert shown(shadow) == [("listContacts", "meaning", "contacts[].phoneNumber differs", 1)]


def test_what_had_no_response_is_sent_and_not_compared(shadow: Shadow) -> None:
    headers, body = form(EXPORT, listId="list_crm_migration")
    shadow.passed(exchange(1, "POST", UPLOAD, key="k", headers=headers, body=body, response=None))
    shadow.passed(exchange(2, "POST", UPLOAD, key="k", headers=headers, body=body, is_whole=False))
    shadow.passed(exchange(3, key="k", response=b'{"used":230,"total":50000}'))
    shadow.passed(exchange(4, key="k", status=503))

    assert shadow.text().splitlines() == [
        "The deployment and the sandbox: the one pair of responses is the same.",
        "Not compared: 1 request: no response was recorded.",
        "Not compared: 1 request: the request is not whole.",
        "Not compared: 1 request: the recorded response comes from a gateway.",
    ]


def test_keys_have_worlds_of_their_own_and_a_wrong_key_stays_wrong(shadow: Shadow) -> None:
    refused = b'{"status":"fail","data":{"apiKey":"Unknown API key."}}'
    shadow.passed(exchange(1, key="right", response=b'{"used":0,"total":50000}'))
    shadow.passed(exchange(2, key="other", response=b'{"used":7,"total":50000}'))
    shadow.passed(exchange(3, key="wrong", status=401, response=refused))

    assert [one[:2] for one in shown(shadow)] in ([], [("getContactQuota", "wording")])


def test_an_unknown_scenario_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="Expected one of"):
        Shadow("nowhere")
    (tmp_path / "mine.yaml").write_text("title: T\n", encoding="utf-8")
    with pytest.raises(CannotRun, match="mine\\.yaml"):
        Shadow(str(tmp_path / "mine.yaml"))
