"""Holds responses against the contract: the sandbox must not break its own promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qlara_sandbox.http.operation import Operation
    from qlara_sandbox.http.response import Response


class ContractViolation(Exception):
    """A response of the sandbox breaks the contract: a bug, or a contract that is too narrow."""


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
