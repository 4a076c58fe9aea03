"""The blocks of a page, whatever its format: headings, commands, documented responses, directives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from qlara_contract.errors import CannotRun

_STATUS = re.compile(
    r"(?:^|HTTP/[\d.]+\s+|\bstatus(?:\s+code)?[:\s]+|\bresponse[\s:—–-]+|\()([1-5]\d\d)\b(?!\s*/)",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(r"^\s*(?:<!--|#|//)\s*sandbox:\s*(.*?)\s*(?:-->)?\s*$")
_SETTING = re.compile(r"([a-z]+)(?:=(\S+))?")


@dataclass(frozen=True)
class Line:
    """A line of text and its number in the file, from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class Heading:
    """A heading; ``level`` 1 is the highest."""

    line: int
    level: int
    text: str


@dataclass(frozen=True)
class ShellBlock:
    """Lines that a reader would paste into a terminal, together."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class DocumentedBlock:
    """The text of a documented response; ``status`` where the page states it right there.

    ``is_output``: it is what commands print, whatever that is, and means nothing without them.
    """

    lines: tuple[Line, ...]
    status: int | None = None
    is_output: bool = False


@dataclass(frozen=True)
class Directive:
    """A comment ``sandbox: scenario=NAME fresh status=409 file=NAME skip`` that directs the run."""

    line: int
    settings: dict[str, str] = field(hash=False)


Block = Heading | ShellBlock | DocumentedBlock | Directive


class UnreadablePage(CannotRun):
    """A file that cannot be read as a page; the message says why."""


class InvalidDirective(CannotRun):
    """A directive with an unknown word; the message names the line."""


KNOWN = ("scenario", "fresh", "status", "file", "skip")


def directive_in(line: Line) -> Directive | None:
    """Return the directive in a line, if there is one.

    Raises:
        InvalidDirective: a word in it is not in ``KNOWN``, or its status is not one.
    """
    found = _DIRECTIVE.search(line.text)
    if found is None:
        return None
    settings = {name: value or "yes" for name, value in _SETTING.findall(found[1])}
    unknown = sorted(set(settings) - set(KNOWN))
    if unknown or not settings:
        wrong = unknown[0] if unknown else found[1]
        raise InvalidDirective(
            f"line {line.number}: {wrong!r} in a sandbox comment; expected {', '.join(KNOWN)}"
        )
    if not re.fullmatch(r"[1-5]\d\d", settings.get("status", "200")):
        raise InvalidDirective(
            f"line {line.number}: status={settings['status']} is not an HTTP status"
        )
    return Directive(line.number, settings)


def status_in(text: str) -> int | None:
    """Return the HTTP status that a heading or label states, e.g. 409 of ``409 Conflict — …``."""
    found = _STATUS.search(text.strip())
    return int(found[1]) if found else None


def numbered(text: str, first: int = 1) -> tuple[Line, ...]:
    """Return the lines of *text*, numbered from *first*."""
    return tuple(Line(first + at, line) for at, line in enumerate(text.splitlines()))
