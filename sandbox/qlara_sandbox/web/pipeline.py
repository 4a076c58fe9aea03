"""The way of every request: gates, handler, the check of the response, delivery, observers."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import MisusedSandbox, Refusal
from qlara_sandbox.http import error_responses
from qlara_sandbox.http.request import ClientGone
from qlara_sandbox.web.context import Call, RequestContext
from qlara_sandbox.web.delivery import NOTHING, deliver
from qlara_sandbox.web.record import record
from qlara_sandbox.web.response_check import ContractViolation, kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from qlara_sandbox.http.contract import Contract
    from qlara_sandbox.http.operation import Operation
    from qlara_sandbox.http.response import RawHeaders, Response
    from qlara_sandbox.web.delivery import Sent
    from qlara_sandbox.web.observers.journal import JournalEntry
    from qlara_sandbox.web.runtime import Runtime

log = logging.getLogger("qlara_sandbox.web")
_READING = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Pipeline:
    """What every request to one API passes, in this order; ``web.app`` puts it together.

    A gate lets a request pass, responds in the handler's place, or raises a refusal; a refusal has
    changed nothing. ``outer_gates`` come first, also for requests that no operation takes.
    ``handlers`` go by operationId; ``default_handler`` makes the one of an operation that has none. The
    response is held against the contract; if it breaks it, that is a bug and the client gets a 500
    that says so. ``observers`` see the request once it is over.
    """

    runtime: Runtime
    contract: Contract
    next_request_id: Callable[[], str]
    gates: Sequence[Callable[[RequestContext], Awaitable[Response | None]]]
    handlers: Mapping[str, Callable[[Call], Awaitable[Response]]]
    default_handler: Callable[[Operation], Callable[[Call], Awaitable[Response]]]
    headers: Callable[[RequestContext, Response, int], RawHeaders]
    observers: Sequence[Callable[[JournalEntry], None]] = ()
    outer_gates: Sequence[Callable[[RequestContext], Awaitable[Response | None]]] = ()
    _all_gates: Sequence[Callable[[RequestContext], Awaitable[Response | None]]] = field(init=False)

    def __post_init__(self) -> None:
        self._all_gates = (*self.outer_gates, *self.gates)

    async def serve(self, operation: Operation, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request to *operation*."""
        context = self._context(scope, receive)
        context.operation = operation
        try:
            try:
                response = _in_bytes(context, await self._respond(context, operation))
                sent = await deliver(context, response, self.headers, send)
            except ClientGone:
                sent = NOTHING
            self._observe(context, sent)
        finally:  # once nothing of the request can change a world any more
            context.release()
            if self.observers or scope["method"] not in _READING:
                self.runtime.activity += 1

    async def refuse(self, error: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request that no operation takes."""
        context = self._context(scope, receive)
        try:
            for gate in self.outer_gates:
                await gate(context)
        except Refusal as refused:
            error = refused
        response = error_responses.refusal(error, self.contract.conventions)
        self._observe(context, await deliver(context, response, self.headers, send))

    def _context(self, scope: Scope, receive: Receive) -> RequestContext:
        number = self.next_request_id()
        return RequestContext(self.runtime, self.contract, number, scope, receive)

    def handles(self, operation: Operation) -> bool:
        """Return whether *operation* has a handler of its own."""
        return operation.operation_id in self.handlers

    async def _respond(self, context: RequestContext, operation: Operation) -> Response:
        try:
            return await self._kept_response(context, operation)
        except ClientGone:
            raise
        except ContractViolation as violation:
            return _broken(context, violation)
        except Exception:
            log.exception("%s %s: a bug", context.request_id, operation.operation_id)
            return _failed(context)

    async def _kept_response(self, context: RequestContext, operation: Operation) -> Response:
        try:
            response = await self._pass(context, operation)
        except MisusedSandbox as error:
            return error_responses.refusal(error)
        except Refusal as error:
            response = error_responses.refusal(error, context.contract.conventions)
            operation = context.operation or operation
            if operation.documented(response.status) is None and not self.handles(operation):
                return response  # a path that somebody added need not document our refusals
        if response.is_kept or (context.faults and context.faults.replaces):
            return response  # what a scenario orders need not keep the contract
        try:
            return await kept(self.runtime.threads, context.operation or operation, response)
        except MisusedSandbox as error:
            return error_responses.refusal(error)

    async def _pass(self, context: RequestContext, operation: Operation) -> Response:
        for gate in self._all_gates:
            response = await gate(context)
            if response is not None:
                return response
        operation = context.operation or operation  # that of the scenario's contract
        handler = self.handlers.get(operation.operation_id) or self.default_handler(operation)
        approve = partial(_approve, context, operation)
        call = Call(
            context.values,
            context.form,
            context.entry,
            self.runtime.store,
            approve,
            context.contract,
            context.headers,
        )
        return await handler(call)

    def _observe(self, context: RequestContext, sent: Sent) -> None:
        if self.observers:
            entry = record(context, sent)
            for observe in self.observers:
                observe(entry)


async def _approve(context: RequestContext, operation: Operation, response: Response) -> Response:
    return await kept(context.runtime.threads, operation, response)


def _in_bytes(context: RequestContext, response: Response) -> Response:
    """Return *response* as it will be sent; content that JSON cannot hold is a bug."""
    if response.stream is not None:
        return response
    try:
        return response._replace(content=response.body())
    except TypeError:
        log.exception("%s: a response that is not JSON: a bug", context.request_id)
        return _failed(context)


def _failed(context: RequestContext) -> Response:
    message = f"The sandbox failed; its log says why at {context.request_id}."
    return error_responses.bug(message)


def _broken(context: RequestContext, violation: ContractViolation) -> Response:
    log.error("%s the response breaks the contract: %s", context.request_id, violation)
    return error_responses.bug(f"The sandbox broke its contract: {violation}")
