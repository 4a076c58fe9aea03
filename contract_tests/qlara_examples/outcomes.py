"""What became of a page's steps, and the words for it."""

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
    from qlara_examples.page import Place
    from qlara_examples.relay import Passed
    from qlara_examples.terminal import Ran

# curl failed because of an answer (22), or because whoever reads its output has gone (23)
_CONSEQUENCES = frozenset({22, 23})
_SHOWN_WORDS = 60


class State(StrEnum):
    """What became of a step."""

    DIFFERS = "differs"
    COULD_NOT_RUN = "could not run"
    MATCHES = "matches"
    RAN = "ran"


@dataclass(frozen=True)
class Result:
    """What became of one step: from line ``first`` to line ``last`` of its page.

    ``asked`` is the command, ``told`` the answer to it, ``notes`` what a reader may want to know;
    ``quoted`` holds the page's own text of each line that a finding names.
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
    quoted: dict[int, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Done:
    """A command that has been carried out, with what passed over the wire."""

    command: Command
    place: Place
    ran: Ran
    passed: tuple[Passed, ...]


def broken(done: Done) -> tuple[Finding, ...]:
    """Return why a command did not do what it is there for; nothing if it did.

    An answer that refuses is none of these, also if curl was told to fail on it; nor is a test that
    is false, which ends with 1 and says nothing.
    """
    ran, command = done.ran, done.command
    if ran.status is None:
        return (Finding(command.first, "stopped: it took longer than the time limit"),)
    for status, said in ran.curls:
        if status and status not in _CONSEQUENCES:
            return (Finding(command.first, _first_line(said) or f"curl ended with {status}"),)
    complained = ran.said.strip()
    if ran.line or (ran.status and complained and not refusal(done)):
        why = _first_line(complained)
        return (Finding(ran.line or command.first, why),)
    return ()


def refusal(done: Done) -> tuple[Finding, ...]:
    """Return that the last answer refuses, as a finding; nothing if it does not."""
    if not done.passed or done.passed[-1].status < HTTPStatus.BAD_REQUEST:
        return ()
    last = done.passed[-1]
    body = last.body[:300].decode("utf-8", "replace")
    return (Finding(done.command.first, f"the answer is {_status_text(last.status)}: {body}"),)


def _first_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return (lines or [""])[0].rstrip(".")


def status_agrees(documented: int | None, status: int) -> bool:
    if documented is None:
        return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return documented == status


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def summary(done: Done) -> str:
    """Return what a command does, in a few words: its last request, or its first words."""
    if done.passed:
        last = done.passed[-1]
        operation = contract().operation_of(last.method, last.path)
        return operation.operation_id if operation else f"{last.method} {last.path}"
    first = done.command.text.split("\n")[0].rstrip("\\ ")
    return first if len(first) <= _SHOWN_WORDS else first[:_SHOWN_WORDS] + "…"


def body_of(passed: Passed | None) -> Any:
    if passed is None:
        return None
    try:
        return json.loads(passed.body)
    except ValueError:
        return None


def values(out: bytes) -> list[Any] | None:
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


def answer_text(done: Done) -> str:
    if not done.passed:
        return done.ran.said.strip()[:4000]
    last = done.passed[-1]
    body = body_of(last)
    if body is not None:
        text = json.dumps(body, indent=2, ensure_ascii=False)
    else:
        text = last.body[:4000].decode("utf-8", "replace")
    return f"{_status_text(last.status)}\n{text[:4000]}{'…' if len(text) > 4000 else ''}"
