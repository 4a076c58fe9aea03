"""Clients that import into one account at the same time, through whichever sandboxes there are."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import httpx

from tests.server import until

if TYPE_CHECKING:
    from collections.abc import Callable

UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
QUOTA = "/api/v1/partner-gateway/subscription/contacts"
KEY = {"X-Api-Key": "sandbox_clients"}


class File(NamedTuple):
    """What one import sends."""

    content: bytes
    strategy: str = "SKIP"


class Sent(NamedTuple):
    """An import that was sent; ``status`` is 0 and ``report`` empty where no response came."""

    number: int
    status: int
    report: Any


class Clients:
    """*count* clients that each send one file after the other, which *make* makes of its number, at first to *url*."""

    def __init__(self, count: int, make: Callable[[int], File], url: str) -> None:
        self.urls = [url]
        self.sent: list[Sent] = []
        self._make = make
        self._numbers = iter(range(100_000))
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let each client get the response that it waits for, and send nothing more."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        """Return once so many further imports were answered."""
        wanted = len(self.answered) + count
        until(lambda: len(self.answered) >= wanted)

    @property
    def answered(self) -> dict[int, Any]:
        """The report of every import that was answered with 200."""
        return {one.number: one.report for one in [*self.sent] if one.status == httpx.codes.OK}

    @property
    def statuses(self) -> set[int]:
        return {one.status for one in self.sent}

    def _work(self) -> None:
        with httpx.Client(timeout=20, headers=KEY) as client:
            while not self._ended.is_set():
                with self._lock:
                    number = next(self._numbers)
                    url = random.choice(self.urls)
                self.sent.append(_sent(client, url, number, self._make(number)))
                if self.sent[-1].status == 0:
                    self._ended.wait(0.05)  # until there is a sandbox again


def _sent(client: httpx.Client, url: str, number: int, file: File) -> Sent:
    try:
        response = send(client, url, file)
    except httpx.TransportError:
        return Sent(number, 0, None)
    return Sent(number, response.status_code, response.json())


def send(client: httpx.Client, url: str, file: File) -> httpx.Response:
    """Import a file into the list."""
    fields = {"listId": "list_crm_migration", "duplicateStrategy": file.strategy}
    form = {"file": ("c.vcf", file.content)}
    return client.post(url + UPLOAD, files=form, data=fields)


def held(url: str) -> list[dict[str, Any]]:
    """Return the contacts of the list, which are all that the account has."""
    found: list[dict[str, Any]] = []
    more = True
    with httpx.Client(timeout=20, headers=KEY) as client:
        while more:
            parameters = {"limit": 1000, "page": len(found) // 1000 + 1}
            page = client.get(url + LIST, params=parameters).json()
            found += page["contacts"]
            more = page["hasMore"]
        assert client.get(url + QUOTA).json()["used"] == len(found)
    return found
