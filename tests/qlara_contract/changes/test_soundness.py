"""A change that is said to break no client breaks none: held against values, as a validator sees them."""

from __future__ import annotations

from random import Random
from typing import Any

import jsonschema_rs
import pytest

from qlara_contract.changes.comparison import ChangeKind, changes
from tests.qlara_contract.changes.drawing import a_schema, a_value, an_edit_of

SEEDS = range(300)
JSON = "application/json"


def contract(schema: Any, *, is_of_a_response: bool) -> dict[str, Any]:
    body = {"content": {JSON: {"schema": schema}}}
    response = {"description": ".", **(body if is_of_a_response else {})}
    request = {} if is_of_a_response else {"requestBody": {"required": True, **body}}
    operation = {"operationId": "x", "responses": {"200": response}, **request}
    return {"openapi": "3.1.0", "info": {}, "paths": {"/x": {"post": operation}}}


@pytest.mark.parametrize("is_of_a_response", [False, True], ids=["requests", "responses"])
def test_what_breaks_no_client_is_valid_for_both(*, is_of_a_response: bool) -> None:
    compared = 0
    for seed in SEEDS:
        random = Random(seed)
        old = a_schema(random)
        new = an_edit_of(old, random)
        before, after = (
            contract(old, is_of_a_response=is_of_a_response),
            contract(new, is_of_a_response=is_of_a_response),
        )
        found = changes(before, after)
        # A client that has sent a field of its own, which was nobody's: told as new, and as no break.
        if any(each.breaks or each.kind is ChangeKind.NEW for each in found):
            continue
        sent, read = (new, old) if is_of_a_response else (old, new)
        validators = [jsonschema_rs.Draft202012Validator(each) for each in (sent, read)]
        for value in (a_value(random) for _ in range(200)):
            was_sent, is_read = (each.is_valid(value) for each in validators)
            assert is_read or not was_sent, (seed, value, old, new, found)
            compared += was_sent
    assert compared > 100
