"""The one door to the sandbox: a server with a fresh world for every act, and what was seen in it."""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import yaml

from qlara_rehearsal.further_fields import FurtherFields
from qlara_rehearsal.observing import NUMBER_HEADER, Observer
from qlara_sandbox import __version__ as VERSION  # noqa: N812 - as it is called here
from qlara_sandbox.resources import SCENARIOS
from qlara_sandbox.samples.generating import ImpossibleFile, Spec, generate
from qlara_sandbox.scenario.advice import near
from qlara_sandbox.scenario.errors import InvalidScenario, Mistake
from qlara_sandbox.scenario.load import (
    SCHEMA as SCENARIO_SCHEMA,
    FileSchema,
    compiled,
    examined,
    whole_numbers,
)
from qlara_sandbox.scenario.yaml_file import YamlFile
from qlara_sandbox.testing.account import Sandbox
from qlara_sandbox.testing.server import Server
from qlara_sandbox.web.runtime import SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "SCENARIOS",
    "SCENARIO_SCHEMA",
    "VERSION",
    "FileSchema",
    "HeldContact",
    "ImpossibleFile",
    "InvalidScenario",
    "Mistake",
    "Stage",
    "StagedAccount",
    "YamlFile",
    "compiled",
    "examined",
    "generated_file",
    "near",
    "open_stage",
    "whole_numbers",
]

# What of a scenario gets in the way of an import that only shows what is right.
_HINDRANCES = ("faults", "rate_limit")
_ANY_SIZE = {"file_bytes": 1_000_000_000}
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]{1,30}(?:-[A-Za-z0-9]{1,30}){0,8}")
_PAGE = 1000
_DOCUMENTED_KEY = "YOUR_API_KEY"
_LONGEST_SETTLING = 30.0
_POLL_SECONDS = 0.05


class HeldContact(NamedTuple):
    """A contact at the end of an act, as far as an import decides it."""

    phone_number: str
    name: str
    email: str


def generated_file(options: Mapping[str, Any], seed: int) -> bytes:
    """Return a vCard file as ``file.generate`` of an act describes it.

    Raises:
        ImpossibleFile: no file can be like that.
    """
    return generate(Spec(**{"contacts": 20, **options}, seed=seed)).data


class StagedAccount:
    """One account of the sandbox, in a fresh world of one act."""

    def __init__(self, sandbox: Sandbox, server: Server, observer: Observer) -> None:
        self._sandbox = sandbox
        self._server = server
        self._observer = observer
        self._before = server.last_request()
        self.base_url = sandbox.base_url
        self.api_key = sandbox.api_key

    def entries(self, *, alone: bool) -> list[dict[str, Any]]:
        """Return the journal's entries of the account, oldest first, once none is under way.

        An import that its client did not wait for goes on: it is waited for. Each entry has ``formNames``,
        the names of all fields of its form, ``hasKey``, whether X-Api-Key has the account's key, and
        ``fileBegins``, which is the same for files that begin alike, and ``began``, when the head arrived, in
        seconds since 1970 (``at`` is when the beginning of the file had, too). Requests with the key elsewhere are among them, and those without it if the client is *alone*.
        """
        until = time.monotonic() + _LONGEST_SETTLING
        while time.monotonic() < until and self._is_in_use():
            time.sleep(_POLL_SECONDS)
        entries = self._sandbox.requests()
        strays = self._server.exchanges({_DOCUMENTED_KEY}, self._before)
        known = {one["id"] for one in entries}
        entries += [
            one for one in strays if one["id"] not in known and self._is_ours(one, alone=alone)
        ]
        return [self._with_observed(one) for one in sorted(entries, key=lambda one: str(one["at"]))]

    def lists(self) -> dict[str, int]:
        """Return how many contacts each list of the account has, by id."""
        world = self._sandbox.control("GET", "world")
        return {one["listId"]: one["contacts"] for one in world["lists"]}

    def contacts(self) -> dict[str, HeldContact]:
        """Return every contact of the lists of the account, by id."""
        return {
            one["contactId"]: HeldContact(one["phoneNumber"], one["name"], one.get("email", ""))
            for list_id in self.lists()
            for one in self._contacts_of(list_id)
        }

    def upload(self, content: bytes, **fields: str) -> Any:
        """Import a file as a correct client does, and return the JSON of the response."""
        return self._sandbox.upload(content, **fields).body

    def _contacts_of(self, list_id: str) -> Iterator[dict[str, Any]]:
        page, more = 0, True
        while more:
            page += 1
            shown = self._sandbox.control("GET", "contacts", listId=list_id, limit=_PAGE, page=page)
            yield from shown["contacts"]
            more = shown["hasMore"]

    def _is_ours(self, entry: dict[str, Any], *, alone: bool) -> bool:
        owner = self._observer.of(entry["request"]["headers"].get(NUMBER_HEADER, "")).owner
        return owner == self.api_key or (alone and not owner)

    def _with_observed(self, entry: dict[str, Any]) -> dict[str, Any]:
        headers = dict(entry["request"]["headers"])
        observed = self._observer.of(headers.pop(NUMBER_HEADER, ""))
        request = {**entry["request"], "headers": headers}
        return {
            **entry,
            "request": request,
            "formNames": observed.names,
            "hasKey": observed.has_key,
            "fileBegins": observed.file_begins,
            "began": observed.began,
        }

    def _is_in_use(self) -> bool:
        return bool(self._sandbox.control("GET", "world")["inUse"])


