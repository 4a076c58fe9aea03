"""``docs/testing.md``: the examples in it are the files of ``docs/examples``, word for word."""

from __future__ import annotations

from docs.generate.embedding import DOCS, embedded

PAGE = DOCS / "testing.md"


def page() -> str:
    return embedded(PAGE)
