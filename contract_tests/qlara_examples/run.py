"""Runs the commands of a page against a deployment, step by step, and judges each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http.client import HTTPException
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import yaml

from qlara_contract.contract import contract
from qlara_contract.errors import CannotRun
from qlara_contract.masking import PLACEHOLDER
from qlara_examples.attribution import Finding, judge_request
from qlara_examples.compare import Certainty
from qlara_examples.heading_rules import OVERSIZED
from qlara_examples.judging import judge_response
from qlara_examples.outcomes import ExecutedCommand, StepResult, StepState, printed_values
from qlara_examples.relay import ChosenWorld, Relay
from qlara_examples.terminal import Terminal
from qlara_examples.upload_files import UploadFiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qlara_examples.bash import Command
    from qlara_examples.blocks import DocumentedBlock
    from qlara_examples.confinement import Confinement
    from qlara_examples.page import DocumentationPage, Step, StepWorld
    from qlara_examples.relay import RelayTarget

# Scenarios that differ only in the uploaded file, or that any account with quota left can show.
_IN_ANY_ACCOUNT = frozenset(
    {"bad-header", "oversized-file", "crm-migration", "default", "update-existing"}
)


@dataclass(frozen=True)
class ExamplesSettings:
    """One run. ``limit`` is in seconds, per command.

    ``folders`` hold the files that commands send; ``resources`` are further paths that they may read.
    ``scenarios`` holds the sandbox's scenario files, which say what values a page may state.
    """

    target: RelayTarget
    confinement: Confinement
    folders: tuple[Path, ...] = ()
    resources: tuple[Path, ...] = ()
    scenarios: Path | None = None
    limit: float = 20.0


def is_sandbox(settings: ExamplesSettings) -> bool:
    """Return whether the deployment is a sandbox, and so has scenarios; raise ``CannotRun``."""
    target = settings.target
    relay = Relay(target)
    key = [("X-Api-Key", target.api_key or PLACEHOLDER)]
    try:
        relay.relay("GET", contract().path_of("getContactQuota"), key, b"")
    except (OSError, HTTPException) as error:
        raise CannotRun(f"{target.base_url} does not respond: {error}") from error
    return bool(relay.take()[0].scenario)


def run_page(
    page: DocumentationPage, settings: ExamplesSettings, *, sandbox: bool
) -> list[StepResult]:
    """Run a page and return the results of its steps, in order.

    Each page has a terminal of its own, and fresh worlds if the deployment is a *sandbox*. Commands
    that neither send a request nor fail have no result.
    """
    hosts = known_hosts(settings.target.base_url)
    relay = Relay(settings.target, hosts)
    with (
        Terminal(hosts, settings.folders, settings.confinement, settings.resources) as terminal,
        relay.listening(terminal.relay_socket),
    ):
        files = UploadFiles(settings.folders, terminal.shared)
        runner = _PageRunner(page, relay, terminal, files, settings.scenarios if sandbox else None)
        return [result for step in page.steps for result in runner.step(step, settings.limit)]


def known_hosts(base_url: str) -> list[str]:
    """Return the hosts that stand for the deployment on a page: the contract's, and its own."""
    servers = [each["url"] for each in contract().document.get("servers", ())]
    named = [urlsplit(each).hostname or "" for each in [*servers, base_url]]
    return sorted({each.lower() for each in [*named, "127.0.0.1", "localhost"] if each})


