"""Several sandboxes with one engine respond as one in memory does, whatever is asked of whichever of them."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from qlara_sandbox.store import shared
from qlara_sandbox.web.runtime import SandboxSettings
from tests.qlara_sandbox.store.test_shared import QUOTA, UPLOAD, engine, of_settings
from tests.qlara_sandbox.web.calls import vcf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx2

    from tests.engine import EngineProcess

__all__ = ["engine"]
STEPS = 250
CLOCK, STATE, FAULTS = "/__admin/clock", "/__admin/state", "/__admin/faults"
SCENARIO, RESET, WORLD = "/__admin/scenario", "/__admin/reset", "/__admin/world"
LISTS = ["list_a", "list_a", "list_b", "list_of_nobody"]
KEYS = ["sandbox_one", "sandbox_two", "sandbox_three__scoped"]
SESSIONS = ["default", "other"]
# What a process counts or estimates for itself, and what no two sandboxes have in common.
_OWN = {"world", "idleSeconds", "requests", "bytes"}

_OVERLAY = """overlay: 1.0.0
info: {title: T, version: 1.0.0}
extends: openapi.yaml
actions: [{target: $, update: {x-qlara-conventions: {%s}}}]
"""
# Clocks stand still, so that every time in a response is the same, too.
_SCENARIO = """title: T
story: S
overlay: %s.overlay.yaml
clock: {start: "2026-05-04T09:30:00+02:00", import_takes: 5s}
lists:
  - id: list_a
    name: A
    contacts: [{name: Ada, phoneNumber: "+393471234000"}, {name: Bob, phoneNumber: "+393471234001"}]
  - {id: list_b, name: B, contacts: [{name: Cy, phoneNumber: "+393471234002"}]}
"""
_PLAIN = "order: name"
_LATE = "settle: 20s, quota.settle: 40s"
_SCOPED = "duplicates.scope: list, quota.partial: fill, order: newest"
_LIMITED = """account: {quota: {total: 60}}
rate_limit: {requests: 12, per: 30s}
faults:
  - {on: uploadVCard, skip: 2, every: 4, respond: {status: 503}}
  - {on: listContacts, skip: 3, count: 3, ttl: 10m, respond: {status: 502}}
