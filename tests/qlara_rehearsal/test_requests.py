"""The requests of a client, held against the contract: what is found in them, and what is not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from qlara_rehearsal.acts import load_acts
from tests.qlara_rehearsal.playing import acts, found, played

if TYPE_CHECKING:
    from pathlib import Path

BEGINNING = """\
import os
from tests.qlara_rehearsal.clients.good import BOUNDARY, Client
class One(Client):
"""
IMPORT = acts("documented-import")


def mistakes(change: str, *, jobs: int = 1) -> list[str]:
    """Return what is wrong with a good client with this method."""
    body = "\n".join(f"    {line}" for line in change.splitlines())
    script = f"{BEGINNING}{body}\nraise SystemExit(One().run())"
    rehearsal = played((sys.executable, "-c", script), IMPORT, jobs=jobs)
    return found(rehearsal).get("documented-import", [])


def test_a_field_of_another_name_is_told_with_the_right_one() -> None:
    change = "def fields(self): return {**self.destination(), 'duplicate_strategy': 'SKIP'}"

    assert mistakes(change) == ["The form field 'duplicate_strategy' is not one of the contract."]


def test_a_needless_field_is_told() -> None:
    change = "def fields(self): return {**super().fields(), 'region': 'IT'}"

    assert mistakes(change) == [
        "The form field 'region' is needless: the contract has none of this name."
    ]


def test_a_needless_parameter_is_told_once_however_often_it_is_sent() -> None:
    change = "def list_parameters(self, page, limit): return {'page': page, 'sort': 'name'}"

    assert mistakes(change) == [
        "The query parameter 'sort' is needless: the contract has none of this name."
    ]


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (
            "def quota_path(self): return super().quota_path() + '?api_key=' + self.api_key",
            "The API key is in the query.",
        ),
        (
            "def fields(self): return {**super().fields(), 'apiKey': self.api_key}",
            "The API key is in a form field.",
        ),
        (
            "def key_headers(self): return {'Authorization': 'Bearer ' + self.api_key}",
            "The request has no X-Api-Key header.",
        ),
        ("def key_headers(self): return {}", "The request has no X-Api-Key header."),
        (
            "def key_headers(self): return {'X-Api-Key': 'YOUR_API_KEY'}",
            "The key is not the one that the client was given.",
        ),
        (
            "def key_headers(self): return {'X-Api-Key': 'another'}",
            "The key is not the one that the client was given.",
        ),
        (
            "def key_headers(self): return {**super().key_headers(), 'X-Sandbox-Session': 'mine'}",
            "The header X-Sandbox-Session means something to a sandbox alone.",
        ),
    ],
)
def test_a_key_belongs_in_its_header_alone(change: str, mistake: str) -> None:
    assert mistake in mistakes(change)


def test_a_key_in_the_query_alone_is_told_also_where_several_acts_are_played_at_once() -> None:
    change = (
        "def key_headers(self): return {}\n"
        "def upload_path(self): return super().upload_path() + '?key=' + self.api_key"
    )

    assert "The API key is in the query." in mistakes(change, jobs=8)


def test_a_path_that_the_contract_does_not_have_is_told() -> None:
    change = "def upload_path(self): return '/api/v1/contacts/upload'"

    assert mistakes(change) == ["The contract has no POST /api/v1/contacts/upload."]


def test_what_the_contract_refuses_is_told_with_the_reason() -> None:
    change = "def destination(self): return {'listId': 'list_of_mine'}"

    assert mistakes(change) == [
        "404: listId: No list with id 'list_of_mine' in this account.",
    ]


def test_a_header_of_any_kind_is_no_mistake() -> None:
    change = "def key_headers(self): return {**super().key_headers(), 'Idempotency-Key': 'x', 'X-Team': 'y'}"

    assert mistakes(change) == []


def test_a_request_in_the_name_of_an_act_is_told_whatever_the_act(tmp_path: Path) -> None:
    text = (
        "title: T\nstory: S.\nwhy: W.\nadvice: A.\nlists: [{id: list_mine}]\n"
        "expect: {reached: [{operation: getContactQuota, status: 418}]}\n"
    )
    (tmp_path / "never.yaml").write_text(text, encoding="utf-8")
    script = f"{BEGINNING}    def fields(self): return {{**super().fields(), 'region': 'IT'}}\nOne().run()"

    [result] = played((sys.executable, "-c", script), tuple(load_acts([tmp_path]))).results

    assert result.verdict == "mishandled"
    assert result.note.startswith(
        "The act is about getContactQuota (status 418); the client sent upload"
    )