class _PageRunner:
    """Runs the steps of one page; ``scenarios`` is ``None`` if the deployment is no sandbox."""

    def __init__(
        self,
        page: DocumentationPage,
        relay: Relay,
        terminal: Terminal,
        files: UploadFiles,
        scenarios: Path | None,
    ) -> None:
        self._page = page
        self._relay = relay
        self._terminal = terminal
        self._files = files
        self._scenarios = scenarios
        self._run_id = token_hex(4)
        self._executed: list[ExecutedCommand] = []

    def step(self, step: Step, limit: float) -> list[StepResult]:
        """Run one step; return a result for each command that matters and for the response."""
        reason = self._obstacle(step.world)
        if reason:
            return [self._not_run(step, reason)]
        if not step.commands:
            return [self._repeated(step, limit)]
        done: list[ExecutedCommand] = []
        for command in step.commands:
            done.append(self._run(command, step.world, limit))
            if done[-1].result.exited:
                break  # as a script ends at exit
        self._executed += done
        documented = _documented_command(done, step.response) if step.response else None
        return [
            self._documented(step, each) if each is documented else self._ran(each, step.heading)
            for each in done
            if each is documented or each.exchanges or each.failure()
        ]

    def _run(
        self, command: Command, world: StepWorld, limit: float, substitute: Path | None = None
    ) -> ExecutedCommand:
        if self._scenarios:
            name = re.sub(r"[^A-Za-z0-9]+", "-", self._page.path.name)[:40]
            session = f"{name}-{world.began}-{self._run_id}"
            self._relay.world = ChosenWorld(world.scenario, session)
        self._relay.take()
        fallback = self._files.find(world.file) if world.file else None
        result = self._terminal.run(command, limit, substitute, fallback)
        return ExecutedCommand(command, world, result, self._relay.take())

    def _obstacle(self, world: StepWorld) -> str:
        """Return why nothing can run in a world; empty if it can."""
        if world.file and self._files.find(world.file) is None:
            return f"there is no file {world.file}"
        if self._scenarios or world.began == 0 or world.scenario in _IN_ANY_ACCOUNT:
            return ""
        return f"only a sandbox has the scenario {world.scenario}"

    def _repeated(self, step: Step, limit: float) -> StepResult:
        """Check a documented response without a command of its own by repeating an earlier one."""
        earlier = self._command_for(step.status)
        if earlier is None:
            return self._not_run(step, "no earlier command can get this response")
        substitute = self._files.find(step.world.file) if step.world.file else None
        done = self._run(earlier, step.world, limit, substitute)
        for _ in range(step.world.attempts - 1):
            if done.last and done.last.status == step.status:
                break
            done = self._run(earlier, step.world, limit, substitute)
        note = f"repeats the command of line {earlier.first}"
        if substitute is not None:
            named = "a file that is too large" if step.world.file == OVERSIZED else substitute.name
            note += f" with {named}"
        return self._documented(step, done, note)

    def _command_for(self, status: int | None) -> Command | None:
        """Return the page's first command whose operation may respond with *status*."""
        for done in self._executed if status else ():
            for each in done.exchanges:
                operation = contract().operation_of(each.method, each.path)
                if operation is not None and status in operation.responses:
                    return done.command
        return None

    def _not_run(self, step: Step, why: str) -> StepResult:
        lines = [line.number for each in step.commands for line in each.lines]
        lines += [line.number for line in step.response.lines] if step.response else []
        found = (Finding(min(lines), why),)
        span = (min(lines), max(lines))
        result = self._result(span, step.world, StepState.COULD_NOT_RUN, found)
        return replace(result, what=step.heading)

    def _ran(self, done: ExecutedCommand, heading: str) -> StepResult:
        """Return the result of a command without a documented response.

        A refusal is right if the heading above announces it: ``The plan is full (409)``.
        """
        span = (done.command.first, done.command.last)
        found = done.failure() or (() if _is_announced(done, heading) else done.refusal())
        state = StepState.COULD_NOT_RUN if found else StepState.RAN
        requested = _request_findings(done)
        if requested and not found:
            state = StepState.DIFFERS
        return self._result(span, done.world, state, (*found, *requested), done)

    def _documented(self, step: Step, done: ExecutedCommand, note: str = "") -> StepResult:
        """Return the result of a command together with the response that the page documents."""
        assert step.response is not None
        lines = step.response.lines
        span = (done.command.first if step.commands else lines[0].number, lines[-1].number)
        failure = done.failure()
        if failure:
            return self._result(span, step.world, StepState.COULD_NOT_RUN, failure, done)
        findings, notes = judge_response(step, done, self._certainty(step.world))
        findings += _request_findings(done) if step.commands else []
        found = tuple(sorted(findings, key=lambda each: each.line))
        state = StepState.DIFFERS if found else StepState.MATCHES
        result = self._result(span, step.world, state, found, done)
        return replace(result, notes=(*filter(None, [note]), *notes))

    def _certainty(self, world: StepWorld) -> Certainty:
        if self._scenarios is None:
            return Certainty(values=False, times=False)
        path = self._scenarios / f"{world.scenario}.yaml"
        if not path.exists():
            return Certainty(times=False)
        text = path.read_text(encoding="utf-8")
        clock = yaml.safe_load(text).get("clock") or {}
        return Certainty(times="start" in clock, stated=text)

    def _result(
        self,
        span: tuple[int, int],
        world: StepWorld,
        state: StepState,
        findings: tuple[Finding, ...],
        done: ExecutedCommand | None = None,
    ) -> StepResult:
        lines = self._page.text.splitlines()
        return StepResult(
            path=self._page.path,
            first=span[0],
            last=span[1],
            what=done.summary if done else "",
            scenario=world.scenario if self._scenarios else "",
            state=state,
            findings=findings,
            command=done.command.text if done else "",
            response=done.response_text if done else "",
            quoted={each.line: lines[each.line - 1].strip() for each in findings},
        )


def _documented_command(
    done: Sequence[ExecutedCommand], response: DocumentedBlock
) -> ExecutedCommand:
    """Return the command that a documented response belongs to: the last one that has output."""
    with_output = [
        each
        for each in done
        if each.exchanges
        or printed_values(each.result.stdout) is not None
        or (response.is_output and each.result.stdout.strip())
    ]
    return with_output[-1] if with_output else done[-1]


def _is_announced(done: ExecutedCommand, heading: str) -> bool:
    return done.last is not None and re.search(rf"\b{done.last.status}\b", heading) is not None


def _request_findings(done: ExecutedCommand) -> list[Finding]:
    found = (judge_request(contract(), done.command, each) for each in done.exchanges)
    return [finding for each in found for finding in each]
