"""What is wrong with a scenario file: the file, the line, the field, and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


# What is shown of the mistakes of one file.
_MOST_SHOWN = 20
_LONGEST_FIELD = 100
_LONGEST_MESSAGE = 1000


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

    def lines(self, most: int = _MOST_SHOWN) -> list[str]:
        """Return a line per mistake: ``FILE:LINE: FIELD: MESSAGE``.

        Of more than *most* mistakes the others are counted in one more line; long values are shortened.
        """
        lines = [
            f"{self.path}:{line}: {shown(field, _LONGEST_FIELD) + ': ' if field else ''}"
            f"{shown(message, _LONGEST_MESSAGE)}"
            for line, field, message in self.mistakes[:most]
        ]
        more = self.mistakes[most:]
        return [*lines, f"{self.path}:{more[0].line}: … and {len(more)} more"] if more else lines


def shown(text: str, longest: int) -> str:
    """Return *text* on one line, as a terminal can show it, with at most *longest* characters."""
    start = text[: longest + 1]
    plain = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in start
    )
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


class UnknownScenario(Exception):
    """No scenario has this name; carries the names that there are."""

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        self.known = known
        super().__init__(f"Unknown scenario {name!r}. Expected one of {', '.join(known)}.")
