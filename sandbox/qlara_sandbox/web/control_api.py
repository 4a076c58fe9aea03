"""The handlers of the control API: one per operation of ``control_openapi.yaml``."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

from qlara_sandbox import __version__
from qlara_sandbox.domain.errors import Conflict, InvalidField, NotFound
from qlara_sandbox.http.response import Response
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.clock import duration, real_seconds
from qlara_sandbox.state.faults import EVERY_OPERATION, fault_rule
from qlara_sandbox.state.snapshot import Contradiction
from qlara_sandbox.web.caller import DOCUMENTED_KEY, chosen_by_key
from qlara_sandbox.web.observers.journal import Criteria, show
from qlara_sandbox.web.summaries import show_clock, show_scenario, show_world

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import timedelta

    from qlara_sandbox.state.worlds import WorldEntry, WorldKey
    from qlara_sandbox.web.context import Call
    from qlara_sandbox.web.runtime import Runtime

Values = dict[str, Any]
_SHOWN = 100
_LAST_YEAR = 2999
_REBUILT = "Worlds that were asked for again after their eviction, and began anew."


class ControlApi:
    """The handlers by operationId. Each takes checked values and returns its response.

    What they refuse has changed nothing.
    """

    def __init__(self, runtime: Runtime, document: Mapping[str, Any]) -> None:
        self._runtime = runtime
        self._document = document
        operations: Mapping[str, Callable[[Values], Response]] = {
            "getHealth": self.health,
            "getVersion": self.version,
            "getControlContract": self.contract,
            "getMetrics": self.metrics,
            "streamEvents": self.stream,
            "listScenarios": self.scenarios,
            "getScenario": self.scenario,
            "chooseScenario": self.choose,
            "listWorlds": self.worlds,
            "reset": self.reset,
            "listRequests": self.requests,
            "forgetRequests": self.forget,
            "countRequests": self.count,
            "findRequests": self.find,
            "getRequest": self.request,
            "getState": self.state,
            "putState": self.put_state,
            "getClock": self.clock,
            "setClock": self.set_clock,
            "listFaults": self.faults,
            "armFault": self.arm,
            "disarmFaults": self.disarm,
        }
        self.handlers = {name: _handler(one) for name, one in operations.items()}

    def health(self, _: Values) -> Response:
        uptime = int(real_seconds() - self._runtime.started_at)
        content = {"status": "healthy", "version": __version__, "uptimeInSeconds": max(uptime, 0)}
        return Response(200, content)

    def version(self, _: Values) -> Response:
        contract = self._runtime.contract.version
        return Response(200, {"version": __version__, "contract": contract})

    def contract(self, _: Values) -> Response:
        return Response(200, self._document)

    def metrics(self, _: Values) -> Response:
        from qlara_sandbox.web.observers.exposition import MEDIA_TYPE, exposition

        runtime, worlds = self._runtime, self._runtime.worlds
        journal = runtime.journal
        gauges = {
            "sandbox_worlds": ("gauge", "Worlds that are kept.", len(worlds)),
            "sandbox_worlds_bytes": ("gauge", "About what they take.", worlds.bytes),
            "sandbox_worlds_expired_total": ("counter", "Worlds evicted.", worlds.evicted),
            "sandbox_worlds_rebuilt_total": ("counter", _REBUILT, worlds.rebuilt),
            "sandbox_journal_entries": ("gauge", "Entries of the journal.", len(journal)),
            "sandbox_journal_bytes": ("gauge", "About what they take.", journal.bytes),
            "sandbox_journal_dropped_total": ("counter", "Entries dropped.", journal.dropped),
            "sandbox_start_time_seconds": ("gauge", "When it started.", runtime.started_at),
        }
        content = exposition(runtime.metrics, gauges, __version__)
        return Response(200, content, {}, MEDIA_TYPE)

    def stream(self, _: Values) -> Response:
        from qlara_sandbox.web.observers.event_stream import Stream

        return Response(200, b"", {}, "text/event-stream", Stream(self._runtime.events))

    def scenarios(self, _: Values) -> Response:
        library, default = self._runtime.library, self._runtime.worlds.default
        shown = [show_scenario(library, name) for name in library.names()]
        return Response(200, {"scenarios": shown, "default": default})

    def scenario(self, values: Values) -> Response:
        return Response(200, self._choice(values))

    def choose(self, values: Values) -> Response:
        name = values["scenario"]
        self._require_scenario(name)
        worlds = self._runtime.worlds
        whom = self._whom(values)
        if whom is None:
            worlds.default = name
        else:
            api_key, session = whom
            if chosen_by_key(api_key):
                message = "Expected a key that does not name a scenario itself (…__SCENARIO)."
                raise Conflict("apiKey", message)
            worlds.bind(api_key, session, name)
        self._tell("chosen", scenario=name)
        return Response(200, self._choice({**values, "scenario": None}))

    def worlds(self, _: Values) -> Response:
        worlds, now = self._runtime.worlds, perf_counter()
        content = {
            "worlds": [show_world(entry, now) for entry in reversed(worlds.entries())],
            "bounds": worlds.bounds._asdict(),
            "bytes": worlds.bytes,
            "expired": worlds.evicted,
        }
        return Response(200, content)

    def reset(self, values: Values) -> Response:
        worlds = self._runtime.worlds
        if "world" in values:
            return Response(200, {"worlds": worlds.reset(self._labelled(values["world"]).key)})
        if "apiKey" in values:
            scenario, session = values.get("scenario"), values.get("session")
            return Response(200, {"worlds": worlds.reset_of(values["apiKey"], session, scenario)})
        return Response(200, {"worlds": worlds.reset()})

    def requests(self, values: Values) -> Response:
        if values["format"] == "har":
            from qlara_sandbox.web.observers.har import archive

            entries = list(self._runtime.journal.matching(self._criteria(values)))
            return Response(200, archive(entries[: values["limit"]], __version__))
        return self.find(values)

    def forget(self, _: Values) -> Response:
        return Response(200, {"removed": self._runtime.journal.clear()})

    def count(self, values: Values) -> Response:
        matching = self._runtime.journal.matching(self._criteria(values))
        limit = values.get("limit")
        count = sum(1 for _ in matching)
        return Response(200, {"count": count if limit is None else min(count, limit)})

    def find(self, values: Values) -> Response:
        journal = self._runtime.journal
        entries = list(journal.matching(self._criteria(values)))
        shown = [show(entry) for entry in entries[: values.get("limit", _SHOWN)]]
        content = {"requests": shown, "total": len(entries), "dropped": journal.dropped}
        return Response(200, content)

    def request(self, values: Values) -> Response:
        entry = self._runtime.journal.find(values["id"])
        if entry is None:
            raise NotFound("id", f"Request {values['id']} not found in the journal.")
        return Response(200, show(entry))

    def state(self, values: Values) -> Response:
        entry = self._entry(values)
        return Response(200, {"scenario": entry.key.scenario, **snapshot.take(entry.world)})

    def put_state(self, values: Values) -> Response:
        key = self._key(values)
        self._require_scenario(key.scenario)
        for index, entry in enumerate(values["state"]["faults"]["armed"]):
            self._require_operation(entry["fault"]["on"], f"state.faults.armed[{index}].fault.on")
        try:
            world = snapshot.restore(values["state"])
        except Contradiction as error:
            raise Conflict(error.field, error.message) from error
        for index, contact in enumerate(world.contacts.values()):
            fault = self._runtime.contact_check.fault(contact)
            if fault is not None:
                raise Conflict(f"state.contacts[{index}]", fault)
        self._runtime.worlds.put(key, world)
        entry = self._runtime.worlds.get_or_create(key, perf_counter())
        return Response(200, show_world(entry, perf_counter()))

    def clock(self, values: Values) -> Response:
        return Response(200, show_clock(self._entry(values).world))

    def set_clock(self, values: Values) -> Response:
        world = self._entry(values).world
        freeze = values.get("freeze")
        moment = _moment(freeze, "freeze") if isinstance(freeze, str) else None
        by = duration(values["advance"]) if "advance" in values else None
        if by is not None:
            _require_room(moment or world.clock.now(), by)
        if "reset" in values:
            world.clock.reset()
        if freeze is not None:
            world.clock.freeze(moment)
        if by is not None:
            world.clock.advance(by)
        self._tell("clock", **show_clock(world))
        return Response(200, show_clock(world))

    def faults(self, values: Values) -> Response:
        active = self._entry(values).world.faults.active
        return Response(200, {"faults": [snapshot.armed_fault(one) for one in active]})

    def arm(self, values: Values) -> Response:
        rule = fault_rule(values["fault"])
        self._require_operation(rule.on, "fault.on")
        world = self._entry(values).world
        active = snapshot.armed_fault(world.faults.arm(rule, world.clock.now()))
        self._tell("armed", **active)
        return Response(201, active)

    def disarm(self, values: Values) -> Response:
        removed = self._entry(values).world.faults.disarm(values.get("id"))
        self._tell("disarmed", removed=removed)
        return Response(200, {"removed": removed})

    def _tell(self, what: str, **more: Any) -> None:
        if self._runtime.events.watched:
            self._runtime.events.tell("world", {"what": what, **more})

    def _key(self, values: Values) -> WorldKey:
        if "world" in values:
            return self._labelled(values["world"]).key
        api_key, session = values.get("apiKey", DOCUMENTED_KEY), values.get("session", "default")
        scenario = values.get("scenario") or chosen_by_key(api_key)
        return self._runtime.worlds.key(api_key, session, scenario)

    def _entry(self, values: Values) -> WorldEntry:
        key = self._key(values)
        try:
            return self._runtime.worlds.get_or_create(key, perf_counter())
        except (UnknownScenario, InvalidScenario) as error:
            _no_scenario(error)

    def _labelled(self, label: str) -> WorldEntry:
        entry = self._runtime.worlds.find_by_label(label)
        if entry is None:
            raise NotFound("world", f"World {label} not found.")
        return entry

    def _whom(self, values: Values) -> tuple[str, str] | None:
        if "world" in values:
            key = self._labelled(values["world"]).key
            return key.api_key, key.session
        if "apiKey" not in values and "session" not in values:
            return None
        return values.get("apiKey", DOCUMENTED_KEY), values.get("session", "default")

    def _choice(self, values: Values) -> dict[str, str]:
        worlds, whom = self._runtime.worlds, self._whom(values)
        if whom is None:
            return {"scenario": worlds.default, "chosenBy": "default"}
        named = chosen_by_key(whom[0])
        if named:
            return {"scenario": named, "chosenBy": "key"}
        bound = worlds.binding(*whom)
        chosen_by = "binding" if bound else "default"
        return {"scenario": bound or worlds.default, "chosenBy": chosen_by}

    def _criteria(self, values: Values) -> Criteria:
        since = values.get("since")
        if since is not None and not since.startswith("req_"):
            since = _moment(since, "since").timestamp()
        status = values.get("status")
        if "world" in values:
            key = self._labelled(values["world"]).key
            values = {**values, **key._asdict(), "apiKey": key.api_key}
        return Criteria(
            since=since,
            api_key=values.get("apiKey"),
            session=values.get("session"),
            scenario=values.get("scenario"),
            operation=values.get("operation"),
            status=None if status is None else str(status),
            method=values.get("method"),
            path=values.get("path"),
            body_contains=values.get("bodyContains"),
        )

    def _require_scenario(self, name: str) -> None:
        try:
            self._runtime.library.get(name)
        except (UnknownScenario, InvalidScenario) as error:
            _no_scenario(error)

    def _require_operation(self, name: str, field: str) -> None:
        known = self._runtime.contract.by_id
        if name != EVERY_OPERATION and name not in known:
            expected = ", ".join([*known, "*"])
            raise NotFound(field, f"Unknown operation {name!r}. Expected one of: {expected}.")


def _handler(operation: Callable[[Values], Response]) -> Callable[[Call], Awaitable[Response]]:
    async def handle(call: Call) -> Response:
        return operation(dict(call.values))

    return handle


def _no_scenario(error: UnknownScenario | InvalidScenario) -> NoReturn:
    kind = NotFound if isinstance(error, UnknownScenario) else Conflict
    raise kind("scenario", str(error)) from error


def _moment(text: str, field: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        message = "Expected a moment like 2026-04-09T11:00:10+02:00."
        raise InvalidField(field, message) from error


def _require_room(now: datetime, by: timedelta) -> None:
    try:
        fits = (now + by).year <= _LAST_YEAR
    except OverflowError:
        fits = False
    if not fits:
        message = f"Expected a time that ends before the year {_LAST_YEAR + 1}."
        raise Conflict("advance", message)
