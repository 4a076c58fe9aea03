"""Reads documented JSON: every key and value with its line, and whether the page abbreviates it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_examples.blocks import Line

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None}
_GAP = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/|^#[^\n]*)+", re.DOTALL | re.MULTILINE)
_ELLIPSIS = re.compile(r"\.\.\.|…|\[…\]")


class NotJson(ValueError):
    """The documented text is not JSON; ``line`` says where."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Node:
    """A documented value.

    ``members`` of an object, ``items`` of an array; ``scalar`` of anything else. ``line`` is where
    it begins, ``lines_of_keys`` the line of each key; ``abbreviated``: an ellipsis on the page says
    that there is more.
    """

    line: int
    scalar: Any = None
    members: dict[str, Node] | None = None
    items: tuple[Node, ...] | None = None
    lines_of_keys: dict[str, int] = field(default_factory=dict)
    abbreviated: bool = False

    @property
    def value(self) -> Any:
        """The plain value."""
        if self.members is not None:
            return {key: node.value for key, node in self.members.items()}
        if self.items is not None:
            return [node.value for node in self.items]
        return self.scalar


def read_documented(lines: Sequence[Line]) -> tuple[Node, ...]:
    """Return the JSON values that *lines* hold, one after the other.

    Raises:
        NotJson: the text is not JSON.
    """
    reader = _JsonReader(lines)
    nodes = []
    reader.skip()
    while not reader.at_end:
        nodes.append(reader.value())
        reader.skip()
    return tuple(nodes)


def end_of_json(lines: Sequence[Line]) -> int:
    """Return how many of *lines* the JSON takes that begins with the first of them.

    There may be several values, as a filter prints them, with no empty line between.

    Invalid JSON ends where its brackets are balanced, or at an empty line, so that the mistake is
    reported when it is read.
    """
    reader = _JsonReader(lines)
    try:
        reader.value()
        end = reader.line
        while reader.begins_another():
            reader.value()
            end = reader.line
    except NotJson:
        return _balanced(lines)
    return end - lines[0].number + 1


def _balanced(lines: Sequence[Line]) -> int:
    depth = 0
    for at, line in enumerate(lines):
        bare = re.sub(r'"(?:\\.|[^"\\])*"', "", line.text)
        depth += len(re.findall(r"[{\[]", bare)) - len(re.findall(r"[}\]]", bare))
        if depth <= 0 or not line.text.strip():
            return at + 1
    return len(lines)


class _JsonReader:
    def __init__(self, lines: Sequence[Line]) -> None:
        self._text = "\n".join(line.text for line in lines)
        self._numbers = [line.number for line in lines] or [1]
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    @property
    def line(self) -> int:
        before = self._text.count("\n", 0, min(self._at, len(self._text)))
        return self._numbers[min(before, len(self._numbers) - 1)]

    def skip(self) -> None:
        found = _GAP.match(self._text, self._at)
        if found:
            self._at = found.end()

    def begins_another(self) -> bool:
        """Return whether the next line begins with an object or array; move there."""
        found = re.compile(r"[ \t]*\n[ \t]*(?=[{\[])").match(self._text, self._at)
        if found:
            self._at = found.end()
        return found is not None

    def value(self) -> Node:
        self.skip()
        char = self._text[self._at : self._at + 1]
        if char == "{":
            return self._object()
        if char == "[":
            return self._array()
        line = self.line
        if char == '"':
            return Node(line, self._string())
        if found := _NUMBER.match(self._text, self._at):
            self._at = found.end()
            whole = found[1] is None and found[2] is None
            return Node(line, int(found[0]) if whole else float(found[0]))
        for word, meaning in _WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return Node(line, meaning)
        raise self._unexpected("a value")

    def _object(self) -> Node:
        line = self.line
        members: dict[str, Node] = {}
        lines: dict[str, int] = {}
        abbreviated = self._open()
        while not self._closes("}"):
            if self._ellipsis():
                abbreviated = True
                continue
            if self._text[self._at : self._at + 1] != '"':
                raise self._unexpected("a key in double quotes")
            key_line = self.line
            key = self._string()
            if key in members:
                raise NotJson(key_line, f"duplicate key {key!r}")
            self.skip()
            self._take(":")
            members[key] = self.value()
            lines[key] = key_line
            self._separate("}")
        return Node(line, members=members, lines_of_keys=lines, abbreviated=abbreviated)

    def _array(self) -> Node:
        line = self.line
        items = []
        abbreviated = self._open()
        while not self._closes("]"):
            if self._ellipsis():
                abbreviated = True
                continue
            items.append(self.value())
            self._separate("]")
        return Node(line, items=tuple(items), abbreviated=abbreviated)

    def _open(self) -> bool:
        self._at += 1
        self.skip()
        return False

    def _closes(self, bracket: str) -> bool:
        self.skip()
        if self._text.startswith(bracket, self._at):
            self._at += 1
            return True
        if self.at_end:
            raise self._unexpected(f"{bracket!r}")
        return False

    def _ellipsis(self) -> bool:
        found = _ELLIPSIS.match(self._text, self._at)
        if not found:
            return False
        self._at = found.end()
        self.skip()
        if self._text.startswith(",", self._at):
            self._at += 1
        return True

    def _separate(self, bracket: str) -> None:
        self.skip()
        if self._text.startswith(bracket, self._at):
            return
        if _ELLIPSIS.match(self._text, self._at):
            return
        self._take(",")

    def _take(self, char: str) -> None:
        if not self._text.startswith(char, self._at):
            raise self._unexpected(f"{char!r}")
        self._at += 1

    def _string(self) -> str:
        try:
            text, self._at = scanstring(self._text, self._at + 1, True)
        except ValueError as error:
            raise NotJson(self.line, f"not JSON: {error}") from error
        return str(text)

    def _unexpected(self, expected: str) -> NotJson:
        found = self._text[self._at : self._at + 20].split("\n")[0]
        return NotJson(self.line, f"not JSON: expected {expected}, found {found!r}")