class Stage:
    """A running sandbox that knows every act as a scenario of its name."""

    def __init__(
        self, server: Server, further: FurtherFields, observer: Observer, seed: int
    ) -> None:
        self._server = server
        self._observer = observer
        self._further = further
        self._seed = seed
        self.base_url = server.url

    def account(self, act: str, use: str = "", *, further_fields: bool = False) -> StagedAccount:
        """Return an account in a fresh world of *act*; *use* tells several of one act apart."""
        name = _scenario(act)
        label = "-".join(part for part in ("rehearsal", name, str(self._seed), use) if part)
        sandbox = Sandbox(self._server, f"sandbox_{label}")
        sandbox.scenario(name)
        if further_fields:
            self._further.keys.add(sandbox.api_key)
        self._observer.keys.add(sandbox.api_key)
        return StagedAccount(sandbox, self._server, self._observer)

    def unhindered(self, act: str) -> StagedAccount:
        """Return an account with the lists of *act* in which an import goes well, whatever the act is about."""
        sandbox = Sandbox(self._server, f"sandbox_unhindered-{_scenario(act)}-{self._seed}")
        sandbox.scenario(_unhindered(act))
        self._observer.keys.add(sandbox.api_key)
        return StagedAccount(sandbox, self._server, self._observer)

    def reference(self, act: str, use: str) -> StagedAccount:
        """Return an account in a world of *act* in which nothing fails and nothing is limited in time."""
        sandbox = Sandbox(self._server, f"sandbox_reference-{_scenario(act)}-{use}")
        sandbox.scenario(_reference(act))
        return StagedAccount(sandbox, self._server, self._observer)


@contextmanager
def open_stage(scenarios: Mapping[str, Mapping[str, Any]], seed: int) -> Iterator[Stage]:
    """Serve the sandbox on a free port of this machine; *scenarios* are those of the acts, by name."""
    with tempfile.TemporaryDirectory(prefix="qlara-rehearsal-") as folder:
        for name, scenario in scenarios.items():
            _write(Path(folder), _scenario(name), scenario)
            kept = {key: each for key, each in scenario.items() if key not in _HINDRANCES}
            _write(Path(folder), _reference(name), {**kept, "limits": _ANY_SIZE})
            kept.pop("account", None)
            _write(Path(folder), _unhindered(name), {**kept, "limits": _ANY_SIZE})
        settings = SandboxSettings(scenarios=Path(folder), seed=seed, allow_outside=True)
        further, observer = FurtherFields(), Observer()
        server = Server(settings, wrap=lambda app: observer.wrap(further.wrap(app)))
        with server:
            yield Stage(server, further, observer, seed)


def _scenario(act: str) -> str:
    """Return the name of the scenario of an act, which is a part of keys and headers: those of files may be any."""
    return act if _PLAIN_NAME.fullmatch(act) else f"act-{crc32(act.encode()):08x}"


def _reference(act: str) -> str:
    return f"{_scenario(act)}--reference"


def _unhindered(act: str) -> str:
    return f"{_scenario(act)}--unhindered"


def _write(folder: Path, name: str, scenario: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(scenario), sort_keys=False, allow_unicode=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
