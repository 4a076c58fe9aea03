"""The handlers of the control API: one per operation of ``control_openapi.yaml``."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from qlara_sandbox import __version__
from qlara_sandbox.domain.errors import Conflict, InvalidField, NotFound, Refusal
from qlara_sandbox.domain.phone import USUAL_REGION
from qlara_sandbox.http import error_responses, large_json
from qlara_sandbox.http.response import Response
from qlara_sandbox.scenario.errors import InvalidScenario, UnknownScenario
from qlara_sandbox.state import snapshot
from qlara_sandbox.state.clock import duration, real_seconds
from qlara_sandbox.state.faults import fault_rule
from qlara_sandbox.web import readings
from qlara_sandbox.web.caller import DOCUMENTED_KEY, chosen_by_key
from qlara_sandbox.web.contacts import show_page
from qlara_sandbox.web.insider import (
    HAS_WORLD,
    METRICS,
    WATCHED_SECONDS,
    read_answer,
    with_key,
    without_key,
)
from qlara_sandbox.web.merging import MERGED, SHOWN
from qlara_sandbox.web.observers.coverage import as_json, coverage, items_of
from qlara_sandbox.web.observers.journal import Criteria, show
from qlara_sandbox.web.restoring import (
    require_allowed,
    require_operation,
    require_quota,
    restored,
)
from qlara_sandbox.web.summaries import show_clock, show_scenario, show_world

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import timedelta

    from qlara_sandbox.state.world import World
    from qlara_sandbox.state.worlds import WorldEntry
    from qlara_sandbox.web.context import Call
    from qlara_sandbox.web.observers.journal import JournalEntry
    from qlara_sandbox.web.runtime import Runtime

    Operation = Callable[["Values"], Response | Awaitable[Response]]

Values = dict[str, Any]
# Entries of the journal can be large.
_ENTRIES_AT_ONCE = 20
_OK = 200
_LAST_YEAR = 2999


class ControlApi:
    """The handlers by operationId. Each takes checked values and returns its response.

    What they refuse has changed nothing. ``operations`` are those of this sandbox alone; where others share its
    worlds, handlers ask them, too.
    """

    def __init__(self, runtime: Runtime, document: Mapping[str, Any]) -> None:
        self._runtime = runtime
        self._document = document
        self.operations: dict[str, Operation] = {
            "getHealth": self.health,
            "getVersion": self.version,
            "getControlContract": self.contract,
            "streamEvents": self.stream,
            "listScenarios": self.scenarios,
            "getScenario": self.scenario,
            "chooseScenario": self.choose,
            "listWorlds": self.worlds,
            "getWorld": self.world,
            "peekContacts": self.contacts,
            "reset": self.reset,
            "listRequests": self.requests,
            "forgetRequests": self.forget,
            "countRequests": self.count,
            "findRequests": self.find,
            "getRequest": self.request,
            "getCoverage": self.coverage,
            "forgetCoverage": self.forget_coverage,
            "getState": self.state,
            "putState": self.put_state,
            "getClock": self.clock,
            "setClock": self.set_clock,
            "listFaults": self.faults,
            "armFault": self.arm,
            "disarmFaults": self.disarm,
        }
        self.handlers = {
            "getMetrics": self.metrics,
            **{name: self._handler(name) for name in self.operations},
        }

    async def health(self, _: Values) -> Response:
        await self._runtime.store.check()
        uptime = int(real_seconds() - self._runtime.started_at)
        content = {
            "status": "healthy",
            "version": __version__,
            "run": self._runtime.events.backlog.name,
            "uptimeInSeconds": max(uptime, 0),
        }
        return Response(200, content)

    def version(self, _: Values) -> Response:
        contract = self._runtime.contract
        content = {"version": __version__, "contract": contract.version}
        if contract.overlay is not None:
            content["overlay"] = contract.overlay.name
        return Response(200, content)

    def contract(self, _: Values) -> Response:
        return Response(200, self._document)

    async def metrics(self, call: Call) -> Response:
        from qlara_sandbox.web.observers.exposition import exposition

        answers = await self._runtime.store.ask({"operation": METRICS})
        counted, now = readings.of_all(self._runtime, answers)
        accept = call.headers.get("accept", "")
        content, media_type = exposition(counted, now, __version__, accept)
        return Response(200, content, {}, media_type)

    def stream(self, _: Values) -> Response:
        self._runtime.store.tell({"watched": WATCHED_SECONDS})
        from qlara_sandbox.web.observers.event_stream import Stream

        return Response(200, b"", {}, "text/event-stream", Stream(self._runtime.events))

    async def scenarios(self, _: Values) -> Response:
        library = self._runtime.library

        def show_all() -> list[dict[str, Any]]:
            return [show_scenario(library, name) for name in library.names()]

        shown = await self._runtime.threads.run(show_all)
        default = (await self._runtime.store.choice(None))["scenario"]
        return Response(200, {"scenarios": shown, "default": default})

    async def scenario(self, values: Values) -> Response:
        return Response(200, await self._choice(values))

    async def choose(self, values: Values) -> Response:
        name = values["scenario"]
        await self._require_scenario(name)
        store = self._runtime.store
        whom = self._whom(values)
        if whom is None:
            await store.choose(name)
        else:
            api_key, session = whom
            if chosen_by_key(api_key):
                message = "Expected a key that does not name a scenario itself (…__SCENARIO)."
                raise Conflict("apiKey", message)
            await store.bind(api_key, session, name)
        self._tell("chosen", scenario=name)
        return Response(200, await self._choice({**values, "scenario": None}))

    async def worlds(self, _: Values) -> Response:
        await self._runtime.store.let_go()
        worlds, now = self._runtime.worlds, perf_counter()
        content = {
            "worlds": [show_world(entry, now) for entry in reversed(worlds.entries())],
            "bounds": worlds.bounds._asdict(),
            "bytes": worlds.bytes,
            "expired": worlds.evicted,
        }
        return Response(200, content)

    async def world(self, values: Values) -> Response:
        return Response(200, show_world(await self._entry(values), perf_counter()))

    async def contacts(self, values: Values) -> Response:
        entry = await self._entry(values)
        conventions = self._runtime.terms_of(entry.key.scenario).contract.conventions
        page = entry.world.page(values["listId"], number=values["page"], limit=values["limit"])
        return Response(200, show_page(page, conventions))

    async def reset(self, values: Values) -> Response:
        store = self._runtime.store
        if "world" in values:
            count = await store.reset(self._labelled(values["world"]).key)
        elif "apiKey" in values:
            scenario, session = values.get("scenario"), values.get("session")
            count = await store.reset_of(values["apiKey"], session, scenario)
        else:
            count = await store.reset()
        return Response(200, {"worlds": count})

    async def requests(self, values: Values) -> Response:
        if values["format"] != "har":
            return await self.find(values)
        from qlara_sandbox.web.observers.har import archive

        entries = (await self._matching(values))[: values["limit"]]
        content = archive(entries, __version__, _entries)
        return Response(200, content, is_large=len(entries) > _ENTRIES_AT_ONCE)

    def forget(self, _: Values) -> Response:
        return Response(200, {"removed": self._runtime.journal.clear()})

    async def count(self, values: Values) -> Response:
        limit = values.get("limit")
        count = len(await self._matching(values))
        return Response(200, {"count": count if limit is None else min(count, limit)})

    async def find(self, values: Values) -> Response:
        dropped = self._runtime.journal.dropped
        entries = await self._matching(values)
        shown = entries[: values.get("limit", SHOWN)]
        content = {"requests": _entries(shown, show), "total": len(entries), "dropped": dropped}
        return Response(200, content, is_large=len(shown) > _ENTRIES_AT_ONCE)

    def request(self, values: Values) -> Response:
        entry = self._runtime.journal.find(values["id"])
        if entry is None:
            raise NotFound("id", f"Request {values['id']} not found in the journal.")
        return Response(200, show(entry))

    async def coverage(self, values: Values) -> Response:
        runtime, counts = self._runtime, self._runtime.coverage
        scenarios = await runtime.threads.run(runtime.library.names)
        tally = counts.tally(values.get("apiKey"), values.get("session"))
        items = items_of(runtime.contract, scenarios)
        return Response(200, as_json(coverage(tally, items, counts.since, counts.dropped)))

    def forget_coverage(self, values: Values) -> Response:
        counts = self._runtime.coverage
        return Response(200, {"removed": counts.clear(values.get("apiKey"), values.get("session"))})

    async def state(self, values: Values) -> Response:
        entry = await self._entry(values)
        world = entry.world
        is_large = len(world.contacts) > large_json.MANY or any(
            len(one.members) > large_json.MANY for one in world.lists.values()
        )
        content = {"scenario": entry.key.scenario, **snapshot.take(world, large_json.rows)}
        return Response(200, content, is_large=is_large)

    async def put_state(self, values: Values) -> Response:
        key = await self._runtime.store.key(self._caller(values))
        await self._require_scenario(key.scenario)
        world = await self._restored(values["state"], key.scenario)
        entry = await self._runtime.store.put(key, world)
        return Response(200, show_world(entry, perf_counter()))

    async def clock(self, values: Values) -> Response:
        return Response(200, show_clock((await self._entry(values)).world))

    async def set_clock(self, values: Values) -> Response:
        entry = await self._entry(values)
        freeze = values.get("freeze")
        moment = _moment(freeze, "freeze") if isinstance(freeze, str) else None
        by = duration(values["advance"]) if "advance" in values else None

        def move(world: World) -> None:
            world.let_settle(world.clock.now())
            if by is not None:
                _require_room(moment or world.clock.now(), by)
            if "reset" in values:
                world.clock.reset()
            if freeze is not None:
                world.clock.freeze(moment)
            if by is not None:
                world.clock.advance(by)

        await self._runtime.store.move_clock(entry, move)
        self._tell("clock", **show_clock(entry.world))
        return Response(200, show_clock(entry.world))

    async def faults(self, values: Values) -> Response:
        active = (await self._entry(values)).world.faults.active
        return Response(200, {"faults": [snapshot.armed_fault(one) for one in active]})

    async def arm(self, values: Values) -> Response:
        rule = fault_rule(values["fault"])
        require_operation(self._runtime, rule.on, "fault.on")
        entry = await self._entry(values)

        def put_in_force(world: World) -> dict[str, Any]:
            return snapshot.armed_fault(world.faults.arm(rule, world.clock.now()))

        active = await self._runtime.store.count(entry, put_in_force)
        self._tell("armed", **active)
        return Response(201, active)

    async def disarm(self, values: Values) -> Response:
        entry, fault_id = await self._entry(values), values.get("id")
        removed = await self._runtime.store.count(
            entry, lambda world: world.faults.disarm(fault_id)
        )
        self._tell("disarmed", removed=removed)
        return Response(200, {"removed": removed})

    def _handler(self, name: str) -> Callable[[Call], Awaitable[Response]]:
        keys = self._runtime.settings.keys
        asks_others = name in MERGED or name == "getRequest"

        async def handle(call: Call) -> Response:
            values = dict(call.values)
            if not keys.accept(values.get("apiKey", DOCUMENTED_KEY)):
                raise InvalidField("apiKey", f"Unknown API key. {keys.in_words()}")
            if not asks_others:
                return await self._elsewhere(name, values) or await self._respond(name, values)
            values = await self._since_a_moment(values)
            question = {"operation": name, "values": without_key(values)}
            answers = await self._runtime.store.ask(question)
            return await self._merged(name, values, [read_answer(one) for one in answers])

        return handle

    async def _elsewhere(self, name: str, values: Values) -> Response | None:
        """Return the response of another sandbox, if it knows the world that is named by its label, and this one does not."""
        label = values.get("world")
        if label is None:
            return None
        await self._runtime.store.let_go()
        if self._runtime.worlds.find_by_label(label) is not None:
            return None
        ask = self._runtime.store.ask
        has = map(read_answer, await ask({"operation": HAS_WORLD, "world": label}))
        who = next((number for status, number in has if status == _OK), None)
        if who is None:
            return None
        answers = await ask({"operation": name, "values": values, "only": who})
        found = (one for one in map(read_answer, answers) if one[1] is not None)
        return next((Response(status, content) for status, content in found), None)

    async def _respond(self, name: str, values: Values) -> Response:
        response = self.operations[name](values)
        return response if isinstance(response, Response) else await response

    async def respond(self, name: str, values: Values) -> tuple[int, bytes]:
        """Return status and content of what this sandbox alone knows, for another one that shares its worlds."""
        try:
            response = await self._respond(name, with_key(values, self._known_keys))
        except Refusal as error:
            response = error_responses.refusal(error)
        return response.status, response.body()

    def _known_keys(self) -> set[str]:
        runtime = self._runtime
        of_worlds = {entry.key.api_key for entry in runtime.worlds.entries()}
        of_requests = {entry.api_key for entry in runtime.journal.matching(Criteria())}
        return of_worlds | of_requests | runtime.coverage.api_keys()

    async def _merged(
        self, name: str, values: Values, answers: Sequence[tuple[int, Any]]
    ) -> Response:
        """Return what this sandbox and the others say together."""
        if name == "getRequest":
            found = next((content for status, content in answers if status == _OK), None)
            return Response(200, found) if found else await self._respond(name, values)
        others = [content for status, content in answers if status == _OK]
        try:
            response = await self._respond(name, values)
        except NotFound:  # a world that only others have
            if not others:
                raise
            return Response(200, MERGED[name](others, values))
        if not others:
            return response
        merged = MERGED[name]([orjson.loads(response.body()), *others], values)
        return Response(200, merged, is_large=response.is_large)

    async def _since_a_moment(self, values: Values) -> Values:
        """Return *values* with the moment of a request in place of its id, which other sandboxes do not know."""
        since = values.get("since")
        if since is None or not since.startswith("req_"):
            return values
        question = {"operation": "getRequest", "values": {"id": since}}
        answers = await self._runtime.store.ask(question)
        found = [content for status, content in map(read_answer, answers) if status == _OK]
        return {**values, "since": found[0]["at"], "after": since} if found else values

    def _tell(self, what: str, **more: Any) -> None:
        if self._runtime.events.watched:
            self._runtime.events.tell("world", {"what": what, **more})

    def _caller(self, values: Values) -> tuple[str, str, str | None]:
        if "world" in values:
            return self._labelled(values["world"]).key
        api_key, session = values.get("apiKey", DOCUMENTED_KEY), values.get("session", "default")
        return api_key, session, values.get("scenario") or chosen_by_key(api_key)

    async def _restored(self, state: Values, scenario: str) -> World:
        """Return the world of a snapshot, if the contract of its scenario allows what it holds."""
        runtime = self._runtime
        check = runtime.terms_of(scenario).contacts
        restore = partial(restored, runtime, state, check)
        # The tables of all countries take many milliseconds to load.
        is_usual = state["account"]["region"] == USUAL_REGION
        is_small = is_usual and _size(state) <= large_json.MANY
        world = restore() if is_small else await runtime.threads.run(restore)
        if check is not runtime.terms_of(scenario).contacts:  # the contract has changed meanwhile
            require_allowed(world, runtime.terms_of(scenario).contacts)
        require_quota(world, runtime.terms_of(scenario))
        return world

    async def _matching(self, values: Values) -> list[JournalEntry]:
        criteria, journal = self._criteria(values), self._runtime.journal
        if len(journal) <= _ENTRIES_AT_ONCE:
            found = list(journal.matching(criteria))
        else:
            journal = journal.copy()
            found = await self._runtime.threads.run(lambda: list(journal.matching(criteria)))
        after = values.get("after")
        return found if after is None else [one for one in found if one.request_id != after]

    async def _entry(self, values: Values) -> WorldEntry:
        try:
            return await self._runtime.store.open(self._caller(values))
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

    async def _choice(self, values: Values) -> Mapping[str, str]:
        whom = self._whom(values)
        named = chosen_by_key(whom[0]) if whom is not None else None
        if named:
            return {"scenario": named, "chosenBy": "key"}
        return await self._runtime.store.choice(whom)

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
            trace_id=values.get("traceId"),
        )

    async def _require_scenario(self, name: str) -> None:
        try:
            await self._runtime.load(name)
        except (UnknownScenario, InvalidScenario) as error:
            _no_scenario(error)


def _entries(source: Sequence[JournalEntry], show_one: Callable[[JournalEntry], Any]) -> Any:
    return large_json.rows(source, show_one, _ENTRIES_AT_ONCE)


def _size(state: Values) -> int:
    return len(state["contacts"]) + sum(len(one["members"]) for one in state["lists"])


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
