"""``Prefer: code=409`` or ``Prefer: example=NAME``: one documented response, forced by the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_sandbox.domain.errors import MisusedSandbox
from qlara_sandbox.http.response import JSON, Response

if TYPE_CHECKING:
    from qlara_sandbox.http.operation import Example, Operation
    from qlara_sandbox.web.context import RequestContext


async def forced_response(context: RequestContext) -> Response | None:
    """Respond with the example that the request prefers, if it prefers one.

    Raises:
        MisusedSandbox: there is no such example; the message lists what there is.
    """
    prefer = context.headers.get("prefer")
    if not prefer or context.entry is None:
        return None
    assert context.operation is not None, "routed before"
    return preferred(prefer, context.operation)


def preferred(prefer: str, operation: Operation) -> Response | None:
    """Return the example that the header asks for, or None if it asks for none.

    Raises:
        MisusedSandbox: there is no such example; the message lists what there is.
    """
    wishes = dict(_wishes(prefer))
    if not wishes.keys() & {"code", "example"}:
        return None
    for status, response in operation.responses.items():
        for name, example in response.examples.items():
            if wishes.get("code", str(status)) == str(status) and (
                wishes.get("example", name) == name
            ):
                return _shown(status, example)
    known = ", ".join(
        f"code={status} example={name}"
        for status, response in operation.responses.items()
        for name in response.examples
    )
    raise MisusedSandbox("Prefer", f"No such documented response. Expected one of: {known}.")


def example_response(operation: Operation) -> Response | None:
    """Return the first documented success of an operation that has no handler."""
    for status, response in sorted(operation.responses.items()):
        if 200 <= status < 300:  # noqa: PLR2004 - success, RFC 9110 section 15.3
            example = next(iter(response.examples.values()), None)
            if example is not None:
                return _shown(status, example)
            if not response.validators:
                return Response(status, b"")
    return None


def _shown(status: int, example: Example) -> Response:
    media_type, content = example
    if media_type != JSON and isinstance(content, str):
        content = content.encode()
    return Response(status, content, media_type=media_type)


def _wishes(prefer: str) -> list[tuple[str, str]]:
    # RFC 7240 section 2: preferences are separated by commas, parameters by semicolons.
    wishes = []
    for part in prefer.replace(";", ",").split(","):
        name, _, value = part.partition("=")
        wishes.append((name.strip().lower(), value.strip().strip('"')))
    return wishes
