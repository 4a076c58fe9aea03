"""The one table from domain errors to HTTP answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qlara_sandbox.domain import errors
from qlara_sandbox.http.response import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS: Mapping[type[errors.Refusal], int] = {
    errors.InvalidField: 400,
    errors.InvalidFields: 400,
    errors.MisusedSandbox: 400,
    errors.NotAVCard: 400,
    errors.UnterminatedVCard: 400,
    errors.UnknownKey: 401,
    errors.NotPermitted: 403,
    errors.UnknownList: 404,
    errors.QuotaExceeded: 409,
    errors.FileTooLarge: 413,
    errors.RateLimited: 429,
}


def fail(
    status: int, data: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Response:
    """Return a refusal in the documented shape (UC-020: Common errors)."""
    return Response(status, {"status": "fail", "data": dict(data)}, headers or {})


def refusal(error: errors.Refusal) -> Response:
    """Return the answer that *error* stands for."""
    if isinstance(error, errors.RateLimited):
        return _rate_limited(error)
    return fail(STATUS[type(error)], error.data)


def bug(message: str) -> Response:
    """Return the answer to what must not happen: 500, unlike any refusal."""
    return Response(500, {"status": "error", "message": message})


def _rate_limited(error: errors.RateLimited) -> Response:
    content: dict[str, Any] = {
        "status": 429,
        "error": "Too Many Requests",
        "message": error.message,
        "retryAfter": error.retry_after,
    }
    return Response(429, content, {"Retry-After": str(error.retry_after)})
