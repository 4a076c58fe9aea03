from __future__ import annotations

import copy
from typing import Any

import pytest

from qlara_sandbox.state.consistency import Contradiction, require_consistent

CONTACT = {
    "contactId": "cnt_007",
    "name": "Anna",
    "phoneNumber": "+393471234567",
    "email": "",
    "address": "",
    "tags": [],
    "createdAt": "2026-04-09T11:00:10+02:00",
}
ARMED = {
    "id": "fault_1",
    "seen": 0,
    "fired": 0,
    "expires": None,
    "fault": {"on": "*", "respond": {"status": 503}},
}
STATE: dict[str, Any] = {
    "account": {"region": "IT", "timezone": "Europe/Rome"},
    "clock": {"start": None, "frozenAt": None, "shiftSeconds": 0},
    "ids": {"drawn": 0},
    "nextNumber": 8,
    "contacts": [CONTACT],
    "lists": [{"listId": "list_a"}],
    "faults": {"armed": [ARMED]},
}
LEAST, MOST = "Expected a moment from 1970 to 2999.", "Expected a number of at most 1000000000."


def changed(path: str, value: object) -> dict[str, Any]:
    state = copy.deepcopy(STATE)
    *steps, last = path.split(".")
    at = state
    for step in steps:
        at = at[step]
    at[last] = value
    return state


@pytest.mark.parametrize(
    ("state", "field", "message"),
    [
        (
            changed("account.region", "ZZ"),
            "state.account.region",
            "Expected a country with telephone numbers; found 'ZZ'.",
        ),
        (
            changed("account.timezone", "Mars/Olympus"),
            "state.account.timezone",
            "Expected the IANA name of a time zone; found 'Mars/Olympus'.",
        ),
        (changed("clock.start", "1969-12-30T23:59:59+00:00"), "state.clock.start", LEAST),
        (changed("clock.frozenAt", "3000-01-02T00:00:00+00:00"), "state.clock.frozenAt", LEAST),
        (
            changed("clock.shiftSeconds", -10_000_000_000),
            "state.clock.shiftSeconds",
            "Expected a shift to a moment from 1970 to 2999.",
        ),
        (changed("nextNumber", 1_000_000_001), "state.nextNumber", MOST),
        (changed("ids.drawn", 1_000_000_001), "state.ids.drawn", MOST),
        (
            changed("faults.armed", [{**ARMED, "seen": 1_000_000_001}]),
            "state.faults.armed[0].seen",
            MOST,
        ),
        (
            changed("faults.armed", [ARMED, {**ARMED, "id": "fault_1000000001"}]),
            "state.faults.armed[1].id",
            MOST,
        ),
        (
            changed("faults.armed", [ARMED, ARMED]),
            "state.faults.armed[1].id",
            "Expected every id once.",
        ),
        (
            changed("lists", [{"listId": "list_a"}] * 2),
            "state.lists[1].listId",
            "Expected every listId once.",
        ),
        (changed("nextNumber", 7), "state.nextNumber", "Expected a number above that of cnt_007."),
    ],
    ids=str,
)
def test_a_part_that_a_request_would_trip_over_is_named(
    state: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(Contradiction) as refused:
        require_consistent(state)

    assert (refused.value.field, refused.value.message) == (field, message)


@pytest.mark.parametrize("contact_id", ["anna", "cnt_0008", "cnt_8", "cnt_99999999999"])
def test_ids_that_no_import_makes_are_no_matter(contact_id: str) -> None:
    require_consistent(changed("contacts", [{**CONTACT, "contactId": contact_id}]))
