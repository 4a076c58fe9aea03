"""Pages that show files word for word: a marker, ``<!-- examples/NAME -->``, and a code block with the file."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent
TESTING, CLIENTS, CONTAINER = PAGES = tuple(
    DOCS / name for name in ("testing.md", "clients.md", "container.md")
)
_EXAMPLE = re.compile(r"(<!-- examples/(\S+) -->\n\n```(\w+)\n).*?(```\n)", re.DOTALL)


def embedded(page: Path) -> str:
    """Return *page* as it stands, with its examples as they are in their files."""

    def with_example(found: re.Match[str]) -> str:
        text = (DOCS / "examples" / found[2]).read_text(encoding="utf-8")
        return f"{found[1]}{text}{found[4]}"

    return _EXAMPLE.sub(with_example, page.read_text(encoding="utf-8"))


def examples(page: Path) -> list[str]:
    """Return the names of the examples that *page* shows, in its order."""
    return [found[2] for found in _EXAMPLE.finditer(page.read_text(encoding="utf-8"))]
