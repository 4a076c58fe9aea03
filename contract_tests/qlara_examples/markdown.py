"""Reads Markdown: fenced blocks of commands and of JSON, headings, comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

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
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_BOLD = re.compile(r"^\*\*([^*]+)\*\*\s*(\([^)]*\))?[.:]?\s*$")  # a line that serves as a heading
_BELOW_ALL = 7
_SHELL = frozenset({"bash", "sh", "shell", "zsh", "curl", "cli"})
_CONSOLE = frozenset({"console", "shell-session", "terminal"})
_JSON = frozenset({"json", "jsonc", "json5", "http", "response"})
_OUTPUT = frozenset({"", "text", "txt", "plain", "plaintext", "output"})
_COMMAND = re.compile(r"^\s*(?:\$ +)?(?:curl\b|[A-Za-z_]\w*=\$\(curl\b)", re.MULTILINE)
_HTTP = re.compile(r"^\s*HTTP/[\d.]+ (\d{3})")


def read_markdown(text: str) -> list[Block]:
    """Return the blocks of a Markdown page (CommonMark)."""
    text = _FRONT_MATTER.sub(lambda found: "\n" * found[0].count("\n"), text)
    blocks: list[Block] = []
    level = 0  # of the heading that is open, if any
    for token in MarkdownIt("commonmark").parse(text):
        if token.type in {"heading_open", "heading_close"}:
            level = int(token.tag[1]) if token.nesting == 1 else 0
        elif token.type == "inline" and level:
            blocks.append(Heading(_line(token), level, token.content))
        elif token.type in {"inline", "html_block"}:
            blocks += _outside(token)
        elif token.type == "fence":
            language, _, label = token.info.strip().partition(" ")
            lines = numbered(token.content, _line(token) + 1)
            blocks += read_block(lines, language.lower(), label)
    return blocks


def read_block(lines: Sequence[Line], language: str, label: str = "") -> list[Block]:
    """Return the blocks in one block of code; *language* as the page names it, or empty."""
    text = "\n".join(line.text for line in lines)
    prompts = any(re.match(r"^\s*\$ ", line.text) for line in lines)
    if language in _CONSOLE or (prompts and (language in _SHELL or not language)):
        return _session(lines)
    if language in _SHELL or (language not in _JSON and _COMMAND.search(text)):
        return [ShellBlock(tuple(lines))]
    if language in _JSON or text.lstrip()[:1] in {"{", "["}:
        return _response(lines, status_in(label))
    return _output(lines) if language in _OUTPUT else []


def _line(token: Token) -> int:
    assert token.map is not None
    return token.map[0] + 1


def _outside(token: Token) -> Iterator[Block]:
    """Yield the blocks outside of code: lines in bold as headings, and comments."""
    for line in numbered(token.content, _line(token)):
        if bold := _BOLD.match(line.text):
            yield Heading(line.number, _BELOW_ALL, " ".join(filter(None, bold.groups())))
        elif "<!--" in line.text and (directive := directive_in(line)):
            yield directive


def _response(lines: Sequence[Line], status: int | None) -> list[Block]:
    """Return the JSON of a block; a status line and headers may precede it."""
    for at, line in enumerate(lines):
        if stated := _HTTP.match(line.text):
            status = int(stated[1])
        if line.text.lstrip()[:1] in {"{", "["}:
            return [DocumentedBlock(tuple(lines[at:]), status)]
    return _output(lines)


def _output(lines: Sequence[Line]) -> list[Block]:
    """Return what commands print, be it a number, a word or a text; of a head alone, nothing."""
    shown = [line for line in lines if line.text.strip()]
    if not shown or _HTTP.match(shown[0].text):
        return []
    return [DocumentedBlock(tuple(shown), is_output=True)]


def _session(lines: Sequence[Line]) -> list[Block]:
    """Return the blocks of a console session: commands after ``$``, responses below them."""
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        text = lines[at].text
        if re.match(r"^\s*\$ ", text):
            end = at
            while end < len(lines) and lines[end].text.endswith("\\"):
                end += 1
            blocks.append(ShellBlock(tuple(lines[at : end + 1])))
            at = end + 1
        elif text.lstrip()[:1] in {"{", "["}:
            size = end_of_json(lines[at:])
            blocks.append(DocumentedBlock(tuple(lines[at : at + size])))
            at += size
        else:
            end = _end_of_output(lines, at)
            blocks += _output(lines[at:end])
            at = end
    return blocks


def _end_of_output(lines: Sequence[Line], start: int) -> int:
    """Return where the text ends that begins at *start*: before a command, or before JSON."""
    for at in range(start + 1, len(lines)):
        if re.match(r"^\s*(?:\$ |[{\[])", lines[at].text):
            return at
    return len(lines)
