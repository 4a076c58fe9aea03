"""Traffic that is kept until it is written: in a file that has no name and is gone with the process."""

from __future__ import annotations

import json
import tempfile
import weakref
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qlara_contract.untrusted import is_readable, read_within_bounds
from qlara_proxy.traffic import coding_of, headers_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qlara_proxy.traffic import PassedExchange, PassedRequest, PassedResponse, RawHeaders

MOST_BYTES = 4 * 1024**3
"""Bytes that are kept of all traffic; what comes later is counted, and left out."""


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request with its body. ``is_whole``: all of it is here."""

    method: str
    target: str
    headers: RawHeaders
    body: bytes
    is_whole: bool

    @property
    def media_type(self) -> str:
        return next(iter(headers_named(self.headers, "content-type")), "")


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """A response with its body. ``is_whole``: all of it is here."""

    status: int
    reason: str
    headers: RawHeaders
    body: bytes
    is_whole: bool

    @property
    def media_type(self) -> str:
        return next(iter(headers_named(self.headers, "content-type")), "")


@dataclass(frozen=True, slots=True)
class KeptExchange:
    """An exchange with its bodies; the fields are those of `PassedExchange`."""

    number: int
    connection: int
    began: float
    seconds: float
    request: KeptRequest
    response: KeptResponse | None
    failure: str = ""

    @property
    def key(self) -> str:
        """The API key that the request carries in ``X-Api-Key``; empty if none."""
        return next(iter(headers_named(self.request.headers, "x-api-key")), "")


def kept(exchange: PassedExchange) -> KeptExchange:
    """Return an exchange with its bodies, those that were compressed as they were before.

    One that is compressed in a way that is not read here is left out, and so not whole.
    """
    request, response = exchange.request, exchange.response
    return KeptExchange(
        exchange.number,
        exchange.connection,
        exchange.began,
        exchange.seconds,
        KeptRequest(request.method, request.target, *_message(request)),
        KeptResponse(response.status, response.reason, *_message(response)) if response else None,
        exchange.failure,
    )


def _message(message: PassedRequest | PassedResponse) -> tuple[RawHeaders, bytes, bool]:
    headers, body = message.headers, message.body.read()
    is_whole = message.is_whole and message.body.is_whole
    coding = coding_of(message)
    if body and not is_readable(coding):
        return headers, b"", False  # whoever is in it could be read by others
    if body and coding not in {"", "identity"}:
        body, is_cut = read_within_bounds([body], coding)
        is_whole = is_whole and not is_cut
        dropped = {"content-encoding", "content-length"}
        headers = tuple(each for each in headers if each[0].lower() not in dropped)
    return headers, body, is_whole


class KeptTraffic:
    """Exchanges in the order in which their requests began, with no more in memory than where they are."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._file = tempfile.TemporaryFile(prefix="qlara-proxy-", buffering=0)  # noqa: SIM115 - for as long as this is
        self._close = weakref.finalize(self, self._file.close)
        self._places: list[tuple[int, int]] = []  # number, and where it begins
        self._most = most
        self._size = 0
        self.left_out = 0

    def __len__(self) -> int:
        return len(self._places)

    def add(self, exchange: KeptExchange) -> None:
        """Keep an exchange, unless there is too much already."""
        request, response = exchange.request, exchange.response
        bodies = [request.body, response.body if response else b""]
        head = json.dumps(_head(exchange)).encode("utf-8", "surrogatepass")
        sizes = array("Q", [len(head), *map(len, bodies)]).tobytes()
        size = len(sizes) + len(head) + sum(map(len, bodies))
        if self._size + size > self._most:
            self.left_out += 1
            return
        try:
            self._file.seek(self._size)
            for each in (sizes, head, *bodies):
                self._write(each)
        except OSError:  # the disk is full
            self.left_out += 1
            return
        self._places.append((exchange.number, self._size))
        self._size += size

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def __iter__(self) -> Iterator[KeptExchange]:
        for _, place in sorted(self._places):
            self._file.seek(place)
            sizes = array("Q")
            sizes.frombytes(self._file.read(24))
            head, first, second = (self._file.read(size) for size in sizes)
            yield _exchange(json.loads(head), first, second)

    def close(self) -> None:
        """Let go of everything."""
        self._close()
        self._places.clear()


def _head(exchange: KeptExchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    return {
        "exchange": [exchange.number, exchange.connection, exchange.began, exchange.seconds],
        "failure": exchange.failure,
        "request": [request.method, request.target, request.headers, request.is_whole],
        "response": response
        and [response.status, response.reason, response.headers, response.is_whole],
    }


def _exchange(head: dict[str, Any], first: bytes, second: bytes) -> KeptExchange:
    method, target, headers, is_whole = head["request"]
    request = KeptRequest(method, target, _headers(headers), first, is_whole)
    response = None
    if head["response"]:
        status, reason, headers, is_whole = head["response"]
        response = KeptResponse(status, reason, _headers(headers), second, is_whole)
    number, connection, began, seconds = head["exchange"]
    return KeptExchange(number, connection, began, seconds, request, response, head["failure"])


def _headers(found: list[list[str]]) -> RawHeaders:
    return tuple((name, value) for name, value in found)