"""
SCENARIOS = {
    "plain": (_PLAIN, ""),
    "late": (_LATE, ""),
    "scoped": (_SCOPED, _LIMITED),
}


class Step(NamedTuple):
    """A request; ``saves`` notes the state that it returns."""

    method: str
    path: str
    how: dict[str, Any]
    saves: bool = False


class Steps:
    """Random requests, the same for the same *seed* and the same responses."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.states: list[Any] = []
        self._version = 0

    def next(self) -> Step:
        """Return a request."""
        kinds: dict[Callable[[], Step], int] = {
            self._import: 34,
            self._page: 22,
            self._quota: 10,
            self._clock: 9,
            self._fault: 5,
            self._choice: 6,
            self._look: 5,
            self._state: 6,
            self._reset: 3,
        }
        return self.chance.choices([*kinds], [*kinds.values()])[0]()

    def _whom(self) -> dict[str, str]:
        chance = self.chance
        whom = {"apiKey": chance.choice(KEYS), "session": chance.choice(SESSIONS)}
        return whom if chance.random() < 0.7 else {**whom, "scenario": chance.choice([*SCENARIOS])}

    def _headers(self) -> dict[str, str]:
        names = {"apiKey": "X-Api-Key", "session": "X-Sandbox-Session"}
        whom = self._whom().items()
        return {names.get(name, "X-Sandbox-Scenario"): value for name, value in whom}

    def _import(self) -> Step:
        chance = self.chance
        count = 600 if chance.random() < 0.03 else chance.randrange(1, 16)
        self._version += 1
        people = [chance.randrange(40 if count < 600 else 3000) for _ in range(count)]
        rows = ((f"P{who} v{self._version}", f"347 123 {4000 + who}") for who in people)
        place = chance.choice([{"listId": chance.choice(LISTS)}, {"listName": "New"}])
        strategy = chance.choice(["SKIP", "UPDATE", "DUPLICATE"])
        fields = {**place, "duplicateStrategy": strategy, "tags": f"t{self._version % 3}"}
        form = {"file": ("c.vcf", vcf(*rows))}
        return Step("POST", UPLOAD, {"headers": self._headers(), "data": fields, "files": form})

    def _page(self) -> Step:
        path = f"/api/partner-gateway/v1/contacts/list/{self.chance.choice(LISTS)}/contacts"
        page = {"limit": self.chance.choice([5, 1000]), "page": self.chance.choice([1, 1, 2])}
        return Step("GET", path, {"headers": self._headers(), "params": page})

    def _quota(self) -> Step:
        return Step("GET", QUOTA, {"headers": self._headers()})

    def _clock(self) -> Step:
        minute, second = self.chance.randrange(29, 33), self.chance.randrange(60)
        moves: list[dict[str, Any]] = [
            {"advance": self.chance.choice(["1s", "15s", "2m"])},
            {"freeze": f"2026-05-04T07:{minute}:{second:02d}Z", "advance": "10s"},
            {"freeze": "2999-12-31T00:00:00Z", "advance": "999999h"},
            {"reset": True},
        ]
        return Step("PUT", CLOCK, {"json": {**self._whom(), **self.chance.choice(moves)}})

    def _fault(self) -> Step:
        chance, whom = self.chance, self._whom()
        if chance.random() < 0.4:
            if chance.random() < 0.5:
                whom["id"] = f"fault_{chance.randrange(1, 5)}"
            return Step("DELETE", FAULTS, {"params": whom})
        which: list[dict[str, Any]] = [{}, {"count": 2}, {"skip": 1}, {"every": 2}, {"ttl": "20s"}]
        fault = {
            "on": chance.choice(["uploadVCard", "listContacts", "*"]),
            "respond": {"status": 418},
            **chance.choice(which),
        }
        return Step("POST", FAULTS, {"json": {**whom, "fault": fault}})

    def _choice(self) -> Step:
        whom = self._whom()
        whom.pop("scenario", None)
        if self.chance.random() < 0.3:
            return Step("GET", SCENARIO, {"params": whom})
        chosen = {"scenario": self.chance.choice([*SCENARIOS, "unknown"])}
        return Step("PUT", SCENARIO, {"json": {**self.chance.choice([whom, {}]), **chosen}})

    def _look(self) -> Step:
        path = self.chance.choice([WORLD, FAULTS, CLOCK, "/__admin/contacts"])
        return Step("GET", path, {"params": self._whom()})

    def _state(self) -> Step:
        if self.states and self.chance.random() < 0.5:
            state = self.chance.choice(self.states)
            return Step("PUT", STATE, {"json": {**self._whom(), "state": state}})
        return Step("GET", STATE, {"params": self._whom()}, saves=True)

    def _reset(self) -> Step:
        return Step("POST", RESET, {"json": self.chance.choice([{}, *[self._whom()] * 4])})


def shown(response: httpx2.Response) -> tuple[int, Any, dict[str, str]]:
    """Return all that two sandboxes must have in common."""
    names = ("x-sandbox-scenario", "x-sandbox-session", "x-ratelimit-remaining")
    told = {name: response.headers[name] for name in names if name in response.headers}
    return response.status_code, _common(response.json()), told


def _common(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _common(one) for name, one in value.items() if name not in _OWN}
    return [_common(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scenarios"
    made.mkdir()
    for name, (conventions, more) in SCENARIOS.items():
        (made / f"{name}.overlay.yaml").write_text(_OVERLAY % conventions)
        (made / f"{name}.yaml").write_text(_SCENARIO % name + more)
    return made


@pytest.mark.parametrize(("longest_log", "copies"), [(2, 1000), (200, 2), (5, 3)])
def test_every_response_is_that_of_one_sandbox_in_memory(
    engine: EngineProcess,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    longest_log: int,
    copies: int,
) -> None:
    monkeypatch.setattr(shared, "LONGEST_LOG", longest_log)
    alone = SandboxSettings(scenarios=folder, scenario="plain")
    together = SandboxSettings(state=engine.url, scenarios=folder, scenario="plain", worlds=copies)
    steps = Steps(longest_log)

    async def compare() -> list[tuple[Step, Any, Any]]:
        different = []
        async with of_settings(1, alone) as (one,), of_settings(3, together) as several:
            for _ in range(STEPS):
                step = steps.next()
                asked = [one, steps.chance.choice(several)]
                responses = [
                    await each.request(step.method, step.path, **step.how) for each in asked
                ]
                expected, found = map(shown, responses)
                if found != expected:
                    different.append((step, expected, found))
                if step.saves and responses[0].status_code == 200:
                    state = responses[0].json()
                    del state["scenario"]
                    steps.states = [*steps.states[-5:], state]
        return different

    assert asyncio.run(compare()) == []
