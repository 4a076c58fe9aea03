"""The way of one request through the sandbox, gate by gate, to its answer."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers

from sandbox.domain.errors import InvalidField, Refusal
from sandbox.web import problems
from sandbox.web.api import Call
from sandbox.web.auth import authorise, identify
from sandbox.web.intake import Body, ClientGone
from sandbox.web.prefer import first_example, preferred

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from sandbox.state.worlds import WorldKey
    from sandbox.web.answers import Answer
    from sandbox.web.contract import Operation
    from sandbox.web.runtime import Runtime

log = logging.getLogger("sandbox.web")
access = logging.getLogger("sandbox.access")
HEAD_BYTES = 64 * 1024


class Exchange:
    """One request and what became of it."""

    __slots__ = ("began", "body", "headers", "key", "operation", "request_id", "scope")

    def __init__(self, scope: Scope, receive: Receive, request_id: str) -> None:
        self.scope = scope
        self.headers = Headers(scope=scope)
        self.body = Body(receive, self.headers)
        self.request_id = request_id
        self.began = perf_counter()
        self.operation: Operation | None = None
        self.key: WorldKey | None = None


class Gateway:
    """Answers every request to the API.

    The order of the gates: key (401), permission (403), then the operation's own checks; a refusal
    at any of them has changed nothing. The answer itself is held against the contract: if it breaks
    it, that is a bug of the sandbox and the client gets a 500 that says so.
    """

    def __init__(
        self, runtime: Runtime, handlers: Mapping[str, Callable[[Call], Awaitable[Answer]]]
    ) -> None:
        self._runtime = runtime
        self._handlers = handlers

    async def serve(self, operation: Operation, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to *operation*."""
        exchange = Exchange(scope, receive, self._runtime.next_request_id())
        exchange.operation = operation
        try:
            answer = await self._answer(exchange, operation)
        except ClientGone:
            return
        await self.deliver(exchange, answer, send)

    async def refuse(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no operation takes."""
        exchange = Exchange(scope, receive, self._runtime.next_request_id())
        await self.deliver(exchange, answer, send)

    async def deliver(self, exchange: Exchange, answer: Answer, send: Send) -> None:
        """Send the answer, and see to it that a client that is still sending can read it."""
        body = answer.body()
        unread = not exchange.body.complete
        headers = self._headers(exchange, answer, len(body))
        if unread:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": unread})
        if unread:
            await exchange.body.drain()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        if access.isEnabledFor(logging.INFO):
            _log_access(exchange, answer.status)

    async def _answer(self, exchange: Exchange, operation: Operation) -> Answer:
        try:
            answer = await self._pass_gates(exchange, operation)
        except Refusal as error:
            answer = problems.refusal(error)
        except ClientGone:
            raise
        except Exception:
            log.exception("%s %s: a bug", exchange.request_id, operation.operation_id)
            return problems.bug(f"The sandbox failed; its log says why at {exchange.request_id}.")
        violation = operation.violation(answer.status, answer.media_type, answer.content)
        if violation is not None:
            log.error("%s the answer breaks the contract: %s", exchange.request_id, violation)
            return problems.bug(f"The sandbox broke its contract: {violation}")
        return answer

    async def _pass_gates(self, exchange: Exchange, operation: Operation) -> Answer:
        headers = exchange.headers
        _check_head(exchange.scope)
        caller = identify(headers)
        exchange.key, world = self._runtime.world(caller)
        authorise(world.account, operation.permission)
        prefer = headers.get("prefer")
        forced = preferred(prefer, operation) if prefer else None
        if forced is not None:
            return forced
        scope = exchange.scope
        call = Call(
            operation, headers, scope["path_params"], scope["query_string"], exchange.body, world
        )
        handler = self._handlers.get(operation.operation_id)
        return await handler(call) if handler else _example(call)

    def _headers(
        self, exchange: Exchange, answer: Answer, length: int
    ) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"content-type", answer.media_type.encode("latin-1")),
            (b"content-length", b"%d" % length),
            (b"x-request-id", exchange.request_id.encode("ascii")),
        ]
        for name, value in answer.headers.items():
            headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        if self._runtime.settings.sandbox_headers:
            if exchange.key is not None:
                headers.append((b"x-sandbox-scenario", quote(exchange.key.scenario).encode()))
                headers.append((b"x-sandbox-session", exchange.key.session.encode("ascii")))
            if answer.status >= 400:  # noqa: PLR2004 - client errors, RFC 9110 section 15.5
                headers.append((b"link", b'</__docs#errors-%d>; rel="help"' % answer.status))
        return headers


def _log_access(exchange: Exchange, status: int) -> None:
    # Never the API key, in no form: the request id leads to the journal, where it is masked.
    key = exchange.key
    access.info(
        "%s %s",
        exchange.scope["method"],
        exchange.scope["path"],
        extra={
            "status": status,
            "ms": round((perf_counter() - exchange.began) * 1000, 2),
            "scenario": key.scenario if key else None,
            "session": key.session if key else None,
            "request": exchange.request_id,
        },
    )


def _example(call: Call) -> Answer:
    call.operation.read_parameters(call.path, call.query)
    answer = first_example(call.operation)
    if answer is None:
        message = "This operation has no handler and no example of a success in the contract."
        raise InvalidField("path", message)
    return answer


def _check_head(scope: Scope) -> None:
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size > HEAD_BYTES:
        name = max(scope["headers"], key=lambda header: len(header[1]))[0].decode("latin-1")
        raise InvalidField(name, "Expected at most 64 KB of headers.")
