"""The way of one request through the sandbox, gate by gate, to its answer."""

from __future__ import annotations

import logging
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from qlara_sandbox.domain.errors import MisusedSandbox, Refusal
from qlara_sandbox.http import error_responses
from qlara_sandbox.http.multipart import ClientGone, read_whole
from qlara_sandbox.state.faults import LEAVES_NOTHING
from qlara_sandbox.web import faults
from qlara_sandbox.web.api import Call
from qlara_sandbox.web.auth import authorise, identify
from qlara_sandbox.web.exchange import Exchange, record, size_of_head
from qlara_sandbox.web.prefer import example_response, preferred

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from qlara_sandbox.http.contract import Operation
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.state.rate_limit import RateLimit
    from qlara_sandbox.state.world import World
    from qlara_sandbox.web.observers.journal import RawHeaders
    from qlara_sandbox.web.runtime import Runtime

log = logging.getLogger("qlara_sandbox.web")
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
        self, runtime: Runtime, handlers: Mapping[str, Callable[[Call], Awaitable[Response]]]
    ) -> None:
        self._runtime = runtime
        self._handlers = handlers

    async def serve(self, operation: Operation, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to *operation*."""
        exchange = Exchange(scope, receive, self._runtime.next_request_id())
        exchange.operation = operation
        try:
            response = await self._answer(exchange, operation)
            await self.deliver(exchange, response, send)
        except ClientGone:
            record(self._runtime, exchange, 0, [], b"")
        finally:
            self._leave(exchange)

    async def refuse(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no operation takes."""
        exchange = Exchange(scope, receive, self._runtime.next_request_id())
        await self.deliver(exchange, response, send)

    async def deliver(self, exchange: Exchange, response: Response, send: Send) -> None:
        """Send the answer, or let the connection fail as ordered; and write down what was sent."""
        matched = exchange.matched
        network = matched.network if matched is not None else None
        if network is not None and not faults.is_connected(exchange.scope):
            response, network = faults.in_process(network), None
        body = response.body()
        headers = self._headers(exchange, response, len(body))
        start = {"type": "http.response.start", "status": response.status, "headers": headers}
        if network is not None:
            await exchange.body.drain()
            await faults.fail(network, exchange.scope, exchange.receive, send, (start, body))
            if network in LEAVES_NOTHING:
                response, headers, body = faults.NO_RESPONSE, [], b""
        elif matched is not None and matched.dribble is not None:
            await exchange.body.drain()
            await faults.dribble(matched.dribble, start, body, send)
        else:
            await _send(exchange, start, body, send)
        record(self._runtime, exchange, response.status, headers, body)
        if access.isEnabledFor(logging.INFO):
            _log_access(exchange, response.status)

    async def _answer(self, exchange: Exchange, operation: Operation) -> Response:
        try:
            response = await self._pass_gates(exchange, operation)
        except MisusedSandbox as error:
            return error_responses.refusal(error)
        except Refusal as error:
            response = error_responses.refusal(error)
            if response.status not in operation.responses and not self._handles(operation):
                return response  # a path that somebody added need not document our refusals
        except ClientGone:
            raise
        except Exception:
            log.exception("%s %s: a bug", exchange.request_id, operation.operation_id)
            return error_responses.bug(
                f"The sandbox failed; its log says why at {exchange.request_id}."
            )
        if exchange.matched is not None and exchange.matched.replaces:
            return response  # what a scenario orders need not keep the contract
        violation = operation.violation(response.status, response.media_type, response.content)
        if violation is not None:
            log.error("%s the answer breaks the contract: %s", exchange.request_id, violation)
            return error_responses.bug(f"The sandbox broke its contract: {violation}")
        return response

    def _handles(self, operation: Operation) -> bool:
        return operation.operation_id in self._handlers

    async def _pass_gates(self, exchange: Exchange, operation: Operation) -> Response:
        headers, scope = exchange.headers, exchange.scope
        exchange.head_bytes = _check_head(scope)
        if not operation.secured and not self._handles(operation):
            return await _example(exchange, operation)
        exchange.entry = entry = self._runtime.get_or_create(identify(headers), exchange.began)
        entry.in_use += 1
        entry.requests += 1
        world = entry.world
        authorise(world.account, operation.permission)
        prefer = headers.get("prefer")
        forced = preferred(prefer, operation) if prefer else None
        if forced is not None:
            return forced
        if world.rate_limit is not None:
            world.rate_limit.take(world.clock.now())
        if world.faults.active:
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
    ) -> Response | None:
        exchange.matched = matched = world.faults.matched(operation.operation_id, world.clock.now())
        return await faults.before(matched) if matched is not None else None

    def _leave(self, exchange: Exchange) -> None:
        entry = exchange.entry
        if entry is not None:
            entry.in_use -= 1
            if exchange.scope["method"] not in _READING:
                self._runtime.worlds.reweigh(entry)

    def _headers(self, exchange: Exchange, response: Response, length: int) -> RawHeaders:
        headers = [
            (b"content-type", response.media_type.encode("latin-1")),
            (b"content-length", b"%d" % length),
            (b"x-request-id", exchange.request_id.encode("ascii")),
        ]
        for name, value in response.headers.items():
            headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        entry = exchange.entry
        if entry is not None and entry.world.rate_limit is not None:
            headers += _rate_limit_headers(entry.world.rate_limit, entry.world)
        if self._runtime.settings.sandbox_headers:
            if entry is not None:
                headers.append((b"x-sandbox-scenario", quote(entry.key.scenario).encode()))
                headers.append((b"x-sandbox-session", entry.key.session.encode("ascii")))
            if response.status >= 400:  # noqa: PLR2004 - client errors, RFC 9110 section 15.5
                headers.append((b"link", b'</__docs#errors-%d>; rel="help"' % response.status))
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


async def _example(exchange: Exchange, operation: Operation) -> Response:
    scope = exchange.scope
    operation.read_parameters(scope["path_params"], scope["query_string"])
    if operation.json_body is not None:
        operation.check_json(await read_whole(exchange.body))
    response = example_response(operation)
    if response is None:
        message = "This operation has no handler and no example of a success in the contract."
        raise MisusedSandbox("path", message)
    return response


def _check_head(scope: Scope) -> int:
    size = size_of_head(scope)
    if size > HEAD_BYTES:
        name = max(scope["headers"], key=lambda header: len(header[1]))[0].decode("latin-1")
        raise MisusedSandbox(name, "Expected at most 64 KB of headers.")
    return size
