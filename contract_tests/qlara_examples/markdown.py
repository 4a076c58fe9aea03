"""Reads Markdown: fenced blocks of commands and of JSON, headings, comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qlara_examples.blocks import (
    Documented,
    Heading,
    Line,
    Piece,
    Shell,
    directive_in,
    numbered,
    status_in,
)
from qlara_examples.json_text import end_of_json

if TYPE_CHECKING:
    from collections.abc import Sequence

_FENCE = re.compile(r"^(\s*(?:>\s*)*)(`{3,}|~{3,})\s*([\w+-]*)(.*)$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_BOLD = re.compile(r"^\*\*([^*]+)\*\*\s*(\([^)]*\))?[.:]?\s*$")  # a line that serves as a heading
_BELOW_ALL = 7
_SHELL = frozenset({"bash", "sh", "shell", "zsh", "curl", "cli"})
_CONSOLE = frozenset({"console", "shell-session", "terminal"})
_JSON = frozenset({"json", "jsonc", "json5", "http", "response"})
_COMMAND = re.compile(r"^\s*(?:\$ +)?(?:curl\b|[A-Za-z_]\w*=\$\(curl\b)", re.MULTILINE)
_HTTP = re.compile(r"^\s*HTTP/[\d.]+ (\d{3})")


def read_markdown(text: str) -> list[Piece]:
    """Return the pieces of a Markdown page."""
    lines = numbered(text)
    pieces: list[Piece] = []
    at = 0
    while at < len(lines):
        opened = _FENCE.match(lines[at].text)
        if opened:
            end = _closing(lines, at + 1, opened[2])
            indent = len(opened[1])
            inside = [Line(line.number, line.text[indent:]) for line in lines[at + 1 : end]]
            pieces += read_block(inside, opened[3].lower(), opened[4])
            at = end + 1
            continue
        pieces += _outside(lines[at])
        at += 1
    return pieces


def read_block(lines: Sequence[Line], language: str, label: str = "") -> list[Piece]:
    """Return the pieces of one block of code; *language* as the page names it, or empty."""
    text = "\n".join(line.text for line in lines)
    prompts = any(re.match(r"^\s*\$ ", line.text) for line in lines)
    if language in _CONSOLE or (prompts and (language in _SHELL or not language)):
        return _session(lines)
    if language in _SHELL or (language not in _JSON and _COMMAND.search(text)):
        return [Shell(tuple(lines))]
    if language in _JSON or text.lstrip()[:1] in {"{", "["}:
        return _answer(lines, status_in(label))
    return []


def _outside(line: Line) -> list[Piece]:
    if heading := _HEADING.match(line.text):
        return [Heading(line.number, len(heading[1]), heading[2])]
    if bold := _BOLD.match(line.text):
        text = " ".join(filter(None, bold.groups()))
        return [Heading(line.number, _BELOW_ALL, text)]
    found = directive_in(line) if "<!--" in line.text else None
    return [found] if found else []


def _closing(lines: Sequence[Line], at: int, fence: str) -> int:
    while at < len(lines):
        text = lines[at].text.lstrip(" >\t").rstrip()
        if text.startswith(fence) and set(text) == {fence[0]}:
            break
        at += 1
    return at


def _answer(lines: Sequence[Line], status: int | None) -> list[Piece]:
    """Return the JSON of a block; above it there may stand a status line and headers."""
    for at, line in enumerate(lines):
        if stated := _HTTP.match(line.text):
            status = int(stated[1])
        if line.text.lstrip()[:1] in {"{", "["}:
            return [Documented(tuple(lines[at:]), status)]
    return []


def _session(lines: Sequence[Line]) -> list[Piece]:
    """Return the pieces of a console session: commands behind ``$``, answers below them."""
    pieces: list[Piece] = []
    at = 0
    while at < len(lines):
        text = lines[at].text
        if re.match(r"^\s*\$ ", text):
            end = at
            while end < len(lines) and lines[end].text.endswith("\\"):
                end += 1
            pieces.append(Shell(tuple(lines[at : end + 1])))
            at = end + 1
        elif text.lstrip()[:1] in {"{", "["}:
            size = end_of_json(lines[at:])
            pieces.append(Documented(tuple(lines[at : at + size])))
            at += size
        else:
            at += 1
    return pieces
