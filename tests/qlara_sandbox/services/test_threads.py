"""Work in threads: its outcome comes back, and where no thread can be started it has not begun."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from qlara_sandbox.domain.errors import InvalidField, Overloaded
from qlara_sandbox.services.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WAYS: list[Callable[[Threads, Callable[[], Any]], Awaitable[Any]]] = [
    lambda threads, work: threads.run(work),
    lambda threads, work: threads.run_once("once", work),
]


async def no_thread(*_: object, **__: object) -> None:
    raise RuntimeError("can't start new thread")


def no_executor(*_: object) -> Any:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("way", WAYS)
def test_the_result_of_the_work_comes_back(
    way: Callable[[Threads, Callable[[], Any]], Awaitable[Any]],
) -> None:
    async def work() -> Any:
        return await way(Threads(), lambda: 42)

    assert asyncio.run(work()) == 42


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error", [InvalidField("a", "b"), RuntimeError("a bug"), KeyError("x")])
def test_what_the_work_raises_comes_back(
    way: Callable[[Threads, Callable[[], Any]], Awaitable[Any]], error: Exception
) -> None:
    def fail() -> None:
        raise error

    async def work() -> None:
        await way(Threads(), fail)

    with pytest.raises(type(error)) as caught:
        asyncio.run(work())
    assert caught.value is error


@pytest.mark.parametrize("way", WAYS)
def test_where_no_thread_can_be_started_the_work_has_not_begun(
    way: Callable[[Threads, Callable[[], Any]], Awaitable[Any]],
) -> None:
    begun: list[int] = []

    async def work() -> None:
        await way(Threads(no_thread, no_executor), lambda: begun.append(1))

    with pytest.raises(Overloaded):
        asyncio.run(work())
    assert begun == []


class Large:
    """Stands for what a request has read."""


@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_keeps_nothing_of_what_was_read(
    way: Callable[[Threads, Callable[[], Any]], Awaitable[Any]],
) -> None:
    watched: list[weakref.ref[Large]] = []

    def read() -> Large:
        large = Large()
        watched.append(weakref.ref(large))
        return large

    def refuse() -> None:
        found = read()
        raise InvalidField("a", f"b: {type(found)}")

    async def request() -> None:
        body = read()
        await way(Threads(), refuse)
        raise AssertionError(body)

    async def kept() -> list[Large | None]:
        with suppress(InvalidField):
            await request()
        await way(Threads(), lambda: None)  # what carried the refusal is let go of behind it
        return [each() for each in watched]

    gc.disable()
    try:
        assert asyncio.run(kept()) == [None, None]
    finally:
        gc.enable()
