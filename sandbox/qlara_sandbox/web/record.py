"""One request that is over, written down once for all observers."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from qlara_sandbox.http.request import head_size
from qlara_sandbox.state.clock import real_seconds
from qlara_sandbox.web.observers.journal import KEPT_OF_A_BODY, JournalEntry, RecordedBody, weigh

if TYPE_CHECKING:
    from qlara_sandbox.http.multipart import UploadForm
    from qlara_sandbox.http.request import RequestBody
    from qlara_sandbox.web.context import RequestContext
    from qlara_sandbox.web.delivery import Sent

_KEPT_OF_A_FIELD = 1000


def record(context: RequestContext, sent: Sent) -> JournalEntry:
    """Return the journal entry of a request and of what was sent for it."""
    seconds = perf_counter() - context.began
    scope, matched = context.scope, context.faults
    operation = context.operation.operation_id if context.operation is not None else None
    body = _recorded(context.body, context.form) if context.body.received else None
    # A copy: what orjson returns may occupy kilobytes more than its length says.
    kept = bytes(memoryview(sent.body)[:KEPT_OF_A_BODY])
    head_bytes = context.head_bytes or head_size(scope)
    weight = weigh(scope["headers"], head_bytes, sent.headers, kept)
    return JournalEntry(
        context.request_id,
        real_seconds() - seconds,
        seconds,
        scope["method"],
        scope["path"],
        scope["query_string"],
        scope["headers"],
        body,
        operation,
        context.key,
        sent.status,
        sent.headers,
        kept,
        len(sent.body),
        matched.kinds if matched is not None else (),
        weight if body is None else weight + body.weight(),
    )


def _recorded(body: RequestBody, form: UploadForm | None) -> RecordedBody:
    if form is None:
        return RecordedBody(body.received, body.head)
    fields = {name[:100]: text[:_KEPT_OF_A_FIELD] for name, text in form.text().items()}
    return RecordedBody(body.received, form.file_head, fields, form.file_name, form.file_bytes)
