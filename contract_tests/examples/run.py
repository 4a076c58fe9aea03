"""Carries out a page against a deployment, step by step, and says what became of each."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from contract_tests.contract import contract
from contract_tests.examples.choice import OVERSIZED
from contract_tests.examples.compare import Comparison, Difference, Kind, Promised, compare
from contract_tests.examples.json_text import Node, NotJson, read_documented
from contract_tests.examples.relay import Relay, World
from contract_tests.examples.terminal import Ran, Terminal
from contract_tests.examples.witnesses import Finding, Witnesses, judge_request
from contract_tests.targets import SPEC, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from contract_tests.examples.bash import Command
    from contract_tests.examples.page import Page, Place, Step
    from contract_tests.examples.relay import Passed

SCENARIOS = SPEC.parent / "scenarios"
SHIPPED_FILES = SCENARIOS / "files"
_REFUSED = 400
_MISSING_FILES = {26: "a file that it sends is missing"}
# Refusals that a file brings about in any account; the others need the sandbox.
_BY_FILE_ALONE = frozenset({"bad-header", "oversized-file"})


class CannotRun(RuntimeError):
    """Nothing can be run; the message says why."""


class State(StrEnum):
    """What became of a step."""

    DIFFERS = "differs"
    COULD_NOT_RUN = "could not run"
    MATCHES = "matches"
    RAN = "ran"


@dataclass(frozen=True)
class Settings:
    """One run. Without ``base_url`` a sandbox is started; ``limit`` is in seconds, per command."""

    base_url: str = ""
    api_key: str = ""
    folders: tuple[Path, ...] = ()
    limit: float = 20.0


@dataclass(frozen=True)
class Result:
    """What became of one step: from line ``first`` to line ``last`` of its page.

    ``asked`` is the command, ``told`` the answer to it, ``notes`` what a reader may want to know.
    """

    path: Path
    first: int
    last: int
    what: str
    scenario: str
    state: State
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    asked: str = field(default="", repr=False)
    told: str = field(default="", repr=False)


@dataclass(frozen=True)
class Done:
    """A command that has been carried out, with what passed over the wire."""

    command: Command
    place: Place
    ran: Ran
    passed: tuple[Passed, ...]


@dataclass(frozen=True)
class Deployment:
    """What answers: its URL, and whether it is a sandbox and so knows scenarios."""

    url: str
    is_sandbox: bool


@contextmanager
def deployment(settings: Settings) -> Iterator[Deployment]:
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


def run_page(page: Page, settings: Settings, at: Deployment) -> list[Result]:
    """Carry out a page and return what became of every step that matters.

    Each page has a terminal of its own and fresh worlds; its results are in the order of its steps.
    """
    hosts = known_hosts(at.url)
    with ExitStack() as stack:
        relay = stack.enter_context(Relay(at.url, settings.api_key, hosts))
        folders = (*settings.folders, SHIPPED_FILES)
        terminal = stack.enter_context(Terminal(relay.port, hosts, folders))
        made = Path(stack.enter_context(TemporaryDirectory(prefix="examples-")))
        runner = _Runner(page, settings, at, relay, terminal, made)
        return [result for step in page.steps for result in runner.step(step)]


def known_hosts(base_url: str) -> list[str]:
    """Return the hosts that stand for the deployment on a page: those of the contract, and its own."""
    servers = [each["url"] for each in contract().document.get("servers", ())]
    named = [urlsplit(each).hostname or "" for each in [*servers, base_url]]
    return sorted({each.lower() for each in [*named, "127.0.0.1", "localhost"] if each})


class _Runner:
    def __init__(
        self,
        page: Page,
        settings: Settings,
        at: Deployment,
        relay: Relay,
        terminal: Terminal,
        made: Path,
    ) -> None:
        self._page = page
        self._settings = settings
        self._at = at
        self._relay = relay
        self._terminal = terminal
        self._made = made
        self._seen: list[Done] = []

    def step(self, step: Step) -> list[Result]:
        """Run one step; return a result for each command that matters and for the answer."""
        if not step.commands:
            return [self._repeated(step)]
        if refused := self._unreachable(step.place):
            return [self._not_run(step, refused)]
        done = [self._run(command, step.place) for command in step.commands]
        self._seen += done
        results = []
        answered = self._answering(done) if step.answer else None
        for each in done:
            if each is answered:
                results.append(self._answered(step, each))
            elif each.passed or _failed(each.ran):
                results.append(self._ran(each))
        return results

    def _run(self, command: Command, place: Place, instead: Path | None = None) -> Done:
        self._enter(place)
        self._relay.take()
        missing = self._file(place) if place.file else None
        ran = self._terminal.run(command, self._settings.limit, instead, missing)
        return Done(command, place, ran, self._relay.take())

    def _enter(self, place: Place) -> None:
        if self._at.is_sandbox:
            session = f"{re.sub(r'[^A-Za-z0-9]+', '-', self._page.path.name)[:40]}-{place.began}"
            self._relay.world = World(place.scenario, f"{session}-{id(self) % 100_000}")

    def _unreachable(self, place: Place) -> str:
        if self._at.is_sandbox or place.began == 0 or place.scenario in _BY_FILE_ALONE:
            return ""
        if place.scenario in {"crm-migration", "default", "update-existing"}:
            return ""
        return f"only a sandbox can bring about the scenario {place.scenario}"

    def _answering(self, done: Sequence[Done]) -> Done | None:
        """Return the command that the documented answer belongs to: the last that said something."""
        spoke = [each for each in done if each.passed or _values(each.ran.out) is not None]
        return spoke[-1] if spoke else done[-1]

    def _repeated(self, step: Step) -> Result:
        """Get a documented answer that has no command of its own by an earlier command."""
        assert step.answer is not None
        if refused := self._unreachable(step.place):
            return self._not_run(step, refused)
        earlier = self._command_for(step)
        if earlier is None:
            return self._not_run(step, "no command stands before this answer that could get it")
        instead = self._file(step.place) if step.place.file else None
        for _ in range(step.place.attempts):
            done = self._run(earlier, step.place, instead)
            if done.passed and done.passed[-1].status == step.status:
                break
        note = f"repeats the command of line {earlier.first}"
        if instead is not None:
            note += f" with {step.place.file.strip('()')}"
        return self._answered(step, done, (note,))

    def _command_for(self, step: Step) -> Command | None:
        if step.status is None:
            return None
        for done in self._seen:
            for passed in done.passed:
                operation = contract().operation_of(passed.method, passed.path)
                if operation is not None and step.status in operation.answers:
                    return done.command
        return None

    def _file(self, place: Place) -> Path:
        if place.file == OVERSIZED:
            return self._oversized()
        for folder in (*self._settings.folders, SHIPPED_FILES):
            if (folder / place.file).is_file():
                return folder / place.file
        return SHIPPED_FILES / place.file

    def _oversized(self) -> Path:
        path = self._made / "too-large.vcf"
        if not path.exists():
            limit = _limit_of_files()
            card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Marco Rossi\r\nTEL:+393471234567\r\nEND:VCARD\r\n"
            path.write_bytes(card * (limit // len(card) + 1))
        return path

    def _not_run(self, step: Step, why: str) -> Result:
        lines = [number for each in step.commands for number in (each.first, each.last)]
        if step.answer:
            lines += [step.answer.lines[0].number, step.answer.lines[-1].number]
        first, last = min(lines), max(lines)
        finding = Finding(first, why)
        return self._result(first, last, step.heading, step.place, State.COULD_NOT_RUN, (finding,))

    def _ran(self, done: Done) -> Result:
        """Return the result of a command without a documented answer."""
        command = done.command
        findings = [*_broken(done), *self._requests(done)]
        state = State.RAN
        if findings:
            state = State.DIFFERS
        if _broken(done):
            state = State.COULD_NOT_RUN
        return self._result(
            command.first, command.last, _what(done), done.place, state, tuple(findings), (), done
        )

    def _requests(self, done: Done) -> list[Finding]:
        found = (judge_request(contract(), done.command, each) for each in done.passed)
        return [finding for each in found for finding in each]

    def _answered(self, step: Step, done: Done, notes: tuple[str, ...] = ()) -> Result:
        assert step.answer is not None
        first = done.command.first if step.commands else step.answer.lines[0].number
        last = step.answer.lines[-1].number
        broken = _broken(done, expected=step.status)
        if broken:
            return self._result(
                first, last, _what(done), step.place, State.COULD_NOT_RUN, broken, notes, done
            )
        findings, told = self._compared(step, done)
        if step.commands:
            findings += self._requests(done)
        state = State.DIFFERS if findings else State.MATCHES
        found = tuple(sorted(findings, key=lambda each: each.line))
        return self._result(
            first, last, _what(done), step.place, state, found, (*notes, *told), done
        )

    def _compared(self, step: Step, done: Done) -> tuple[list[Finding], list[str]]:
        assert step.answer is not None
        passed = done.passed[-1] if done.passed else None
        operation = contract().operation_of(passed.method, passed.path) if passed else None
        status = passed.status if passed else 0
        witnesses = Witnesses(contract(), operation, status)
        if passed and not _status_agrees(step.status, status):
            documented = step.status or "success"
            line = step.status_line or step.answer.lines[0].number
            difference = Difference(line, (), Kind.STATUS, documented, status)
            return [witnesses.judge(difference)], []
        try:
            nodes = read_documented(step.answer.lines)
        except NotJson as error:
            return [Finding(error.line, str(error))], []
        whole = _body(passed)
        answers = _values(done.ran.out)
        if answers is None:
            answers = [] if whole is None else [whole]
        comparison = compare(nodes, answers, self._promised(step.place))
        is_body = len(nodes) == 1 and len(answers) == 1 and answers[0] == whole
        return self._judged(witnesses if is_body else None, nodes[0], comparison, whole)

    def _judged(
        self, witnesses: Witnesses | None, node: Node, comparison: Comparison, whole: Any
    ) -> tuple[list[Finding], list[str]]:
        """Let the contract speak where the answer is the body as it came, unfiltered."""
        if witnesses is None:
            silent = Witnesses(contract(), None, 0)
            return [silent.judge(each) for each in comparison.differences], comparison.notes
        witnesses.recognise(node.value)
        found = [witnesses.judge(each) for each in comparison.differences]
        found += witnesses.contradictions(node, comparison.differences)
        if not comparison.differences:
            found += witnesses.broken_by(whole, node.line)
        return list(dict.fromkeys(found)), comparison.notes

    def _promised(self, place: Place) -> Promised:
        if not self._at.is_sandbox:
            return Promised(values=False, times=False)
        path = SCENARIOS / f"{place.scenario}.yaml"
        if not path.exists():
            return Promised(times=False)
        text = path.read_text(encoding="utf-8")
        clock = yaml.safe_load(text).get("clock") or {}
        return Promised(times="start" in clock, stated=text)

    def _result(  # noqa: PLR0917 - the columns of the table
        self,
        first: int,
        last: int,
        what: str,
        place: Place,
        state: State,
        findings: tuple[Finding, ...] = (),
        notes: tuple[str, ...] = (),
        done: Done | None = None,
    ) -> Result:
        scenario = place.scenario if self._at.is_sandbox else ""
        asked = done.command.text if done else ""
        told = _told(done) if done else ""
        return Result(
            self._page.path, first, last, what, scenario, state, findings, notes, asked, told
        )


def _failed(ran: Ran) -> bool:
    return ran.status != 0 or any(status for status, _ in ran.curls)


def _broken(done: Done, expected: int | None = None) -> tuple[Finding, ...]:
    """Return why a command did not do what it is there for; nothing if it did."""
    ran, command = done.ran, done.command
    if ran.status is None:
        return (Finding(command.first, "stopped: it took longer than the time limit"),)
    wrong = [(status, said) for status, said in ran.curls if status]
    line = ran.line or command.first
    if wrong and not (done.passed and done.passed[-1].status >= _REFUSED and expected):
        status, said = wrong[0]
        return (Finding(command.first, _last_line(said) or f"curl ended with {status}"),)
    if ran.status or ran.line:
        why = _last_line(ran.said) or f"it ended with {ran.status}"
        return (Finding(line, why),)
    return _unexpected_refusal(done, expected)


def _unexpected_refusal(done: Done, expected: int | None) -> tuple[Finding, ...]:
    if not done.passed or expected is not None:
        return ()
    last = done.passed[-1]
    if last.status < _REFUSED:
        return ()
    body = last.body[:300].decode("utf-8", "replace")
    return (Finding(done.command.first, f"the answer is {_status_text(last.status)}: {body}"),)


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    notable = [line for line in lines if "`" not in line[:7]]
    return (notable or lines or [""])[-1].rstrip(".")


def _status_agrees(documented: int | None, status: int) -> bool:
    if documented is None:
        return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return documented == status


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _what(done: Done) -> str:
    """Return what a command does, in a few words: its last request, or its first words."""
    if done.passed:
        last = done.passed[-1]
        return f"{last.method} {last.path}"
    return done.command.text.split("\n")[0].rstrip("\\ ")[:60]


def _body(passed: Passed | None) -> Any:
    if passed is None:
        return None
    try:
        return json.loads(passed.body)
    except ValueError:
        return None


def _values(out: bytes) -> list[Any] | None:
    """Return the JSON values that a command printed, ``None`` if it printed anything else."""
    decoder = json.JSONDecoder()
    text = out.decode("utf-8", "replace").strip()
    values = []
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            return None
        values.append(value)
        text = text[end:].lstrip()
    return values or None


def _told(done: Done) -> str:
    if not done.passed:
        return done.ran.said.strip()[:4000]
    last = done.passed[-1]
    body = _body(last)
    if body is not None:
        text = json.dumps(body, indent=2, ensure_ascii=False)
    else:
        text = last.body[:4000].decode("utf-8", "replace")
    return f"{_status_text(last.status)}\n{text[:4000]}{'…' if len(text) > 4000 else ''}"


def _limit_of_files() -> int:
    schemas = contract().document.get("components", {}).get("schemas", {})
    found = schemas.get("VCardUpload", {}).get("properties", {}).get("file", {})
    return int(found.get("x-max-bytes", 10 * 1024 * 1024))
