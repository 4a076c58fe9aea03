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
        number, began, clock = next(self._numbers), time.time(), time.perf_counter()
        sent: list[bytes] = []
        received: list[bytes] = []
        start: Message = {}
        ends = {"request": False, "response": False}

        async def take() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                sent.append(message.get("body", b""))
                ends["request"] = not message.get("more_body", False)
            return message

        async def give(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                received.append(message.get("body", b""))
                ends["response"] = not message.get("more_body", False)
            await send(message)

        failure = ""
        try:
            await self.app(scope, take, give)
        except Exception as error:  # the application closes the connection
            failure = repr(error)
            raise
        finally:
            target = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
            if scope["query_string"]:
                target += "?" + scope["query_string"].decode("latin-1")
            response = None
            if start:
                response = PassedResponse(
                    start["status"],
                    "",
                    _text(start["headers"]),
                    Bytes(b"".join(received)),
                    ends["response"],
                )
            body = Bytes(b"".join(sent))
            declared = dict(_text(scope["headers"])).get("content-length", str(body.size))
            request = PassedRequest(
                scope["method"],
                target,
                _text(scope["headers"]),
                body,
                is_whole=ends["request"] or declared in ("0", str(body.size)),
            )
            seconds = time.perf_counter() - clock
            exchange = PassedExchange(number, 1, began, seconds, request, response, failure)
            with self._lock:
                self.watcher.passed(exchange)


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
