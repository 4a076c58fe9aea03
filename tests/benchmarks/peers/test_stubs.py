"""Every peer is given the sandbox's responses in its own format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import validate

from benchmarks import requests
from benchmarks.candidates import Canned
from benchmarks.peers import stubs
from benchmarks.peers.catalogue import PEERS
from benchmarks.requests import Response

if TYPE_CHECKING:
    from pathlib import Path

SENT = [("Date", "today"), ("Content-Length", "12"), ("X-Request-Id", "req_1")]


@pytest.fixture
def responses() -> list[Canned]:
    return [
        Canned(request, Response(200, SENT, json.dumps({"of": number}).encode()))
        for number, request in enumerate((requests.LIST, requests.QUOTA, requests.upload(b"BEGIN")))
    ]


def test_wiremock_gets_mappings(responses: list[Canned]) -> None:
    assert stubs.wiremock(responses)["mappings"][2] == {
        "request": {"method": "POST", "urlPath": requests.UPLOAD_PATH},
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json", "x-request-id": "req_1"},
            "body": '{"of": 2}',
        },
    }


def test_mockserver_gets_expectations(responses: list[Canned]) -> None:
    assert stubs.mockserver(responses)[0] == {
        "httpRequest": {"method": "GET", "path": requests.LIST_PATH},
        "httpResponse": {
            "statusCode": 200,
            "headers": {"Content-Type": ["application/json"], "x-request-id": ["req_1"]},
            "body": '{"of": 0}',
        },
    }


def test_prism_gets_the_contract_with_the_responses_as_its_only_examples(
    responses: list[Canned],
) -> None:
    document: dict[str, Any] = stubs.prism(responses)

    validate(document)
    shown = [
        operation["responses"]["200"]
        for operations in document["paths"].values()
        for operation in operations.values()
    ]
    assert [it["content"]["application/json"]["examples"] for it in shown] == [
        {"recorded": {"value": {"of": number}}} for number in (2, 0, 1)
    ]
    assert {name.lower() for it in shown for name in it["headers"]} == {"x-request-id"}


def test_mockoon_gets_an_environment(responses: list[Canned]) -> None:
    environment = stubs.mockoon(responses)

    assert [(route["method"], route["endpoint"]) for route in environment["routes"]] == [
        ("get", requests.LIST_PATH[1:]),
        ("get", requests.QUOTA_PATH[1:]),
        ("post", requests.UPLOAD_PATH[1:]),
    ]
    assert [child["uuid"] for child in environment["rootChildren"]] == [
        route["uuid"] for route in environment["routes"]
    ]


def test_a_stub_is_written_as_json(tmp_path: Path) -> None:
    path = stubs.write({"name": "è"}, tmp_path / "mappings" / "stub.json")

    assert json.loads(path.read_text(encoding="utf-8")) == {"name": "è"}


def test_every_peer_has_a_version() -> None:
    assert [peer.name for peer in PEERS if not peer.version[0].isdigit()] == []
