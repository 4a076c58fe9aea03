"""Lets the API choose the page size, and stops at an empty page. Right in: many-pages, half-a-list, documented-import."""

from __future__ import annotations

import sys
from typing import Any

from tests.qlara_rehearsal.clients.good import Client


class Right(Client):
    def list_parameters(self, page: int, limit: int) -> dict[str, Any]:
        return {"page": page}

    def has_more(self, page: dict[str, Any]) -> bool:
        return bool(page["contacts"])


if __name__ == "__main__":
    sys.exit(Right().run())
