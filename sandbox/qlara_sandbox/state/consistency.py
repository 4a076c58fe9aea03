"""What a snapshot must be beside its schema, so that no request to its world trips over it later."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from qlara_sandbox.domain.importing import contact_id
from qlara_sandbox.domain.phone import is_region
from qlara_sandbox.state.clock import YEARS, is_shown, real_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# How far a counter of a snapshot may be. It goes on from there, and its schema has room for that.
MOST_COUNTED = 1_000_000_000
_CONTACT_NUMBER = re.compile(r"cnt_([0-9]{3,10})", re.ASCII)


class Contradiction(Exception):
    """A snapshot whose parts do not fit together; ``field`` is the path of the part at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def require_consistent(state: Mapping[str, Any]) -> None:
    """Let a snapshot pass that keeps its schema and makes sense.

    Raises:
        Contradiction: it does not; the first part at fault, with what was expected.
    """
    for field, message in _contradictions(state):
        raise Contradiction(f"state.{field}", message)


def _contradictions(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _of_the_account(state["account"])
    yield from _of_the_clock(state["clock"])
    yield from _of_the_counters(state)
    for name, field in (("lists", "listId"), ("faults.armed", "id")):
        entries = state["lists"] if name == "lists" else state["faults"]["armed"]
        for index in _repeated([entry[field] for entry in entries]):
            yield f"{name}[{index}].{field}", f"Expected every {field} once."


def _of_the_account(account: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    region, timezone = account["region"], account["timezone"]
    if not is_region(region):
        yield "account.region", f"Expected a country with telephone numbers; found {region!r}."
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"Expected the IANA name of a time zone; found {timezone!r}."
        yield "account.timezone", message


def _of_the_clock(clock: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("start", "frozenAt"):
        if clock[name] is not None and not is_shown(datetime.fromisoformat(clock[name])):
            yield f"clock.{name}", f"Expected a moment {YEARS}."
    if not is_shown(real_time(ZoneInfo("UTC")) + timedelta(seconds=clock["shiftSeconds"])):
        yield "clock.shiftSeconds", f"Expected a shift to a moment {YEARS}."


def _of_the_counters(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    counters = {"nextNumber": state["nextNumber"], "ids.drawn": state["ids"]["drawn"]}
    for index, armed in enumerate(state["faults"]["armed"]):
        at = f"faults.armed[{index}]"
        counters[f"{at}.id"] = int(armed["id"].removeprefix("fault_"))
        counters[f"{at}.seen"] = armed["seen"]
        counters[f"{at}.fired"] = armed["fired"]
    for field, count in counters.items():
        if count > MOST_COUNTED:
            yield field, f"Expected a number of at most {MOST_COUNTED}."
    # An import would give its contacts the ids of others, which would be lost.
    last = max(map(_number_of, state["contacts"]), default=0)
    if last >= state["nextNumber"]:
        message = f"Expected a number above that of {contact_id(last)}."
        yield "nextNumber", message


def _number_of(contact: Mapping[str, Any]) -> int:
    """Return the running number of a contact, 0 if its id was made in another way."""
    found = _CONTACT_NUMBER.fullmatch(contact["contactId"])
    number = int(found[1]) if found else 0
    return number if contact_id(number) == contact["contactId"] else 0


def _repeated(names: list[str]) -> Iterator[int]:
    seen = set()
    for index, name in enumerate(names):
        if name in seen:
            yield index
        seen.add(name)
