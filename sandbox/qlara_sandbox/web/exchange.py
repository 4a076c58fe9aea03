"""One request and what becomes of it, from its head to its entry in the journal."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from qlara_sandbox.http.multipart import Body
from qlara_sandbox.state.clock import real_seconds
from qlara_sandbox.web.observers.journal import (
    KEPT_OF_A_BODY,
    JournalEntry,
    RawHeaders,
    RecordedBody,
    show,
    weigh,
)

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

    from qlara_sandbox.http.contract import Operation
    from qlara_sandbox.state.faults import MatchedFaults
    from qlara_sandbox.state.worlds import WorldEntry, WorldKey
    from qlara_sandbox.web.runtime import Runtime

_KEPT_OF_A_FIELD = 1000


class Exchange:
    """One request. ``held`` is the world it came to, ``due`` the faults that it met."""

    __slots__ = (
        "began",
        "body",
        "entry",
        "head_bytes",
        "headers",
        "matched",
        "operation",
        "receive",
        "request_id",
        "scope",
    )

    def __init__(self, scope: Scope, receive: Receive, request_id: str) -> None:
        self.began = perf_counter()
        self.scope = scope
        self.receive = receive
        self.headers = headers_of(scope)
        self.body = Body(receive, self.headers)
        self.request_id = request_id
        self.head_bytes = 0
        self.operation: Operation | None = None
        self.entry: WorldEntry | None = None
        self.matched: MatchedFaults | None = None

    @property
    def key(self) -> WorldKey | None:
        """The key of the world that the request came to."""
        return self.entry.key if self.entry is not None else None


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers of a request by lower-case name; of one that is repeated, the first."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        # RFC 9110 5.5: white space around a value is not part of it.
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1").strip(" \t"))
    return headers


def size_of_head(scope: Scope) -> int:
    """Return how long the headers of a request are together, in bytes."""
    return sum(len(name) + len(value) for name, value in scope["headers"])


def record(
    runtime: Runtime, exchange: Exchange, status: int, headers: RawHeaders, body: bytes
) -> None:
    """Write an exchange into the journal and the metrics, and tell whoever listens.

    ``status`` is 0 where no answer was sent.
    """
    seconds = perf_counter() - exchange.began
    scope, matched = exchange.scope, exchange.matched
    operation = exchange.operation.operation_id if exchange.operation is not None else None
    sent = _sent(exchange.body) if exchange.body.received else None
    # A copy: what orjson returns may occupy kilobytes more than its length says.
    kept = bytes(memoryview(body)[:KEPT_OF_A_BODY])
    head_bytes = exchange.head_bytes or size_of_head(scope)
    head_bytes += len(scope["path"]) + len(scope["query_string"])
    weight = weigh(scope["headers"], head_bytes, headers, kept)
    entry = JournalEntry(
        exchange.request_id,
        real_seconds() - seconds,
        seconds,
        scope["method"],
        scope["path"],
        scope["query_string"],
        scope["headers"],
        sent,
        operation,
        exchange.key,
        status,
        headers,
        kept,
        len(body),
        matched.kinds if matched is not None else (),
        weight if sent is None else weight + sent.weight(),
    )
    runtime.journal.add(entry)
    runtime.metrics.count(operation, status, seconds)
    if matched is not None:
        runtime.metrics.count_faults(matched.kinds)
    if runtime.events.watched:
        runtime.events.tell("request", show(entry))


def _sent(body: Body) -> RecordedBody:
    form = body.form
    if form is None:
        return RecordedBody(body.received, body.head)
    fields = {name[:100]: text[:_KEPT_OF_A_FIELD] for name, text in form.text().items()}
    return RecordedBody(body.received, form.file_head, fields, form.file_name, form.file_bytes)
