"""A machine that can start no thread: what needs one is refused as a whole, and may be sent again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox.http.server import configure
from qlara_sandbox.http.threaded import ThreadedServer
from qlara_sandbox.services.threads import Threads
from qlara_sandbox.web.app import assemble
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from tests.qlara_sandbox.web.calls import QUOTA, UPLOAD, fail, vcf
from tests.server import exchange
from tests.wire import good_form, head, replies, request

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = "Expected a free thread; none can be started. Nothing has changed."


class Machine:
    """Starts threads, or does not."""

    def __init__(self) -> None:
        self.has_threads = True
        self.threads = Threads(self.run_sync, self.single)
        self._own = Threads()

    async def run_sync(self, work: Any, limiter: Any = None) -> Any:
        if not self.has_threads:
            raise RuntimeError("can't start new thread")
        return await self._own.run(work, limiter)

    def single(self, most: int, name: str) -> Any:
        from concurrent.futures import ThreadPoolExecutor

        if not self.has_threads:
            raise RuntimeError("can't start new thread")
        return ThreadPoolExecutor(most, name)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def port(machine: Machine) -> Iterator[int]:
    runtime = Runtime(SandboxSettings(), threads=machine.threads)
    with ThreadedServer(configure(assemble(runtime))) as server:
        yield server.ports[0]


def upload(count: int) -> bytes:
    people = [(f"Name {number}", f"+39347{number:07}") for number in range(count)]
    return request("overload", good_form(vcf(*people)))


def put_state(port: int) -> bytes:
    get = head(
        "overload",
        "Connection: close",
        path="/__admin/state?apiKey=sandbox_overload",
        method="GET",
    )
    state = replies(exchange(port, get))[0].body
    contacts = [
        {
            "contactId": f"cnt_{number:03}",
            "name": "A",
            "phoneNumber": f"+39347{number:07}",
            "email": "",
            "address": "",
            "tags": [],
            "createdAt": "2026-04-09T11:00:10+02:00",
        }
        for number in range(1, 2001)
    ]
    state = {**state, "contacts": contacts, "nextNumber": 2001}
    sent = request(
        "overload",
        json.dumps({"apiKey": "sandbox_overload", "state": state}).encode(),
        content_type="application/json",
    )
    return sent.replace(f"POST {UPLOAD}".encode(), b"PUT /__admin/state")


def used(port: int) -> int:
    get = head("overload", "Connection: close", path=QUOTA, method="GET")
    count: int = replies(exchange(port, get))[0].body["used"]
    return count


@pytest.mark.parametrize("large", ["first upload", "large upload", "state", "entries"])
def test_what_needs_a_thread_is_refused_as_a_whole_and_may_be_sent_again(
    port: int, machine: Machine, large: str
) -> None:
    sent = {
        "first upload": lambda: upload(1),
        "large upload": lambda: upload(2000),
        "state": lambda: put_state(port),
        "entries": lambda: head(
            "overload", "Connection: close", path="/__admin/requests?limit=1000", method="GET"
        ),
    }[large]()
    if large != "first upload":
        exchange(port, upload(1))
    for _ in range(30):
        exchange(port, head("overload", "Connection: close", path=QUOTA, method="GET"))
    before = used(port)
    machine.has_threads = False

    [refused] = replies(exchange(port, sent))

    assert (refused.status, refused.body) == (503, fail(sandbox=MESSAGE))
    assert refused.headers["retry-after"] == "1"
    assert used(port) == before
    machine.has_threads = True
    [again] = replies(exchange(port, sent, timeout=30))
    assert again.status == 200
