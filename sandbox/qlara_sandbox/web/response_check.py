"""Holds responses against the contract: the sandbox must not break its own promises."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qlara_sandbox.http import large_json

if TYPE_CHECKING:
    from qlara_sandbox.http.operation import Operation
    from qlara_sandbox.http.response import Response
    from qlara_sandbox.services.threads import Threads


class ContractViolation(Exception):
    """A response of the sandbox breaks the contract: a bug, or a contract that is too narrow."""


async def kept(threads: Threads, operation: Operation, response: Response) -> Response:
    """Return a response that keeps the contract; a large one as bytes, made in a thread.

    Raises:
        ContractViolation: it does not; the message says where.
        Overloaded: a large one needs a thread, and there is none.
    """
    if response.is_large:
        return await threads.run(partial(_kept_in_slices, operation, response))
    require_kept(operation, response)
    return response._replace(is_kept=True)


def require_kept(operation: Operation, response: Response) -> None:
    """Let a response pass that keeps the contract.

    Raises:
        ContractViolation: it does not; the message says where.
    """
    if response.stream is not None:
        return
    violation = operation.violation(response.status, response.media_type, response.content)
    if violation is not None:
        raise ContractViolation(violation)


def _kept_in_slices(operation: Operation, response: Response) -> Response:
    def check(content: Any, at: tuple[str | int, ...] = (), start: int = 0) -> None:
        violation = operation.violation(
            response.status, response.media_type, content, slice_of=(at, start)
        )
        if violation is not None:
            raise ContractViolation(violation)

    whole = operation.whole_arrays(response.status)
    body = large_json.dumps(response.content, check, whole)
    return response._replace(content=body, is_large=False, is_kept=True)
