"""A rehearsal: every act with a fresh world, on one sandbox, and its verdicts."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from qlara_contract.contract import contract
from qlara_contract.errors import CannotRun
from qlara_contract.untrusted import visible
from qlara_rehearsal.evidence import ActEvidence, Held
from qlara_rehearsal.exchanges import UPLOAD, exchanges_of
from qlara_rehearsal.judge import ActResult, ActVerdict, judge
from qlara_rehearsal.program import Part
from qlara_rehearsal.stage import ImpossibleFile, StagedAccount, generated_file, open_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qlara_rehearsal.acts import Act
    from qlara_rehearsal.program import Ending, Performer
    from qlara_rehearsal.stage import Stage

_AGAIN = "again"
_ORDINARY = "ordinary-file"
_WELL = "well"
_FILE_NAME = "contacts.vcf"
_NOT_STARTED = frozenset({126, 127})  # POSIX: "Exit Status for Commands"
_LONGEST_LINE = 300
_CONTROL_FILE: dict[str, Any] = {"contacts": 3}


@dataclass(frozen=True)
class RehearsalSettings:
    """What is rehearsed, and how. ``strategy`` empty: what each act is for first.

    ``left_out`` are acts that were not chosen, by name. No act begins once ``deadline`` seconds are over.
    ``secrets`` are masked in every report, as the keys of the acts are.
    """

    acts: tuple[Act, ...]
    strategy: str = ""
    seed: int = 0
    jobs: int = 1
    command: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    deadline: float = inf
    secrets: tuple[str, ...] = ()

    @property
    def plays_alone(self) -> bool:
        """Whether no two acts are played at the same time: then whatever comes belongs to the one act."""
        return min(self.jobs, len(self.acts)) == 1


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal that is over. ``left_out`` are the acts that were not played, by name.

    ``stopped``: some of them, because the time was over.
    """

    settings: RehearsalSettings
    results: tuple[ActResult, ...]
    started: datetime
    seconds: float
    contract_version: str
    left_out: tuple[str, ...] = ()
    stopped: bool = False

    def count(self, verdict: ActVerdict) -> int:
        """Return how many acts have *verdict*."""
        return sum(one.verdict is verdict for one in self.results)

    @property
    def is_ready(self) -> bool:
        """Whether every act was handled."""
        handled = all(one.verdict is ActVerdict.HANDLED for one in self.results)
        return handled and bool(self.results) and not self.stopped

    @property
    def exit_code(self) -> int:
        """0: every act was handled; 1: one was mishandled or not reached."""
        return 0 if self.is_ready else 1

    @cached_property
    def client(self) -> str:
        """What the client calls itself (``User-Agent``); empty if it does not."""
        named = [
            exchange.headers.get("user-agent", "")
            for one in self.results
            for exchange in one.evidence.exchanges
        ]
        return next((name for name in named if name), "")


def rehearse(
    settings: RehearsalSettings,
    client: Performer,
    progress: Callable[[Act, ActResult | None], None] = lambda _, __: None,
) -> Rehearsal:
    """Let *client* play every act and return the verdicts, in the order of the acts.

    *progress* is told an act when it begins, and its result when it is over.

    Raises:
        CannotRun: the client cannot be started, or an act is impossible.
    """
    acts = [each for each in settings.acts if _is_for(each, settings.strategy)]
    if not acts:
        raise CannotRun(f"No act is for {settings.strategy}: choose others with --act.")
    left_out = [each.name for each in settings.acts if each not in acts]
    started, began = datetime.now(UTC), time.monotonic()
    scenarios = {each.name: each.scenario for each in acts}
    with (
        tempfile.TemporaryDirectory(prefix="qlara-rehearsal-") as folder,
        open_stage(scenarios, settings.seed) as stage,
    ):
        run = _Run(stage, client, settings, Path(folder))

        def play(act: Act) -> ActResult | None:
            if time.monotonic() - began > settings.deadline:
                return None
            progress(act, None)
            result = judge(run.play(act))
            progress(act, result)
            return result

        found = _each(acts, play, settings.jobs, client.stop)
    results = tuple(each for each in found if each is not None)
    unplayed = [act.name for act, each in zip(acts, found, strict=True) if each is None]
    return Rehearsal(
        settings,
        results,
        started,
        time.monotonic() - began,
        str(contract().document["info"]["version"]),
        (*settings.left_out, *left_out, *unplayed),
        stopped=bool(unplayed),
    )


def _each(
    acts: Sequence[Act],
    play: Callable[[Act], ActResult | None],
    jobs: int,
    stop: Callable[[], None],
) -> list[ActResult | None]:
    """Return what *play* makes of each act; where one cannot be played, *stop* ends the others."""
    if jobs == 1:
        return [play(each) for each in acts]
    with ThreadPoolExecutor(jobs) as threads:
        under_way = [threads.submit(play, each) for each in acts]
        try:
            return [each.result() for each in under_way]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            stop()
            raise


