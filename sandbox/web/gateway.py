"""The way of one request through the sandbox, gate by gate, to its answer."""

from __future__ import annotations

import logging
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sandbox.domain.errors import MisusedSandbox, Refusal
from sandbox.state.faults import LEAVES_NOTHING
from sandbox.web import faults, problems
from sandbox.web.api import Call
from sandbox.web.auth import authorise, identify
from sandbox.web.exchange import Exchange, record, size_of_head
from sandbox.web.intake import ClientGone, read_whole
from sandbox.web.prefer import first_example, preferred

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from sandbox.state.rate_limit import RateLimit
    from sandbox.state.world import World
    from sandbox.web.answers import Answer
    from sandbox.web.contract import Operation
    from sandbox.web.journal import RawHeaders
    from sandbox.web.runtime import Runtime

log = logging.getLogger("sandbox.web")
access = logging.getLogger("sandbox.access")
HEAD_BYTES = 64 * 1024
_READING = frozenset({"GET", "HEAD"})


class Gateway:
    """Answers every request to the API.

    The order of the gates: key (401), permission (403), an answer that the client forces, rate limit
    (429), faults that are due, then the operation's own checks; a refusal at any of them has changed
    nothing. The answer itself is held against the contract: if it breaks
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
            await self.deliver(exchange, answer, send)
        except ClientGone:
            record(self._runtime, exchange, 0, [], b"")
        finally:
            self._leave(exchange)

    async def refuse(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no operation takes."""
        exchange = Exchange(scope, receive, self._runtime.next_request_id())
        await self.deliver(exchange, answer, send)

    async def deliver(self, exchange: Exchange, answer: Answer, send: Send) -> None:
        """Send the answer, or let the connection fail as ordered; and write down what was sent."""
        due = exchange.due
        network = due.network if due is not None else None
        if network is not None and not faults.is_connected(exchange.scope):
            answer, network = faults.in_process(network), None
        body = answer.body()
        headers = self._headers(exchange, answer, len(body))
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        if network is not None:
            await exchange.body.drain()
            await faults.fail(network, exchange.scope, exchange.receive, send, (start, body))
            if network in LEAVES_NOTHING:
                answer, headers, body = faults.NO_ANSWER, [], b""
        elif due is not None and due.dribble is not None:
            await exchange.body.drain()
            await faults.dribble(due.dribble, start, body, send)
        else:
            await _send(exchange, start, body, send)
        record(self._runtime, exchange, answer.status, headers, body)
        if access.isEnabledFor(logging.INFO):
            _log_access(exchange, answer.status)

    async def _answer(self, exchange: Exchange, operation: Operation) -> Answer:
        try:
            answer = await self._pass_gates(exchange, operation)
        except MisusedSandbox as error:
            return problems.refusal(error)
        except Refusal as error:
            answer = problems.refusal(error)
            if answer.status not in operation.responses and not self._handles(operation):
                return answer  # a path that somebody added need not document our refusals
        except ClientGone:
            raise
        except Exception:
            log.exception("%s %s: a bug", exchange.request_id, operation.operation_id)
            return problems.bug(f"The sandbox failed; its log says why at {exchange.request_id}.")
        if exchange.due is not None and exchange.due.replaces:
            return answer  # what a scenario orders need not keep the contract
        violation = operation.violation(answer.status, answer.media_type, answer.content)
        if violation is not None:
            log.error("%s the answer breaks the contract: %s", exchange.request_id, violation)
            return problems.bug(f"The sandbox broke its contract: {violation}")
        return answer

    def _handles(self, operation: Operation) -> bool:
        return operation.operation_id in self._handlers

    async def _pass_gates(self, exchange: Exchange, operation: Operation) -> Answer:
        headers, scope = exchange.headers, exchange.scope
        exchange.head_bytes = _check_head(scope)
        if not operation.secured and not self._handles(operation):
            return await _example(exchange, operation)
        exchange.held = held = self._runtime.visit(identify(headers), exchange.began)
        held.in_use += 1
        held.requests += 1
        world = held.world
        authorise(world.account, operation.permission)
        prefer = headers.get("prefer")
        forced = preferred(prefer, operation) if prefer else None
        if forced is not None:
            return forced
        if world.rate_limit is not None:
            world.rate_limit.take(world.clock.now())
        if world.faults.armed:
            ordered = await self._meet_faults(exchange, operation, world)
            if ordered is not None:
                return ordered
        handler = self._handlers.get(operation.operation_id)
        if handler is None:
            return await _example(exchange, operation)
        path, query = scope["path_params"], scope["query_string"]
        return await handler(Call(operation, headers, path, query, exchange.body, world))

    async def _meet_faults(
        self, exchange: Exchange, operation: Operation, world: World
    ) -> Answer | None:
        exchange.due = due = world.faults.due(operation.operation_id, world.clock.now())
        return await faults.before(due) if due is not None else None

    def _leave(self, exchange: Exchange) -> None:
        held = exchange.held
        if held is not None:
            held.in_use -= 1
            if exchange.scope["method"] not in _READING:
                self._runtime.worlds.settle(held)

    def _headers(self, exchange: Exchange, answer: Answer, length: int) -> RawHeaders:
        headers = [
            (b"content-type", answer.media_type.encode("latin-1")),
            (b"content-length", b"%d" % length),
            (b"x-request-id", exchange.request_id.encode("ascii")),
        ]
        for name, value in answer.headers.items():
            headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        held = exchange.held
        if held is not None and held.world.rate_limit is not None:
            headers += _rate_limit_headers(held.world.rate_limit, held.world)
        if self._runtime.settings.sandbox_headers:
            if held is not None:
                headers.append((b"x-sandbox-scenario", quote(held.key.scenario).encode()))
                headers.append((b"x-sandbox-session", held.key.session.encode("ascii")))
            if answer.status >= 400:  # noqa: PLR2004 - client errors, RFC 9110 section 15.5
                headers.append((b"link", b'</__docs#errors-%d>; rel="help"' % answer.status))
        return headers


async def _send(exchange: Exchange, start: dict[str, Any], body: bytes, send: Send) -> None:
    """Send an answer, and see to it that a client that is still sending can read it."""
    unread = not exchange.body.complete
    if unread:
        start["headers"].append((b"connection", b"close"))
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": unread})
    if unread:
        await exchange.body.drain()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _rate_limit_headers(limit: RateLimit, world: World) -> RawHeaders:
    standing = limit.standing(world.clock.now())
    return [
        (b"x-ratelimit-limit", b"%d" % standing.limit),
        (b"x-ratelimit-remaining", b"%d" % standing.remaining),
        (b"x-ratelimit-reset", b"%d" % ceil(standing.reset.timestamp())),
    ]


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


async def _example(exchange: Exchange, operation: Operation) -> Answer:
    scope = exchange.scope
    operation.read_parameters(scope["path_params"], scope["query_string"])
    if operation.json_body is not None:
        operation.check_json(await read_whole(exchange.body))
    answer = first_example(operation)
    if answer is None:
        message = "This operation has no handler and no example of a success in the contract."
        raise MisusedSandbox("path", message)
    return answer


def _check_head(scope: Scope) -> int:
    size = size_of_head(scope)
    if size > HEAD_BYTES:
        name = max(scope["headers"], key=lambda header: len(header[1]))[0].decode("latin-1")
        raise MisusedSandbox(name, "Expected at most 64 KB of headers.")
    return size
