"""The body of a request as it arrives: in pieces, too long, or broken off."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox.domain.errors import InvalidField
from qlara_sandbox.http.request import ClientGone, RequestBody

if TYPE_CHECKING:
    from collections.abc import Iterable

CHUNKED = {"transfer-encoding": "chunked"}


def piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def arriving(messages: Iterable[dict[str, Any]], **headers: str) -> RequestBody:
    """Return a body of which these messages come from the server, one after the other."""
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return RequestBody(receive, {**CHUNKED, **headers})


def test_a_body_is_read_whole_and_counted() -> None:
    body = arriving([piece(b"ab"), piece(b""), piece(b"c", more=False)])

    assert asyncio.run(body.read(10)) == b"abc"
    assert (body.complete, body.received, body.head) == (True, 3, b"abc")


def test_a_body_over_its_limit_is_refused_with_the_limit_in_megabytes() -> None:
    body = arriving(piece(b"x" * 1024) for _ in range(2000))

    with pytest.raises(InvalidField, match="Expected at most 1 MB"):
        asyncio.run(body.read(1024 * 1024))


def test_a_client_that_leaves_is_nobody_to_respond_to() -> None:
    body = arriving([piece(b"a"), {"type": "http.disconnect"}])

    with pytest.raises(ClientGone):
        asyncio.run(body.read(10))


def test_what_is_still_sent_is_dropped_however_much_it_is() -> None:
    chunk = b"x" * 1024 * 1024
    body = arriving(piece(chunk, more=number < 199) for number in range(200))
    asyncio.run(body.drain())

    assert (body.complete, body.received) == (True, 200 * len(chunk))


def test_dropping_ends_after_its_time() -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return piece(b"x")

    body = RequestBody(receive, CHUNKED)
    asyncio.run(body.drain(within=0.01))

    assert not body.complete


def test_dropping_ends_when_the_client_leaves() -> None:
    body = arriving([piece(b"a"), {"type": "http.disconnect"}])
    asyncio.run(body.drain())

    assert (body.complete, body.received) == (False, 1)


def test_a_client_that_waits_for_100_continue_is_not_asked_to_send() -> None:
    body = arriving([], expect="100-continue")
    asyncio.run(body.drain())

    assert body.received == 0
