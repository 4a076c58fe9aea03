"""What the contract demands of a request: parameters, and a form or JSON body (400, 413)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import FileTooLarge
from qlara_sandbox.http.multipart import (
    BESIDE_THE_FILE,
    UploadForm,
    require_multipart,
    require_plain_body,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qlara_sandbox.http.operation import FormSchema
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.web.context import RequestContext


# What takes some milliseconds to read and check is read and checked in a thread.
_LARGE_BYTES = 64 * 1024


async def contract(context: RequestContext) -> Response | None:
    """Hold the request against its operation; its values are checked from here on.

    Raises:
        InvalidField, InvalidFields: every field at fault with what was expected.
        FileTooLarge: as soon as one byte too many has arrived.
        ClientGone: the client went away.
        Overloaded: a large body needs a thread, and there is none.
    """
    operation, scope = context.operation, context.scope
    assert operation is not None, "routed before"
    values = operation.read_parameters(scope.get("path_params", {}), scope["query_string"])
    context.values = values
    if operation.form is not None or operation.json_body is not None:
        require_plain_body(context.headers)
    if operation.form is not None:
        values |= await _read_form(context, operation.form)
    elif operation.json_body is not None:
        raw = await context.body.read(operation.json_body.max_bytes)
        read = partial(operation.json_body.read, raw, context.headers.get("content-type", ""))
        body = await context.runtime.threads.run(read) if len(raw) > _LARGE_BYTES else read()
        values |= body if isinstance(body, dict) else {}
    return None


async def _read_form(context: RequestContext, schema: FormSchema) -> Mapping[str, str]:
    limit = schema.max_file_bytes
    if context.entry is not None:
        limit = context.entry.world.file_bytes or limit
    _refuse_before_it_is_sent(context.headers, limit)
    await require_multipart(context.headers, context.body)
    context.form = form = UploadForm(schema, limit, context.headers)
    await form.receive(context.body)
    return form.fields()


def _refuse_before_it_is_sent(headers: Mapping[str, str], limit: int) -> None:
    length = headers.get("content-length", "")
    waits = headers.get("expect", "").lower() == "100-continue"
    if waits and length.isdecimal() and int(length) > limit + BESIDE_THE_FILE:
        raise FileTooLarge(limit)
