"""Every switch does what it is there for: it changes what a client sees."""

from __future__ import annotations

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from http.client import HTTPConnection
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.foreign.faults import FAULTS
from tests.foreign.freedoms import FREEDOMS
from tests.foreign.policy import Policy
from tests.foreign.probe import Wire, card, changed
from tests.foreign.serving import KEY, running
from tests.foreign.stages import Hooks

if TYPE_CHECKING:
    from tests.foreign.switch import Switch

pytestmark = pytest.mark.unmeasured

_ALL = {**FREEDOMS, **FAULTS}
_QUOTA = "/api/v1/partner-gateway/subscription/contacts"
_UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
_IN_TIME = {"slow", "concurrent-imports-race", "concurrent-imports-fail"}
_ON_THE_WIRE = {
    *(each.name for each in FREEDOMS.values() if each.kind == "network"),
    "size-seen-early",
} - {"headers-more"}
_ROUNDS = range(20)  # requests may miss each other on a busy machine
_KINDS = sorted({each.kind for each in _ALL.values()})


def test_a_name_belongs_to_one_switch() -> None:
    assert set(FREEDOMS) & set(FAULTS) == set()


def test_every_switch_is_explained_in_one_sentence() -> None:
    unexplained = [
        each.name
        for each in _ALL.values()
        if "\n" in each.says or not each.says.endswith(".") or len(each.says) > 100
    ]
    assert unexplained == []


def test_every_switch_makes_another_choice_or_changes_a_stage() -> None:
    idle = [
        each.name
        for each in _ALL.values()
        if not each.changes and each.apply(Policy(), Hooks()) == Policy()
    ]
    assert idle == []


@pytest.mark.parametrize("kind", _KINDS)
def test_every_switch_of_a_kind_changes_a_response(kind: str) -> None:
    tried = [each for each in _ALL.values() if each.kind == kind and _is_in_responses(each)]
    assert [each.name for each in tried if not changed(each)] == []


@pytest.mark.parametrize("name", sorted(_ON_THE_WIRE))
def test_a_switch_of_the_network_changes_what_is_on_the_wire(name: str) -> None:
    assert _bytes_received(name) != _bytes_received()


def test_several_switches_are_on_at_a_time() -> None:
    both = {"page-from-0", "list-id-slash"}
    with running(both, ["name-capitals"]) as url:
        connection = HTTPConnection(urlsplit(url).netloc)
        path = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts?limit=1"
        connection.request("GET", path, headers={"X-Api-Key": KEY})
        with connection.getresponse() as response:
            body = json.load(response)
        connection.close()
    assert (body["page"], body["totalPages"], body["hasMore"]) == (0, 2, True)


def test_a_slow_deployment_takes_its_time() -> None:
    with running(["slow"]) as url:
        started = monotonic()
        _conversation(url, 1)
        assert monotonic() - started >= 0.06


def test_imports_at_the_same_time_race() -> None:
    assert _at_the_same_time() == ([200] * 4, 1)
    assert any(_at_the_same_time("concurrent-imports-race")[1] > 1 for _ in _ROUNDS)


def test_imports_at_the_same_time_fail() -> None:
    names = ("concurrent-imports-race", "concurrent-imports-fail")
    assert any(500 in _at_the_same_time(*names)[0] for _ in _ROUNDS)


def _is_in_responses(switch: Switch) -> bool:
    return switch.name not in _IN_TIME | _ON_THE_WIRE


@cache
def _bytes_received(*freedoms: str) -> list[bytes]:
    """Return what a client receives for 75 requests, a body announced, and then waiting."""
    with running(freedoms) as url:
        received = _conversation(url, 75)
        received.append(_announced(url))
    return received


def _conversation(url: str, requests: int) -> list[bytes]:
    sent = f"GET {_QUOTA} HTTP/1.1\r\nHost: a\r\nX-Api-Key: {KEY}\r\nAccept-Encoding: gzip\r\n\r\n"
    received = []
    with _connection(url) as connection:
        for _ in range(requests):
            try:
                connection.sendall(sent.encode())
                received.append(_response(connection))
            except ConnectionError:
                received.append(b"reset")
            if received[-1] in (b"", b"reset"):
                return received
        received.append(_response(connection))
    return received


def _announced(url: str) -> bytes:
    """Announce a large body and send none of it."""
    sent = f"POST {_UPLOAD} HTTP/1.1\r\nHost: a\r\nX-Api-Key: {KEY}\r\nContent-Length: 20000000\r\n\r\n"
    with _connection(url) as connection:
        connection.sendall(sent.encode())
        return _response(connection)


def _connection(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=0.3)


def _response(connection: socket.socket) -> bytes:
    """Return the next response without its date; ``b""`` at the end, ``b"open"`` if none comes."""
    try:
        received = connection.recv(65536)
    except TimeoutError:
        return b"open"
    return re.sub(rb"(?i)\r\ndate: [^\r]*", b"", received)


def _at_the_same_time(*faults: str) -> tuple[list[int], int]:
    """Import one contact by four requests at a time; return the statuses, and how many there are."""
    wire = Wire()
    file = card("TEL:+393475550001")
    body = wire.body(file.encode(), [("listId", "list_crm_migration")])
    headers = {"X-Api-Key": KEY, "Content-Type": wire.content_type.format(wire.boundary)}

    def send(url: str) -> int:
        connection = HTTPConnection(urlsplit(url).netloc)
        connection.request("POST", _UPLOAD, body, headers)
        with connection.getresponse() as response:
            status = response.status
        connection.close()
        return status

    with running(faults=faults) as url:
        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(send, [url] * 4))
        connection = HTTPConnection(urlsplit(url).netloc)
        path = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts?limit=100"
        connection.request("GET", path, headers={"X-Api-Key": KEY})
        with connection.getresponse() as response:
            found = response.read().count(b"+393475550001")
        connection.close()
    return sorted(statuses), found
