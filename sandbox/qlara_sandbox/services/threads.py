"""Work off the event loop: in a thread, or refused where the machine can start none."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import anyio.to_thread

from qlara_sandbox.domain.errors import Overloaded, Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    RunSync = Callable[..., Awaitable[Any]]

T = TypeVar("T")


class Threads:
    """Runs work in threads. *run_sync* is anyio's; *single* makes an executor for one piece of work."""

    def __init__(
        self,
        run_sync: RunSync = anyio.to_thread.run_sync,
        single: Callable[[int, str], Executor] = ThreadPoolExecutor,
    ) -> None:
        self._run_sync = run_sync
        self._single = single

    async def run(self, work: Callable[[], T], limiter: anyio.CapacityLimiter | None = None) -> T:
        """Return what *work* returns, or raise what it raises.

        Raises:
            Overloaded: no thread can be started. The work has not begun.
        """
        try:
            outcome = await self._run_sync(partial(_outcome, work), limiter=limiter)
        except RuntimeError as error:  # "can't start new thread": what the work raises comes back
            raise Overloaded from error
        try:
            return cast("T", _result(outcome))
        finally:
            del outcome  # an error in it would lead back to itself through its traceback

    async def run_once(self, name: str, work: Callable[[], T]) -> T:
        """Do the same in a thread that ends with the work.

        Raises:
            Overloaded: no thread can be started. The work has not begun.
        """
        try:
            with self._single(1, name) as once:
                outcome = await asyncio.get_running_loop().run_in_executor(once, _outcome, work)
        except RuntimeError as error:
            raise Overloaded from error
        try:
            return cast("T", _result(outcome))
        finally:
            del outcome


def run_later(work: Callable[[], object]) -> None:
    """Run what only saves time in a thread, where there is an event loop and a thread to be had."""
    with suppress(RuntimeError):
        asyncio.get_running_loop().run_in_executor(None, work)


class _Raised(NamedTuple):
    error: BaseException


def _outcome(work: Callable[[], Any]) -> Any:
    """Return the result of *work*, or what it raised.

    A refusal is returned without its traceback. That would lead to everything the work has read, and
    back to itself through the future that carries it: it would stay until garbage is next collected.
    """
    try:
        return work()
    except Refusal as error:
        error.__cause__ = error.__context__ = None
        return _Raised(error.with_traceback(None))
    except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for it
        return _Raised(error)


def _result(outcome: Any) -> Any:
    if not isinstance(outcome, _Raised):
        return outcome
    try:
        raise outcome.error
    finally:
        del outcome
