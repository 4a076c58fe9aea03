"""Reads plain text, where nothing marks a command, and shell scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_examples.bash import end_of_command
from qlara_examples.blocks import (
    Block,
    DocumentedBlock,
    Heading,
    Line,
    ShellBlock,
    directive_in,
    numbered,
    status_in,
)
from qlara_examples.json_text import end_of_json

if TYPE_CHECKING:
    from collections.abc import Sequence

_KNOWN_WORD = re.compile(
    r"^\s*(?:\$ +)?(?:curl|echo|jq|export|printf|cat|sleep|set|unset|source|local|readonly)\s+\S"
    r"|^\s*(?:\$ +)?(?:for \w+ in|while |until |if \[|\[\[? )"
    r"|^\s*(?:\$ +)?[A-Za-z_]\w*=(?:\S|$)"
)
_LOOKS_LIKE_ONE = re.compile(
    r"^\s*(?:\$ +)?[a-z][\w./-]*\s.*(?:\\$|\s--?[A-Za-z].*://|://.*\s--?[A-Za-z])"
)
_COMMENT = re.compile(r"^\s*#(?!!)")
_LABEL = re.compile(r"^\s*(?:#\s*)?(?:response|answer|output|risposta)\b", re.IGNORECASE)
_HTTP = re.compile(r"^\s*HTTP/[\d.]+ \d{3}")
_HEADING = re.compile(r"^(?![-*|:#>.)\]}\"]|BEGIN:|END:)[A-Z0-9].{2,78}[^.:,;|\\{}\s]$")
_JSON = re.compile(r'^\s*(?:\{|\[)\s*(?:$|["{\[\]}.…]|-?\d|//)')


def read_plain(text: str) -> list[Block]:
    """Return the blocks of plain text: commands are recognised by how they look."""
    return _PlainTextReader(numbered(text)).blocks()


def read_script(text: str) -> list[Block]:
    """Return the blocks of a shell script; responses are in comments below their command."""
    lines = numbered(text)
    blocks: list[Block] = []
    block: list[Line] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        bare = _uncommented(lines[at:])
        if directive := directive_in(line):
            blocks += [*_shell(block), directive]
            at += 1
        elif bare and _JSON.match(bare[0].text):
            size = end_of_json(bare)
            blocks += [*_shell(block), DocumentedBlock(bare[:size], _status_above(lines, at))]
            at += size
        elif _COMMENT.match(line.text) and status_in(line.text.strip("# ")):
            blocks += [*_shell(block), Heading(line.number, 1, line.text.strip("# "))]
            at += 1
        else:
            end = at + 1 if _is_idle(line) else end_of_command(lines, at)
            block += [] if _is_idle(line) else lines[at:end]
            at = end
            continue
        block = []
    return [*blocks, *_shell(block)]


def _is_idle(line: Line) -> bool:
    return not line.text.strip() or line.text.lstrip().startswith("#")


def _uncommented(lines: Sequence[Line]) -> tuple[Line, ...]:
    found = []
    for line in lines:
        if not _COMMENT.match(line.text):
            break
        found.append(Line(line.number, re.sub(r"^\s*# ?", "", line.text)))
    return tuple(found)


def _status_above(lines: Sequence[Line], at: int) -> int | None:
    above = lines[at - 1].text if at else ""
    return status_in(above.strip("# ")) if _LABEL.match(above) else None


def _shell(block: Sequence[Line]) -> list[Block]:
    return [ShellBlock(tuple(block))] if block else []


class _PlainTextReader:
    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._at = 0
        self._status: int | None = None

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        while self._at < len(self._lines):
            block = self._block()
            if block is not None:
                found.append(block)
        return found

    def _block(self) -> Block | None:
        line = self._lines[self._at]
        if directive := directive_in(line):
            self._at += 1
            return directive
        if self._begins_commands(self._at):
            return self._commands()
        if _JSON.match(line.text):
            return self._response()
        self._at += 1
        if _LABEL.match(line.text) or _HTTP.match(line.text):
            self._status = status_in(line.text)
        elif _HEADING.match(line.text):
            self._status = None
            return Heading(line.number, 1, line.text.strip())
        return None

    def _response(self) -> DocumentedBlock:
        size = end_of_json(self._lines[self._at :])
        lines = tuple(self._lines[self._at : self._at + size])
        self._at += size
        status, self._status = self._status, None
        return DocumentedBlock(lines, status)

    def _begins_commands(self, at: int) -> bool:
        while at < len(self._lines) and _COMMENT.match(self._lines[at].text):
            at += 1
        return at < len(self._lines) and _is_command(self._lines[at].text)

    def _commands(self) -> ShellBlock:
        start = self._at
        while self._at < len(self._lines):
            text = self._lines[self._at].text
            if _COMMENT.match(text) and self._begins_commands(self._at):
                self._at += 1
            elif _is_command(text):
                # A command that never becomes complete must not swallow the rest of the page.
                rest = self._lines[self._at : self._limit()]
                self._at += end_of_command(rest, 0)
            else:
                break
        return ShellBlock(tuple(self._lines[start : self._at]))

    def _limit(self) -> int:
        at = self._at + 1
        while at < len(self._lines) and not _LABEL.match(self._lines[at].text):
            at += 1
        return at


def _is_command(text: str) -> bool:
    return bool(_KNOWN_WORD.match(text) or _LOOKS_LIKE_ONE.match(text))
