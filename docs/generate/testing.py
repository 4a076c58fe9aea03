"""``docs/testing.md``: the examples in it are the files of ``docs/examples``, word for word."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent
PAGE = DOCS / "testing.md"
_EXAMPLE = re.compile(r"(<!-- examples/(\S+) -->\n\n```(\w+)\n).*?(```\n)", re.DOTALL)


def page() -> str:
    """Return the page as it stands, with its examples as they are in their files."""

    def with_example(found: re.Match[str]) -> str:
        text = (DOCS / "examples" / found[2]).read_text(encoding="utf-8")
        return f"{found[1]}{text}{found[4]}"

    return _EXAMPLE.sub(with_example, PAGE.read_text(encoding="utf-8"))


def examples() -> list[str]:
    """Return the names of the examples that the page shows, in its order."""
    return [found[2] for found in _EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))]
