"""Carries out a page against a deployment, step by step, and says what became of each."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import yaml

from qlara_contract.contract import contract
from qlara_contract.targets import SPEC, running_sandbox
from qlara_examples.attribution import Finding, judge_request
from qlara_examples.choice import OVERSIZED
from qlara_examples.compare import Promised
from qlara_examples.judging import judge_answer
from qlara_examples.outcomes import (
    Done,
    Result,
    State,
    answer_text,
    broken,
    refusal,
    summary,
    values,
)
from qlara_examples.relay import Relay, World
from qlara_examples.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qlara_examples.bash import Command
    from qlara_examples.page import Page, Place, Step

SCENARIOS = SPEC.parent / "scenarios"
SHIPPED_FILES = SCENARIOS / "files"
# What a file alone brings about, or any account with room; the others need the sandbox.
_IN_ANY_ACCOUNT = frozenset(
    {"bad-header", "oversized-file", "crm-migration", "default", "update-existing"}
)
_CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco Rossi\r\nTEL:+393471234567\r\nEND:VCARD\r\n"


class CannotRun(RuntimeError):
    """Nothing can be run; the message says why."""


@dataclass(frozen=True)
class ExamplesSettings:
    """One run. Without ``base_url`` a sandbox is started; ``limit`` is in seconds, per command."""

    base_url: str = ""
    api_key: str = ""
    folders: tuple[Path, ...] = ()
    limit: float = 20.0


@dataclass(frozen=True)
class Deployment:
    """What answers: its URL, and whether it is a sandbox and so knows scenarios."""

    url: str
    is_sandbox: bool


@contextmanager
def deployment(settings: ExamplesSettings) -> Iterator[Deployment]:
    """Yield the deployment of a run: the one at its base URL, or a sandbox started for it.

    Raises:
        CannotRun: nothing answers there.
    """
    with ExitStack() as stack:
        if not settings.base_url:
            url = stack.enter_context(running_sandbox("--quiet"))
            yield Deployment(url, True)
            return
        with Relay(settings.base_url, settings.api_key, ()) as relay:
            path = contract().path_of("getContactQuota")
            key = [("X-Api-Key", settings.api_key or "YOUR_API_KEY")]
            try:
                relay.pass_on("GET", path, key, b"")
            except OSError as error:
                raise CannotRun(f"{settings.base_url} does not answer: {error}") from error
            is_sandbox = bool(relay.take()[0].scenario)
        yield Deployment(settings.base_url, is_sandbox)


def run_page(page: Page, settings: ExamplesSettings, at: Deployment) -> list[Result]:
    """Carry out a page and return what became of every step that matters.

    Each page has a terminal of its own and fresh worlds; its results are in the order of its steps.
    """
    hosts = known_hosts(at.url)
    with ExitStack() as stack:
        relay = stack.enter_context(Relay(at.url, settings.api_key, hosts))
        folders = (*settings.folders, SHIPPED_FILES)
        terminal = stack.enter_context(Terminal(relay.port, hosts, folders))
        made = Path(stack.enter_context(TemporaryDirectory(prefix="examples-")))
        runner = _Runner(page, at, relay, terminal, _Files(folders, made))
        return [result for step in page.steps for result in runner.step(step, settings.limit)]


def known_hosts(base_url: str) -> list[str]:
    """Return the hosts that stand for the deployment on a page: those of the contract, and its own."""
    servers = [each["url"] for each in contract().document.get("servers", ())]
    named = [urlsplit(each).hostname or "" for each in [*servers, base_url]]
    return sorted({each.lower() for each in [*named, "127.0.0.1", "localhost"] if each})


class _Runner:
    def __init__(
        self, page: Page, at: Deployment, relay: Relay, terminal: Terminal, files: _Files
    ) -> None:
        self._page = page
        self._at = at
        self._relay = relay
        self._terminal = terminal
        self._files = files
        self._run_id = token_hex(4)
        self._seen: list[Done] = []

    def step(self, step: Step, limit: float) -> list[Result]:
        """Run one step; return a result for each command that matters and for the answer."""
        refused = self._unreachable(step.place)
        if refused:
            return [self._not_run(step, refused)]
        if not step.commands:
            return [self._repeated(step, limit)]
        done: list[Done] = []
        for command in step.commands:
            done.append(self._run(command, step.place, limit))
            if done[-1].ran.ended:
                break  # as a script does that has said exit
        self._seen += done
        answering = _answering(done) if step.answer else None
        return [
            self._answered(step, each) if each is answering else self._ran(each, step.heading)
            for each in done
            if each is answering or each.passed or broken(each)
        ]

    def _run(
        self, command: Command, place: Place, limit: float, instead: Path | None = None
    ) -> Done:
        if self._at.is_sandbox:
            name = re.sub(r"[^A-Za-z0-9]+", "-", self._page.path.name)[:40]
            session = f"{name}-{place.began}-{self._run_id}"
            self._relay.world = World(place.scenario, session)
        self._relay.take()
        missing = self._files.find(place.file) if place.file else None
        ran = self._terminal.run(command, limit, instead, missing)
        return Done(command, place, ran, self._relay.take())

    def _unreachable(self, place: Place) -> str:
        """Return why nothing can be run in a place; empty if it can."""
        if place.file and self._files.find(place.file) is None:
            return f"there is no {place.file} among the files"
        if self._at.is_sandbox or place.began == 0 or place.scenario in _IN_ANY_ACCOUNT:
            return ""
        return f"only a sandbox can bring about the scenario {place.scenario}"

    def _repeated(self, step: Step, limit: float) -> Result:
        """Get a documented answer that has no command of its own by an earlier command."""
        earlier = self._command_for(step.status)
        if earlier is None:
            return self._not_run(step, "no command stands before this answer that could get it")
        instead = self._files.find(step.place.file) if step.place.file else None
        done = self._run(earlier, step.place, limit, instead)
        for _ in range(step.place.attempts - 1):
            if done.passed and done.passed[-1].status == step.status:
                break
            done = self._run(earlier, step.place, limit, instead)
        note = f"repeats the command of line {earlier.first}"
        if instead is not None:
            named = "a file that is too large" if step.place.file == OVERSIZED else instead.name
            note += f" with {named}"
        return self._answered(step, done, note)

    def _command_for(self, status: int | None) -> Command | None:
        """Return the page's first command whose operation may answer with *status*."""
        for done in self._seen if status else ():
            for passed in done.passed:
                operation = contract().operation_of(passed.method, passed.path)
                if operation is not None and status in operation.answers:
                    return done.command
        return None

    def _not_run(self, step: Step, why: str) -> Result:
        lines = [line.number for each in step.commands for line in each.lines]
        lines += [line.number for line in step.answer.lines] if step.answer else []
        found = (Finding(min(lines), why),)
        span = (min(lines), max(lines))
        return self._result(span, step.place, State.COULD_NOT_RUN, found, what=step.heading)

    def _ran(self, done: Done, heading: str) -> Result:
        """Return the result of a command without a documented answer.

        That it is refused is right if the heading above says so: ``The plan is full (409)``.
        """
        span = (done.command.first, done.command.last)
        found = broken(done) or (() if _is_announced(done, heading) else refusal(done))
        if found:
            found += tuple(_requested(done))
            return self._result(span, done.place, State.COULD_NOT_RUN, found, done=done)
        found = tuple(_requested(done))
        state = State.DIFFERS if found else State.RAN
        return self._result(span, done.place, state, found, done=done)

    def _answered(self, step: Step, done: Done, note: str = "") -> Result:
        """Return the result of a command together with the answer that the page documents."""
        assert step.answer is not None
        lines = step.answer.lines
        span = (done.command.first if step.commands else lines[0].number, lines[-1].number)
        wrong = broken(done)
        if wrong:
            return self._result(span, step.place, State.COULD_NOT_RUN, wrong, done=done)
        findings, notes = judge_answer(step, done, self._promised(step.place))
        findings += _requested(done) if step.commands else []
        found = tuple(sorted(findings, key=lambda each: each.line))
        state = State.DIFFERS if found else State.MATCHES
        result = self._result(span, step.place, state, found, done=done)
        return replace(result, notes=(*filter(None, [note]), *notes))

    def _promised(self, place: Place) -> Promised:
        if not self._at.is_sandbox:
            return Promised(values=False, times=False)
        path = SCENARIOS / f"{place.scenario}.yaml"
        if not path.exists():
            return Promised(times=False)
        text = path.read_text(encoding="utf-8")
        clock = yaml.safe_load(text).get("clock") or {}
        return Promised(times="start" in clock, stated=text)

    def _result(
        self,
        span: tuple[int, int],
        place: Place,
        state: State,
        findings: tuple[Finding, ...],
        *,
        done: Done | None = None,
        what: str = "",
    ) -> Result:
        lines = self._page.text.splitlines()
        return Result(
            path=self._page.path,
            first=span[0],
            last=span[1],
            what=summary(done) if done else what,
            scenario=place.scenario if self._at.is_sandbox else "",
            state=state,
            findings=findings,
            asked=done.command.text if done else "",
            told=answer_text(done) if done else "",
            quoted={each.line: lines[each.line - 1].strip() for each in findings},
        )


