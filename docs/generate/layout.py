"""How commands and responses are laid out for people: folded command lines, indented JSON."""

from __future__ import annotations

import json
import re
from typing import Any

_OPTION = re.compile(r" (?=-[HF] )")
_INDENT = "  "
_SHORT, _LONG = 40, 80


def fold(command: str, width: int = 88) -> str:
    """Return a curl command with its options on lines of their own, if it is longer than *width*."""
    if len(command) <= width or not command.startswith("curl "):
        return command
    first, *options = _OPTION.split(command)
    if len(first) > width:
        options[:0] = first.split(" ")[-1:]
        first = first[: -len(options[0]) - 1]
    return " \\\n".join([first, *(_INDENT + option for option in options)])


def indented(value: Any, *, shown: int | None = None, depth: int = 0) -> str:
    """Return JSON, indented, with short values on one line.

    Of a longer array only the first *shown* items are written, and a comment says how many more
    there are.
    """
    if _fits_on_a_line(value, _SHORT if depth == 0 else _LONG):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        lines = [
            f"{json.dumps(name, ensure_ascii=False)}: {indented(item, shown=shown, depth=depth + 1)}"
            for name, item in value.items()
        ]
    else:
        lines = [indented(item, shown=shown, depth=depth + 1) for item in value[:shown]]
    return _framed(
        lines, len(value) - len(lines), depth, *("{}" if isinstance(value, dict) else "[]")
    )


def _fits_on_a_line(value: Any, width: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    children = value.values() if isinstance(value, dict) else value
    if any(isinstance(child, dict | list) and child for child in children):
        return False
    return len(json.dumps(value, ensure_ascii=False)) <= width


def _framed(lines: list[str], left_out: int, depth: int, opening: str, closing: str) -> str:
    pad = _INDENT * (depth + 1)
    body = f",\n{pad}".join(lines)
    more = f",\n{pad}// … {left_out} more" if left_out else ""
    return f"{opening}\n{pad}{body}{more}\n{_INDENT * depth}{closing}"
