"""A page as the story that it tells: its steps in order, each with its world and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qlara_examples.bash import Command, commands_of
from qlara_examples.blocks import (
    Directive,
    Documented,
    Heading,
    Shell,
    UnreadablePage,
    status_in,
)
from qlara_examples.choice import STORY, choice_for
from qlara_examples.markdown import read_markdown
from qlara_examples.plain_text import read_plain, read_script
from qlara_examples.web_page import read_web_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from qlara_examples.blocks import Piece

_READERS: dict[str, Callable[[str], list[Piece]]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".mdx": read_markdown,
    ".html": read_web_page,
    ".htm": read_web_page,
    ".xhtml": read_web_page,
    ".sh": read_script,
    ".bash": read_script,
}


# A block of commands is the API's if one of them asks it something, or prepares that. A page may
# tell how to install or to start something as well: such blocks are none of ours.
_ASKS = re.compile(r"\bcurl\b|://\S*/api/|x-api-key", re.IGNORECASE)
_PREPARES = re.compile(
    r"^\s*(?:\$ +)?(?:export\s|[A-Za-z_]\w*=|(?:echo|printf|jq|cat|head|sleep)\s)"
)


@dataclass(frozen=True)
class Place:
    """The world that a step runs in: its scenario, and the line that began it (0: the page's)."""

    scenario: str = STORY
    began: int = 0
    file: str = ""
    attempts: int = 1


@dataclass(frozen=True)
class Step:
    """Commands that are pasted together, and the answer that the page documents for them.

    Without commands, ``answer`` is one that an earlier command gets in this place.
    """

    heading: str
    place: Place
    commands: tuple[Command, ...] = ()
    answer: Documented | None = None
    status: int | None = None
    status_line: int = 0


@dataclass(frozen=True)
class Page:
    """A page: where it is, what it says, its steps."""

    path: Path
    text: str = field(repr=False)
    steps: tuple[Step, ...]


def read_page(path: Path) -> Page:
    """Read a file as its name's ending says; anything unknown is plain text.

    Raises:
        UnreadablePage: there is no such file, or it is not text.
        InvalidDirective: a sandbox comment in it says something unknown.
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
        return Page(path, text, steps_of(reader(text)))
    except UnreadablePage as error:
        raise UnreadablePage(f"{path}: {error}") from error


def steps_of(pieces: Sequence[Piece]) -> tuple[Step, ...]:
    """Return the steps of a page from its pieces."""
    telling = _Telling()
    for piece in pieces:
        telling.take(piece)
    return tuple(telling.steps)


class _Telling:
    """Walks down a page and knows at every point below which headings it is."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._headings: list[Heading] = []
        self._page = Place()
        self._ordered: dict[str, str] = {}
        self._ordered_at = 0

    def take(self, piece: Piece) -> None:
        if isinstance(piece, Heading):
            self._headings = [each for each in self._headings if each.level < piece.level]
            self._headings.append(piece)
            self._ordered = {}
        elif isinstance(piece, Directive):
            self._order(piece)
        elif "skip" in self._ordered:
            return
        elif isinstance(piece, Shell):
            commands = commands_of(piece.lines)
            if any(map(_matters, commands)):
                self.steps.append(Step(self._heading, self._place(), commands))
        else:
            self._answer(piece)

    def _answer(self, documented: Documented) -> None:
        status, line = self._status(documented)
        last = self.steps[-1] if self.steps else None
        if last and last.commands and last.answer is None and last.heading == self._heading:
            self.steps[-1] = replace(last, answer=documented, status=status, status_line=line)
        else:
            step = Step(self._heading, self._place(), (), documented, status, line)
            self.steps.append(step)

    def _order(self, directive: Directive) -> None:
        if not self._headings and not self.steps:
            self._page = _at(self._page, directive.settings)
        else:
            self._ordered = directive.settings
            self._ordered_at = directive.line

    @property
    def _heading(self) -> str:
        return self._headings[-1].text if self._headings else ""

    def _status(self, documented: Documented) -> tuple[int | None, int]:
        """Return the status that the page states for an answer, and the line that states it."""
        line = documented.lines[0].number
        if "status" in self._ordered:
            return int(self._ordered["status"]), self._ordered_at
        stated = status_in(self._heading)
        if documented.status is None and stated is not None:
            return stated, self._headings[-1].line
        return documented.status, line

    def _place(self) -> Place:
        place = self._page
        for heading in reversed(self._headings):
            if chosen := choice_for(heading.text):
                place = Place(chosen.scenario, heading.line, chosen.file, chosen.attempts)
                break
        ordered = _at(place, self._ordered)
        if ordered.scenario != place.scenario or "fresh" in self._ordered:
            return replace(ordered, began=self._ordered_at)
        return ordered


def _matters(command: Command) -> bool:
    return bool(_ASKS.search(command.text) or _PREPARES.match(command.text))


def _at(place: Place, settings: dict[str, str]) -> Place:
    """Return *place* with what a directive says of it."""
    scenario, file = settings.get("scenario", place.scenario), settings.get("file", place.file)
    return replace(place, scenario=scenario, file=file)
