"""The outcome of a page's commands and steps."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from qlara_contract.contract import contract
from qlara_examples.attribution import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from qlara_examples.bash import Command
    from qlara_examples.page import StepWorld
    from qlara_examples.relay import RelayedExchange
    from qlara_examples.terminal import CommandResult

# curl failed because of the response (22), or because the reader of its output has gone (23)
_CONSEQUENCES = frozenset({22, 23})
_SHOWN_COMMAND = 60
_SHOWN_TEXT = 4000


class StepState(StrEnum):
    """How a step ends."""

    DIFFERS = "differs"
    COULD_NOT_RUN = "could not run"
    MATCHES = "matches"
    RAN = "ran"


@dataclass(frozen=True)
class StepResult:
    """The result of one step, from line ``first`` to line ``last`` of its page.

    ``command`` and ``response`` are texts to show, ``notes`` what a reader may want to know;
    ``quoted`` holds the page's own text of each line that a finding names.
    """

    path: Path
    first: int
    last: int
    what: str
    scenario: str
    state: StepState
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    command: str = field(default="", repr=False)
    response: str = field(default="", repr=False)
    quoted: dict[int, str] = field(default_factory=dict, hash=False)

    @property
    def refusal(self) -> str:
        """The refusal that makes the step wrong, its status line first; empty if none does."""
        is_refusal = self.response[:1] in {"4", "5"}
        return self.response if self.findings and is_refusal else ""

    @property
    def lines(self) -> str:
        """First and last line, to show."""
        return f"{self.first}–{self.last}" if self.last > self.first else str(self.first)


@dataclass(frozen=True)
class ExecutedCommand:
    """A command that was run, with its requests and responses."""

    command: Command
    world: StepWorld
    result: CommandResult
    exchanges: tuple[RelayedExchange, ...]

    @property
    def last(self) -> RelayedExchange | None:
        """The last exchange, or ``None``."""
        return self.exchanges[-1] if self.exchanges else None

    @property
    def summary(self) -> str:
        """What the command does, in a few words: its last request, or how it begins."""
        if self.last:
            operation = contract().operation_of(self.last.method, self.last.path)
            return operation.operation_id if operation else f"{self.last.method} {self.last.path}"
        first = self.command.text.split("\n")[0].rstrip("\\ ")
        return first if len(first) <= _SHOWN_COMMAND else first[:_SHOWN_COMMAND] + "…"

    @property
    def response_text(self) -> str:
        """The last response, or what the command wrote to stderr, to show."""
        if self.last is None:
            return self.result.stderr.strip()[:_SHOWN_TEXT]
        body = self.last.json
        if body is not None:
            text = json.dumps(body, indent=2, ensure_ascii=False)
        else:
            text = self.last.body.decode("utf-8", "replace")
        shown = text[:_SHOWN_TEXT] + ("…" if len(text) > _SHOWN_TEXT else "")
        return f"{_status_text(self.last.status)}\n{shown}"

    def failure(self) -> tuple[Finding, ...]:
        """Return why the command did not do its work; nothing if it did.

        A refusal is no failure, even if curl was told to fail on it; nor is a test that is false,
        which ends with 1 and prints nothing.
        """
        result, command = self.result, self.command
        if result.status is None:
            return (Finding(command.first, f"stopped: {result.stopped}"),)
        for status, stderr in result.curls:
            if status and status not in _CONSEQUENCES:
                return (
                    Finding(command.first, _first_line(stderr) or f"curl exited with {status}"),
                )
        if result.line or (result.status and result.stderr.strip() and not self.refusal()):
            return (Finding(result.line or command.first, _first_line(result.stderr)),)
        return ()

    def refusal(self) -> tuple[Finding, ...]:
        """Return that the last response refuses, as a finding; nothing if it does not."""
        if self.last is None or self.last.status < HTTPStatus.BAD_REQUEST:
            return ()
        body = self.last.body[:300].decode("utf-8", "replace")
        text = f"the response is {_status_text(self.last.status)}: {body}"
        return (Finding(self.command.first, text),)


def status_agrees(documented: int | None, status: int) -> bool:
    """Return whether a status is the documented one; ``None``: any success."""
    if documented is None:
        return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return documented == status


def printed_values(stdout: bytes) -> list[Any] | None:
    """Return the JSON values that a command printed, ``None`` if it printed anything else."""
    decoder = json.JSONDecoder()
    text = stdout.decode("utf-8", "replace").strip()
    values = []
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            return None
        values.append(value)
        text = text[end:].lstrip()
    return values or None


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines or [""])[0].rstrip(".")


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
