"""The folder ``clients/`` is what the contract and the scenarios make of it, and leaves nothing out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from docs.generate.collections import calls
from docs.generate.collections.folder import FOLDER, contents
from qlara_sandbox import resources
from qlara_sandbox.scenario.library import Library

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = calls.groups()
# No response at all is nothing that a collection can expect.
FAILURES_OF_THE_NETWORK = {"connection-reset", "truncated-response"}


def every_call() -> Iterator[calls.Call]:
    return (call for group in GROUPS for call in group.calls)


def test_the_folder_is_in_step_with_contract_and_scenarios() -> None:
    found = {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name not in calls.too_large()
    }

    assert found == contents(), "run: make docs"


def test_every_scenario_is_in_it_but_those_without_a_response() -> None:
    scenarios = set(Library(resources.SCENARIOS).names())

    assert scenarios - {group.name for group in GROUPS} == FAILURES_OF_THE_NETWORK


def test_every_status_that_the_contract_documents_is_met() -> None:
    documented = {
        (name, int(status))
        for name, (_, _, operation) in calls.contract().operations.items()
        for status in operation["responses"]
    }

    assert documented - {(call.operation, call.status) for call in every_call()} == set()


def test_refusals_of_uc_020_are_met_in_their_scenario_not_only_forced() -> None:
    met = {call.status for call in every_call() if not call.headers}

    assert {400, 401, 403, 409, 413, 429} <= met


def test_no_value_is_left_open() -> None:
    texts = {path: text.decode() for path, text in contents().items() if "files/" not in path}

    assert [path for path, text in texts.items() if "${" in text] == []


def test_every_call_is_in_the_postman_collection_and_in_the_bruno_folder() -> None:
    made = contents()
    collection = json.loads(made["postman/qlara.postman_collection.json"])
    bruno = [path for path in made if path.startswith("bruno/") and path.endswith(".bru")]

    count = len(list(every_call()))
    assert sum(len(folder["item"]) for folder in collection["item"]) == count
    assert len(bruno) == count + len(GROUPS) + 1  # and a file for each folder, and the environment


def test_only_the_first_folder_can_be_sent_to_a_deployment_that_is_no_sandbox() -> None:
    first, *others = GROUPS

    assert (first.key, {call.status for call in first.calls}) == ("${apiKey}", {200})
    assert [group.name for group in others if not re.match(r"sandbox_\$\{label\}", group.key)] == []
