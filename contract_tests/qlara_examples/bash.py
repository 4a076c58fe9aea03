"""Splits a block into commands, at the places where bash itself would."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qlara_examples.blocks import Line

_UNFINISHED = re.compile(r"unexpected end of file|unexpected EOF|delimited by end-of-file")
_PROMPT = re.compile(r"^\s*\$\s+")


@dataclass(frozen=True)
class Command:
    """One whole command as printed on the page, with its continuation lines."""

    lines: tuple[Line, ...]

    @property
    def first(self) -> int:
        return self.lines[0].number

    @property
    def last(self) -> int:
        return self.lines[-1].number

    @property
    def text(self) -> str:
        """The text to run, without the prompts of a console session."""
        return "\n".join(_PROMPT.sub("", line.text) for line in self.lines) + "\n"


def commands_of(lines: Sequence[Line]) -> tuple[Command, ...]:
    """Return the commands of a block, without comments and empty lines between them."""
    found = []
    at = 0
    while at < len(lines):
        text = lines[at].text.strip()
        if not text or text.startswith("#"):
            at += 1
            continue
        end = end_of_command(lines, at)
        found.append(Command(tuple(lines[at:end])))
        at = end
    return tuple(found)


def end_of_command(lines: Sequence[Line], start: int) -> int:
    """Return the index after the command that begins at *start*.

    A command that never becomes complete ends with its last continuation line.
    """
    at = start
    while True:
        at = _past_continuations(lines, at)
        if is_complete("\n".join(_PROMPT.sub("", line.text) for line in lines[start:at])):
            return at
        if at >= len(lines):
            return _past_continuations(lines, start)


def _past_continuations(lines: Sequence[Line], at: int) -> int:
    while at < len(lines) and lines[at].text.endswith("\\"):
        at += 1
    return min(at + 1, len(lines))


@lru_cache(maxsize=4096)
def is_complete(text: str) -> bool:
    """Return whether bash can parse *text* without a further line; nothing is run."""
    bash = shutil.which("bash") or "bash"
    checked = subprocess.run(
        [bash, "--norc", "-n"], input=text + "\n", capture_output=True, text=True, check=False
    )
    return not _UNFINISHED.search(checked.stderr)