class _Files:
    """The files that repeated commands upload: found by name, or made."""

    def __init__(self, folders: Sequence[Path], made: Path) -> None:
        self._folders = folders
        self._made = made

    def find(self, name: str) -> Path | None:
        """Return the file of this name; ``None`` if there is none."""
        if name == OVERSIZED:
            return self._oversized()
        candidates = (folder / name for folder in self._folders)
        return next((each for each in candidates if each.is_file()), None)

    def _oversized(self) -> Path:
        path = self._made / "too-large.vcf"
        if not path.exists():
            path.write_bytes(_CARD * (_limit_of_files() // len(_CARD) + 1))
        return path


def _answering(done: Sequence[Done]) -> Done:
    """Return the command that a documented answer belongs to: the last that said something."""
    spoke = [each for each in done if each.passed or values(each.ran.out) is not None]
    return spoke[-1] if spoke else done[-1]


def _is_announced(done: Done, heading: str) -> bool:
    return bool(done.passed) and re.search(rf"\b{done.passed[-1].status}\b", heading) is not None


def _requested(done: Done) -> list[Finding]:
    found = (judge_request(contract(), done.command, each) for each in done.passed)
    return [finding for each in found for finding in each]


def _limit_of_files() -> int:
    schemas = contract().document.get("components", {}).get("schemas", {})
    found = schemas.get("VCardUpload", {}).get("properties", {}).get("file", {})
    return int(found.get("x-max-bytes", 10 * 1024 * 1024))
