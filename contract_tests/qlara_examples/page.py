"""A page as a sequence of steps, each with its world and the documented response."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qlara_examples.bash import Command, commands_of
from qlara_examples.blocks import (
    Directive,
    DocumentedBlock,
    Heading,
    InvalidDirective,
    ShellBlock,
    UnreadablePage,
    status_in,
)
from qlara_examples.heading_rules import STORY, rule_for
from qlara_examples.markdown import read_markdown
from qlara_examples.plain_text import read_plain, read_script
from qlara_examples.web_page import read_web_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from qlara_examples.blocks import Block

_READERS: dict[str, Callable[[str], list[Block]]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".mdx": read_markdown,
    ".html": read_web_page,
    ".htm": read_web_page,
    ".xhtml": read_web_page,
    ".sh": read_script,
    ".bash": read_script,
}


# A block of commands counts if one of them calls the API, or prepares a call. A page may also say how
# to install or start something: such blocks are skipped.
_CALLS = re.compile(r"\bcurl\b|://\S*/api/|x-api-key", re.IGNORECASE)
_PREPARES = re.compile(
    r"^\s*(?:\$ +)?(?:export\s|[A-Za-z_]\w*=|(?:echo|printf|jq|cat|head|sleep)\s)"
)


@dataclass(frozen=True)
class StepWorld:
    """The world that a step runs in: its scenario, and the line where it began (0: the page's own)."""

    scenario: str = STORY
    began: int = 0
    file: str = ""
    attempts: int = 1


@dataclass(frozen=True)
class Step:
    """Commands that are pasted together, and the response that the page documents for them.

    Without commands, ``response`` is one that an earlier command gets in this world.
    """

    heading: str
    world: StepWorld
    commands: tuple[Command, ...] = ()
    response: DocumentedBlock | None = None
    status: int | None = None
    status_line: int = 0


@dataclass(frozen=True)
class DocumentationPage:
    """A page: its path, its text, its steps."""

    path: Path
    text: str = field(repr=False)
    steps: tuple[Step, ...]


def read_page(path: Path) -> DocumentationPage:
    """Read a page in the format of its file name extension; anything unknown is plain text.

    Raises:
        UnreadablePage: there is no such file, or it is not text.
        InvalidDirective: a sandbox comment in it has an unknown word.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadablePage(f"{path}: {error}") from error
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        reader = (
            read_web_page if text.lstrip()[:9].lower() in {"<!doctype", "<html"} else read_plain
        )
    try:
        return DocumentationPage(path, text, steps_of(reader(text)))
    except (UnreadablePage, InvalidDirective) as error:
        raise type(error)(f"{path}: {error}") from error


def steps_of(blocks: Sequence[Block]) -> tuple[Step, ...]:
    """Return the steps of a page from its blocks."""
    collector = _StepCollector()
    for block in blocks:
        collector.take(block)
    return tuple(collector.steps)


class _StepCollector:
    """Walks down a page, keeping track of the headings above."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._headings: list[Heading] = []
        self._page = StepWorld()
        self._directed: dict[str, str] = {}
        self._directed_at = 0
        self._follows_commands = False

    def take(self, block: Block) -> None:
        if isinstance(block, Heading):
            self._headings = [each for each in self._headings if each.level < block.level]
            self._headings.append(block)
            self._directed = {}
            self._follows_commands = False
        elif isinstance(block, Directive):
            self._direct(block)
        elif "skip" in self._directed:
            return
        elif isinstance(block, ShellBlock):
            commands = commands_of(block.lines)
            self._follows_commands = any(map(_matters, commands))
            if self._follows_commands:
                self.steps.append(Step(self._heading, self._world(), commands))
        else:
            self._response(block)

    def _response(self, documented: DocumentedBlock) -> None:
        status, line = self._status(documented)
        last = self.steps[-1] if self.steps else None
        if documented.is_output and not self._follows_commands:
            return  # of commands that are not run
        self._follows_commands = False
        if last and last.commands and last.response is None and last.heading == self._heading:
            self.steps[-1] = replace(last, response=documented, status=status, status_line=line)
        else:
            step = Step(self._heading, self._world(), (), documented, status, line)
            self.steps.append(step)

    def _direct(self, directive: Directive) -> None:
        if not self._headings and not self.steps:
            self._page = _with_directive(self._page, directive.settings)
        else:
            self._directed = directive.settings
            self._directed_at = directive.line

    @property
    def _heading(self) -> str:
        return self._headings[-1].text if self._headings else ""

    def _status(self, documented: DocumentedBlock) -> tuple[int | None, int]:
        """Return the status that the page states for a response, and the line that states it."""
        line = documented.lines[0].number
        if "status" in self._directed:
            return int(self._directed["status"]), self._directed_at
        stated = status_in(self._heading)
        if documented.status is None and stated is not None:
            return stated, self._headings[-1].line
        return documented.status, line

    def _world(self) -> StepWorld:
        world = self._page
        for heading in reversed(self._headings):
            if chosen := rule_for(heading.text):
                world = StepWorld(chosen.scenario, heading.line, chosen.file, chosen.attempts)
                break
        directed = _with_directive(world, self._directed)
        if directed.scenario != world.scenario or "fresh" in self._directed:
            return replace(directed, began=self._directed_at)
        return directed


def _matters(command: Command) -> bool:
    return bool(_CALLS.search(command.text) or _PREPARES.match(command.text))


def _with_directive(world: StepWorld, settings: dict[str, str]) -> StepWorld:
    """Return *world* with what a directive changes in it."""
    scenario, file = settings.get("scenario", world.scenario), settings.get("file", world.file)
    return replace(world, scenario=scenario, file=file)
