"""``docs/clients.md``: the programs in it are the files of ``docs/examples/clients``, word for word."""

from __future__ import annotations

from docs.generate.embedding import DOCS, embedded

PAGE = DOCS / "clients.md"


def page() -> str:
    return embedded(PAGE)
