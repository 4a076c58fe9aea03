"""The file of ``serve --state``: every world of a sandbox, read at the start and written while it runs.

The first line says what the file is; each line after it is one world, as ``PUT /__admin/state`` takes it.
API keys are in it as they are, so only its owner may read a new one.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from datetime import UTC
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from qlara_sandbox import __version__
from qlara_sandbox.domain.errors import InvalidField, Refusal
from qlara_sandbox.http import large_json
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.services.threads import Threads
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.clock import real_time
from qlara_sandbox.state.worlds import WorldKey
from qlara_sandbox.web.control_spec import control_contract
from qlara_sandbox.web.restoring import require_quota, restored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from qlara_sandbox.http.json_body import JsonBody
    from qlara_sandbox.web.runtime import Runtime

FORMAT = "qlara-sandbox-state"
VERSION = 1
EVERY_SECONDS = 5.0
# Writing takes at most this part of the time: a state that takes long is written less often.
_SHARE = 0.05
_LONGEST_HEAD = 16 * 1024 * 1024
_LONGEST_MESSAGE = 300
_JSON = "application/json"
_HEAD: Mapping[str, type | tuple[type, ...]] = {
    "sandbox": str,
    "savedAt": str,
    "startedWith": str,
    "default": (str, type(None)),
    "bindings": list,
    "worlds": int,
}
_OWNER_ONLY = 0o600

log = logging.getLogger("qlara_sandbox.web")


class UnusableState(Exception):
    """The file cannot be used, and is left as it is; ``line`` is 1-based, None for the whole file."""

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        place = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{place}: {message}")
        self.line = line


class _Saved(NamedTuple):
    """What of a sandbox goes into the file; the worlds are written later, and do not change until then."""

    head: dict[str, Any]
    worlds: list[dict[str, Any]]

    def lines(self) -> Iterator[bytes]:
        yield orjson.dumps({"format": FORMAT, "version": VERSION, **self.head})
        for world in self.worlds:
            yield large_json.dumps(world, _anything)


class StateFile:
    """Keeps the worlds of a sandbox in a file.

    Whoever else changes the file meanwhile, keeps his: it is not written any more. ``has_failed``: what
    there is now could not be written.
    """

    def __init__(self, path: Path, runtime: Runtime, threads: Threads | None = None) -> None:
        self.path = path.resolve()  # the link stays a link
        self.has_failed = False
        self._runtime = runtime
        self._threads = threads or Threads()
        self._written = -1  # the activity that the file has
        self._stamp: tuple[int, ...] | None = None
        self._next = monotonic() + EVERY_SECONDS
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def read(self) -> int:
        """Restore the worlds of the file, and return how many there are; a file that is not there is empty.

        Raises:
            UnusableState: it is damaged, or does not fit this sandbox. Nothing has been restored then.
        """
        self._require_place()
        self._stamp = _stamp(self.path)
        try:
            with self.path.open("rb") as file:
                head = self._read_head(file)
                found = dict(self._read_worlds(file, head["worlds"])) if head else {}
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise UnusableState(self.path, None, f"cannot be read: {error.strerror}") from error
        worlds = self._runtime.worlds
        for key, world in found.items():
            worlds.put(key, world)
        self._choose(head)
        if len(worlds) < len(found):
            log.warning("%d worlds of %s are over the bounds", len(found) - len(worlds), self.path)
        self._written = self._runtime.activity
        return len(found)

    def tick(self) -> None:
        """Begin to write the file if it is time and something may have changed; call it on the event loop."""
        is_due = monotonic() >= self._next and self._runtime.activity != self._written
        if is_due and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self.save())

    async def save(self) -> None:
        """Write what there is now, if it may have changed; what goes wrong is logged."""
        async with self._lock:
            activity, began = self._runtime.activity, monotonic()
            if activity == self._written and self.path.exists():
                return
            try:
                saved = await self._take()
                await self._threads.run(lambda: self._write(saved))
            except (OSError, UnusableState, Refusal) as error:
                self.has_failed = True
                log.error("state not saved: %s", error)  # noqa: TRY400 - the file's fault, no bug
            else:
                self.has_failed = False
                self._written = activity
            took = monotonic() - began
            self._next = monotonic() + max(EVERY_SECONDS, took / _SHARE)

    async def _take(self) -> _Saved:
        worlds, settings = self._runtime.worlds, self._runtime.settings
        taken = []
        for key, world in worlds:  # each is whole; they never see each other
            state = snapshot.take(world, large_json.rows)
            taken.append(
                {
                    "apiKey": key.api_key,
                    "session": key.session,
                    "scenario": key.scenario,
                    "state": state,
                }
            )
            await asyncio.sleep(0)
        head = {
            "sandbox": __version__,
            "savedAt": real_time(ZoneInfo("UTC")).astimezone(UTC).isoformat(timespec="seconds"),
            "startedWith": settings.scenario,
            "default": worlds.chosen_default,
            "bindings": worlds.bindings,
            "worlds": len(taken),
        }
        return _Saved(head, taken)

    def _write(self, saved: _Saved) -> None:
        if _stamp(self.path) != self._stamp:
            message = "has been changed by somebody else meanwhile, and is left as it is"
            raise UnusableState(self.path, None, message)
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        try:
            mode = self.path.stat().st_mode & 0o777 if self._stamp else _OWNER_ONLY
            draft.unlink(missing_ok=True)  # of a sandbox that was killed
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb"
            ) as file:
                for line in saved.lines():
                    file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except BaseException:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        self._stamp = _stamp(self.path)

    def _require_place(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            raise UnusableState(self.path, None, f"there is no folder {folder}")
        if self.path.exists() and not self.path.is_file():
            raise UnusableState(self.path, None, "is no file")
        if not os.access(folder, os.W_OK):
            message = f"cannot be written: nothing can be made in {folder}"
            raise UnusableState(self.path, None, message)

    def _read_head(self, file: BinaryIO) -> dict[str, Any] | None:
        """Return the first line; None if the file is empty, as tools make one that is to be filled."""
        raw = file.readline(_LONGEST_HEAD)
        if not raw:
            return None
        head = _value(self.path, 1, raw)
        if not isinstance(head, dict) or head.pop("format", None) != FORMAT:
            message = f"is no state of a sandbox: expected a first line with the format {FORMAT}"
            raise UnusableState(self.path, 1, message)
        if head.pop("version", None) != VERSION:
            message = f"is of another version: expected version {VERSION} of the format"
            raise UnusableState(self.path, 1, message)
        for name, kind in _HEAD.items():
            if not isinstance(head.get(name), kind):
                raise UnusableState(self.path, 1, f"{name}: missing, or of another type")
        for binding in head["bindings"]:
            if not _is_binding(binding):
                message = "bindings: expected arrays of an API key, a session and a scenario"
                raise UnusableState(self.path, 1, message)
        chosen = [head["default"], *(binding[2] for binding in head["bindings"])]
        self._require_scenarios({name for name in chosen if name is not None})
        return head

    def _require_scenarios(self, names: set[str]) -> None:
        known = self._runtime.library.names()
        for name in sorted(names - set(known)):
            raise UnusableState(self.path, 1, str(UnknownScenario(name, known)))

    def _read_worlds(self, file: BinaryIO, count: int) -> Iterator[tuple[WorldKey, Any]]:
        body = control_contract(more_keys=True).by_id["putState"].json_body
        assert body is not None, "putState takes one"
        seen: set[WorldKey] = set()
        number = 1
        for number, raw in enumerate(file, 2):
            try:
                key, world = self._world(body, raw)
            except (Refusal, UnknownScenario, InvalidScenario) as error:
                message = str(error)[:_LONGEST_MESSAGE]
                raise UnusableState(self.path, number, message) from error
            if key in seen:
                raise UnusableState(self.path, number, "the same world as on a line before")
            seen.add(key)
            yield key, world
        if len(seen) != count:
            message = f"expected the {count} worlds that line 1 names; found {len(seen)}"
            raise UnusableState(self.path, number, message)

    def _world(self, body: JsonBody, raw: bytes) -> tuple[WorldKey, Any]:
        runtime = self._runtime
        values = body.read(raw.rstrip(b"\r\n") or b" ", _JSON)
        names = [values.get(name) for name in ("apiKey", "session", "scenario")]
        if None in names:
            raise InvalidField("body", "Expected apiKey, session, scenario and state.")
        key = WorldKey(*names)
        runtime.library.get(key.scenario)
        terms = runtime.terms_of(key.scenario)
        world = restored(runtime, values["state"], terms.contacts)
        require_quota(world, terms)
        return key, world

    def _choose(self, head: dict[str, Any] | None) -> None:
        if head is None:
            return
        worlds, settings = self._runtime.worlds, self._runtime.settings
        # Whoever starts with another scenario now, wants that.
        if head["default"] is not None and head["startedWith"] == settings.scenario:
            worlds.default = head["default"]
        for binding in head["bindings"]:
            worlds.bind(*binding)


def _value(path: Path, line: int, raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UnusableState(path, line, f"is not JSON: {error}") from error


def _is_binding(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 3 and all(isinstance(one, str) for one in value)  # noqa: PLR2004
    )


def _stamp(path: Path) -> tuple[int, ...] | None:
    """Return what changes when somebody writes the file; None: there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _anything(content: Any, at: large_json.Place = (), start: int = 0) -> None:
    """Allow every content: what a world holds has been checked before."""
