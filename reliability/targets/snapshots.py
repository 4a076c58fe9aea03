"""Snapshots: whatever ``PUT /__admin/state`` takes, every later response keeps the contract."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import orjson

from reliability import dictionaries, schemas, wire
from reliability.mutation import Mutator, change_a_value
from reliability.target import Figures, InvariantBroken
from reliability.targets.forms import check_upload
from reliability.targets.served import KEY, Host, Served

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

_CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:B\r\nTEL:+393479998877\r\nEND:VCARD\r\n"
_STATE = "/__admin/state?apiKey=" + KEY
_MOST_LISTS = 3
_STAYS_JSON = 0.7  # so often: most of what is not JSON is refused at once
# What a restored world may say instead of a page: it is another's account, or out of requests.
_CLOSED = {401, 403, 429}
_LONG_FAULT = {"on": "uploadVCard", "ttl": "999999h", "delay": {"fixed": "0ms"}}
_CONTACT: dict[str, Any] = {
    "contactId": "cnt_001",
    "name": "Anna",
    "phoneNumber": "+393471234567",
    "email": "",
    "address": "",
    "tags": ["a"],
    "createdAt": "2026-04-09T11:00:10+02:00",
}
_STATES: dict[str, Any] = {
    "version": 1,
    "account": {
        "quotaTotal": 50000,
        "usedElsewhere": 0,
        "region": "IT",
        "timezone": "Europe/Rome",
        "permissions": ["contacts"],
        "active": True,
    },
    "clock": {"start": None, "frozenAt": "2026-04-09T09:00:10+00:00", "shiftSeconds": 0},
    "ids": {"seed": "seed", "drawn": 0, "planned": {}},
    "limits": {"importTakesSeconds": 5, "fileBytes": None},
    "nextNumber": 2,
    "contacts": [_CONTACT],
    "lists": [{"listId": "list_crm_migration", "name": "CRM", "members": ["cnt_001"]}],
    "rateLimit": {"requests": 100, "perSeconds": 60, "began": None, "used": 0},
    "faults": {"seed": "seed", "armed": []},
}


def _values() -> list[Any]:
    values: list[Any] = [_CONTACT]
    for word in dictionaries.SNAPSHOT:
        with contextlib.suppress(orjson.JSONDecodeError):
            values.append(orjson.loads(word))
    return values


_VALUES = _values()


class Snapshots:
    """Restores each input as a world, and reads and imports in it if it was taken."""

    name = "snapshots"

    def __init__(self, host: Host | None = None) -> None:
        self._served = Served(host)
        self._mutator = Mutator(dictionaries.SNAPSHOT, self.seeds())

    def seeds(self) -> list[bytes]:
        planned = {**_STATES, "ids": {"seed": "s", "drawn": 2, "planned": {"list": ["list_a"]}}}
        unlimited = {**_STATES, "rateLimit": None, "contacts": [], "lists": []}
        rule = {"on": "listContacts", "respond": {"status": 503}}
        armed = {"id": "fault_1", "seen": 0, "fired": 0, "expires": None, "fault": rule}
        faulty = {**_STATES, "faults": {"seed": "s", "armed": [armed]}}
        return [orjson.dumps(state) for state in (_STATES, planned, unlimited, faulty)]

    def mutate(self, data: bytes, rng: Random) -> bytes:
        if rng.random() < _STAYS_JSON:
            with contextlib.suppress(orjson.JSONDecodeError):
                document = orjson.loads(data)
                change_a_value(document, _VALUES, rng)
                return orjson.dumps(document)
        return self._mutator(data, rng)

    def run(self, data: bytes) -> Hashable:
        served = self._served
        body = b'{"apiKey": "%b", "state": %b}' % (KEY.encode(), data)
        headers = {"Content-Type": "application/json"}
        response = self._send(wire.request("PUT", "/__admin/state", KEY, headers, body))
        if response.status != 200:
            served.check()
            return (response.status, _blamed(response.body))
        self._send(wire.request("DELETE", f"/__admin/faults?apiKey={KEY}", KEY))
        try:
            return self._look()
        finally:
            served.client.json("POST", "/__admin/reset", {"apiKey": KEY})
            served.used()
            served.check()

    def figures(self) -> Figures:
        return self._served.figures()

    def close(self) -> None:
        self._served.close()

    def _look(self) -> Hashable:
        taken = self._send(wire.request("GET", _STATE, KEY))
        if taken.status != 200:
            raise InvariantBroken("a restored state can be taken", repr(taken.body[:300]))
        state = taken.json()
        quota = self._page(wire.QUOTA, "ContactQuota")
        pages = tuple(
            self._page(f"{wire.LIST.format(one['listId'])}?limit=1000", "ContactPage")
            for one in state["lists"][:_MOST_LISTS]
        )
        for path in ("/__admin/clock", "/__admin/worlds", "/__admin/faults"):
            self._send(
                wire.request("GET", f"{path}?apiKey={KEY}" if "worlds" not in path else path, KEY)
            )
        uploaded = self._send(wire.upload(KEY, wire.form(_CARD, listName="New")))
        if uploaded.status not in _CLOSED:
            check_upload(uploaded)
        self._look_again(len(state["contacts"]), uploaded)
        return (quota, pages, uploaded.status)

    def _look_again(self, before: int, uploaded: wire.Response) -> None:
        """Hold the state after an import, and with a fault that is in force for long, against both."""
        headers = {"Content-Type": "application/json"}
        body = orjson.dumps({"apiKey": KEY, "fault": _LONG_FAULT})
        self._send(wire.request("POST", "/__admin/faults", KEY, headers, body))
        taken = self._send(wire.request("GET", _STATE, KEY))
        if taken.status != 200:
            raise InvariantBroken("a state can be taken after an import", repr(taken.body[:300]))
        created = uploaded.json()["summary"]["imported"] if uploaded.status == 200 else 0
        after = len(taken.json()["contacts"])
        if after != before + created:
            detail = f"{before} contacts, {created} imported, {after} afterwards"
            raise InvariantBroken("an import takes the place of no contact", detail)

    def _page(self, path: str, schema: str) -> int:
        response = self._send(wire.request("GET", path, KEY))
        if response.status == 200:
            schemas.require(schema, response.json())
        return response.status

    def _send(self, request: bytes) -> wire.Response:
        try:
            response = self._served.client.send(request)
        except wire.Gone as error:
            self._served.check()
            raise InvariantBroken("a complete request gets a response", str(error)) from error
        if response.status >= 500:
            line = request.split(b"\r\n")[0].decode()
            self._served.host.trouble()
            detail = f"{line}: {response.body[:300]!r}"
            raise InvariantBroken(f"no 5xx ({line.split('?')[0][:40]})", detail)
        return response


def _blamed(body: bytes) -> bytes:
    """Return the field that a refusal blames, without the numbers in its path."""
    found = re.search(rb'"data":\{"([^"]{1,60})', body)
    return re.sub(rb"\d+", b"", found[1]) if found else b""
