"""The table of error responses: every refusal has its row, and a new kind takes that of its parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qlara_sandbox.domain import errors
from qlara_sandbox.http.error_responses import STATUS, refusal, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def _kinds(of: type[errors.Refusal]) -> Iterator[type[errors.Refusal]]:
    for kind in of.__subclasses__():
        if kind.__module__.startswith("qlara_"):
            yield kind
            yield from _kinds(kind)


@pytest.mark.parametrize("kind", list(_kinds(errors.Refusal)))
def test_every_domain_error_has_a_status(kind: type[errors.Refusal]) -> None:
    # Nothing is wrong with the request.
    is_ours = kind in {errors.Overloaded, errors.StateUnavailable, errors.TooBusy}

    assert status_of(kind) // 100 == (5 if is_ours else 4)


def test_every_row_is_of_a_domain_error() -> None:
    assert set(STATUS) <= set(_kinds(errors.Refusal))


def test_a_kind_of_refusal_without_a_row_takes_that_of_the_class_above_it() -> None:
    class Stale(errors.Conflict):
        """A conflict of a special kind."""

    response = refusal(Stale("clock", "Expected a later time."))

    assert response.status == 409
    assert response.content == {"status": "fail", "data": {"clock": "Expected a later time."}}


def test_a_refusal_that_no_row_covers_is_a_bug_and_no_response() -> None:
    with pytest.raises(LookupError, match="Refusal has no row"):
        refusal(errors.Refusal("field", "message"))


def test_refusals_carry_the_headers_that_http_asks_for() -> None:
    assert refusal(errors.MethodNotAllowed("PUT", "GET, HEAD")).headers == {"Allow": "GET, HEAD"}
    assert refusal(errors.RateLimited(limit=10, retry_after=12)).headers == {"Retry-After": "12"}
    assert refusal(errors.Overloaded()).headers == {"Retry-After": "1"}
    assert refusal(errors.StateUnavailable("redis://host")).headers == {"Retry-After": "1"}
    assert refusal(errors.TooBusy()).headers == {"Retry-After": "1"}
    assert "WWW-Authenticate" in refusal(errors.TokenRequired("authorization", "x")).headers
