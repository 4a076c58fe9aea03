"""Captures traffic in front of an application as the proxy would: exchanges as they passed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any

from qlara_proxy.traffic import PassedExchange, PassedRequest, PassedResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_contract.defects.deployment import App, Message, Receive, Scope, Send
    from qlara_contract.exchange import ApiExchange
    from qlara_proxy.traffic import Watcher

BOUNDARY = "0000000000000000-boundary"


@dataclass(frozen=True)
class Bytes:
    """A body that is kept whole."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def is_whole(self) -> bool:
        return True

    def read(self) -> bytes:
        return self.content


def _text(pairs: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)


@dataclass
class CapturedApp:
    """An application, and somebody who watches what passes to and from it."""

    app: App
    watcher: Watcher
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and hand the exchange on once it is over."""
        if scope["type"] != "http" or scope["path"].startswith("/__"):
            await self.app(scope, receive, send)
            return
        passing = _Passing(next(self._numbers), scope, receive, send)
        try:
            await self.app(scope, passing.receive, passing.send)
        except Exception as error:  # the application closes the connection
            passing.failure = repr(error)
            raise
        finally:
            with self._lock:
                self.watcher.passed(passing.exchange)


class _Passing:
    """One exchange while it passes."""

    def __init__(self, number: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._number, self._scope, self._receive, self._send = number, scope, receive, send
        self._began, self._clock = time.time(), time.perf_counter()
        self._sent, self._received = bytearray(), bytearray()
        self._start: Message = {}
        self._has_ended = {"request": False, "response": False}
        self.failure = ""

    async def receive(self) -> Message:
        """Take a message of the client."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._sent += message.get("body", b"")
            self._has_ended["request"] = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Take a message of the application."""
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._received += message.get("body", b"")
            self._has_ended["response"] = not message.get("more_body", False)
        await self._send(message)

    @property
    def exchange(self) -> PassedExchange:
        """What has passed."""
        seconds = time.perf_counter() - self._clock
        return PassedExchange(
            self._number, 1, self._began, seconds, self._request(), self._response(), self.failure
        )

    def _request(self) -> PassedRequest:
        scope, body = self._scope, Bytes(bytes(self._sent))
        target = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("latin-1")
        headers = _text(scope["headers"])
        declared = dict(headers).get("content-length", str(body.size))
        is_whole = self._has_ended["request"] or declared in ("0", str(body.size))
        return PassedRequest(scope["method"], target, headers, body, is_whole)

    def _response(self) -> PassedResponse | None:
        if not self._start:
            return None
        body = Bytes(bytes(self._received))
        headers = _text(self._start["headers"])
        is_whole = self._has_ended["response"]
        return PassedResponse(self._start["status"], "", headers, body, is_whole)


def as_passed(exchange: ApiExchange, number: int) -> PassedExchange:
    """Return an exchange of the suite as the proxy would have seen it pass."""
    request, response = exchange.request, exchange.response
    headers = [*request.headers]
    if exchange.key and not any(name.lower() == "x-api-key" for name, _ in headers):
        headers.append(("X-Api-Key", exchange.key))
    body = request.body or b""
    if request.form is not None:
        body = request.form.encode(BOUNDARY)
        headers.append(("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"))
    return PassedExchange(
        number,
        1,
        exchange.at,
        exchange.took,
        PassedRequest(request.method, request.target, tuple(headers), Bytes(body)),
        PassedResponse(
            response.status, "", response.headers, Bytes(response.body), not response.is_incomplete
        ),
    )


def feed(judge: Watcher, exchanges: Sequence[ApiExchange]) -> None:
    """Let *judge* see exchanges of the suite, in the order in which they ended."""
    began = sorted(exchanges, key=lambda each: each.at)
    numbers = {id(each): number for number, each in enumerate(began, 1)}
    for each in sorted(exchanges, key=lambda one: one.at + one.took):
        judge.passed(as_passed(each, numbers[id(each)]))