def _is_for(act: Act, strategy: str) -> bool:
    return not strategy or strategy in act.strategies


class _Run:
    """What the acts of one rehearsal share."""

    def __init__(
        self, stage: Stage, client: Performer, settings: RehearsalSettings, folder: Path
    ) -> None:
        self._stage = stage
        self._client = client
        self._settings = settings
        self._folder = folder

    def play(self, act: Act, use: str = "") -> ActEvidence:
        """Run the client in *act*, and return what it has shown; *use* tells several runs apart."""
        content = self._content(act)
        account = self._stage.account(act.name, use, further_fields=act.further_fields)
        before = _held(account)
        part = self._part(act, account, content, use)
        ending = self._client.play(part, _question(act))
        exchanges = tuple(exchanges_of(account.entries(alone=self._settings.plays_alone)))
        if not exchanges and ending.exit_code in _NOT_STARTED:
            raise CannotRun(_not_started(self._settings.command, ending))
        after = _held(account)
        strategy = next((one.strategy for one in exchanges if one.happened), part.strategy)
        reference = self._stage.reference(act.name, f"{strategy}{use}")
        report = _imported(reference, act, content, strategy)
        further = (f"{_AGAIN}-{number}" for number in count(1))
        return ActEvidence(
            act,
            part,
            exchanges,
            ending,
            before,
            after,
            _held(reference),
            report if isinstance(report, dict) else {},
            lambda: self._sends_otherwise(act),
            lambda: self._when_well(act, use) if self._settings.command else "",
            lambda: self.play(act, next(further)) if self._settings.command and not use else None,
        )

    def _sends_otherwise(self, act: Act) -> bool:
        """Return whether the client sends a file in this act if it is an ordinary one."""
        account = self._stage.account(act.name, _ORDINARY)
        content = generated_file(_CONTROL_FILE, self._seed_of(act))
        self._client.play(self._part(act, account, content, _ORDINARY), "")
        entries = account.entries(alone=self._settings.plays_alone)
        return any(one["operation"] == UPLOAD for one in entries)

    def _when_well(self, act: Act, use: str) -> str:
        """Return what the client prints when it imports an ordinary file and nothing goes wrong; empty if it does not."""
        account = self._stage.unhindered(act.name)
        content = generated_file(_CONTROL_FILE, self._seed_of(act))
        ending = self._client.play(self._part(act, account, content, f"{use}{_WELL}"), "")
        exchanges = exchanges_of(account.entries(alone=self._settings.plays_alone))
        return ending.output if any(one.happened and one.is_good for one in exchanges) else ""

    def _part(self, act: Act, account: StagedAccount, content: bytes, use: str) -> Part:
        folder = self._folder / (f"{act.name}.{use}" if use else act.name)
        folder.mkdir()
        file = folder / _FILE_NAME
        file.write_bytes(content)
        strategy = self._settings.strategy or act.strategies[0]
        return Part(account.base_url, account.api_key, file, act.list_id, act.list_name, strategy)

    def _content(self, act: Act) -> bytes:
        if "path" in act.file:
            return bytes(Path(act.file["path"]).read_bytes())
        if "text" in act.file:
            return str(act.file["text"]).encode()
        try:
            return generated_file(act.file["generate"], self._seed_of(act))
        except ImpossibleFile as error:
            raise CannotRun(f"{act.name}: file.generate.{error}.") from error

    def _seed_of(self, act: Act) -> int:
        return crc32(f"{self._settings.seed}:{act.name}".encode())


def _not_started(command: tuple[str, ...], ending: Ending) -> str:
    last = visible(ending.output).strip().splitlines()[-1:]
    said = f" It printed: {last[0][:_LONGEST_LINE]}" if last else ""
    return (
        f"{command[0] if command else 'The client'}: ended with exit code {ending.exit_code} and without a "
        f"request, as a shell does that finds no such command, or may not run it.{said}"
    )


def _held(account: StagedAccount) -> Held:
    return Held(account.contacts(), account.lists())


def _imported(account: StagedAccount, act: Act, content: bytes, strategy: str) -> Any:
    destination = {"listName": act.list_name} if act.list_name else {"listId": act.list_id}
    return account.upload(content, duplicateStrategy=strategy, **destination)


def _question(act: Act) -> str:
    """Return what somebody is asked who has used the client by hand."""
    match act.expect.get("ends"):
        case "with the errors of the file":
            return "Did it say that all went well, without the cards that were left out?"
        case _:
            return "Did it say that all went well?"
