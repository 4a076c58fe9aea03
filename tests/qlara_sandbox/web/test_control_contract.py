"""The control API held against its own OpenAPI file by Schemathesis."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
import yaml
from openapi_spec_validator import validate
from schemathesis.engine import Status, events, from_schema
from starlette.testclient import TestClient

from qlara_sandbox.scenario.load import SCHEMA
from qlara_sandbox.web.app import create_app
from qlara_sandbox.web.control_spec import CONTROL_SPEC as SPEC

EXAMPLES = 5


def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    return found


def run() -> tuple[set[str], list[str]]:
    """Return the operations that were called, and what was wrong."""
    config = schemathesis.Config.from_dict(
        {
            "seed": 1,
            "base-url": "http://localhost",
            "cache": {"enabled": False},
            "generation": {"max-examples": EXAMPLES, "database": "none", "no-shrink": True},
            "phases": {"stateful": {"enabled": False}},
        }
    )
    schema = schemathesis.openapi.from_asgi(
        "/__admin/openapi.json", create_app(), config=config, headers={"Host": "localhost"}
    ).exclude(operation_id="streamEvents")  # its answer has no end
    called, wrong = set(), []
    for event in from_schema(schema).execute():
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.NonFatalError):
            wrong.append(f"{event.label}: {event.value}")
        if isinstance(event, events.ScenarioFinished):
            for case_id in event.recorder.interactions:
                called.add(event.recorder.cases[case_id].value.operation.label)
            if event.status in {Status.FAILURE, Status.ERROR}:
                wrong += _failures(event)
    return called, wrong


def _failures(event: events.ScenarioFinished) -> list[str]:
    return [
        f"{event.recorder.label}: {check.name}: {check.failure_info.failure}"
        for checks in event.recorder.checks.values()
        for check in checks
        if check.failure_info is not None
    ]


@pytest.mark.unmeasured
def test_every_call_keeps_the_contract_of_the_control_api() -> None:
    called, wrong = run()

    assert wrong == []
    assert called == {
        f"{method.upper()} {path}"
        for path, item in document()["paths"].items()
        for method in item
        if path not in {"/__admin/events", "/__admin/openapi.json"}  # the latter: where it reads
    }


def test_the_document_is_valid_and_is_what_is_served() -> None:
    validate(document())

    client = TestClient(create_app(), base_url="http://localhost")
    assert client.get("/__admin/openapi.json").json() == document()


def test_a_fault_is_the_same_in_a_call_and_in_a_scenario_file() -> None:
    in_file = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]["faults"]["items"]

    assert document()["components"]["schemas"]["Fault"] == in_file
