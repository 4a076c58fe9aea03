"""The one table from domain errors to HTTP responses."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from qlara_sandbox.domain import errors
from qlara_sandbox.domain.conventions import USUAL, Conventions
from qlara_sandbox.http.response import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A class that is not here takes the row of the nearest class above it.
STATUS: Mapping[type[errors.Refusal], int] = {
    errors.InvalidField: 400,
    errors.InvalidFields: 400,
    errors.MisusedSandbox: 400,
    errors.NotAVCard: 400,
    errors.UnterminatedVCard: 400,
    errors.UnknownKey: 401,
    errors.TokenRequired: 401,
    errors.NotPermitted: 403,
    errors.NoNewLists: 403,
    errors.AccessDenied: 403,
    errors.NotFound: 404,
    errors.UnknownList: 404,
    errors.UnknownPath: 404,
    errors.PastTheEnd: 404,
    errors.MethodNotAllowed: 405,
    errors.HeadStalled: 408,
    errors.BodyStalled: 408,
    errors.Conflict: 409,
    errors.QuotaExceeded: 409,
    errors.ListNameTaken: 409,
    errors.FileTooLarge: 413,
    errors.RateLimited: 429,
    errors.HeadTooLarge: 431,
    errors.Overloaded: 503,
    errors.StateUnavailable: 503,
    errors.TooBusy: 503,
}
# What the conventions of a contract may decide otherwise.
_CHOSEN: Mapping[type[errors.Refusal], Callable[[Conventions], int]] = {
    errors.InvalidParameters: lambda chosen: chosen.invalid_input,
    errors.InvalidField: lambda chosen: chosen.invalid_field,
    errors.InvalidFields: lambda chosen: chosen.invalid_field,
    errors.NotAForm: lambda chosen: chosen.not_a_form,
    errors.MissingKey: lambda chosen: chosen.key_missing,
    errors.UnknownKey: lambda chosen: chosen.key_unknown,
    errors.NotPermitted: lambda chosen: chosen.key_unpermitted,
    errors.UnknownList: lambda chosen: (
        404 if isinstance(chosen.unknown_list, str) else chosen.unknown_list
    ),
    errors.ListNameTaken: lambda chosen: chosen.list_names_status,
    errors.NoNewLists: lambda chosen: chosen.list_names_create_status,
}
_OF_THE_KEY = (errors.UnknownKey, errors.NotPermitted)
_HEADERS: Mapping[type[errors.Refusal], Callable[[Any], Mapping[str, str]]] = {
    errors.MethodNotAllowed: lambda error: {"Allow": error.allowed},
    errors.RateLimited: lambda error: {"Retry-After": str(error.retry_after)},
    errors.Overloaded: lambda error: {"Retry-After": str(error.retry_after)},
    errors.StateUnavailable: lambda error: {"Retry-After": str(error.retry_after)},
    errors.TooBusy: lambda error: {"Retry-After": str(error.retry_after)},
    errors.TokenRequired: lambda _: {"WWW-Authenticate": 'Bearer realm="sandbox"'},
}


def refusal(error: errors.Refusal, conventions: Conventions = USUAL) -> Response:
    """Return the response that *error* stands for (UC-020: Common errors), under these conventions.

    Raises:
        LookupError: neither its class nor one above it has a row; that is a bug.
    """
    headers = next((_HEADERS[cls] for cls in type(error).__mro__ if cls in _HEADERS), None)
    choose = _CHOSEN.get(type(error))
    status = choose(conventions) if choose is not None else status_of(type(error))
    return Response(status, _body(error, status, conventions), headers(error) if headers else {})


def status_of(kind: type[errors.Refusal]) -> int:
    """Return the HTTP status of refusals of this class.

    Raises:
        LookupError: neither the class nor one above it has a row.
    """
    for cls in kind.__mro__:
        if cls in STATUS:
            return STATUS[cls]
    raise LookupError(f"{kind.__name__} has no row in the table of error responses")


def bug(message: str) -> Response:
    """Return the response to what must not happen: 500, unlike any refusal."""
    return Response(500, {"status": "error", "message": message})


def _body(error: errors.Refusal, status: int, conventions: Conventions) -> dict[str, Any]:
    if isinstance(error, errors.RateLimited):
        return {
            "status": 429,
            "error": "Too Many Requests",
            "message": error.message,
            "retryAfter": error.retry_after,
        }
    if conventions.error_body == "message" and not isinstance(error, errors.MisusedSandbox):
        message = " ".join(error.data.values())
        return {"status": status, "error": HTTPStatus(status).phrase, "message": message}
    if isinstance(error, _OF_THE_KEY):
        return {"status": "fail", "data": {conventions.key_field: error.message}}
    return {"status": "fail", "data": dict(error.data)}
