"""How long others wait beside single large requests, and what memory these leave behind.

``python -m reliability.pauses`` sends each of them while a bystander lists contacts, and exits with 1
beyond the bounds. The figures are those of a machine that does nothing else. What is left is measured
after a reset of all worlds; the allocator of the interpreter keeps some of it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import orjson

from reliability import serving, wire
from reliability.bystander import Bystander
from reliability.statistics import percentile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reliability.serving import Sandbox

MOST_P99_MS = 50
MOST_WORST_MS = 100
MOST_LEFT_MB = 200
_SECONDS = 300.0
_SETTLE_SECONDS = 2
_KEY = "sandbox_large"
_STATE = f"/__admin/state?apiKey={_KEY}"
_CONTACTS = 300_000
_UNKNOWN = 1_000_000
_CARDS = 476_000
_JOURNAL = 2_000


class Case(NamedTuple):
    """One large request: what brings it about returns the request as bytes."""

    name: str
    prepare: Callable[[Sandbox], bytes]


def _state(running: Sandbox) -> dict[str, Any]:
    with wire.Client(running.port, _KEY) as client:
        client.get(wire.QUOTA)
        state: dict[str, Any] = client.get(_STATE).json()
    return {**state, "account": {**state["account"], "quotaTotal": 10 * _CONTACTS}}


def _contacts() -> list[dict[str, Any]]:
    return [
        {
            "contactId": f"cnt_{number:03}",
            "name": f"Anna {number}",
            "phoneNumber": f"+39347{number:07}",
            "email": "",
            "address": "",
            "tags": ["a"],
            "createdAt": "2026-04-09T11:00:10+02:00",
        }
        for number in range(1, _CONTACTS + 1)
    ]


def _full(running: Sandbox) -> dict[str, Any]:
    contacts = _contacts()
    members = [each["contactId"] for each in contacts]
    lists = [{"listId": wire.DESTINATION, "name": "CRM", "members": members}]
    return {
        **_state(running),
        "contacts": contacts,
        "lists": lists,
        "nextNumber": _CONTACTS + 1,
    }


def _put(content: Mapping[str, Any]) -> bytes:
    headers = {"Content-Type": "application/json"}
    return wire.request("PUT", "/__admin/state", _KEY, headers, orjson.dumps(content))


def _put_state(running: Sandbox) -> bytes:
    return _put({"apiKey": _KEY, "state": _full(running)})


def _get_state(running: Sandbox) -> bytes:
    _send(running.port, _put_state(running))
    return wire.request("GET", _STATE, _KEY)


def _unknown() -> dict[str, int]:
    return {f"unknown{number}": 1 for number in range(_UNKNOWN)}


def _unknown_at_the_top(running: Sandbox) -> bytes:
    return _put({"apiKey": _KEY, "state": _state(running), **_unknown()})


def _unknown_in_the_account(running: Sandbox) -> bytes:
    state = _state(running)
    return _put({"apiKey": _KEY, "state": {**state, "account": {**state["account"], **_unknown()}}})


def _unknown_in_a_contact(running: Sandbox) -> bytes:
    contact = {**_contacts()[0], **_unknown()}
    return _put({"apiKey": _KEY, "state": {**_state(running), "contacts": [contact]}})


def _unknown_in_every_contact(running: Sandbox) -> bytes:
    contacts = [{**each, "a": 1, "b": 2, "c": 3} for each in _contacts()]
    return _put({"apiKey": _KEY, "state": {**_state(running), "contacts": contacts}})


def _report(_: Sandbox) -> bytes:
    return wire.upload(_KEY, wire.form(b"BEGIN:VCARD\nEND:VCARD\n" * _CARDS))


def _har(running: Sandbox) -> bytes:
    request = wire.request("GET", f"{wire.LIST.format(wire.DESTINATION)}?limit=1000", _KEY)
    _send(running.port, _put_state(running))
    for _ in range(_JOURNAL):
        _send(running.port, request)
    return wire.request("GET", "/__admin/requests?format=har&limit=1000", _KEY)


CASES = (
    Case("PUT of 300 000 contacts", _put_state),
    Case("GET of 300 000 contacts", _get_state),
    Case("PUT, a million unknown keys at the top", _unknown_at_the_top),
    Case("PUT, a million unknown keys in the account", _unknown_in_the_account),
    Case("PUT, a million unknown keys in a contact", _unknown_in_a_contact),
    Case("PUT, 300 000 contacts with unknown keys", _unknown_in_every_contact),
    Case("a report of 476 000 errors", _report),
    Case("HAR of a full journal", _har),
)


@click.command()
@click.option("--only", default="", help="Only requests whose name contains this.")
@click.option("--times", default=3, show_default=True, help="How often each is sent.")
def main(only: str, times: int) -> None:
    """Send large requests, one kind after another. Exit 1 if others wait or memory stays beyond the bounds."""
    rows = [measure(case, times) for case in CASES if only in case.name]
    raise SystemExit(0 if all(map(is_within_bounds, rows)) else 1)


def is_within_bounds(row: Mapping[str, Any]) -> bool:
    """Return whether the result of one case is as it must be."""
    return (
        not row["failures"]
        and row["bystanderP99Ms"] < MOST_P99_MS
        and row["bystanderWorstMs"] < MOST_WORST_MS
        and row["leftMb"] < MOST_LEFT_MB
    )


def measure(case: Case, times: int) -> dict[str, Any]:
    """Send a request so many times to a sandbox of its own, and return what it cost others."""
    with serving.sandbox() as running:
        request = case.prepare(running)
        before = running.memory_mb()
        with Bystander(running) as bystander:
            statuses = [_send(running.port, request) for _ in range(times)]
            with wire.Client(running.port, _KEY) as client:
                client.json("POST", "/__admin/reset", {})
            threading.Event().wait(_SETTLE_SECONDS)  # what is freed afterwards counts, too
        waits = [seconds for _, seconds in bystander.latencies]
        trouble = running.trouble()
        row = {
            "request": case.name,
            "statuses": statuses,
            "bystanderP99Ms": round(percentile(waits, 99) * 1000, 1),
            "bystanderWorstMs": round(max(waits) * 1000, 1),
            "peakMb": round(running.memory_mb("VmHWM")),
            "leftMb": round(running.memory_mb() - before),
            "failures": [*bystander.errors, *([trouble] if trouble else [])],
        }
    click.echo(
        f"{row['request']}: {row['statuses']}; list p99 {row['bystanderP99Ms']} ms, "
        f"worst {row['bystanderWorstMs']} ms; peak {row['peakMb']} MB, left {row['leftMb']} MB; "
        f"failures {row['failures']}"
    )
    return row


def _send(port: int, request: bytes) -> int:
    """Send a request, read its response to the end without keeping it, and return its status."""
    closing = request.replace(
        b"Host: 127.0.0.1\r\n", b"Host: 127.0.0.1\r\nConnection: close\r\n", 1
    )
    with wire.connect(port, _SECONDS) as connection:
        connection.sendall(closing)
        first = b""
        while chunk := connection.recv(1024 * 1024):
            first = first or chunk
    return wire.statuses(first[:20])[0] if first else 0


if __name__ == "__main__":
    main()
