"""Scenario files: each is refused with the place named, or it is served without a failure of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_sandbox.scenario.errors import InvalidScenario
from qlara_sandbox.state.worlds import Bounds
from qlara_sandbox.web.app import assemble
from qlara_sandbox.web.runtime import Runtime, SandboxSettings
from reliability import dictionaries, schemas, wire
from reliability.memory import peak_mb
from reliability.mutation import Mutator
from reliability.target import Figures, InvariantBroken
from reliability.targets.calling import InProcess
from reliability.targets.reading_files import Watch

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

_KEY = "sandbox_fuzz__tried"
_CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:B\r\nTEL:+393479998877\r\nEND:VCARD\r\n"
_CALLS = (
    ("GET", wire.QUOTA, "ContactQuota"),
    ("GET", f"{wire.LIST.format(wire.DESTINATION)}?limit=1000", "ContactPage"),
    ("POST", wire.UPLOAD, "ImportReport"),
    ("GET", wire.LIST.format("list_other"), "ContactPage"),
)
_PLAIN = b"title: T\nstory: S\n"
_SEEDS = (
    _PLAIN,
    _PLAIN + b"lists:\n  - {id: list_crm_migration, generate: 3, tags: [a]}\n",
    _PLAIN + b"account:\n  quota: {used: 5, total: 7}\n  region: DE\n  timezone: Europe/Berlin\n",
    _PLAIN
    + b"clock: {start: 2026-04-09T11:00:10+02:00, import_takes: 5s}\nids: {import: [imp_a], list: [list_b]}\n",
    _PLAIN
    + b"lists:\n  - id: list_crm_migration\n    contacts:\n      - name: A\n        phoneNumber: '+393471234567'\n",
    _PLAIN + b"rate_limit: {requests: 2, per: 60s}\nlimits: {file_bytes: 100}\n",
    _PLAIN
    + b"faults:\n  - {on: uploadVCard, skip: 1, count: 2, respond: {status: 503, body: {a: 1}}}\n",
)
_PLACED = re.compile(r"tried\.yaml(?::\d+)?: \S")
_LONGEST_MESSAGE = 4000


class ScenarioFiles:
    """Loads each input as a scenario, and if it is taken, calls every operation in it."""

    name = "scenario-files"

    def __init__(self) -> None:
        self._watch = Watch()
        (self._watch.folder / "default.yaml").write_bytes(_PLAIN)
        (self._watch.folder / "cards.vcf").write_bytes(_CARD)
        self._file = self._watch.folder / "tried.yaml"
        self._file.write_bytes(_PLAIN)
        self._runtime = Runtime(SandboxSettings(scenarios=self._watch.folder))
        self._runtime.worlds.bounds = Bounds(10, self._runtime.worlds.bounds.bytes)
        self._app = assemble(self._runtime)
        self._calls = InProcess()
        self._mutator = Mutator(dictionaries.SCENARIO, _SEEDS)
        self._run_calls()  # what is imported with the first request is not to be watched

    def seeds(self) -> list[bytes]:
        return list(_SEEDS)

    def mutate(self, data: bytes, rng: Random) -> bytes:
        return self._mutator(data, rng)

    def run(self, data: bytes) -> Hashable:
        self._file.write_bytes(data)
        self._runtime.library.forget()
        self._runtime.worlds.reset()
        with self._watch.watching():
            try:
                self._runtime.library.get("tried")
            except InvalidScenario as refusal:
                check_message(str(refusal))
                mistake = refusal.mistakes[0]
                return (re.sub(r"\d+", "", mistake.field)[:40], *mistake.message.split()[:2])
            except Exception as error:
                name = type(error).__name__
                raise InvariantBroken(
                    f"a file never ends in an exception ({name})", repr(error)
                ) from error
            return self._run_calls()

    def figures(self) -> Figures:
        return Figures(peak_mb=peak_mb())

    def close(self) -> None:
        self._calls.close()

    def _run_calls(self) -> Hashable:
        statuses = []
        for method, path, schema in _CALLS:
            try:
                if method == "GET":
                    response = self._calls.get(self._app, path, _KEY)
                else:
                    body = wire.form(_CARD)
                    kind = "multipart/form-data; boundary=b"
                    response = self._calls.post(self._app, path, _KEY, body, kind)
            except Exception as error:
                name = type(error).__name__
                raise InvariantBroken(
                    f"no request ends in an exception ({name})", repr(error)
                ) from error
            self._judge(response, path, schema)
            statuses.append(response.status)
        taken = self._calls.get(self._app, f"/__admin/state?apiKey={_KEY}", _KEY)
        if taken.status != 200:
            raise InvariantBroken("the state of a world can be taken", repr(taken.body[:300]))
        return tuple(statuses)

    def _judge(self, response: wire.Response, path: str, schema: str) -> None:
        world = next(iter(self._runtime.worlds.entries()), None)
        if world is not None and world.world.faults.active:
            return  # what a scenario orders need not keep the contract
        if response.status >= 500 or not response.status:
            detail = f"{path}: {response.status} {response.body[:300]!r}"
            raise InvariantBroken(f"no 5xx ({path.split('?')[0][-20:]})", detail)
        if response.status == 200:
            schemas.require(schema, response.json())


def check_message(message: str) -> None:
    """Hold what a file is refused with against what a reader needs.

    Raises:
        InvariantBroken: a line names no place, or there is too much of it.
    """
    lines = message.splitlines()
    if not lines or not all(_PLACED.search(line) for line in lines):
        raise InvariantBroken("a refusal names the place, a line each", repr(message[:500]))
    if "Traceback" in message or len(message) > _LONGEST_MESSAGE:
        raise InvariantBroken("a refusal is short", f"{len(message)} characters: {message[:300]}")
