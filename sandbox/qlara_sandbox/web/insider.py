"""What a sandbox says to others with the same worlds, and hears from them: journal, coverage, metrics, events."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

from qlara_sandbox.web import readings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from qlara_sandbox.web.runtime import Runtime

METRICS = "metrics"
_HASH = "hashedKey"
_NOBODY = "\0"  # no header can carry it
HAS_WORLD = "hasWorld"
_NOT_ME = b"404 null"
WATCHED_SECONDS = 5.0  # that a sandbox tells its events, after it has heard that somebody listens


class SandboxInsider:
    """Answers with what *respond* returns for an operation of the control API and its values: status and content."""

    def __init__(
        self,
        runtime: Runtime,
        respond: Callable[[str, dict[str, Any]], Awaitable[tuple[int, bytes]]],
    ) -> None:
        self._runtime = runtime
        self._respond = respond
        runtime.events.elsewhere = self._tell

    async def answer(self, question: Any) -> bytes:
        if question["operation"] == METRICS:
            return readings.as_json(self._runtime)
        if question["operation"] == HAS_WORLD:
            await self._runtime.store.let_go()
            has = self._runtime.worlds.find_by_label(question["world"]) is not None
            return b"200 %d" % self._runtime.number if has else _NOT_ME
        if question.get("only", self._runtime.number) != self._runtime.number:
            return _NOT_ME
        status, content = await self._respond(question["operation"], question["values"])
        return b"%d %b" % (status, content)

    def hear(self, news: Mapping[str, Any]) -> None:
        if "event" in news:
            self._runtime.events.hear(*news["event"])
        else:
            self._runtime.events.watch_elsewhere(news["watched"])

    def beat(self) -> None:
        if self._runtime.events.is_listened_to:
            self._runtime.store.tell({"watched": WATCHED_SECONDS})

    def _tell(self, kind: str, data: Any) -> None:
        self._runtime.store.tell({"event": [kind, data]})


def read_answer(answer: bytes) -> tuple[int, Any]:
    """Return the status and the content of an answer to an operation."""
    status, _, content = answer.partition(b" ")
    return int(status), orjson.loads(content)


def without_key(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a call as they may be told to others: with a hash in place of the API key."""
    if "apiKey" not in values:
        return dict(values)
    hidden = {name: value for name, value in values.items() if name != "apiKey"}
    return {**hidden, _HASH: _hash(values["apiKey"])}


def with_key(values: Mapping[str, Any], known: Callable[[], Iterable[str]]) -> dict[str, Any]:
    """Return what `without_key` was given, if the key is one of those that are *known* here; else with one that nobody has."""
    if _HASH not in values:
        return dict(values)
    meant = values[_HASH]
    key = next((one for one in known() if _hash(one) == meant), _NOBODY)
    return {**{name: value for name, value in values.items() if name != _HASH}, "apiKey": key}


def _hash(api_key: str) -> str:
    return blake2b(api_key.encode(), digest_size=16).hexdigest()
