"""Text that fits the terminal. What is not printed to one stays in lines, so that programs can read it."""

from __future__ import annotations

import shutil
import sys
import textwrap

_MOST = 100
_NARROWEST = 40


def width(most: int = _MOST) -> int:
    """Return how many columns a text may take: those of the terminal, but no more than *most*."""
    return max(_NARROWEST, min(shutil.get_terminal_size().columns, most))


def fitted(line: str, indent: int) -> str:
    """Return *line*, folded where a terminal is too narrow for it; *indent* blanks begin further lines."""
    columns = shutil.get_terminal_size().columns
    if not sys.stdout.isatty() or len(line) <= columns:
        return line
    more = " " * min(indent, max(0, columns - _NARROWEST))
    return textwrap.fill(
        line,
        max(columns, _NARROWEST),
        subsequent_indent=more,
        drop_whitespace=True,
        replace_whitespace=False,
        break_on_hyphens=False,
        break_long_words=False,
    )
