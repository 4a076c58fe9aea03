"""Computes the pages from ten contacts each, and lets the API choose the size. Found by: many-pages."""

from __future__ import annotations

import sys
from math import ceil
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Wrong(Client):
    def list_parameters(self, page: int, limit: int) -> dict[str, Any]:
        return {"page": page}

    def has_more(self, page: dict[str, Any]) -> bool:
        return bool(page["page"] < ceil(page["total"] / 10))


if __name__ == "__main__":
    sys.exit(Wrong().run())
