"""A contract that allows fewer contacts than the shipped one: said at the import, never a 500 on a read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from qlara_sandbox import resources
from qlara_sandbox.http.contract import Contract
from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.web.app import assemble
from qlara_sandbox.web.contacts import ContactCheck, Terms
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from tests.qlara_sandbox.web.calls import LIST, fail, upload, vcf

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = resources.SPEC.read_text(encoding="utf-8")
NAME = "name: {type: string, description: The full name"
SHORT_NAMES = "name: {type: string, maxLength: 14, description: The full name"
TOO_LONG = "Not allowed by the contract: name: Expected text of at most 14 characters."


def narrowed(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SHIPPED
    for old, new in changes or ((NAME, SHORT_NAMES),):
        assert old in text
        text = text.replace(old, new)
    path = folder / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def client(runtime: Runtime) -> TestClient:
    return TestClient(
        assemble(runtime), base_url="http://localhost", headers={"X-Api-Key": "YOUR_API_KEY"}
    )


def sandbox(spec: Path, **settings: Any) -> TestClient:
    return client(Runtime(SandboxSettings(spec=spec, **settings)))


def names(client: TestClient) -> list[str]:
    response = client.get(LIST)
    assert response.status_code == 200
    return [contact["name"] for contact in response.json()["contacts"]]


def test_a_card_that_the_contract_does_not_allow_is_a_card_error_that_says_why(
    tmp_path: Path,
) -> None:
    sent = sandbox(narrowed(tmp_path))
    report = upload(
        sent, vcf(("Ada", "347 555 0101"), ("Marco Emilio Rossi", "347 555 0102"))
    ).json()

    assert report["summary"] == {
        "total": 2,
        "imported": 1,
        "duplicates": 0,
        "errors": 1,
        "skipped": 1,
    }
    assert report["errors"] == [{"line": 6, "name": "Marco Emilio Rossi", "reason": TOO_LONG}]
    assert names(sent) == ["Ada"]


def test_an_update_to_what_the_contract_does_not_allow_leaves_the_contact_as_it_was(
    tmp_path: Path,
) -> None:
    sent = sandbox(narrowed(tmp_path))
    upload(sent, vcf(("Ada", "347 555 0101")))
    report = upload(
        sent, vcf(("Augusta Ada King", "347 555 0101")), duplicateStrategy="UPDATE"
    ).json()

    assert (report["summary"]["imported"], report["summary"]["duplicates"]) == (0, 0)
    assert report["errors"] == [{"line": 1, "name": "Augusta Ada King", "reason": TOO_LONG}]
    assert names(sent) == ["Ada"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('pattern: "^\\\\+[1-9][0-9]{5,14}$"', 'pattern: "^\\\\+39348|^\\\\+393471"'),
        ("items: {type: string, minLength: 1}", "items: {type: string, maxLength: 10}"),
        (
            "email: {type: string, minLength: 1,",
            'email: {type: string, pattern: "email.com|company.it",',
        ),
        (
            "name: {type: string, description: The full name",
            "name: {type: string, enum: [Marco Rossi, Giulia Bianchi], description: The full name",
        ),
    ],
)
def test_whatever_is_narrower_no_read_is_a_500(tmp_path: Path, old: str, new: str) -> None:
    sent = sandbox(narrowed(tmp_path, (old, new)))
    card = vcf(("Ada", "347 555 0101\r\nEMAIL:ada@mail.it"))
    report = upload(sent, card, tags="a longer tag").json()

    assert report["errors"][0]["reason"].startswith("Not allowed by the contract: ")
    assert names(sent) == []


def test_a_scenario_with_a_contact_that_the_contract_does_not_allow_is_refused_at_the_start(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidScenario, match=r"'.*' .*at most 14 characters"):
        sandbox(narrowed(tmp_path), scenario="update-existing")


def test_or_when_a_request_chooses_it(tmp_path: Path) -> None:
    sent = sandbox(narrowed(tmp_path))
    response = sent.get(LIST, headers={"X-Sandbox-Scenario": "update-existing"})

    assert response.status_code == 400
    assert TOO_LONG in response.json()["data"]["X-Sandbox-Scenario"]


def test_a_contract_that_becomes_narrower_resets_the_worlds_that_it_does_not_allow(
    tmp_path: Path,
) -> None:
    runtime = Runtime(SandboxSettings())
    sent = client(runtime)
    upload(sent, vcf(("Marco Emilio Rossi", "347 555 0102")))
    upload(sent, vcf(("Ada", "347 555 0101")), key="sandbox_short")
    asyncio.run(runtime.use_contract(Terms.of(Contract(narrowed(tmp_path)))))
    sent = client(runtime)

    assert names(sent) == []
    sent.headers["X-Api-Key"] = "sandbox_short"
    assert names(sent) == ["Ada"]


def test_a_snapshot_with_a_contact_that_the_contract_does_not_allow_is_refused(
    tmp_path: Path,
) -> None:
    wide = client(Runtime(SandboxSettings()))
    upload(wide, vcf(("Marco Emilio Rossi", "347 555 0102")))
    state = wide.get("/__admin/state").json()
    response = sandbox(narrowed(tmp_path)).put("/__admin/state", json={"state": state})

    assert (response.status_code, response.json()) == (
        409,
        fail(**{"state.contacts[0]": TOO_LONG}),
    )


def test_imports_ask_only_where_the_contract_says_something_else_of_contacts(
    tmp_path: Path,
) -> None:
    other_title = narrowed(tmp_path, ("title: ", "title: My "))

    assert not ContactCheck(Contract(resources.SPEC)).is_needed
    assert not ContactCheck(Contract(other_title)).is_needed
    assert ContactCheck(Contract(narrowed(tmp_path))).is_needed


def test_too_many_tags_are_refused_in_words_of_tags(tmp_path: Path) -> None:
    tags = (
        'items: {type: string, minLength: 1}\n          x-qlara-source: "UC-020: Behind the scenes'
    )
    sent = sandbox(narrowed(tmp_path, (tags, f"maxItems: 2\n          {tags}")))
    report = upload(sent, vcf(("Ada", "347 555 0101")), tags="a,b,c").json()

    reason = 'Not allowed by the contract: tags: ["a","b","c"] has more than 2 items'
    assert report["errors"] == [{"line": 1, "name": "Ada", "reason": reason}]
