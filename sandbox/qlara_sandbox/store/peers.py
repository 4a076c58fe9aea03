"""The other sandboxes on the same engine: what they know is asked of all of them, and what happens is told to them.

Journal, metrics and coverage stay with the sandbox that has seen a request. Whoever is asked for them, asks the others as well.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

from qlara_sandbox.domain.errors import StateUnavailable
from qlara_sandbox.store.errors import UnusableEngine
from qlara_sandbox.store.scripts import PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qlara_sandbox.store.engine import Engine

NUMBERS_OF_ONE = 1_000_000  # that each sandbox has for its requests and events, so that none has those of another
_BEAT_SECONDS = 1.0
_GONE_SECONDS = 5  # without a beat
_ANSWER_SECONDS = 2.0
_ANSWER_MILLISECONDS = 10_000  # that an answer is kept for whoever asked

log = logging.getLogger("qlara_sandbox.store")


class Insider(Protocol):
    """What answers the questions of others in a sandbox."""

    async def answer(self, question: Any) -> bytes:
        """Return what this sandbox knows."""
        ...

    def hear(self, news: Any) -> None:
        """Take note of what another sandbox tells."""
        ...

    def beat(self) -> None:
        """Say what others are to hear again and again; called once a second."""
        ...


class Introduction(NamedTuple):
    """What a sandbox gets as it joins the others: the name of their run, and the first of its numbers."""

    run: str
    first_number: int


class _Question:
    """Who has answered a question so far."""

    def __init__(self, expected: set[str]) -> None:
        self.expected = expected
        self.complete = asyncio.Event()
        self.answered: list[str] = []

    def note(self, peer: str) -> None:
        self.answered.append(peer)
        if self.expected <= set(self.answered):
            self.complete.set()


class Peers:
    """The sandboxes with one engine and one *prefix*. *origin* tells what each of them begins with, by what decides it.

    Nothing is asked and told before ``join``, and after ``leave``.
    """

    def __init__(
        self,
        engine: Engine,
        prefix: str,
        new_id: Callable[[], str],
        origin: Callable[[], Mapping[str, str]],
    ) -> None:
        self._origin = origin
        self._engine = engine
        self._new_id = new_id
        self._prefix = f"{prefix}{{peers}}"  # on one node of a cluster
        self._origin_key = f"{self._prefix}:origin"
        self._channel = f"{prefix}news"
        self._me = ""
        self._questions: dict[str, _Question] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._insider: Insider | None = None

    async def require_alike(self) -> None:
        """See that the sandboxes that are there begin with the same.

        Raises:
            UnusableEngine: one does not, and accounts would differ from response to response.
            StateUnavailable: the engine does not respond.
        """
        mine = self._origin()
        put = ("SET", self._origin_key, orjson.dumps(mine), "NX", "PX", _GONE_SECONDS * 1000)
        _, found = await self._engine.send(put, ("GET", self._origin_key))
        theirs = orjson.loads(found or b"{}")
        others = [what for what, value in mine.items() if theirs.get(what, value) != value]
        if others:
            raise UnusableEngine(
                f"Sandboxes that use {self._engine.address} now, or did so less than {_GONE_SECONDS} s ago, "
                f"have another {' and another '.join(others)}. "
                "Start this one with the same, or apart from them: --state-prefix TEXT."
            )

    async def join(self, insider: Insider) -> Introduction:
        """Be there for the others from now on.

        Raises:
            StateUnavailable: the engine does not respond.
        """
        self._me = self._new_id()  # not before: processes may have forked meanwhile
        self._insider = insider
        listening = asyncio.Event()
        self._begin(self._engine.listen(self._channel, self._take, listening.set))
        with suppress(TimeoutError):
            await asyncio.wait_for(listening.wait(), _ANSWER_SECONDS)
        await self._beat()
        self._begin(self._beat_on())
        _, run, number = await self._engine.send(
            ("SETNX", f"{self._prefix}:run", self._new_id()[:8]),
            ("GET", f"{self._prefix}:run"),
            ("INCR", f"{self._prefix}:count"),
        )
        return Introduction(run.decode(), (int(number) - 1) * NUMBERS_OF_ONE)

    async def leave(self) -> None:
        """Be there no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._insider is not None:
            with suppress(StateUnavailable):
                _, left = await self._engine.send(
                    ("ZREM", self._prefix, self._me), ("ZCARD", self._prefix)
                )
                if not left:
                    await self._engine.send(("DEL", self._origin_key))
        self._insider = None

    async def ask(self, question: Any) -> list[bytes]:
        """Return what the others answer, of those that do in time; nothing before ``join``."""
        if self._insider is None:
            return []
        others = set(await self._beat()) - {self._me}
        if not others:
            return []
        name = self._new_id()
        asked = self._questions[name] = _Question(others)
        try:
            await self._tell({"ask": name, "by": self._me, "question": question})
            with suppress(TimeoutError):
                await asyncio.wait_for(asked.complete.wait(), _ANSWER_SECONDS)
            answers = [await self._answer_of(name, peer) for peer in asked.answered]
        finally:
            del self._questions[name]
        if not asked.complete.is_set():
            missing = len(others - set(asked.answered))
            log.warning("%d of %d other sandboxes did not answer", missing, len(others))
        return [answer for answer in answers if answer is not None]

    def tell(self, news: Any) -> None:
        """Tell the others something, without waiting."""
        if self._insider is not None:
            self._begin(self._tell({"news": news, "by": self._me}))

    async def _answer_of(self, name: str, peer: str) -> bytes | None:
        (answer,) = await self._engine.send(
            ("GETDEL", self._answer_key(name, peer)), lane="answers"
        )
        return None if answer is None else bytes(answer)

    def _answer_key(self, name: str, peer: str) -> str:
        return f"{self._prefix}:answer:{name}:{peer}"

    async def _tell(self, message: Any) -> None:
        with suppress(StateUnavailable):
            await self._engine.send(("PUBLISH", self._channel, orjson.dumps(message)), lane="news")

    def _take(self, data: bytes) -> None:
        try:
            self._take_message(orjson.loads(data))
        except (ValueError, LookupError, TypeError):  # anybody can publish anything
            log.warning("ignored what is no message of a sandbox on %s", self._channel)

    def _take_message(self, message: Any) -> None:
        if message["by"] == self._me or self._insider is None:
            return
        if "news" in message:
            self._insider.hear(message["news"])
        elif "ask" in message:
            self._begin(self._answer(message["ask"], message["question"]))
        elif message["answered"] in self._questions:
            self._questions[message["answered"]].note(message["by"])

    async def _answer(self, name: str, question: Any) -> None:
        assert self._insider is not None, "asked before"
        content = await self._insider.answer(question)
        key = self._answer_key(name, self._me)
        with suppress(StateUnavailable):
            await self._engine.send(
                ("SET", key, content, "PX", _ANSWER_MILLISECONDS), lane="answers"
            )
        await self._tell({"answered": name, "by": self._me})

    async def _beat(self) -> list[str]:
        origin = orjson.dumps(self._origin())
        command = PEERS.call((self._prefix, self._origin_key), self._me, _GONE_SECONDS, origin)
        (found,) = await self._engine.send(command)
        return [peer.decode() for peer in found]

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            with suppress(StateUnavailable):
                await self._beat()
            if self._insider is not None:
                self._insider.beat()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task of the store failed", exc_info=task.exception())
