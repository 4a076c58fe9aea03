"""What is wrong with a scenario file: the file, the line, the field, and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Mistake(NamedTuple):
    """One thing to mend; ``line`` is 1-based, ``field`` a dotted path, empty for the whole file."""

    line: int
    field: str
    message: str


class InvalidScenario(Exception):
    """A scenario file that cannot be used."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        self.path = path
        self.mistakes = mistakes
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return a line per mistake: ``FILE:LINE: FIELD: MESSAGE``."""
        return [
            f"{self.path}:{line}: {field + ': ' if field else ''}{message}"
            for line, field, message in self.mistakes
        ]


class UnknownScenario(Exception):
    """No scenario has this name; carries the names that there are."""

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        self.known = known
        super().__init__(f"Unknown scenario {name!r}. Expected one of {', '.join(known)}.")
