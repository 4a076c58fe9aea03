"""Sandboxes that are killed in the middle of imports: what was answered is there, and nothing is half there."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, NamedTuple, Self

import httpx

from tests.engine import start_engine
from tests.qlara_sandbox.web.calls import vcf
from tests.server import serving

if TYPE_CHECKING:
    from pathlib import Path

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
KEY = {"X-Api-Key": "sandbox_killed"}
OF_A_FILE = 40


class Sent(NamedTuple):
    """A file that was sent; ``status`` is 0 where no response came."""

    number: int
    status: int


class Clients:
    """Clients that send one file after the other to whichever sandbox there is."""

    def __init__(self, count: int) -> None:
        self.urls: list[str] = []
        self.sent: list[Sent] = []
        self._numbers = iter(range(100_000))
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        """Return once so many further imports were answered."""
        wanted = self._answered() + count
        while self._answered() < wanted:
            self._ended.wait(0.01)

    def _answered(self) -> int:
        return sum(one.status == 200 for one in [*self.sent])

    def _work(self) -> None:
        with httpx.Client(timeout=20, headers=KEY) as client:
            while not self._ended.is_set():
                with self._lock:
                    number = next(self._numbers)
                    url = random.choice(self.urls)
                self.sent.append(Sent(number, _status(client, url, number)))


def _status(client: httpx.Client, url: str, number: int) -> int:
    file = {"file": ("c.vcf", vcf(*_people(number)))}
    try:
        return client.post(
            url + UPLOAD, files=file, data={"listId": "list_crm_migration"}
        ).status_code
    except httpx.TransportError:
        return 0


def _people(number: int) -> list[tuple[str, str]]:
    return [
        (f"File {number} person {one}", f"347{number * OF_A_FILE + one:07d}")
        for one in range(OF_A_FILE)
    ]


def _held(url: str) -> dict[int, int]:
    """Return how many contacts of each file the list holds; nobody is in it twice."""
    found: dict[int, int] = {}
    seen = set()
    page, more = 1, True
    while more:
        parameters = {"limit": 1000, "page": page}
        shown = httpx.get(url + LIST, params=parameters, headers=KEY, timeout=20).json()
        for contact in shown["contacts"]:
            assert contact["phoneNumber"] not in seen
            seen.add(contact["phoneNumber"])
            number = int(contact["name"].split()[1])
            found[number] = found.get(number, 0) + 1
        page, more = page + 1, shown["hasMore"]
    assert httpx.get(url + QUOTA, headers=KEY, timeout=20).json()["used"] == len(seen)
    return found


def test_every_import_that_was_answered_is_there_and_none_is_half_there(tmp_path: Path) -> None:
    engine = start_engine(tmp_path)
    try:
        with serving("--state", engine.url) as steady, Clients(6) as clients:
            clients.urls = [steady.url]
            for _ in range(2):
                with serving("--state", engine.url) as killed:
                    clients.urls = [steady.url, killed.url]
                    clients.wait_for(12)
                    killed.process.kill()
                    clients.wait_for(4)
                    clients.urls = [steady.url]
            clients.__exit__()
            held = _held(steady.url)
    finally:
        engine.stop()

    assert set(held.values()) == {OF_A_FILE}
    answered = {one.number for one in clients.sent if one.status == 200}
    assert answered <= held.keys()
    assert {one.status for one in clients.sent} <= {200, 0, 503}  # 503: the machine was too slow
